"""agent.control.cycle: several units are one plant; what one cannot do, the others do at once."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from agent.control.decide import Decision
from tests.support.control_site import PLAN, Site, running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.virtual import VirtualClock

pytestmark = pytest.mark.virtual_time

BEAT_S = 0.1


def _inverters(*names: str) -> list[tuple[str, InverterInMemory]]:
    return [(name, InverterInMemory(VirtualClock())) for name in names]


async def _decisions(site: Site, seconds: float) -> AsyncIterator[Decision]:
    """Yield every decision of the next seconds, each once, as it is made."""
    seen = None
    for _ in range(round(seconds / BEAT_S) * 10):
        await asyncio.sleep(BEAT_S / 10)
        record = site.cycle._record
        if record is not None and record is not seen:
            seen = record
            yield record.decision


def _told(decision: Decision) -> list[float | None]:
    return [unit.power_kw for unit in decision.units]


async def test_three_units_do_what_the_schedule_asks_and_each_is_kept_alive() -> None:
    units = _inverters("two", "three")
    async with running(units=units) as site:
        site.cycle.take_schedule(schedule(180.0))
        await asyncio.sleep(30)
        assert site.status().setpoint_kw == 180.0
        inverters = [site.inverter, *(inverter for _, inverter in units)]
        assert [round(i.writes[-1][1], 3) for i in inverters] == [60.0, 60.0, 60.0]
        counts = [len(inverter.writes) for inverter in inverters]
        await asyncio.sleep(10)
        assert all(len(i.writes) > before for i, before in zip(inverters, counts, strict=True))


async def test_of_three_units_one_is_dropped_and_the_plant_is_right_in_the_same_cycle_i25() -> None:
    units = _inverters("two", "three")
    async with running(units=units) as site:
        site.cycle.take_schedule(schedule(180.0))
        await asyncio.sleep(30)
        units[0][1].unplugged = True
        dropped = False
        async for decision in _decisions(site, 10.0):
            powers = _told(decision)
            dropped = dropped or powers[1] in (None, 0.0)
            total_kw = sum(power for power in powers if power is not None)
            assert total_kw == pytest.approx(180.0, rel=0.01)
            assert decision.setpoint_kw == 180.0
        assert dropped
        assert _told(decision) == [pytest.approx(90.0), None, pytest.approx(90.0)]
        blocked = [r for r in site.status().reasons if r.code == "UNIT_BLOCKED"]
        assert [reason.source for reason in blocked] == ["two"]
        assert site.status().mode == "automatic"


async def test_a_unit_that_comes_back_takes_its_share_again_after_a_first_try() -> None:
    units = _inverters("two")
    async with running(units=units) as site:
        site.cycle.take_schedule(schedule(100.0))
        await asyncio.sleep(20)
        units[0][1].unplugged = True
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == pytest.approx(100.0)
        units[0][1].unplugged = False
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == pytest.approx(50.0)
        assert units[0][1].writes[-1][1] == pytest.approx(50.0)


async def test_a_plant_gives_what_the_units_that_are_left_can_give() -> None:
    units = _inverters("two")
    async with running(units=units) as site:
        site.cycle.take_schedule(schedule(160.0))
        await asyncio.sleep(30)
        units[0][1].unplugged = True
        await asyncio.sleep(10)
        assert site.status().setpoint_kw == 100.0
        assert site.codes() == ["SCHEDULE", "I9", "UNIT_BLOCKED"]


async def test_each_unit_has_the_state_of_charge_of_its_own_battery() -> None:
    units = _inverters("two")
    units[0][1].fast["battery.soc_pct"] = 30.0
    meter = MeterInMemory(VirtualClock(), fast={"grid.frequency_hz": 50.0})
    async with running(units=units, meters=[("meter", meter)]) as site:
        site.cycle.take_schedule(schedule(60.0))
        await asyncio.sleep(20)
        assert site.inverter.writes[-1][1] == pytest.approx(40.0)
        assert units[0][1].writes[-1][1] == pytest.approx(20.0)


async def test_a_plant_found_at_work_stays_at_it_until_it_is_known_what_is_wanted() -> None:
    inverter = InverterInMemory(VirtualClock())
    inverter.fast["ac.power_kw"] = 50.0
    async with running(inverter) as site:
        await asyncio.sleep(3)
        assert {power_kw for _, power_kw in inverter.writes} == {50.0}
        assert site.codes() == ["OBSERVING"]
        site.cycle.take_schedule(schedule(60.0))
        await asyncio.sleep(3)
        assert inverter.writes[-1][1] == 60.0
        assert min(power_kw for _, power_kw in inverter.writes) == 50.0


async def test_a_plant_found_at_work_goes_to_zero_where_nobody_says_what_is_wanted() -> None:
    inverter = InverterInMemory(VirtualClock())
    inverter.fast["ac.power_kw"] = 50.0
    async with running(inverter) as site:
        await asyncio.sleep(9)
        assert inverter.writes[-1][1] == 50.0
        await asyncio.sleep(20)
        assert (inverter.writes[-1][1], site.codes()) == (0.0, ["NO_SCHEDULE"])


async def test_a_plant_that_is_left_goes_to_zero_by_its_ramp_whoever_asks_for_what() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(20)
        site.cycle.leave()
        await asyncio.sleep(1)
        assert 0.0 < site.inverter.writes[-1][1] < 50.0
        assert not site.cycle.at_rest.is_set()
        site.cycle.take_schedule(schedule(80.0, version=2))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 0.0
        assert site.cycle.at_rest.is_set()


async def test_after_an_outage_a_schedule_begins_later_and_its_product_does_not() -> None:
    meter = MeterInMemory(VirtualClock(), fast={"grid.frequency_hz": 50.0})
    async with running(meters=[("meter", meter)], plan=replace(PLAN, jitter_s=60.0)) as site:
        await asyncio.sleep(15)
        site.cycle.take_schedule(schedule(30.0, version=3, capacity_kw=10.0))
        share = zlib.crc32(b"s 3") / (1 << 32)
        assert share * 60 > 5
        await asyncio.sleep(share * 60 - 2)
        assert site.inverter.writes[-1][1] == 0.0
        assert "RESPONSE" in site.codes()
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == pytest.approx(30.0)


async def test_a_new_schedule_in_the_middle_of_a_run_is_followed_at_once() -> None:
    async with running(plan=replace(PLAN, jitter_s=60.0)) as site:
        await asyncio.sleep(1)
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 30.0
        site.cycle.take_schedule(schedule(40.0, version=2))
        await asyncio.sleep(5)
        assert site.inverter.writes[-1][1] == 40.0
