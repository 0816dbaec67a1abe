"""Something that runs beside a block of code, and ends with it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run `work` for as long as the block; it is cancelled then.

    What the block raises leaves as it is, not inside a group, so that whoever opened a device can
    catch it by its name. What the work raises ends the block.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(work, name=name)
            try:
                yield
            finally:
                worker.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
