"""Waiting for something that tells nobody when it happens."""

import asyncio
from collections.abc import Callable

_LOOK_AGAIN_S = 0.002


async def eventually(happened: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Return as soon as `happened()` is true.

    Raises:
        TimeoutError: it did not become true.
    """
    async with asyncio.timeout(timeout_s):
        while not happened():
            await _a_moment()


async def _a_moment() -> None:
    await asyncio.sleep(_LOOK_AGAIN_S)
