"""cloud.forecast.shape: four distances add up to nothing, slopes are found again, no future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Rules, earned
from cloud.forecast.layouts import price_column, table
from cloud.forecast.shape import FLAT, Settings, shape, walked
from tests.conftest import SHARED

STEPS = np.array([-1.5, -0.5, 0.5, 1.5]) / 4.0


def quarters_of(hours: FloatArray, noise: float = 0.0, seed: int = 2) -> FloatArray:
    """Return quarter-hours that lean with the slope to the next hour."""
    drawn = np.random.default_rng(seed)
    slopes = np.diff(hours, axis=1, append=hours[:, -1:])
    leaning = hours[..., None] + slopes[..., None] * STEPS
    made = leaning + noise * drawn.normal(0, 1, leaning.shape)
    return np.asarray(made.reshape(len(hours), 96))


HOURS = 60.0 + 40.0 * np.random.default_rng(1).normal(0, 1, (80, 24))


@given(
    arrays(np.float64, (20, 96), elements=st.floats(-500, 4000)),
    arrays(np.float64, 24, elements=st.floats(-500, 4000)),
)
def test_four_distances_of_an_hour_add_up_to_nothing(past: FloatArray, hours: FloatArray) -> None:
    found = shape(past).deviations(hours)
    size = 1.0 + np.abs(found).max()
    assert np.abs(found.reshape(24, 4).sum(axis=1)).max() < 1e-9 * size


def test_the_means_of_the_quarter_hours_are_the_hours() -> None:
    found = shape(quarters_of(HOURS)).quarters(HOURS[0])
    assert np.allclose(found.reshape(24, 4).mean(axis=1), HOURS[0])


def test_slopes_are_found_again() -> None:
    quarters = quarters_of(HOURS, noise=3.0)
    found = walked(HOURS[60:], quarters, 60)
    error = np.abs(found - quarters_of(HOURS)[60:]).mean()
    flat = np.abs(np.repeat(HOURS[60:], 4, axis=1) - quarters_of(HOURS)[60:]).mean()
    assert error < 0.15 * flat


def test_a_day_with_a_hole_teaches_nothing() -> None:
    quarters = quarters_of(HOURS, noise=3.0)
    spoilt = np.vstack([quarters, np.full((1, 96), 9e9)])
    spoilt[-1, 8] = np.nan
    plain = shape(np.vstack([quarters, np.full((1, 96), np.nan)]))
    assert np.array_equal(shape(spoilt).slopes, plain.slopes)


def test_noise_in_the_future_changes_no_bit() -> None:
    quarters = quarters_of(HOURS, noise=3.0)
    noisy = quarters.copy()
    noisy[70:] = 1e4
    ours, theirs = walked(HOURS[60:], quarters, 60), walked(HOURS[60:], noisy, 60)
    assert np.array_equal(ours[:11], theirs[:11])
    assert not np.array_equal(ours[11], theirs[11])


def test_with_too_few_days_an_hour_is_flat() -> None:
    quarters = quarters_of(HOURS)
    assert shape(quarters[:13]) is FLAT
    assert np.array_equal(FLAT.quarters(HOURS[0]), np.repeat(HOURS[0], 4))
    assert shape(quarters[:13], Settings(days_min=5)) is not FLAT


@pytest.mark.shared
def test_true_hour_means_have_the_error_that_the_reference_says() -> None:
    content = (SHARED / "data/prices/epex_da_15min_2025-10_2026-03.csv.gz").read_bytes()
    read = table(content)
    name = price_column(read, "DE-LU")
    begin = len(read) - 101
    true, hours = read.columns[name], read.hours(name)
    found = walked(hours[begin:], true, begin)
    assert np.abs(found - true[begin:]).mean() == pytest.approx(2.94, abs=0.005)
    assert np.abs(np.repeat(hours, 4, axis=1) - true)[begin:].mean() == pytest.approx(
        5.456, abs=5e-4
    )
    best = earned(true[begin:], found, Rules())
    assert best.foresight_eur / 101 == pytest.approx(162.36, abs=0.01)
