"""The running loop from its start: no step at the meter, nothing that is latched let through."""

import asyncio
from dataclasses import replace

import pytest

from agent.control.interlocks.config import (
    DimmingSettings,
    InputSettings,
    RippleSettings,
    StepInput,
    StopInput,
)
from agent.control.interlocks.rules import GuardRules
from agent.control.local.config import (
    ConnectionSettings,
    LocalSettings,
    SelfConsumptionSettings,
)
from agent.control.local.strategies import SiteRules
from agent.latches import Kept, Latch
from agent.recall import Recall
from tests.support.control_site import HOUR_US, PLAN, Site, running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.plants import RULES
from tests.support.virtual import EPOCH_US, VirtualClock
from wire.schedule import FrequencyService

pytestmark = pytest.mark.virtual_time

SELF_CONSUMING = replace(
    PLAN,
    rules=replace(
        RULES, site=SiteRules(local=LocalSettings(self_consumption=SelfConsumptionSettings()))
    ),
)
LIMITED = replace(
    PLAN,
    rules=replace(
        RULES,
        site=SiteRules(connection=ConnectionSettings(export_kw_max=150.0, import_kw_max=150.0)),
    ),
)


def found_at(power_kw: float, delay_s: float = 0.002) -> InverterInMemory:
    inverter = InverterInMemory(VirtualClock(), delay_s=delay_s)
    inverter.fast["ac.power_kw"] = power_kw
    return inverter


async def powers(seconds: float, *inverters: InverterInMemory) -> list[float]:
    """Return what the inverters do together, ten times a second."""
    seen: list[float] = []
    for _ in range(round(seconds * 10)):
        await asyncio.sleep(0.1)
        seen.append(sum(inverter.fast["ac.power_kw"] or 0.0 for inverter in inverters))
    return seen


@pytest.mark.parametrize("delay_s", [0.05, 0.08, 0.15, 0.3])
async def test_a_device_that_answers_slowly_is_taken_over_without_a_step(delay_s: float) -> None:
    inverter = found_at(60.0, delay_s)
    async with running(inverter) as site:
        assert set(await powers(8.0, inverter)) == {60.0}
        assert inverter.writes
        assert "OBSERVING" in site.codes()


async def test_what_never_tells_its_limits_is_told_zero_when_it_had_the_time_to() -> None:
    inverter = found_at(60.0)
    inverter.slow = dict.fromkeys(inverter.slow)
    async with running(inverter):
        assert (await powers(7.0, inverter))[-1] == 0.0


async def test_a_unit_that_joins_later_brings_the_power_it_is_found_at() -> None:
    one, other = found_at(60.0), found_at(60.0, delay_s=0.15)
    async with running(one, units=[("pcs2", other)]):
        assert set(await powers(8.0, one, other)) == {120.0}


async def test_a_restart_inside_a_contract_does_not_give_the_response_twice() -> None:
    inverter = found_at(0.0)
    inverter.fast["grid.frequency_hz"] = 49.9
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(20.0, capacity_kw=40.0))
        assert (await powers(20.0, inverter))[-1] == 40.0
        held = site.status().recall
    async with running(inverter) as site:
        before = await powers(0.8, inverter)
        site.cycle.take_recall(Recall(1.0, held))
        site.cycle.take_schedule(schedule(20.0, capacity_kw=40.0))
        assert {*before, *await powers(5.0, inverter)} == {40.0}
        assert site.status().response_kw == 20.0


async def test_a_restart_at_an_inverter_that_fell_back_answers_the_frequency_at_once() -> None:
    inverter = found_at(0.0)
    inverter.fast["grid.frequency_hz"] = 49.9
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(20.0, capacity_kw=40.0))
        await asyncio.sleep(5.0)
        held = site.status().recall
    inverter.fast["ac.power_kw"] = 0.0
    async with running(inverter) as site:
        await asyncio.sleep(0.8)
        site.cycle.take_recall(Recall(1.0, held))
        site.cycle.take_schedule(schedule(20.0, capacity_kw=40.0))
        assert (await powers(0.3, inverter))[-1] >= 20.0


async def test_nothing_local_begins_before_it_is_told_what_was_latched() -> None:
    inverter = found_at(0.0)
    meter = MeterInMemory(VirtualClock(), fast={"site.power_kw": -50.0, "grid.frequency_hz": 50.0})
    async with running(inverter, meters=[("m", meter)], plan=SELF_CONSUMING, told=False) as site:
        assert set(await powers(5.0, inverter)) == {0.0}
        site.cycle.take_kept(Kept((Latch("I17", "", "input.stop", "emergency stop"),)))
        assert set(await powers(20.0, inverter)) == {0.0}
        assert "I17" in site.codes()


async def test_without_anybody_to_tell_it_the_site_begins_by_itself_after_a_while() -> None:
    inverter = found_at(0.0)
    meter = MeterInMemory(VirtualClock(), fast={"site.power_kw": -50.0, "grid.frequency_hz": 50.0})
    async with running(inverter, meters=[("m", meter)], plan=SELF_CONSUMING, told=False):
        assert (await powers(20.0, inverter))[-1] > 0.0


@pytest.mark.parametrize("delay_s", [0.05, 0.15, 0.3])
async def test_a_slow_meter_at_a_limited_connection_makes_no_step(delay_s: float) -> None:
    inverter, meter = found_at(60.0), slow_meter(delay_s)
    async with running(inverter, meters=[("m", meter)], plan=LIMITED):
        assert set(await powers(8.0, inverter)) == {60.0}


async def test_a_meter_that_is_dead_from_the_start_holds_the_start_up_for_a_while() -> None:
    inverter, meter = found_at(60.0), slow_meter(0.002)
    meter.unplugged = True
    async with running(inverter, meters=[("m", meter)], plan=LIMITED):
        assert (await powers(7.0, inverter))[-1] == 30.0, "what is allowed without the meter"


@pytest.mark.parametrize("delay_s", [0.05, 0.15, 0.3])
async def test_slow_contacts_of_the_grid_operator_limit_nothing_at_a_restart(
    delay_s: float,
) -> None:
    inverter, meter = found_at(60.0), slow_meter(delay_s)
    meter.fast |= {"input.k1": 0.0, "input.k2": 1.0, "input.stop": 1.0, "input.dim": 0.0}
    steps = (
        StepInput(point="input.k1", feed_in_share=0.0),
        StepInput(point="input.k2", feed_in_share=1.0),
    )
    inputs = InputSettings(
        stops=(StopInput(point="input.stop"),),
        ripple=RippleSettings(steps=steps),
        dimming=DimmingSettings(point="input.dim"),
    )
    plan = replace(PLAN, rules=replace(RULES, guard=GuardRules(inputs=inputs)))
    async with running(inverter, meters=[("m", meter)], plan=plan):
        assert set(await powers(8.0, inverter)) == {60.0}
        meter.fast["input.k1"] = 1.0
        assert (await powers(1.0, inverter))[-1] < 60.0


def slow_meter(delay_s: float) -> MeterInMemory:
    told: dict[str, float | None] = {"site.power_kw": 60.0, "grid.frequency_hz": 50.0}
    return MeterInMemory(VirtualClock(), delay_s=delay_s, fast=told)


async def test_a_lost_unit_leaves_the_others_all_that_the_connection_allows() -> None:
    one, other = found_at(0.0), found_at(0.0)
    meter = MeterInMemory(VirtualClock(), fast={"site.power_kw": 0.0, "grid.frequency_hz": 50.0})
    both = [("pcs2", other)]
    async with running(one, meters=[("m", meter)], units=both, plan=LIMITED) as site:
        site.cycle.take_schedule(schedule(80.0))
        await _metered(site, meter, one, other)
        other.unplugged = True
        other.fast["ac.power_kw"] = 0.0
        await _metered(site, meter, one, other)
        assert one.fast["ac.power_kw"] == 80.0
        assert "I6" not in site.codes()


async def _metered(site: Site, meter: MeterInMemory, *inverters: InverterInMemory) -> None:
    for _ in range(150):
        (power_kw,) = await powers(0.1, *inverters)
        meter.fast["site.power_kw"] = power_kw


async def test_two_awards_of_one_product_are_told_once_each() -> None:
    awards = schedule(0.0, capacity_kw=40.0).services
    more = FrequencyService("fcr_ce", EPOCH_US, EPOCH_US + HOUR_US, 400.0, awards[0].curve)
    async with running() as site:
        site.cycle.take_schedule(replace(schedule(0.0), services=(*awards, more)))
        await asyncio.sleep(20.0)
        told = await site.events("fcr_ce")
        assert sorted(told) == ["PRODUCT_ARMED", "PRODUCT_REFUSED"]


async def test_what_is_held_beyond_200_mhz_is_of_the_award_in_force() -> None:
    whole = schedule(0.0, capacity_kw=40.0).services[0]
    change_us = EPOCH_US + 10_000_000
    awards = (
        replace(whole, end_us=change_us),
        replace(whole, start_us=change_us, capacity_kw=20.0),
    )
    inverter = found_at(0.0)
    inverter.fast["grid.frequency_hz"] = 49.75
    async with running(inverter) as site:
        site.cycle.take_schedule(replace(schedule(0.0), services=awards))
        assert (await powers(5.0, inverter))[-1] == 40.0
        assert (await powers(6.0, inverter))[-1] == 20.0
