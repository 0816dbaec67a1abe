"""The energy room inside a decision: what it adds, keeps the schedule from, and tells."""

from dataclasses import replace

import pytest

from agent.control.decide import Decision, Memory, Orders, Rules, decide
from agent.control.energy.config import EnergySettings, ProductEnergy
from agent.control.limits import Limits, UnitLimits
from agent.control.quantity import Quantity
from agent.control.response.answer import ResponseRules
from agent.control.response.config import FrequencySettings
from agent.control.response.curve import FCR_CE, FCR_N
from agent.control.response.news import NewsMemory, news
from tests.support.plants import HEALTHY, changed
from tests.support.reservoirs import HOUR_US, START_US
from wire.schedule import FrequencyService, Schedule, Slot

UNIT = UnitLimits(
    unit="pcs",
    discharge_kw_max=1_500.0,
    charge_kw_max=1_500.0,
    soc_min_pct=0.0,
    soc_max_pct=100.0,
    capacity_kwh=3_000.0,
)
LIMITS = Limits(units=(UNIT,), ramp_kw_per_s=1_000.0)
N = ProductEnergy(product="fcr_n", rule="nordic_v1_1")
CE = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10", schedule_tx=True)


class Site:
    """Decides once a second, with one product and a schedule; the gate asks for more often."""

    def __init__(
        self, entry: ProductEnergy, capacity_kw: float = 1_000.0, scheduled_kw: float = 0.0
    ) -> None:
        settings = FrequencySettings(arming="off", energy=EnergySettings(products=(entry,)))
        self.rules = Rules(limits=LIMITS, response=ResponseRules(settings=settings))
        curve = FCR_N if entry.product == "fcr_n" else FCR_CE
        end_us = START_US + 24 * HOUR_US
        self.schedule = Schedule(
            site="site",
            version=1,
            issued_us=START_US,
            slots=(Slot(START_US, end_us, scheduled_kw),),
            services=(FrequencyService(entry.product, START_US, end_us, capacity_kw, curve),),
        )
        self.memory = Memory()
        self.second = 0

    def decided(self, count: int = 1, *, hz: float = 50.0, soc_pct: float = 50.0) -> Decision:
        """Return the decision after `count` seconds."""
        decision: Decision | None = None
        for _ in range(count):
            self.second += 1
            plant = replace(
                changed(
                    HEALTHY,
                    frequency_hz=Quantity(hz, 0.05),
                    soc_pct=Quantity(soc_pct, 0.5),
                ),
                at_s=100.0 + self.second,
            )
            orders = Orders(now_us=START_US + self.second * 1_000_000, schedule=self.schedule)
            decision, self.memory = decide(plant, orders, self.rules, self.memory)
        assert decision is not None
        return decision


def test_nem_comes_on_top_of_the_response_and_leaves_the_base_alone() -> None:
    site = Site(N)
    site.decided(2)
    decision = site.decided(400, hz=49.95, soc_pct=10.0)
    assert decision.base_kw == 0.0
    assert decision.management_kw == pytest.approx(-340.0)
    assert decision.setpoint_kw == pytest.approx(500.0 - 340.0)
    (state,) = decision.products
    assert (state.rule, state.nem, state.aem) == ("nordic_v1_1", -1, False)


def test_aem_lets_the_response_out_and_reports_no_endurance() -> None:
    site = Site(N)
    site.decided(2)
    decision = site.decided(400, hz=49.88, soc_pct=2.0)
    assert decision.setpoint_kw == pytest.approx(0.0, abs=1.0)
    (state,) = decision.products
    assert (state.aem, state.endurance_min) == (True, 0.0)
    assert [refusal.code for refusal in state.refusals] == ["AEM"]
    assert state.armed


def test_an_armed_product_that_lacks_energy_is_told_as_unavailable_until_it_is_back() -> None:
    site, memory, told = Site(CE), NewsMemory(), []
    for soc_pct, count in ((50.0, 1), (5.0, 70), (50.0, 70)):
        for _ in range(count):
            decision = site.decided(soc_pct=soc_pct)
            said, memory = news(None, decision.products, float(site.second), memory)
            told += [one[0] for one in said if one[0] != "ENERGY_ANNOUNCED"]
    assert told == ["PRODUCT_ARMED", "PRODUCT_UNAVAILABLE", "PRODUCT_AVAILABLE"]


def test_a_transaction_is_told_once_when_it_is_announced() -> None:
    site, memory, told = Site(CE), NewsMemory(), []
    for _ in range(1_000):
        decision = site.decided(soc_pct=20.0)
        said, memory = news(None, decision.products, float(site.second), memory)
        told += [one[3] for one in said if one[0] == "ENERGY_ANNOUNCED"]
    assert told == [
        "-250.0 kW from 2025-11-21 00:30 to 00:45 UTC",
        "-250.0 kW from 2025-11-21 00:45 to 01:00 UTC",
    ]


def test_i20_the_schedule_ends_where_the_energy_of_a_product_begins() -> None:
    """25 minutes of 300 kW are 125 kWh: 4.17 % of the battery."""
    site = Site(CE, capacity_kw=300.0, scheduled_kw=1_000.0)
    assert site.decided(5, soc_pct=50.0).base_kw == pytest.approx(1_000.0)
    stopped = site.decided(5, soc_pct=4.0)
    assert stopped.base_kw == 0.0
    assert "RESERVE" in {reason.code for reason in stopped.reasons}


def test_i21_a_touch_of_200_mhz_takes_a_running_transaction_off_in_the_same_cycle() -> None:
    site = Site(CE)
    running = site.decided(2_400, soc_pct=20.0)
    assert running.management_kw == pytest.approx(-250.0)
    touched = site.decided(hz=49.79, soc_pct=20.0)
    assert touched.management_kw == 0.0
    assert touched.setpoint_kw == pytest.approx(1_000.0)


def test_without_settings_nothing_is_managed() -> None:
    site = Site(ProductEnergy(product="fcr_n"))
    site.decided(2)
    decision = site.decided(400, hz=49.95, soc_pct=10.0)
    assert decision.management_kw == 0.0
    assert decision.setpoint_kw == pytest.approx(500.0)
