"""Between two beats: the frequency is looked at again, and answered at once where it has moved.

Only the meters of the frequency are asked, and only while a product is armed; a decision made here
is a whole one, and the inverters that are awake are written without being read first.
"""

import asyncio
from collections.abc import Callable, Sequence

from agent.control.port import Port
from agent.control.sources import FREQUENCY
from wire.block import Quality

MOVED_HZ_MIN = 0.001
"""A smaller change waits for the beat."""
ASK_S_MAX = 0.02
"""A meter that takes longer is waited for by the next beat."""
MARGIN_S = 0.005
"""So long before the beat nothing new is begun."""


class Between:
    """Asks the meters of the frequency while there is time before the next beat."""

    def __init__(
        self, meters: Sequence[Port], setters: Sequence[Port], period_s: float | None
    ) -> None:
        """`period_s`: how often to look; None: never."""
        self.answered = 0
        """Decisions made between two beats since the start."""
        self._meters = tuple(meters)
        self._setters = tuple(setters)
        self._period_s = period_s

    async def run(
        self, until_s: float, known_hz: Callable[[], float | None], decide: Callable[[], None]
    ) -> None:
        """Look until shortly before `until_s` of the event loop's time.

        Args:
            until_s: when the next beat is due.
            known_hz: what the last decision was made on; None: no product is armed.
            decide: decides, and hands the setpoints to the ports.
        """
        if self._period_s is None or not self._meters or known_hz() is None:
            return
        loop = asyncio.get_running_loop()
        while (look_s := loop.time() + self._period_s) < until_s - MARGIN_S - ASK_S_MAX:
            await asyncio.sleep(look_s - loop.time())
            began_s = loop.time()
            asked = [meter for meter in self._meters if meter.ask(began_s)]
            await _fresh(asked)
            if self._moved(known_hz()):
                for setter in self._setters:
                    setter.hurry(began_s)
                decide()
                self.answered += 1
            else:
                for meter in asked:
                    meter.release()

    def _moved(self, known_hz: float | None) -> bool:
        """Say whether the preferred meter that answers tells another frequency."""
        found = (_hz(meter) for meter in self._meters if not meter.lost)
        newest_hz = next((hz for hz in found if hz is not None), None)
        if newest_hz is None or known_hz is None:
            return False
        return abs(newest_hz - known_hz) >= MOVED_HZ_MIN


def _hz(meter: Port) -> float | None:
    seen = meter.seen.get(FREQUENCY)
    return seen.good_value if seen is not None and seen.newest.quality is Quality.GOOD else None


async def _fresh(asked: Sequence[Port]) -> None:
    try:
        async with asyncio.timeout(ASK_S_MAX):
            for meter in asked:
                await meter.fresh()
    except TimeoutError:
        return
