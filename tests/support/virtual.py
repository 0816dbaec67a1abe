"""Virtual time: an event loop whose clock jumps to the next timer, and a wall clock that follows.

`@pytest.mark.virtual_time` runs a test on `VirtualTimeLoop` (see tests/conftest.py): an hour of
back-off takes a millisecond. Such a test may use no real socket and no thread, because nothing
tells the loop to wait for them.
"""

import asyncio
import selectors
from dataclasses import dataclass

EPOCH_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, on a quarter-hour: where a `VirtualClock` starts unless it is told."""


class NothingLeftToWaitFor(Exception):
    """No task is ready and no timer is set: on a real clock this test would hang for ever."""


class _JumpingSelector(selectors.SelectSelector):
    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise NothingLeftToWaitFor("every task waits for something that no timer brings")
            self.now_s += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose clock starts at 0 s and jumps to the next timer; without sockets, threads."""

    def __init__(self) -> None:
        self._selector_clock = _JumpingSelector()
        super().__init__(self._selector_clock)

    def time(self) -> float:
        return self._selector_clock.now_s


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """A `wire.clock.Clock` that runs with the event loop's time, virtual or not."""

    start_us: int = EPOCH_US
    """What the clock shows when the loop's time is 0 s."""

    def now_us(self) -> int:
        return self.start_us + round(asyncio.get_running_loop().time() * 1_000_000)


@dataclass(slots=True)
class MovedClock:
    """The clock of a machine that somebody sets while it runs; it follows the loop's time."""

    start_us: int = EPOCH_US
    """What it shows when the loop's time is 0 s; changed to set the clock."""

    def now_us(self) -> int:
        return self.start_us + round(asyncio.get_running_loop().time() * 1_000_000)
