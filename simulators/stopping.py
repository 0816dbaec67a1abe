"""Ending when told to: SIGTERM, Ctrl-C, or a terminal that is closed."""

import asyncio
import signal
from collections.abc import Coroutine

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def until_told_to_stop(work: Coroutine[None, None, None]) -> bool:
    """Run `work` until it ends, or cancel it, once, when a signal comes; say whether one came."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    told = False

    def stop() -> None:
        nonlocal told
        if not told:  # further ones do not disturb the tidying up
            told = True
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        if not told:
            raise
    return told
