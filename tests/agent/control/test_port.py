"""agent.control.port: a value is as old as it says, whatever is done to the wall clock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from agent.control.port import Port
from drivers.base import Pace, Rate
from tests.support.virtual import VirtualClock
from wire.block import Quality, Reading

pytestmark = pytest.mark.virtual_time

HOUR_US = 3_600_000_000


@dataclass(slots=True)
class SteppedClock:
    """A clock that somebody sets."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    ahead_us: int = 0

    def now_us(self) -> int:
        return self.clock.now_us() + self.ahead_us


@dataclass(slots=True)
class Teller:
    """A device with one value, told with the time that it says; the clock is set meanwhile."""

    clock: SteppedClock
    at_us: int | None = None
    step_us: int = 0
    pace: Pace = field(default_factory=Pace)

    async def read(self, rate: Rate) -> Sequence[Reading]:
        if rate is not Rate.FAST:
            return []
        at_us = self.clock.now_us() if self.at_us is None else self.at_us
        await asyncio.sleep(0.01)
        self.clock.ahead_us += self.step_us
        self.step_us = 0
        return [Reading("ac.power_kw", 1.0, Quality.GOOD, at_us)]


async def _age_s(teller: Teller, port: Port) -> float:
    """Return how old the value is after one more beat."""
    loop = asyncio.get_running_loop()
    port.ask(loop.time())
    await port.fresh()
    port.decided(None)
    await asyncio.sleep(0.09)
    return round(loop.time() - 0.09 - port.seen["ac.power_kw"].good_s, 3)


@pytest.mark.parametrize("step_us", [HOUR_US, -HOUR_US])
async def test_setting_the_clock_while_a_device_answers_makes_nothing_old(step_us: int) -> None:
    teller = Teller(SteppedClock())
    port = Port("pcs", teller, teller.clock)
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(port.run())
        await asyncio.sleep(0)
        assert await _age_s(teller, port) == 0.01
        teller.step_us = step_us
        assert await _age_s(teller, port) in (0.0, 0.01)
        assert await _age_s(teller, port) == 0.01
        work.cancel()


@pytest.mark.parametrize("step_us", [HOUR_US, 0, -HOUR_US])
async def test_what_is_told_again_grows_older_by_the_time_that_passes(step_us: int) -> None:
    teller = Teller(SteppedClock())
    teller.at_us = teller.clock.now_us() - 5_000_000
    port = Port("pcs", teller, teller.clock)
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(port.run())
        await asyncio.sleep(0)
        assert await _age_s(teller, port) == 5.01
        teller.clock.ahead_us = step_us
        assert await _age_s(teller, port) == 5.11
        assert await _age_s(teller, port) == 5.21
        work.cancel()


async def test_a_value_from_the_future_is_of_now() -> None:
    teller = Teller(SteppedClock())
    teller.at_us = teller.clock.now_us() + HOUR_US
    port = Port("pcs", teller, teller.clock)
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(port.run())
        await asyncio.sleep(0)
        assert await _age_s(teller, port) == 0.0
        assert await _age_s(teller, port) == 0.1
        work.cancel()
