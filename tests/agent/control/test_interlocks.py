"""agent.control.interlocks: what the plant allows, whoever asks; 0 kW is always inside."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.cuts import Hard
from agent.control.interlocks.battery import BatteryMemory
from agent.control.interlocks.soc import SocMemory
from agent.control.interlocks.unit import UnitMemory, unit_hard
from agent.control.plant import PlantState
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, UNIT, changed, plant_of, with_soc

ages_s = st.floats(0, 100)
quantities = st.builds(Quantity, st.none() | st.floats(allow_nan=True, allow_infinity=True), ages_s)


def _interval(plant: PlantState, memory: SocMemory | None = None) -> tuple[float, float]:
    hard = _hard(plant, memory)
    return hard.lower_kw, hard.upper_kw


def _hard(plant: PlantState, memory: SocMemory | None = None) -> Hard:
    before = UnitMemory(battery=BatteryMemory(soc=memory or SocMemory()))
    return unit_hard(plant.units[0], UNIT, before, plant.at_s)[0]


def _shut(memory: UnitMemory) -> tuple[bool, bool]:
    return memory.battery.soc.no_discharge, memory.battery.soc.no_charge


def test_a_healthy_plant_may_do_what_the_settings_allow() -> None:
    assert _interval(HEALTHY) == (-80.0, 100.0)


def test_a_map_that_is_not_proved_allows_a_tenth_and_says_so() -> None:
    hard = _hard(changed(HEALTHY, power_share_max=0.1))
    assert (hard.lower_kw, hard.upper_kw) == (-8.0, 10.0)
    assert hard.binding(50.0).code == "I24"
    assert hard.binding(50.0).text.endswith("10 % of the rated power at most")


def test_the_battery_narrows_the_settings() -> None:
    plant = changed(HEALTHY, discharge_kw_max=Quantity(30.0, 0.1), charge_kw_max=Quantity(5.0, 0.1))
    assert _interval(plant) == (-5.0, 30.0)


def test_the_battery_never_widens_the_settings() -> None:
    plant = changed(HEALTHY, discharge_kw_max=Quantity(1e6, 0.1), charge_kw_max=Quantity(1e6, 0.1))
    assert _interval(plant) == (-80.0, 100.0)


def test_a_negative_limit_of_the_battery_is_a_limit_of_zero() -> None:
    assert _interval(changed(HEALTHY, discharge_kw_max=Quantity(-3.0, 0.1))) == (-80.0, 0.0)


@pytest.mark.parametrize(
    ("soc_pct", "interval"),
    [(9.0, (-80.0, 0.0)), (10.0, (-80.0, 0.0)), (10.1, (-80.0, 100.0)), (90.0, (0.0, 100.0))],
)
def test_the_state_of_charge_window_closes_one_direction(
    soc_pct: float, interval: tuple[float, float]
) -> None:
    assert _interval(with_soc(soc_pct)) == interval


def test_a_noisy_state_of_charge_at_the_limit_does_not_chatter() -> None:
    memory, changes = UnitMemory(), 0
    for step in range(200):
        soc_pct = 10.0 + (0.5 if step % 2 else -0.5)
        _, after = unit_hard(with_soc(soc_pct).units[0], UNIT, memory, step / 10)
        changes, memory = changes + (_shut(after) != _shut(memory)), after
    assert changes == 1


def test_a_blocked_direction_opens_one_percent_inside_the_window() -> None:
    shut = SocMemory(no_discharge=True)
    assert _interval(with_soc(10.9), shut) == (-80.0, 0.0)
    assert _interval(with_soc(11.0), shut) == (-80.0, 100.0)


@pytest.mark.parametrize(
    "plant",
    [
        changed(HEALTHY, power_kw=Quantity(5.0, 2.1)),
        changed(HEALTHY, power_kw=UNKNOWN),
        changed(HEALTHY, power_kw=Quantity(math.nan, 0.0)),
        changed(HEALTHY, soc_pct=Quantity(50.0, 30.1)),
        changed(HEALTHY, soc_pct=UNKNOWN),
        changed(HEALTHY, discharge_kw_max=Quantity(50.0, 10.1)),
        changed(HEALTHY, charge_kw_max=Quantity(None, math.inf)),
        changed(HEALTHY, heartbeat_age_s=10.1),
    ],
)
def test_data_that_is_too_old_or_missing_allows_nothing_but_zero(plant: PlantState) -> None:
    hard = _hard(plant)
    assert (hard.lower_kw, hard.upper_kw) == (0.0, 0.0)
    assert hard.stale is not None


def test_a_healthy_plant_is_not_stale() -> None:
    hard = _hard(changed(HEALTHY, heartbeat_age_s=9.0))
    assert hard.stale is None


def test_the_cut_that_stands_in_the_way_is_named() -> None:
    plant = changed(with_soc(95.0), discharge_kw_max=Quantity(30.0, 0.1))
    hard = _hard(plant)
    assert hard.binding(50.0).code == "I1"
    assert hard.binding(-50.0).code == "I2"


@given(
    st.builds(
        plant_of,
        at_s=st.just(1.0),
        ready=st.booleans(),
        power_kw=quantities,
        soc_pct=quantities,
        discharge_kw_max=st.none() | quantities,
        charge_kw_max=st.none() | quantities,
        frequency_hz=st.none() | quantities,
        heartbeat_age_s=st.none() | ages_s,
    ),
    st.builds(SocMemory, st.booleans(), st.booleans()),
)
def test_zero_is_always_allowed_and_the_settings_are_never_exceeded(
    plant: PlantState, memory: SocMemory
) -> None:
    hard = _hard(plant, memory)
    assert -UNIT.charge_kw_max <= hard.lower_kw <= 0.0 <= hard.upper_kw <= UNIT.discharge_kw_max


@given(st.floats(-5, 10) | st.floats(90, 105), st.booleans())
def test_an_empty_battery_never_discharges_and_a_full_one_never_charges(
    soc_pct: float, before: bool
) -> None:
    lower_kw, upper_kw = _interval(with_soc(soc_pct), SocMemory(before, before))
    assert upper_kw == 0.0 if soc_pct <= 10 else lower_kw == 0.0
