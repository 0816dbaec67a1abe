"""cloud.forecast.quantiles: coverage, order, no future; the pooling that fails is seen to fail."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cloud.forecast.arrays import FloatArray
from cloud.forecast.metrics import coverage, pinball
from cloud.forecast.quantiles import GRID, PUBLISHED, Settings, bands, pit

LEVELS = np.array(GRID)
BY_HOUR = 1.0 + 0.8 * np.sin(np.arange(24) / 24 * 2 * np.pi)


def errors_that_double(days: int, slots: int = 24, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    drawn = np.random.default_rng(seed)
    growth = np.where(np.arange(days) < days // 2, 1.0, 2.0)[:, None]
    width = np.repeat(BY_HOUR, slots // 24) * growth
    common = drawn.normal(0.0, 0.7, (days, 1))
    point = 50.0 + drawn.normal(0.0, 10.0, (days, slots))
    return point + width * (common + drawn.standard_t(5, (days, slots))), point


@pytest.mark.parametrize("slots", [24, 96])
def test_the_80_and_90_percent_intervals_cover_although_the_errors_double(slots: int) -> None:
    true, point = errors_that_double(728, slots)
    found = bands(true, point).at(GRID)
    true, found = true[182:], found[182:]
    assert 0.78 <= coverage(true, found[..., 1], found[..., 17]) <= 0.82
    assert 0.88 <= coverage(true, found[..., 0], found[..., 18]) <= 0.92
    assert np.abs(pit(true, found) - 0.05).max() < 0.01


@given(
    arrays(np.float64, (70, 24), elements=st.floats(-500, 4000)),
    arrays(np.float64, (70, 24), elements=st.floats(-500, 4000)),
)
def test_quantiles_never_cross(true: FloatArray, point: FloatArray) -> None:
    found = bands(true, point).at(PUBLISHED)
    assert np.isnan(found[:60]).all()
    assert np.isfinite(found[61:]).all()
    assert (np.diff(found[61:], axis=2) >= 0).all()


def test_the_future_changes_no_bit_of_a_quantile() -> None:
    true, point = errors_that_double(120)
    other = true.copy()
    other[100:] = np.nan
    said, told = bands(true, point).at(GRID), bands(other, point).at(GRID)
    assert np.array_equal(said[:101], told[:101], equal_nan=True)
    assert not np.array_equal(said[101], told[101])


def test_a_day_with_a_hole_teaches_nothing_and_has_quantiles() -> None:
    true, point = errors_that_double(120)
    true[90, 4] = np.nan
    shorter = bands(np.delete(true, 90, axis=0), np.delete(point, 90, axis=0)).at(GRID)
    found = bands(true, point).at(GRID)
    assert np.isfinite(found[90]).all()
    assert np.array_equal(found[91:], shorter[90:])


def test_a_perfect_forecast_has_margins_of_nothing() -> None:
    _, point = errors_that_double(80)
    found = bands(point, point).at(GRID)[70]
    assert np.allclose(found, point[70][:, None], atol=1e-2)


def test_a_widened_day_is_wider_by_the_factor_and_others_are_not() -> None:
    true, point = errors_that_double(100)
    made = bands(true, point)
    factors = np.where(np.arange(100) == 95, 1.5, 1.0)
    plain, wide = made.at(GRID), made.at(GRID, factors)
    assert np.array_equal(plain[96:], wide[96:])
    assert np.allclose(wide[95] - point[95][:, None], 1.5 * (plain[95] - point[95][:, None]))


def test_a_day_that_the_members_doubt_has_wider_margins_and_covers_as_it_should() -> None:
    drawn = np.random.default_rng(8)
    doubt = np.exp(drawn.normal(0.0, 0.7, (400, 1))) * np.ones(24)
    point = 50.0 + drawn.normal(0.0, 10.0, (400, 24))
    true = point + doubt * drawn.standard_normal((400, 24))
    driven, plain = bands(true, point, doubt=doubt).at(GRID), bands(true, point).at(GRID)
    width = driven[61:, :, 17] - driven[61:, :, 1]
    assert np.corrcoef(width.mean(axis=1), doubt[61:, 0])[0, 1] > 0.8
    assert pinball(true[61:], driven[61:], LEVELS) < 0.95 * pinball(true[61:], plain[61:], LEVELS)
    assert 0.78 <= coverage(true[61:], driven[61:, :, 1], driven[61:, :, 17]) <= 0.82


def test_a_doubt_that_nobody_knows_or_that_never_changes_says_nothing() -> None:
    true, point = errors_that_double(120)
    plain = bands(true, point).at(GRID)
    for doubt in (np.full((120, 24), np.nan), np.full((120, 24), 3.0), np.zeros((120, 24))):
        found = bands(true, point, doubt=doubt).at(GRID)
        np.testing.assert_allclose(found, plain, rtol=1e-9)


def test_a_doubt_of_any_size_widens_by_no_more_than_twice() -> None:
    true, point = errors_that_double(120)
    doubt = np.ones((120, 24))
    doubt[100] = 1e9
    plain, wide = bands(true, point).margins(100), bands(true, point, doubt=doubt).margins(100)
    assert plain is not None
    assert wide is not None
    np.testing.assert_allclose(wide.scale, 2.0 * plain.scale)


def test_hours_that_are_no_days_are_refused() -> None:
    with pytest.raises(ValueError, match="days of 24 hours"):
        bands(np.zeros((70, 25)), np.zeros((70, 25)))


def test_a_correction_pooled_by_a_moving_mean_is_not_stable() -> None:
    """The loop that must not be built: each hour learns from the mean of itself and neighbours."""
    true, point = errors_that_double(728)
    ours = bands(true, point).at(GRID)[182:]
    theirs = _moving_mean(true, point)[182:]
    right = pinball(true[182:], ours, LEVELS)
    assert pinball(true[182:], theirs, LEVELS) > 1.3 * right


def _moving_mean(true: FloatArray, point: FloatArray) -> FloatArray:
    plain = bands(true, point, Settings(step=0.0))
    learned, found = np.zeros((24, len(LEVELS))), np.full((*true.shape, len(LEVELS)), np.nan)
    for day in range(len(point)):
        margins = plain.margins(day)
        if margins is None:
            continue
        moved = margins.at(LEVELS) + margins.scale[:, None] * learned
        found[day] = np.sort(point[day][:, None] + moved, axis=1)
        below = (true[day][:, None] <= found[day]).astype(np.float64)
        pooled = (np.roll(below, 1, axis=0) + below + np.roll(below, -1, axis=0)) / 3.0
        learned += 0.1 * (LEVELS - pooled)
    return found
