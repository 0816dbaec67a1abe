"""cloud.forecast.quarters: hours and quarter-hours as one history; no future, right coverage."""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.metrics import coverage
from cloud.forecast.quantiles import GRID, bands
from cloud.forecast.quarters import flat, joined

DAYS, HOURLY = 260, 150
"""The market of quarter-hours begins on row 150."""


def market(seed: int = 5) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return prices of hours, their forecasts, and prices of quarter-hours."""
    drawn = np.random.default_rng(seed)
    points = 60.0 + 20.0 * drawn.normal(size=(DAYS, 24))
    true = points + 8.0 * drawn.standard_t(5, (DAYS, 24)) + drawn.normal(0, 4, (DAYS, 1))
    quarters = flat(true) + drawn.normal(0, 3, (DAYS, 96))
    quarters[:HOURLY] = np.nan
    return true, points, quarters


def test_days_of_hours_are_four_quarters_of_one_price() -> None:
    true, points, quarters = market()
    found = joined(true[40:], points[40:], quarters, 40)
    begin = HOURLY - 40
    np.testing.assert_array_equal(found.true[:begin], flat(true[40:HOURLY]))
    np.testing.assert_array_equal(found.points[:begin], flat(points[40:HOURLY]))
    np.testing.assert_array_equal(found.true[begin:], quarters[HOURLY:])
    means = found.points.reshape(-1, 24, 4).mean(axis=2)
    np.testing.assert_allclose(means, points[40:], atol=1e-9)


def test_errors_of_hours_teach_the_quantiles_of_the_first_quarter_hours() -> None:
    true, points, quarters = market()
    found = joined(true, points, quarters, 0).bands().at(GRID)
    alone = bands(quarters[HOURLY:], joined(true, points, quarters, 0).points[HOURLY:]).at(GRID)
    assert np.isnan(alone[:60]).all()
    assert np.isfinite(found[HOURLY:]).all()
    share = coverage(quarters[HOURLY:], found[HOURLY:, :, 1], found[HOURLY:, :, 17])
    assert 0.78 <= share <= 0.82
    assert (np.diff(found[HOURLY:], axis=2) >= 0).all()


def test_a_day_without_quarter_hours_in_their_market_teaches_nothing() -> None:
    true, points, quarters = market()
    quarters[200] = np.nan
    found = joined(true, points, quarters, 0)
    assert np.isnan(found.true[200]).all()
    assert np.isfinite(found.points[200]).all()


def test_the_future_changes_no_bit() -> None:
    true, points, quarters = market()
    later_true, later = true.copy(), quarters.copy()
    later_true[200:], later[200:] = np.nan, np.nan
    doubt = np.abs(points - 60.0)
    said = joined(true, points, quarters, 0).bands(doubt)
    told = joined(later_true, points, later, 0).bands(doubt)
    np.testing.assert_array_equal(said.points[:201], told.points[:201])
    np.testing.assert_array_equal(said.at(GRID)[:201], told.at(GRID)[:201])


def test_where_no_quarter_hour_is_known_all_days_are_flat() -> None:
    true, points, quarters = market()
    found = joined(true, points, np.full_like(quarters, np.nan), 0)
    np.testing.assert_array_equal(found.points, flat(points))
    np.testing.assert_array_equal(found.true, flat(true))
