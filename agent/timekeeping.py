"""The clock of a process: wall time that is counted on the monotonic clock.

The system's clock may be set at any moment: by a time service after a start in 1970, by a person,
to the wrong hour. So nobody reads it directly. A `SteadyClock` runs on the monotonic clock and is
set after the system's at moments that its owner chooses, so that every stamp is known to be made
with one offset, and a stamp of a wrong clock can be put right as long as the machine runs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from wire.clock import Clock, utc

FOLLOWED_US_MIN = 10_000
"""A smaller difference is left: between two reads of a clock the kernel may take a pause."""
STEP_US_MIN = 250_000
"""A larger change is a step that people are told of; smaller ones are the time service's work."""
_LOOKS = 3
_LOOK_S_MAX = 0.001


@dataclass(frozen=True, slots=True)
class Step:
    """The clock was set."""

    before_us: int
    after_us: int

    @property
    def by_us(self) -> int:
        return self.after_us - self.before_us

    def __str__(self) -> str:
        before, after = (f"{utc(at):%Y-%m-%d %H:%M:%S}" for at in (self.before_us, self.after_us))
        return f"by {self.by_us / 1e6:+.1f} s, from {before} to {after} UTC"


class SteadyClock:
    """A `wire.clock.Clock` that moves only in `follow` and `correct`."""

    def __init__(self, system: Clock, now_s: Callable[[], float]) -> None:
        """Start with the system's time; `now_s` tells the monotonic clock, the event loop's."""
        self.system = system
        self._now_s = now_s
        self._correction_us = 0
        self.offset_us = self.measure()
        """What this clock is ahead of the monotonic one."""

    def now_us(self) -> int:
        return max(0, round(self._now_s() * 1e6) + self.offset_us)

    def measure(self) -> int:
        """Return what the system's clock is ahead of the monotonic one at this moment."""
        narrowest_s, offset_us = float("inf"), 0
        for _ in range(_LOOKS):
            before_s, system_us, after_s = self._now_s(), self.system.now_us(), self._now_s()
            if after_s - before_s < narrowest_s:
                narrowest_s = after_s - before_s
                offset_us = system_us - round((before_s + after_s) / 2 * 1e6)
            if narrowest_s <= _LOOK_S_MAX:
                break
        return offset_us

    def follow(self) -> Step | None:
        """Go where the system's clock and our correction are; say so if that is a step."""
        return self._move(self.measure() + self._correction_us)

    def correct(self, correction_us: int) -> Step | None:
        """Count from now on by the system's clock and `correction_us`; as `follow`."""
        self._correction_us = correction_us
        return self.follow()

    def _move(self, offset_us: int) -> Step | None:
        by_us = offset_us - self.offset_us
        if abs(by_us) < FOLLOWED_US_MIN:
            return None
        before_us = self.now_us()
        self.offset_us = offset_us
        return Step(before_us, self.now_us()) if abs(by_us) > STEP_US_MIN else None
