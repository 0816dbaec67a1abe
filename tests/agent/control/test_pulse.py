"""agent.control.pulse: the watchdog is fed only while the task of every device moves on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from agent.control.port import Port
from agent.control.pulse import STALL_S, stalled
from drivers.base import Rate
from tests.support.control_site import running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.virtual import VirtualClock
from wire.block import Reading

pytestmark = pytest.mark.virtual_time


@dataclass(slots=True)
class BrokenMeter(MeterInMemory):
    """A meter whose driver, once `broken`, does not even end when it is told to."""

    broken: bool = False

    async def read(self, rate: Rate) -> Sequence[Reading]:
        while self.broken:
            try:
                await asyncio.sleep(1.0)
            except asyncio.CancelledError:
                continue
        return await MeterInMemory.read(self, rate)


async def test_a_device_whose_task_hangs_is_named_and_the_watchdog_is_not_fed_until_it_moves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    meter = BrokenMeter(VirtualClock())
    async with running(meters=[("meter", meter)]) as site:
        site.cycle.take_schedule(schedule(20.0))
        await asyncio.sleep(20)
        fed = len(site.alive_s)
        assert fed >= 19
        meter.broken = True
        await asyncio.sleep(20)
        late_s = site.alive_s[-1] - 20.0
        assert late_s <= STALL_S + 1.1, "what can hang lawfully is waited for, and no longer"
        assert "meter: its task hangs" in caplog.text
        assert "pcs: its task hangs" not in caplog.text
        assert site.inverter.writes[-1][1] == 20.0, "the others are held meanwhile"
        meter.broken = False
        await asyncio.sleep(5)
        assert site.alive_s[-1] > 43.0


async def test_devices_that_are_silent_slow_or_refuse_are_not_stalled() -> None:
    silent = MeterInMemory(VirtualClock(), hangs=True)
    slow = MeterInMemory(VirtualClock(), delay_s=1.9)
    inverter = InverterInMemory(VirtualClock(), refuses=True)
    async with running(inverter, meters=[("silent", silent), ("slow", slow)]) as site:
        await asyncio.sleep(60)
        assert len(site.alive_s) >= 59


async def test_a_port_that_has_not_been_asked_is_not_stalled() -> None:
    port = Port("meter", MeterInMemory(VirtualClock()), VirtualClock())
    assert stalled([port], 1e6) == ""
