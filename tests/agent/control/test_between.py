"""agent.control.between: a frequency that moves between two beats is answered at once."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.control_site import PLAN, running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.virtual import VirtualClock

pytestmark = pytest.mark.virtual_time
HURRIED = replace(PLAN, frequency_period_s=0.02)
POWER = {"ac.power_kw": 0.0, "battery.soc_pct": 50.0}
MOVED_S = 20.043
"""Not long after a beat."""


def _site() -> tuple[InverterInMemory, MeterInMemory]:
    clock = VirtualClock()
    return InverterInMemory(clock, fast=dict(POWER)), MeterInMemory(clock)


async def _answered_s(
    inverter: InverterInMemory, meter: MeterInMemory, capacity_kw: float
) -> float:
    """Return after how long the frequency's step was answered by a write."""
    loop = asyncio.get_running_loop()
    async with running(inverter, meters=[("meter", meter)], plan=HURRIED) as site:
        site.cycle.take_schedule(schedule(0.0, capacity_kw=capacity_kw))
        await asyncio.sleep(MOVED_S)
        moved_s, written = loop.time(), len(inverter.writes)
        meter.fast["grid.frequency_hz"] = 49.9
        await asyncio.sleep(0.5)
        return next(s for s, kw in inverter.writes[written:] if kw > 0.0) - moved_s


async def test_a_step_between_two_beats_is_answered_before_the_next_one() -> None:
    inverter, meter = _site()
    assert await _answered_s(inverter, meter, 20.0) < 0.04
    assert inverter.writes[-1][1] == pytest.approx(10.0)


async def test_without_a_product_nobody_looks_between_two_beats() -> None:
    inverter, meter = _site()
    async with running(inverter, meters=[("meter", meter)], plan=HURRIED) as site:
        site.cycle.take_schedule(schedule(0.0))
        await asyncio.sleep(5)
        reads = len(meter.reads)
        await asyncio.sleep(10)
        assert len(meter.reads) - reads == pytest.approx(100, abs=2)


async def test_a_frequency_that_stands_still_costs_readings_and_no_decisions() -> None:
    inverter, meter = _site()
    async with running(inverter, meters=[("meter", meter)], plan=HURRIED) as site:
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(15)
        reads, writes = len(meter.reads), len(inverter.writes)
        await asyncio.sleep(10)
        assert len(meter.reads) - reads > 200
        assert len(inverter.writes) - writes < 10
        assert site.status().missed == 0


async def test_a_meter_that_is_slow_or_gone_delays_no_beat() -> None:
    inverter, meter = _site()
    async with running(inverter, meters=[("meter", meter)], plan=HURRIED) as site:
        site.cycle.take_schedule(schedule(10.0, capacity_kw=20.0))
        await asyncio.sleep(15)
        meter.delay_s = 0.06
        await asyncio.sleep(5)
        meter.hangs = True
        await asyncio.sleep(20)
        assert site.status().missed == 0
        assert site.inverter.writes[-1][1] == pytest.approx(10.0)
