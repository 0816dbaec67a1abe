"""agent.control.cycle: several devices make one plant, each at its own pace and of its own age."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from agent.control.samples import POINTS_PER_BEAT_MAX
from drivers.base import Pace, Rate
from tests.support.control_site import running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.virtual import VirtualClock
from wire.block import Block, Quality
from wire.sync import Event

pytestmark = pytest.mark.virtual_time


def _bms() -> MeterInMemory:
    limits = {"battery.max_discharge_kw": 20.0, "battery.max_charge_kw": 20.0}
    values: dict[str, float | None] = {"battery.soc_pct": 60.0, **limits}
    return MeterInMemory(VirtualClock(), fast={}, slow=values)


@dataclass(slots=True)
class NamedMeter(MeterInMemory):
    identity: Mapping[str, str] = field(default_factory=dict)


async def test_the_limits_of_the_battery_hold_before_those_of_the_inverter() -> None:
    async with running(meters=[("bms", _bms())]) as site:
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 19.0
        assert "I1" in site.codes()


async def test_a_lost_battery_system_stops_the_power_though_the_inverter_tells_on() -> None:
    bms = _bms()
    async with running(meters=[("bms", bms)]) as site:
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(10)
        bms.unplugged = True
        await asyncio.sleep(5)
        assert await site.events("bms") == ["DEVICE_LOST"]
        assert site.inverter.writes[-1][1] == 19.0
        await asyncio.sleep(7)
        assert (site.status().mode, site.inverter.writes[-1][1]) == ("safe", 0.0)
        bms.unplugged = False
        await asyncio.sleep(5)
        assert (site.status().mode, site.inverter.writes[-1][1]) == ("automatic", 19.0)


async def test_a_battery_system_that_never_answered_allows_no_power() -> None:
    bms = _bms()
    bms.unplugged = True
    async with running(meters=[("bms", bms)]) as site:
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(10)
        assert {power_kw for _, power_kw in site.inverter.writes} == {0.0}


async def test_a_device_with_slow_points_only_is_there_while_it_answers_them() -> None:
    bms = _bms()
    async with running(meters=[("bms", bms)]) as site:
        await asyncio.sleep(30)
        assert await site.events("bms") == []
        bms.unplugged = True
        await asyncio.sleep(3)
        assert await site.events("bms") == ["DEVICE_LOST"]
        shown = {reading.quality for device, reading in site.status().readings if device == "bms"}
        assert shown == {Quality.STALE}
        await asyncio.sleep(30)
        assert await site.events("bms") == ["DEVICE_LOST"]


async def test_a_value_is_as_old_as_its_device_says_however_often_it_is_told() -> None:
    inverter = InverterInMemory(VirtualClock())
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        inverter.age_s = 1.5
        await asyncio.sleep(2)
        assert site.status().mode == "automatic"
        inverter.age_s = 2.5
        await asyncio.sleep(0.3)
        assert (site.status().mode, site.inverter.writes[-1][1]) == ("safe", 0.0)
        assert all(
            reading.quality is Quality.STALE
            for _, reading in site.status().readings
            if reading.point == "ac.power_kw"
        )


async def test_a_device_is_asked_at_its_own_pace_and_not_lost_between_two_polls() -> None:
    pace = Pace(fast_s=3.0, slow_s=6.0, stale_fast_s=9.0, stale_slow_s=18.0)
    meter = MeterInMemory(
        VirtualClock(), slow={"meter.energy_kwh": 1.0}, once={"meter.rated_kw": 9.0}, pace=pace
    )
    async with running(meters=[("meter", meter)]) as site:
        await asyncio.sleep(30.5)
        rates = [rate for _, rate in meter.reads]
        assert (rates.count(Rate.FAST), rates.count(Rate.SLOW)) == (11, 6)
        assert rates.count(Rate.ONCE) == 1
        assert await site.events("meter") == []
        assert {r.quality for d, r in site.status().readings if d == "meter"} == {Quality.GOOD}


async def test_what_is_read_once_is_read_again_after_every_silence() -> None:
    meter = MeterInMemory(VirtualClock(), once={"meter.rated_kw": 9.0})
    async with running(meters=[("meter", meter)]):
        await asyncio.sleep(5)
        meter.unplugged = True
        await asyncio.sleep(1)
        meter.unplugged = False
        await asyncio.sleep(1)
        assert [rate for _, rate in meter.reads].count(Rate.ONCE) == 2


async def test_who_a_device_is_becomes_an_event_and_so_does_a_change() -> None:
    meter = NamedMeter(VirtualClock(), identity={"model": "EM24", "firmware": "1.0"})
    async with running(meters=[("meter", meter)]) as site:
        await asyncio.sleep(2)
        assert await site.events("meter") == ["DEVICE_IDENTIFIED"]
        meter.identity = {"model": "EM24", "firmware": "1.1"}
        await asyncio.sleep(62)
        assert await site.events("meter") == ["DEVICE_IDENTIFIED", "DEVICE_CHANGED"]
        texts = [item.text for item in await site.items() if isinstance(item, Event)]
        assert "model EM24, firmware 1.1; before: model EM24, firmware 1.0" in texts


async def test_an_unproved_inverter_is_asked_for_a_tenth_and_answers_no_product() -> None:
    inverter = InverterInMemory(VirtualClock(), power_share_max=0.1)
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(30.0, capacity_kw=20.0))
        inverter.fast["grid.frequency_hz"] = 49.8
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 10.0
        assert site.status().response_kw == 0.0
        assert site.codes() == ["SCHEDULE", "I24", "I24"]


async def test_the_samples_of_a_large_plant_are_spread_over_the_beats() -> None:
    values: dict[str, float | None] = {f"rack.cell{n}_v": 3.3 for n in range(POINTS_PER_BEAT_MAX)}
    racks = [
        (f"rack-{n}", MeterInMemory(VirtualClock(), fast={}, slow=dict(values))) for n in range(5)
    ]
    async with running(meters=racks) as site:
        await asyncio.sleep(5.85)
        blocks = [item for item in await site.items() if isinstance(item, Block)]
        times_us = [block.at_us for block in blocks if block.device.startswith("rack-")]
        assert len(set(times_us)) == len(times_us) == 25
        for device in ("rack-0", "rack-4", "pcs", "control"):
            assert [b.seq for b in blocks if b.device == device] == list(range(5))
        assert site.status().missed == 0
