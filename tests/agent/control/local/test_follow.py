"""agent.control.follow: what the schedule asks for, and what holds when it asks for nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.follow import corrected_kw
from tests.support.sites import STEP_S, SiteModel, rules, slots
from tests.support.virtual import EPOCH_US
from wire.schedule import Schedule, Slot

RATED_KW = 100.0
CORRECTED = {"schedule": {"correct_energy": True}}


def _energy_kwh(model: SiteModel) -> float:
    return sum(model.powers_kw) * STEP_S / 3_600


@pytest.mark.parametrize("power_kw", [40.0, -40.0])
def test_energy_that_the_ramp_missed_is_made_up_for_inside_the_slot(power_kw: float) -> None:
    model = SiteModel(rules(local=CORRECTED), schedule=slots(power_kw, slot_s=300))
    model.run(300)
    assert _energy_kwh(model) == pytest.approx(power_kw / 12, rel=3e-3)
    plain = SiteModel(rules(), schedule=slots(power_kw, slot_s=300))
    plain.run(300)
    assert abs(_energy_kwh(plain)) < abs(power_kw) / 12 * 0.995


def test_the_last_minute_of_a_slot_is_not_corrected() -> None:
    model = SiteModel(rules(local=CORRECTED), schedule=slots(40.0, slot_s=300))
    model.run(240)
    model.run(59)
    assert {decision.setpoint_kw for decision in model.decisions[-550:]} == {40.0}


def test_a_correction_is_at_most_a_twentieth_of_rated_power() -> None:
    slot = Slot(EPOCH_US, EPOCH_US + 900_000_000, 40.0)
    now_us = EPOCH_US + 600_000_000
    assert corrected_kw(slot, 100.0, now_us, RATED_KW, 5.0) == 45.0
    assert corrected_kw(slot, -100.0, now_us, RATED_KW, 5.0) == 35.0


@given(st.floats(-1e6, 1e6), st.integers(0, 900_000_000), st.floats(0.1, 50))
def test_a_correction_stays_around_the_power_of_the_slot(
    missed_kwh: float, into_us: int, pct_max: float
) -> None:
    slot = Slot(EPOCH_US, EPOCH_US + 900_000_000, 40.0)
    power_kw = corrected_kw(slot, missed_kwh, EPOCH_US + into_us, RATED_KW, pct_max)
    assert abs(power_kw - 40.0) <= pct_max + 1e-9


def test_a_slot_joined_late_makes_up_for_nothing_that_was_before() -> None:
    model = SiteModel(rules(local=CORRECTED), schedule=slots(40.0), at_s=600.0, power_kw=40.0)
    model.run(5)
    assert {decision.setpoint_kw for decision in model.decisions} == {40.0}


def _gapped() -> Schedule:
    first, _, third = slots(40.0, 0.0, -40.0, slot_s=60).slots
    return Schedule(site="s", version=1, issued_us=EPOCH_US, slots=(first, third))


def test_i14_a_gap_between_slots_means_that_0_kw_were_asked_for() -> None:
    local: dict[str, Any] = {"self_consumption": {}}
    model = SiteModel(rules(local=local), schedule=_gapped(), load_kw=lambda _: 30.0)
    model.run(110)
    assert model.decisions[-1].setpoint_kw == 0.0
    assert model.decisions[-1].reasons[0].code == "IDLE"


def test_a_gap_is_left_to_the_local_strategies_where_the_site_wants_it() -> None:
    local = {"self_consumption": {}, "schedule": {"gaps": "local"}}
    model = SiteModel(rules(local=local), schedule=_gapped(), load_kw=lambda _: 30.0)
    model.run(110)
    assert model.decisions[-1].setpoint_kw == pytest.approx(29.5, abs=0.6)
