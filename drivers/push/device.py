"""A device that pushes: what the gateway's page took in, held for control."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from drivers.base import Driver, Pace
from drivers.document import open_document
from drivers.push.config import PushConfig
from drivers.push.intake import POINTS_MAX, Intake, read_intake
from drivers.tag import Tag
from drivers.told import Told
from wire.block import Reading
from wire.clock import Clock

_FAST_S = 0.2


class PushedDevice(Told):
    """A `drivers.base.Driver` and `drivers.base.Listener`."""

    def __init__(self, device: str, intake: Intake, clock: Clock) -> None:
        pace = Pace(
            fast_s=_FAST_S, stale_fast_s=intake.stale_s, stale_slow_s=max(5.0, intake.stale_s)
        )
        super().__init__(device, intake.tags, clock, pace, intake.silent_s)
        self._open = intake.open
        self._names = {tag.name for tag in intake.tags}

    def tell(self, readings: Sequence[Reading]) -> None:
        """See `drivers.base.Listener`; points that the profile does not allow are refused."""
        now_us = self._clock.now_us()
        for reading in readings:
            if reading.point not in self._names and not self._learn(reading.point):
                self.refuse(f"{reading.point} is not in its profile")
                continue
            self.newest.put(reading.point, reading.value, reading.at_us, now_us)
        self.heard()

    def _learn(self, name: str) -> bool:
        if not self._open or len(self._names) >= POINTS_MAX:
            return False
        self._names.add(name)
        self.newest.add(Tag(name=name))
        return True


def open_push(config: PushConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device.

    Raises:
        ProfileError: the profile cannot be used.
    """
    return _opened(config, read_intake(open_document(config.profile, config.override)), clock)


@asynccontextmanager
async def _opened(config: PushConfig, intake: Intake, clock: Clock) -> AsyncIterator[PushedDevice]:
    yield PushedDevice(config.id, intake, clock)
