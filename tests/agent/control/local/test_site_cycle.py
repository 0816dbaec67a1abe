"""The connection in the running loop: ports, cycle and decision, in virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from drivers.base import Rate
from tests.support.control_site import PLAN, running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.sites import rules
from tests.support.virtual import VirtualClock
from wire.block import Reading

pytestmark = pytest.mark.virtual_time
BEAT_S = 0.1


@dataclass(slots=True)
class SiteMeter(MeterInMemory):
    """Tells what the battery, the PV and the load make of the connection."""

    others_kw: Callable[[], float] = lambda: 0.0
    told: list[tuple[float, float]] = field(default_factory=list)

    async def read(self, rate: Rate) -> Sequence[Reading]:
        if rate is Rate.FAST:
            self.fast = {"site.power_kw": self.others_kw()}
            self.told.append((asyncio.get_running_loop().time(), self.others_kw()))
        return await MeterInMemory.read(self, rate)


@dataclass(slots=True)
class PvInMemory(MeterInMemory):
    """A PV inverter that obeys its limit at once."""

    available_kw: float = 0.0
    limits_kw: list[float | None] = field(default_factory=list)

    def limit_pv(self, limit_kw: float | None) -> None:
        self.limits_kw.append(limit_kw)
        most_kw = self.available_kw if limit_kw is None else limit_kw
        self.fast = {"pv.power_kw": min(self.available_kw, most_kw)}


def _site(connection: dict[str, Any], load_kw: Callable[[], float], pv_kw: float = 0.0) -> Any:
    clock = VirtualClock()
    inverter = InverterInMemory(clock)
    pv = PvInMemory(clock, fast={"pv.power_kw": pv_kw}, available_kw=pv_kw)

    def exchanged_kw() -> float:
        return (inverter.fast["ac.power_kw"] or 0.0) + (pv.fast["pv.power_kw"] or 0.0) - load_kw()

    meter = SiteMeter(clock, fast={"site.power_kw": 0.0}, others_kw=exchanged_kw)
    devices = [("meter", meter), ("pv", pv)]
    plan = replace(PLAN, rules=rules(connection))
    return inverter, meter, pv, running(inverter, meters=devices, plan=plan)


async def test_i6_in_the_loop_a_load_that_goes_away_violates_the_cap_for_a_beat_or_two() -> None:
    load = {"kw": 90.0}
    inverter, meter, _, site = _site({"export_kw_max": 20}, lambda: load["kw"])
    async with site as running_site:
        running_site.cycle.take_schedule(schedule(80.0))
        await asyncio.sleep(20)
        assert inverter.writes[-1][1] == pytest.approx(80.0)
        load["kw"] = 0.0
        at_s = asyncio.get_running_loop().time()
        await asyncio.sleep(5)
        too_much = [told_s for told_s, kw in meter.told if told_s > at_s and kw > 20.0]
        assert max(too_much, default=at_s) - at_s <= 2 * BEAT_S + 1e-6
        assert inverter.writes[-1][1] == pytest.approx(20.0)
        assert "I6" in running_site.codes()


async def test_i6_in_the_loop_a_lost_meter_leaves_what_is_safe_without_it() -> None:
    inverter, meter, _, site = _site({"export_kw_max": 50, "legal_duty": True}, lambda: 10.0)
    async with site as running_site:
        running_site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(20)
        assert inverter.writes[-1][1] == pytest.approx(30.0)
        meter.unplugged = True
        await asyncio.sleep(2.0 + 3 * BEAT_S)
        assert inverter.writes[-1][1] == 0.0
        meter.unplugged = False
        await asyncio.sleep(20)
        assert inverter.writes[-1][1] == pytest.approx(30.0)


async def test_what_a_full_battery_cannot_take_the_pv_does_not_produce() -> None:
    settings = {"feed_in_share": 0.5, "pv_installed_kw": 100}
    inverter, meter, pv, site = _site(settings, lambda: 10.0, pv_kw=90.0)
    inverter.fast["battery.soc_pct"] = 95.0
    async with site:
        await asyncio.sleep(10)
        assert pv.limits_kw[-1] == pytest.approx(60.0)
        assert meter.told[-1][1] == pytest.approx(50.0)
        inverter.fast["battery.soc_pct"] = 50.0
        await asyncio.sleep(30)
        assert pv.limits_kw[-1] is None
        assert meter.told[-1][1] == pytest.approx(50.0, abs=0.1)
        assert inverter.writes[-1][1] == pytest.approx(-30.0, abs=0.1)
