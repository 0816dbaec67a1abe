"""The running loop, started again inside a contract: energy management goes on, or begins anew."""

import asyncio
from dataclasses import replace

import pytest

from agent.control.decide import Memory, Rules
from agent.control.energy.config import EnergySettings, ProductEnergy
from agent.control.energy.manage import EnergyMemory
from agent.control.limits import Limits
from agent.control.response.answer import ResponseMemory, ResponseRules
from agent.control.response.config import FrequencySettings
from agent.control.response.curve import FCR_N
from agent.recall import Recall
from tests.support.control_site import HOUR_US, PLAN, Site, running
from tests.support.inverters import InverterInMemory
from tests.support.plants import HEALTHY, LIMITS, UNIT, decided
from tests.support.virtual import EPOCH_US, VirtualClock
from wire.schedule import FrequencyService, Schedule, Slot

pytestmark = pytest.mark.virtual_time

END_US = EPOCH_US + HOUR_US
MANAGED = Rules(
    limits=Limits(units=(replace(UNIT, capacity_kwh=200.0),), ramp_kw_per_s=LIMITS.ramp_kw_per_s),
    response=ResponseRules(
        settings=FrequencySettings(
            energy=EnergySettings(products=(ProductEnergy(product="fcr_n", rule="nordic_v1_1"),))
        )
    ),
)
FCR_N_OF_50_KW = Schedule(
    site="s",
    version=1,
    issued_us=EPOCH_US,
    slots=(Slot(EPOCH_US, END_US, 0.0),),
    services=(FrequencyService("fcr_n", EPOCH_US, END_US, 50.0, FCR_N),),
)
NEM_KW = -0.34 * 50.0


def low_battery() -> InverterInMemory:
    inverter = InverterInMemory(VirtualClock())
    inverter.fast["battery.soc_pct"] = 18.0
    return inverter


async def served(site: Site, seconds: float) -> float:
    """Return the setpoint of a product that was in force for `seconds`."""
    site.cycle.take_schedule(FCR_N_OF_50_KW)
    await asyncio.sleep(seconds)
    return site.status().setpoint_kw


@pytest.mark.parametrize(("away_s", "expected_kw"), [(2.0, NEM_KW), (30.0, 0.0)])
async def test_a_restart_inside_a_contract_goes_on_with_what_is_ten_seconds_old_at_most(
    away_s: float, expected_kw: float
) -> None:
    inverter, plan = low_battery(), replace(PLAN, rules=MANAGED)
    async with running(inverter, plan=plan) as site:
        assert await served(site, 330.0) == pytest.approx(NEM_KW)
        held = site.status().recall
    await asyncio.sleep(away_s)
    async with running(inverter, plan=plan) as site:
        site.cycle.take_recall(Recall(away_s, held))
        assert await served(site, 5.0) == pytest.approx(expected_kw, abs=0.4)


async def test_a_restart_with_a_text_of_another_version_begins_anew() -> None:
    async with running(low_battery(), plan=replace(PLAN, rules=MANAGED)) as site:
        site.cycle.take_recall(Recall(1.0, '{"of": "another version"}'))
        assert await served(site, 5.0) == pytest.approx(0.0, abs=0.4)


async def test_a_site_without_products_has_nothing_held() -> None:
    async with running() as site:
        await asyncio.sleep(5.0)
        assert site.status().recall == ""


def test_what_was_recalled_is_used_once_and_not_by_a_later_contract() -> None:
    held = ResponseMemory(recalled={"fcr_n": EnergyMemory()})
    memory = Memory(response=held)
    _, memory = decided(HEALTHY, None, memory, EPOCH_US, rules=MANAGED)
    assert memory.response.recalled, "no contract is known yet"
    for place in (1, 2):
        plant = replace(HEALTHY, at_s=HEALTHY.at_s + place)
        _, memory = decided(plant, FCR_N_OF_50_KW, memory, EPOCH_US + place, rules=MANAGED)
    assert memory.response.products
    assert not memory.response.recalled
