"""cloud.forecast.wind: a curve that never falls, that is found again, and that knows its limits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cloud.forecast.arrays import FloatArray
from cloud.forecast.wind import SLOTS_MIN, blended, curve


def machine(speeds: FloatArray) -> FloatArray:
    return np.asarray(np.clip((speeds - 3.0) / 9.0, 0.0, 1.0) ** 2 * 50.0)


@given(
    arrays(np.float64, SLOTS_MIN, elements=st.floats(0, 40)),
    arrays(np.float64, SLOTS_MIN, elements=st.floats(0, 60)),
)
def test_more_wind_is_never_less_power(speeds: FloatArray, powers: FloatArray) -> None:
    found = curve(speeds, powers)
    assert found is not None
    told = found.told(np.linspace(0, 50, 300), installed=60.0)
    assert (np.diff(told) >= -1e-9).all()
    assert told.min() >= 0.0
    assert told.max() <= 60.0


def test_the_curve_of_a_machine_is_found_again_from_noisy_slots() -> None:
    drawn = np.random.default_rng(2)
    speeds = drawn.weibull(2.0, 4000) * 9.0
    found = curve(speeds, machine(speeds) + drawn.normal(0, 3.0, 4000))
    assert found is not None
    asked = np.linspace(2.0, 16.0, 50)
    assert np.abs(found.told(asked, 50.0) - machine(asked)).mean() < 1.0


def test_half_the_park_is_cut_at_half_the_power() -> None:
    speeds = np.linspace(0, 20, 1000)
    found = curve(speeds, machine(speeds))
    assert found is not None
    assert found.told(np.array([19.0]), installed=25.0)[0] == 25.0


def test_a_speed_that_is_not_forecast_is_no_power_that_is_known() -> None:
    speeds = np.linspace(0, 20, 1000)
    found = curve(speeds, machine(speeds))
    assert found is not None
    assert np.isnan(found.told(np.array([np.nan, 9.0]), 50.0)).tolist() == [True, False]


def test_slots_that_are_missing_teach_nothing() -> None:
    speeds = np.linspace(0, 20, 1000)
    powers = machine(speeds)
    powers[SLOTS_MIN - 1 :] = np.nan
    assert curve(speeds, powers) is None


def test_what_is_measured_loses_its_weight_over_six_hours() -> None:
    found = blended(np.full(40, 10.0), now=30.0, slot_h=0.25)
    assert found[0] > 29.0
    assert (np.diff(found) <= 0).all()
    assert (found[24:] == 10.0).all()
