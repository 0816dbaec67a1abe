"""Says when the wall clock was set while the exchange runs; what follows from it is the writer's.

The loop's own time goes on evenly, whatever becomes of the wall clock: what the two differ by from
one look to the next is what the clock was set by. A clock that is drawn slowly is nobody's news.
"""

import asyncio
import logging

from wire.clock import Clock

LOOK_S = 1.0
SET_US_MIN = 5 * 1_000_000
"""A difference of less is a loop that was late, or a clock that was corrected."""

_logger = logging.getLogger(__name__)


async def watch(clock: Clock) -> None:
    """Warn of each time the clock is set, until cancelled."""
    loop = asyncio.get_running_loop()
    lead_us = clock.now_us() - round(loop.time() * 1e6)
    while True:
        await asyncio.sleep(LOOK_S)
        now_us = clock.now_us() - round(loop.time() * 1e6)
        set_us, lead_us = now_us - lead_us, now_us
        if set_us >= SET_US_MIN:
            _logger.warning(
                "the clock was set %d s ahead; gates it has passed are closed for good",
                set_us // 1_000_000,
            )
        elif set_us <= -SET_US_MIN:
            _logger.warning("the clock was set %d s back; stamps wait for it", -set_us // 1_000_000)
