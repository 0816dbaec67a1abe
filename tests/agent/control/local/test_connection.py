"""I6, the connection to the grid: what may flow is kept both ways, whatever is asked for."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.local import connection
from agent.control.local.config import ConnectionSettings
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, changed
from tests.support.sites import STEP_S, SiteModel, rules, scene, slots

CAPS = {"import_kw_max": 50, "export_kw_max": 30}
INVERTER_LAG_S = 0.2


def _bounds(settings: dict[str, Any], plant: Any = HEALTHY, **values: Any) -> tuple[Any, Any]:
    seen, limits = scene(plant, **values), ConnectionSettings.model_validate(settings)
    exchange = connection.allowed(plant, limits, seen.rated_kw)
    found = list(connection.proposals(seen, limits, exchange))
    assert [proposal.code for proposal in found] == ["I6"]
    assert (found[0].cls, found[0].sub) == (0, 3)
    return found[0].lower_kw, found[0].upper_kw


def _longest_violation_s(model: SiteModel, low_kw: float, high_kw: float) -> float:
    longest = run = 0
    for site_kw in model.sites_kw:
        run = run + 1 if not low_kw - 0.5 <= site_kw <= high_kw + 0.5 else 0
        longest = max(longest, run)
    return longest * STEP_S


def test_i6_a_connection_without_limits_says_nothing() -> None:
    model = SiteModel(rules(), load_kw=lambda _: 500.0, schedule=slots(30.0))
    model.run(5)
    assert {reason.code for d in model.decisions for reason in d.reasons} == {"RAMP", "SCHEDULE"}


def test_i6_the_residual_moves_both_bounds() -> None:
    assert _bounds(CAPS, site_kw=-20.0, residual_kw=-20.0) == (-30.0, 50.0)
    assert _bounds(CAPS, site_kw=25.0, residual_kw=25.0) == (-75.0, 5.0)


def test_i6_a_bound_of_the_connection_may_force_power() -> None:
    assert _bounds(CAPS, site_kw=-70.0, residual_kw=-70.0)[0] == 20.0
    assert _bounds(CAPS, site_kw=45.0, residual_kw=45.0)[1] == -15.0


def test_i6_a_margin_is_kept_clear_of_every_limit() -> None:
    assert _bounds({**CAPS, "margin_kw": 2}, site_kw=0.0, residual_kw=0.0) == (-48.0, 28.0)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (CAPS, (-10.0, 6.0)),
        ({**CAPS, "legal_duty": True}, (0.0, 0.0)),
        ({**CAPS, "no_meter_kw": 7}, (-7.0, 7.0)),
        ({"export_kw_max": 0}, (-math.inf, 0.0)),
        ({"feed_in_share": 0.7, "pv_installed_kw": 40}, (-math.inf, 0.0)),
    ],
)
def test_i6_without_the_meter_the_battery_has_an_interval_of_its_own(
    settings: dict[str, Any], expected: tuple[float, float]
) -> None:
    assert _bounds(settings) == expected


def test_i6_the_meter_lost_in_operation_leaves_the_interval_of_its_own() -> None:
    model = SiteModel(rules(CAPS), schedule=slots(30.0))
    model.run(20)
    assert model.powers_kw[-1] == pytest.approx(30.0)
    model.told = {"site_kw": Quantity(0.0, 2.1)}
    model.run(1)
    assert model.decisions[-1].setpoint_kw == 6.0
    assert "I6" in [reason.code for reason in model.decisions[-1].reasons]
    model.told = {}
    model.run(20)
    assert model.decisions[-1].setpoint_kw == pytest.approx(30.0)


def test_i6_reactive_power_leaves_less_of_the_apparent_power() -> None:
    settings = {"apparent_kva_max": 50}
    known = changed(HEALTHY, site_kw=Quantity(0.0, 0.1), site_kvar=Quantity(-30.0, 0.1))
    assert _bounds(settings, known, site_kw=0.0, residual_kw=0.0) == (-40.0, 40.0)
    assert _bounds({**settings, "reactive_kvar": 30}, site_kw=0.0, residual_kw=0.0) == (-40.0, 40.0)
    assert _bounds(settings, site_kw=0.0, residual_kw=10.0) == (-60.0, 40.0)


def test_i6_reactive_power_that_is_not_known_is_as_no_meter() -> None:
    lost = changed(HEALTHY, site_kw=Quantity(0.0, 0.1), site_kvar=UNKNOWN)
    assert _bounds({"apparent_kva_max": 50}, lost, site_kw=0.0, residual_kw=0.0) == (-10.0, 10.0)


def _phases(site_kw: float, *currents_a: float) -> Any:
    currents = tuple(Quantity(current, 0.1) for current in currents_a)
    return changed(HEALTHY, site_kw=Quantity(site_kw, 0.1), site_currents_a=currents)


def test_i6_the_worst_phase_decides_and_its_headroom_counts_three_times() -> None:
    plant = _phases(-20.7, 10.0, 50.0, 30.0)
    lower, _ = _bounds({"phase_a_max": 63}, plant, site_kw=-20.7, residual_kw=-20.7)
    assert lower == pytest.approx(-13 * 3 * 0.23)


def test_i6_a_phase_beyond_its_fuse_is_relieved() -> None:
    plant = _phases(-20.7, 10.0, 70.0, 10.0)
    lower, _ = _bounds({"phase_a_max": 63}, plant, site_kw=-20.7, residual_kw=-20.7)
    assert lower == pytest.approx(7 * 3 * 0.23)
    feeding = _phases(20.7, 10.0, 70.0, 10.0)
    _, upper = _bounds({"phase_a_max": 63}, feeding, site_kw=20.7, residual_kw=20.7)
    assert upper == pytest.approx(-7 * 3 * 0.23)


def test_i6_a_phase_that_is_not_known_is_as_no_meter() -> None:
    plant = _phases(0.0, 10.0, math.nan, 10.0)
    bound = 0.2 * 63 * 3 * 0.23
    found = _bounds({"phase_a_max": 63}, plant, site_kw=0.0, residual_kw=0.0)
    assert found == pytest.approx((-bound, bound))


@pytest.mark.parametrize("inverter_lag_s", [0.1, 0.2])
def test_i6_a_load_step_to_nothing_violates_no_cap_longer_than_a_cycle_and_the_inverter_lag(
    inverter_lag_s: float,
) -> None:
    model = SiteModel(
        rules(CAPS),
        load_kw=lambda at_s: 100.0 if at_s < 20 else 0.0,
        inverter_lag_s=inverter_lag_s,
        schedule=slots(100.0),
    )
    model.run(40)
    assert model.powers_kw[195] == pytest.approx(100.0)
    # A first-order lag is through to 1 % after five of its times.
    assert _longest_violation_s(model, -50.0, 30.0) <= STEP_S + 5 * inverter_lag_s + 1e-9
    assert model.sites_kw[-1] == pytest.approx(30.0)


@pytest.mark.parametrize("meter_delay_s", [0.5, 1.0])
def test_i6_a_meter_that_lags_lengthens_a_violation_by_its_lag_and_no_more(
    meter_delay_s: float,
) -> None:
    model = SiteModel(
        rules({**CAPS, "meter_lag_s": meter_delay_s}),
        load_kw=lambda at_s: 100.0 if at_s < 20 else 0.0,
        inverter_lag_s=0.1,
        meter_delay_s=meter_delay_s,
        schedule=slots(100.0),
    )
    model.run(60)
    assert _longest_violation_s(model, -50.0, 30.0) <= 2 * STEP_S + meter_delay_s + 0.5
    assert model.sites_kw[-1] == pytest.approx(30.0)


def test_i6_a_step_of_the_battery_is_not_taken_for_one_of_the_load() -> None:
    model = SiteModel(
        rules({**CAPS, "meter_lag_s": 1.0}),
        inverter_lag_s=0.5,
        meter_delay_s=1.0,
        schedule=slots(100.0, -80.0, slot_s=60),
    )
    model.run(120)
    assert _longest_violation_s(model, -50.0, 30.0) == 0.0


def test_i6_a_response_is_cut_at_the_connection_too() -> None:
    model = SiteModel(rules({"export_kw_max": 0}), load_kw=lambda _: 10.0, schedule=slots(80.0))
    model.run(30)
    assert model.decisions[-1].setpoint_kw == pytest.approx(10.0)
    assert model.decisions[-1].upper_kw == pytest.approx(10.0)


def test_i6_what_cannot_be_kept_is_said_with_its_size() -> None:
    model = SiteModel(rules({"import_kw_max": 50}), load_kw=lambda _: 90.0, soc_pct=5.0)
    model.run(5)
    reasons = {reason.code: reason for reason in model.decisions[-1].reasons}
    assert model.powers_kw[-1] == 0.0
    assert "40.0 kW more than the connection allows are drawn" in reasons["I6"].text
    assert "CONFLICT" in reasons


_kw = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1e4, 1e4)


@given(site_kw=_kw, power_kw=_kw, kvar=_kw, current_a=_kw, age_s=st.floats(0, 10))
def test_no_measurement_breaks_the_limits_or_the_decision(
    site_kw: float, power_kw: float, kvar: float, current_a: float, age_s: float
) -> None:
    model = SiteModel(rules({**CAPS, "apparent_kva_max": 60, "phase_a_max": 100}))
    model.told = {
        "site_kw": Quantity(site_kw, age_s),
        "power_kw": Quantity(power_kw, 0.0),
        "site_kvar": Quantity(kvar, age_s),
        "site_currents_a": (Quantity(current_a, age_s),),
    }
    model.run(0.3)
    assert all(-80.0 <= decision.setpoint_kw <= 100.0 for decision in model.decisions)
