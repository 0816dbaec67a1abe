"""agent.control.interlocks: I9 values that are too old, I10 values that stand still."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.cuts import Hard
from agent.control.decide import Memory, Rules
from agent.control.interlocks.config import FreshnessSettings
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.interlocks.stuck import thawed
from agent.control.interlocks.unit import UnitMemory, unit_hard
from agent.control.plant import FrequencyMeter, PlantState
from agent.control.quantity import Quantity
from tests.support.plants import HEALTHY, LIMITS, UNIT, changed, decided
from tests.support.virtual import EPOCH_US

STILL = GuardRules(
    freshness=FreshnessSettings(
        power_still_s_max=30.0, site_still_s_max=10.0, frequency_still_s_max=5.0
    )
)
ALLOWED = changed(
    HEALTHY,
    discharge_kw_max=Quantity(100.0, 0.1),
    charge_kw_max=Quantity(80.0, 0.1),
    heartbeat_age_s=0.1,
)


def _hard(
    plant: PlantState, memory: UnitMemory | None = None, rules: GuardRules = NEUTRAL
) -> tuple[Hard, UnitMemory]:
    return unit_hard(plant.units[0], UNIT, memory or UnitMemory(), plant.at_s, rules)


@pytest.mark.parametrize(
    ("signal", "value", "limit_s"),
    [
        ("power_kw", 5.0, 2.0),
        ("soc_pct", 50.0, 30.0),
        ("discharge_kw_max", 100.0, 10.0),
        ("charge_kw_max", 80.0, 10.0),
    ],
)
def test_i9_each_signal_has_its_own_limit_and_comes_back_after_three_fresh_samples(
    signal: str, value: float, limit_s: float
) -> None:
    def after(age_s: float, samples: int) -> PlantState:
        return changed(ALLOWED, **{signal: Quantity(value, age_s, samples=samples)})

    hard, memory = _hard(after(limit_s, 10))
    assert hard.stopped is None, "as old as the limit is not too old"
    hard, memory = _hard(after(limit_s + 0.1, 10), memory)
    assert hard.stale is not None
    assert (hard.stale.code, hard.lower_kw, hard.upper_kw) == ("I9", 0.0, 0.0)
    for samples in (11, 12):
        hard, memory = _hard(after(0.0, samples), memory)
        assert hard.stale is not None, "one sample now and then is no return"
    hard, memory = _hard(after(0.0, 13), memory)
    assert hard.stopped is None


def test_i9_a_life_counter_that_stands_still_for_ten_seconds_stops_the_unit() -> None:
    assert _hard(changed(ALLOWED, heartbeat_age_s=10.0))[0].stopped is None
    stop = _hard(changed(ALLOWED, heartbeat_age_s=10.1))[0].stopped
    assert stop is not None
    assert stop.code == "I9"


def test_i9_a_signal_that_is_lost_again_while_it_comes_back_begins_anew() -> None:
    memory = UnitMemory()
    stops = []
    for age_s, samples in ((3.0, 5), (0.0, 6), (0.0, 7), (3.0, 7), (0.0, 8), (0.0, 9), (0.0, 10)):
        power = Quantity(0.0, age_s, samples=samples)
        hard, memory = _hard(changed(ALLOWED, power_kw=power), memory)
        stops.append(hard.stopped is not None)
    assert stops == [True, True, True, True, True, True, False]


def test_i9_a_device_that_was_started_anew_counts_from_its_own_beginning() -> None:
    _, memory = _hard(changed(ALLOWED, power_kw=Quantity(0.0, 3.0, samples=5_000)))
    for samples in (1, 2, 3):
        hard, memory = _hard(changed(ALLOWED, power_kw=Quantity(0.0, 0.0, samples=samples)), memory)
        assert hard.stopped is not None
    hard, memory = _hard(changed(ALLOWED, power_kw=Quantity(0.0, 0.0, samples=4)), memory)
    assert hard.stopped is None


@pytest.mark.parametrize("soc_pct", [6553.5, -6553.5, 105.1, -5.1, 1e300])
def test_i9_a_state_of_charge_that_cannot_be_stops_the_unit(soc_pct: float) -> None:
    hard, _ = _hard(changed(ALLOWED, soc_pct=Quantity(soc_pct, 0.0)))
    assert hard.stale is not None
    assert (hard.stale.code, hard.lower_kw, hard.upper_kw) == ("I9", 0.0, 0.0)


def test_i9_a_gauge_may_be_a_little_beyond_its_ends_and_a_power_beyond_its_rating() -> None:
    for soc_pct in (104.9, -4.9):
        assert _hard(changed(ALLOWED, soc_pct=Quantity(soc_pct, 0.0)))[0].stopped is None
    assert _hard(changed(ALLOWED, power_kw=Quantity(150.0, 0.0)))[0].stopped is None


def test_i9_a_power_that_cannot_be_stops_the_unit() -> None:
    hard, _ = _hard(changed(ALLOWED, power_kw=Quantity(65535.0, 0.0)))
    assert hard.stale is not None


def test_i10_a_power_that_stands_still_under_load_is_treated_as_not_measured() -> None:
    frozen = changed(ALLOWED, power_kw=Quantity(50.0, 0.1, still_s=30.0))
    hard, _ = _hard(frozen, rules=STILL)
    assert hard.stale is not None
    assert hard.stale.code == "I10"
    moved = changed(ALLOWED, power_kw=Quantity(50.0, 0.1, still_s=0.0))
    assert _hard(moved, rules=STILL)[0].stopped is None, "it is over when the value moves"


def test_i10_an_idle_or_coarse_power_may_stand_still() -> None:
    idle = changed(ALLOWED, power_kw=Quantity(4.9, 0.1, still_s=1e6))
    assert _hard(idle, rules=STILL)[0].stopped is None
    coarse = changed(ALLOWED, power_kw=Quantity(50.0, 0.1, still_s=1e6))
    assert _hard(coarse)[0].stopped is None, "a site of coarse registers does not ask for it"


def test_i10_a_frozen_frequency_of_a_fine_meter_is_as_old_as_can_be() -> None:
    def meters(resolution_hz: float | None, still_s: float) -> PlantState:
        hz = Quantity(49.9, 0.0, still_s=still_s)
        meter = FrequencyMeter(device="meter", hz=hz, resolution_hz=resolution_hz)
        return replace(HEALTHY, frequencies=(meter,))

    frozen = thawed(meters(0.001, 5.0), STILL.freshness)
    assert not frozen.frequencies[0].hz.usable(1e9)
    for alive in (meters(0.001, 4.9), meters(0.01, 1e6), meters(None, 1e6)):
        assert thawed(alive, STILL.freshness) is alive
    assert thawed(meters(0.001, 1e6), NEUTRAL.freshness).frequencies[0].hz.usable(1.0)


def test_i10_a_frozen_connection_is_as_old_as_can_be() -> None:
    frozen = replace(HEALTHY, site_kw=Quantity(-30.0, 0.0, still_s=10.0))
    site = thawed(frozen, STILL.freshness).site_kw
    assert site is not None
    assert not site.usable(1e9)


def test_i10_a_frozen_power_leads_to_zero_in_the_same_cycle() -> None:
    rules = Rules(limits=LIMITS, guard=STILL)
    plant = changed(ALLOWED, power_kw=Quantity(50.0, 0.1, still_s=30.0))
    before = Memory(base_kw=50.0, at_s=plant.at_s - 0.1)
    decision, _ = decided(plant, None, before, EPOCH_US, rules=rules)
    assert decision.setpoint_kw == 0.0
    assert "I10" in [reason.code for reason in decision.reasons]


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(0, 3)), min_size=1, max_size=50))
def test_a_stale_power_never_moves_a_unit(steps: list[tuple[float, int]]) -> None:
    memory, samples = UnitMemory(), 0
    for age_s, more in steps:
        samples += more
        power = Quantity(1.0, age_s, samples=samples)
        hard, memory = _hard(changed(ALLOWED, power_kw=power), memory)
        if age_s > 2.0:
            assert (hard.lower_kw, hard.upper_kw) == (0.0, 0.0)
