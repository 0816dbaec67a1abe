"""A device whose values arrive beside the asking: pushed, sent by line, fetched at its own pace.

Reading such a device does not wait: it returns what is known, each value with its own time. A
device that has been silent for too long, or that cannot be reached, is unreachable.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Iterable, Sequence

from drivers.base import Pace, Rate
from drivers.errors import DeviceUnreachable
from drivers.newest import Newest
from drivers.tag import Tag
from wire.block import Reading
from wire.clock import Clock

FIRST_WORD_S = 1.0
"""The very first reading waits so long for a word, so that a good start is no failure."""
COMPLAINT_PERIOD_S = 3_600.0
"""Refused messages are counted, and told once in this time."""

BACK_OFF_S_MAX = 5.0
_BACK_OFF_S_MIN = 0.05

_logger = logging.getLogger(__name__)


class Told:
    """A `drivers.base.Driver` over a `Newest` that somebody else fills."""

    def __init__(
        self, device: str, tags: Iterable[Tag], clock: Clock, pace: Pace, silent_s: float
    ) -> None:
        """`silent_s`: without a word for so long the device counts as gone."""
        self.newest = Newest(tags)
        self.refused = 0
        """Messages refused since the start."""
        self._device = device
        self._clock = clock
        self._pace = pace
        self._silent_s = silent_s
        self._heard_s = -math.inf
        self._trouble = ""
        self._begun = asyncio.Event()
        self._complained = 0
        self._complained_s = -math.inf

    @property
    def pace(self) -> Pace:
        return self._pace

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`."""
        if not self._begun.is_set():
            await self._first_word()
        if self._trouble:
            raise DeviceUnreachable(self._trouble)
        silent_s = asyncio.get_running_loop().time() - self._heard_s
        if silent_s > self._silent_s:
            raise DeviceUnreachable(f"nothing was heard of it for {self._silent_s:g} s")
        return self.newest.readings(rate, self._clock.now_us())

    def heard(self) -> None:
        """Note that the device is there."""
        self._heard_s = asyncio.get_running_loop().time()
        self._trouble = ""
        self._begun.set()

    def gone(self, trouble: str) -> None:
        """Note why the device cannot be heard until it is `heard` again."""
        self._trouble = trouble
        self._begun.set()

    async def _first_word(self) -> None:
        try:
            async with asyncio.timeout(FIRST_WORD_S):
                await self._begun.wait()
        except TimeoutError:
            self.gone("nothing was heard of it yet")

    def refuse(self, reason: str) -> None:
        """Count something that the device said and nobody believes."""
        self.refused += 1
        now_s = asyncio.get_running_loop().time()
        if now_s - self._complained_s >= COMPLAINT_PERIOD_S:
            count = self.refused - self._complained
            _logger.warning("%s: refused, %d of its messages: %s", self._device, count, reason)
            self._complained, self._complained_s = self.refused, now_s


def back_off_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row: full jitter, capped."""
    most_s = min(BACK_OFF_S_MAX, 0.2 * 2.0 ** min(failures, 10))
    return secrets.SystemRandom().uniform(_BACK_OFF_S_MIN, most_s)
