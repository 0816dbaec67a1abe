"""`margins`: intervals that hold, whatever the errors do, from what was known in time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.intraday.lessons import order
from cloud.forecast.intraday.margins import FEW_DAYS_MIN, margins
from cloud.forecast.intraday.vintages import NEVER_US
from cloud.forecast.quantiles import GRID, PUBLISHED

DAY = 1_000


def times(shape: tuple[int, int], delay: int = DAY) -> tuple[IntArray, IntArray]:
    """Return since when errors are known, and when issues were made."""
    at_us = np.arange(shape[0], dtype=np.int64) * DAY
    return np.repeat(at_us[:, None] + delay, shape[1], axis=1), at_us


def covered(errors: FloatArray, found: FloatArray, level: float) -> float:
    low, high = GRID.index(round((1 - level) / 2, 2)), GRID.index(round((1 + level) / 2, 2))
    inside = (errors >= found[..., low]) & (errors <= found[..., high])
    return float(inside[np.isfinite(errors) & np.isfinite(found[..., low])].mean())


def pinball(errors: FloatArray, found: FloatArray) -> float:
    below = errors[..., None] - found
    levels = np.array(GRID)
    return float(np.nanmean(np.maximum(levels * below, (levels - 1.0) * below)))


@pytest.mark.parametrize("slots", [24, 96])
def test_the_interval_of_80_percent_holds_when_the_errors_double_half_way(slots: int) -> None:
    random = np.random.default_rng(3)
    size = 1.0 + 3.0 * np.arange(slots) / slots  # further ahead means less certain
    errors = random.standard_t(4.0, (240, slots)) * size
    errors[120:] *= 2.0
    errors[:, : slots // 6] = np.nan  # slots for which nothing ever comes
    found = margins(errors, *times(errors.shape)).at_grid
    assert 0.78 <= covered(errors[60:], found[60:], 0.8) <= 0.82
    assert 0.88 <= covered(errors[60:], found[60:], 0.9) <= 0.92
    narrow, wide = found[-1, slots // 4, 17], found[-1, -1, 17]
    assert wide > 1.4 * narrow


def test_what_was_foreseen_anew_widens_what_is_laid_round_it() -> None:
    random = np.random.default_rng(4)
    drive = np.repeat(random.exponential(100.0, (200, 1)), 96, axis=1)
    errors = random.normal(size=drive.shape) * (1.0 + drive / 50.0)
    driven = margins(errors, *times(errors.shape), drive)
    blind = margins(errors, *times(errors.shape))
    assert pinball(errors[90:], driven.at_grid[90:]) < 0.96 * pinball(
        errors[90:], blind.at_grid[90:]
    )
    calm, wild = drive[90:] < 50.0, drive[90:] > 150.0
    for which in (calm, wild):
        told = np.where(which, errors[90:], np.nan)
        assert 0.74 <= covered(told, driven.at_grid[90:], 0.8) <= 0.86
    assert covered(np.where(wild, errors[90:], np.nan), blind.at_grid[90:], 0.8) < 0.7


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.floats(0.0, 0.6), st.booleans())
def test_quantiles_never_cross_and_only_what_is_known_teaches(
    seed: int, holes: float, is_driven: bool
) -> None:
    random = np.random.default_rng(seed)
    errors = random.normal(size=(30, 24))
    errors[random.uniform(size=errors.shape) < holes] = np.nan
    drive = random.exponential(size=errors.shape) if is_driven else None
    known_us, at_us = times(errors.shape, delay=DAY + 1)
    found = margins(errors, known_us, at_us, drive)
    told = found.at_grid[np.isfinite(found.at_grid).all(axis=2)]
    assert (np.diff(told, axis=1) >= 0.0).all()
    last = found.of_last(PUBLISHED)
    later = np.where(known_us > at_us[-1], 1e6 * random.normal(size=errors.shape), errors)
    again = margins(later, known_us, at_us, drive).of_last(PUBLISHED)
    np.testing.assert_array_equal(last, again)


def test_before_two_weeks_of_errors_there_are_none() -> None:
    errors = np.ones((FEW_DAYS_MIN + 1, 24))
    assert margins(errors, *times(errors.shape)).of_last(PUBLISHED) is None
    errors = np.ones((FEW_DAYS_MIN + 2, 24))
    assert margins(errors, *times(errors.shape)).of_last(PUBLISHED) is not None
    assert margins(np.full((40, 24), np.nan), *times((40, 24))).of_last(PUBLISHED) is None


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30))
def test_each_issue_teaches_at_most_once_and_never_before_it_is_known(delays: list[int]) -> None:
    at_us = np.arange(len(delays), dtype=np.int64) * DAY
    known_us = np.repeat((at_us + np.array(delays) * DAY)[:, None], 4, axis=1)
    plan = order(np.ones(known_us.shape, dtype=np.bool_), known_us, at_us)
    taught = [one for ready in plan for one in ready]
    assert len(set(taught)) == len(taught)
    for row, ready in enumerate(plan):
        for one in ready:
            assert one < row
            assert known_us[one].max() <= at_us[row], "all of an issue was known at once"
    assert not {one for one, delay in enumerate(delays) if delay > 7} & set(taught)
    nothing = order(np.zeros((9, 4), dtype=np.bool_), np.full((9, 4), NEVER_US), at_us[:9])
    assert not any(nothing)


def test_a_part_that_is_known_after_a_week_teaches_and_the_rest_never_does() -> None:
    at_us = np.arange(30, dtype=np.int64) * DAY
    known_us = np.repeat((at_us + DAY)[:, None], 24, axis=1)
    known_us[:, 12:] += 20 * DAY
    errors = np.ones((30, 24))
    plan = order(np.ones(errors.shape, dtype=np.bool_), known_us, at_us)
    assert plan[7] == [0]
    found = margins(errors, known_us, at_us)
    assert found.days == 16, "before the first was learned there was no unit to count in"
    assert np.isfinite(found.at_grid[-1, :12]).all()
    late = margins(errors, known_us + 30 * DAY, at_us)
    assert late.days == 0
    assert late.of_last(PUBLISHED) is None
