"""agent.control.cycle: the beat, the setpoint, the schedule, and what is kept of them."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from agent.control.dispatch import SETPOINT_STEP_KW
from drivers.base import Rate
from tests.support.control_site import running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.plants import LIMITS
from tests.support.virtual import VirtualClock
from wire.block import Block

pytestmark = pytest.mark.virtual_time


async def test_the_inverter_is_taken_over_once_and_then_follows_the_schedule() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        assert len(site.inverter.take_overs) == 1
        assert site.inverter.take_overs[0] < site.inverter.writes[0][0]
        assert site.inverter.writes[-1][1] == 30.0
        assert (site.status().mode, site.codes()) == ("automatic", ["SCHEDULE"])
        assert await site.events() == ["SCHEDULE_TAKEN", "MODE_CHANGED"]


async def test_taking_over_a_running_inverter_makes_no_jump() -> None:
    inverter = InverterInMemory(VirtualClock())
    inverter.fast["ac.power_kw"] = -60.0
    async with running(inverter) as site:
        await asyncio.sleep(20)
        powers = [power_kw for _, power_kw in site.inverter.writes]
        assert powers[0] == -60.0
        assert powers[-1] == 0.0
        steps_kw = [abs(after - before) for before, after in pairwise(powers)]
        assert max(steps_kw) <= LIMITS.ramp_kw_per_s * 0.1 + SETPOINT_STEP_KW


async def test_a_constant_setpoint_is_written_again_within_a_third_of_the_time_out() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(120)
        times_s = [at_s for at_s, _ in site.inverter.writes]
        gaps_s = [after - before for before, after in pairwise(times_s)]
        assert max(gaps_s) <= site.inverter.refresh_s
        assert len(times_s) < 120 / site.inverter.refresh_s * 1.5 + 40


async def test_the_beat_is_ten_a_second_and_none_is_missed() -> None:
    async with running() as site:
        await asyncio.sleep(60.05)
        assert (site.status().beats, site.status().missed) == (601, 0)


async def test_fast_points_are_read_each_beat_and_slow_ones_each_second() -> None:
    async with running() as site:
        await asyncio.sleep(30.05)
        rates = [rate for _, rate in site.inverter.reads]
        assert rates.count(Rate.FAST) == pytest.approx(300, abs=1)
        assert rates.count(Rate.SLOW) == pytest.approx(30, abs=1)


async def test_the_response_to_the_frequency_adds_to_the_schedule() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0, capacity_kw=20.0))
        await asyncio.sleep(10)
        site.inverter.fast["grid.frequency_hz"] = 49.9
        await asyncio.sleep(0.2)
        assert site.inverter.writes[-1][1] == pytest.approx(40.0)
        assert site.codes() == ["SCHEDULE", "RESPONSE"]
        assert site.status().response_kw == pytest.approx(10.0)


async def test_a_meter_of_its_own_is_preferred_for_the_frequency() -> None:
    meter = MeterInMemory(VirtualClock(), fast={"grid.frequency_hz": 50.1})
    async with running(meters=[("meter", meter)]) as site:
        site.inverter.fast["grid.frequency_hz"] = 50.092
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == pytest.approx(-10.0)


async def test_i8_two_meters_that_contradict_each_other_are_not_answered() -> None:
    meter = MeterInMemory(VirtualClock(), fast={"grid.frequency_hz": 50.1})
    async with running(meters=[("meter", meter)]) as site:
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(20)
        assert site.inverter.writes[-1][1] == 0.0
        assert "I8" in site.codes()


async def test_an_older_schedule_or_one_for_another_site_is_not_followed() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0, version=5))
        site.cycle.take_schedule(schedule(60.0, version=4))
        site.cycle.take_schedule(schedule(60.0, version=5))
        site.cycle.take_schedule(schedule(60.0, version=6, site="other"))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 30.0
        assert site.status().schedule_version == 5


async def test_a_schedule_issued_later_is_followed_though_its_version_counts_anew() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0, version=57))
        again = schedule(60.0, version=1)
        site.cycle.take_schedule(replace(again, issued_us=again.issued_us + 1))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 60.0
        assert site.status().schedule_version == 1


async def test_samples_are_kept_each_second_and_numbered_without_a_gap() -> None:
    async with running() as site:
        await asyncio.sleep(10.5)
        blocks = [item for item in await site.items() if isinstance(item, Block)]
        for device in ("pcs", "control"):
            own = [block for block in blocks if block.device == device]
            assert [block.seq for block in own] == list(range(10))
        points = {point for block in blocks for point in block.points}
        assert {"ac.power_kw", "battery.max_charge_kw", "control.setpoint_kw"} <= points
