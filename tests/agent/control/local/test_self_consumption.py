"""agent.control.local.self_consumption: the connection is led to its target, calmly at any lag."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.local.config import SelfConsumptionSettings
from agent.control.local.self_consumption import proposal
from tests.support.sites import HOUR_US, SiteModel, rules, scene, slots
from tests.support.virtual import EPOCH_US
from wire.schedule import FrequencyService

TARGET_KW = -0.5
DEADBAND_KW = 0.5
OWN: dict[str, Any] = {"self_consumption": {}}


def _model(**values: Any) -> SiteModel:
    return SiteModel(rules(local=OWN), **values)


def test_the_load_is_carried_by_the_battery_and_a_little_is_drawn() -> None:
    model = _model(load_kw=lambda _: 40.0)
    model.run(60)
    assert model.sites_kw[-1] == pytest.approx(TARGET_KW, abs=DEADBAND_KW + 0.01)
    assert model.decisions[-1].reasons[0].code == "SELF_CONSUMPTION"


def test_a_surplus_of_pv_is_stored() -> None:
    model = _model(pv_kw=lambda _: 50.0, load_kw=lambda _: 10.0)
    model.run(60)
    assert model.powers_kw[-1] == pytest.approx(-40.0, abs=DEADBAND_KW + 0.5)


@pytest.mark.parametrize("inverter_lag_s", [0.2, 1.0, 2.0])
@pytest.mark.parametrize("meter_delay_s", [0.0, 0.2, 0.5, 2.0])
@pytest.mark.parametrize("meter_period_s", [0.1, 1.0])
def test_a_step_of_the_load_settles_without_a_limit_cycle(
    inverter_lag_s: float, meter_delay_s: float, meter_period_s: float
) -> None:
    model = _model(
        load_kw=lambda at_s: 20.0 if at_s < 30 else 70.0,
        inverter_lag_s=inverter_lag_s,
        meter_delay_s=meter_delay_s,
        meter_period_s=meter_period_s,
    )
    model.run(120)
    tail = model.sites_kw[-300:]
    assert max(tail) - min(tail) <= DEADBAND_KW
    assert tail[-1] == pytest.approx(TARGET_KW, abs=DEADBAND_KW + 0.01)


@pytest.mark.parametrize("lags_s", [(0.2, 0.5), (0.2, 2.0), (1.0, 1.0), (2.0, 2.0)])
def test_beside_a_frequency_product_it_settles_without_a_limit_cycle_too(
    lags_s: tuple[float, float],
) -> None:
    curve = ((-0.2, 1.0), (0.2, -1.0))
    fcr = FrequencyService("fcr_ce", EPOCH_US, EPOCH_US + HOUR_US, 20.0, curve)
    model = _model(
        load_kw=lambda at_s: 20.0 if at_s < 30 else 70.0,
        inverter_lag_s=lags_s[0],
        meter_delay_s=lags_s[1],
        meter_period_s=1.0,
        schedule=replace(slots(), services=(fcr,)),
        frequency_hz=lambda _: 50.0,
    )
    model.run(120)
    tail = model.sites_kw[-300:]
    assert max(tail) - min(tail) <= DEADBAND_KW
    assert tail[-1] == pytest.approx(TARGET_KW, abs=DEADBAND_KW + 0.01)


def test_what_cut_the_battery_does_not_wind_it_up() -> None:
    model = _model(load_kw=lambda at_s: 300.0 if at_s < 120 else 20.0)
    model.run(120)
    assert model.powers_kw[-1] == pytest.approx(100.0)
    model.run(30)
    assert model.sites_kw[-1] == pytest.approx(TARGET_KW, abs=DEADBAND_KW + 0.01)


def test_the_battery_neither_draws_from_the_grid_nor_feeds_into_it() -> None:
    night = scene(site_kw=-30.0, residual_kw=-30.0, base_kw=0.0)
    day = scene(site_kw=30.0, residual_kw=30.0, base_kw=0.0)
    at_night = proposal(night, SelfConsumptionSettings(), 4, 1, low=False)
    by_day = proposal(day, SelfConsumptionSettings(), 4, 1, low=False)
    assert at_night is not None
    assert by_day is not None
    assert (at_night.lower_kw, at_night.upper_kw) == (0.0, 30.0)
    assert (by_day.lower_kw, by_day.upper_kw) == (-30.0, 0.0)


def test_below_its_floor_nothing_is_discharged() -> None:
    night = scene(site_kw=-30.0, residual_kw=-30.0)
    found = proposal(night, SelfConsumptionSettings(), 4, 1, low=True)
    assert found is not None
    assert found.upper_kw == 0.0


def test_its_floor_opens_again_one_percent_above() -> None:
    model = SiteModel(rules(local={"self_consumption": {"soc_floor_pct": 30}}))
    model.load_kw = lambda _: 40.0
    model.soc_pct = 30.0
    model.run(20)
    assert model.powers_kw[-1] == 0.0
    model.soc_pct = 30.9
    model.run(20)
    assert model.powers_kw[-1] == 0.0
    model.soc_pct = 31.0
    model.run(30)
    assert model.powers_kw[-1] > 35.0


def test_without_the_meter_others_decide() -> None:
    assert proposal(scene(), SelfConsumptionSettings(), 4, 1, low=False) is None


def test_i14_after_the_schedule_has_run_out_the_site_consumes_its_own() -> None:
    model = _model(load_kw=lambda _: 40.0, schedule=slots(-10.0, slot_s=60))
    model.run(59)
    assert model.powers_kw[-1] == pytest.approx(-10.0)
    model.run(60)
    assert model.powers_kw[-1] == pytest.approx(39.5, abs=1.0)


@given(
    site_kw=st.floats(allow_nan=True, allow_infinity=True),
    base_kw=st.floats(-1e6, 1e6),
    elapsed_s=st.floats(0, 100),
    armed=st.booleans(),
)
@settings(max_examples=200)
def test_what_is_wanted_lies_between_the_base_and_what_would_reach_the_target(
    site_kw: float, base_kw: float, elapsed_s: float, armed: bool
) -> None:
    if not -1e6 <= site_kw <= 1e6:
        return
    seen = scene(
        site_kw=site_kw,
        residual_kw=site_kw - base_kw,
        base_kw=base_kw,
        elapsed_s=elapsed_s,
        armed=armed,
    )
    found = proposal(seen, SelfConsumptionSettings(), 4, 1, low=False)
    assert found is not None
    assert found.preferred_kw is not None
    goal_kw = base_kw - (site_kw - TARGET_KW)
    low, high = sorted((base_kw, goal_kw))
    assert low - 1e-3 <= found.preferred_kw <= high + 1e-3
