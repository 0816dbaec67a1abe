"""What the buffer needs now and then: what is too old goes, once the clock is known to be good."""

import asyncio
from collections.abc import Callable

from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked

PERIOD_S = 600.0
"""Age is counted in days; this is soon enough."""
UNSURE_S = 5.0


async def keep(buffer: Buffer, clock_is_good: Callable[[], bool]) -> None:
    """Look after the buffer for ever."""
    while True:
        if not clock_is_good():
            await asyncio.sleep(UNSURE_S)
            continue
        try:
            await buffer.expire()
        except BufferBlocked:
            await asyncio.sleep(UNSURE_S)  # The inlet says so; nothing was deleted.
        else:
            await asyncio.sleep(PERIOD_S)
