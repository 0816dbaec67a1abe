"""Whether what has arrived of an input can be believed. Pure.

A feed that is cut is missing; one that tells nonsense is worse, for every member reads it. What is
checked is coarse, so that a rare day is not taken for a fault: hours far beyond a year's, another
unit, a line that does not move, a value that is days old, a revision larger than the usual step
from one day to the next. What is odd is left out as if it had not come, and the forecast says so.
"""

from collections.abc import Sequence

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray
from cloud.forecast.days import HOURS, INPUT_LAGS
from cloud.forecast.scaling import scaling

HISTORY_DAYS = 364
HISTORY_DAYS_MIN = 28
"""With fewer whole days nothing is judged."""
SCALED_MAX = 4.0
"""Beyond, some 27 deviations from the hour's median, an hour is out of range."""
SHARE_MAX = 0.25
"""Of a day's hours out of range."""
UNIT_TIMES = 100.0
"""Level and swing of a day both so many times, or a part, of the usual ones: another unit."""
RUN_HOURS_MIN = 6
RUN_TIMES = 2.0
"""A line as long as so many of the usual longest ones does not move."""
AGE_H_MAX = 48.0
"""Forecasts of a day are told the day before; older ones were never renewed."""
REVISION_TIMES = 2.0
"""Of the usual distance between two days."""


def odd(values: FloatArray, row: int, lags: Sequence[int] = INPUT_LAGS) -> str | None:
    """Return why a row of an input, or one that is read with it, is not believed; None: it is.

    Args:
        values: shape (days, 24), any unit; NaN where nothing is known, which is never odd.
        row: the day that is wanted.
        lags: days back that are read with it.
    """
    for lag in lags:
        place = row - lag
        if place < HISTORY_DAYS_MIN or not np.isfinite(values[place]).all():
            continue
        before = values[max(place - HISTORY_DAYS, 0) : place]
        whole = before[np.isfinite(before).all(axis=1)]
        if len(whole) < HISTORY_DAYS_MIN:
            continue
        said = _unit(values[place], whole) or _range(values[place], whole)
        said = said or still(values[place], whole)
        if said is not None:
            return said if lag == 0 else f"{said}, {lag} days before"
    return None


def odd_price(prices: FloatArray, row: int) -> str | None:
    """Return why a day of prices is not believed: another unit, or a line that does not move.

    Wild prices are prices: how far they may go, the auction's limits say.
    """
    before = prices[max(row - HISTORY_DAYS, 0) : max(row, 0)]
    whole = before[np.isfinite(before).all(axis=1)]
    if row < 0 or len(whole) < HISTORY_DAYS_MIN or not np.isfinite(prices[row]).all():
        return None
    return _unit(prices[row], whole) or still(prices[row], whole)


def old(age_h: float) -> str | None:
    """Return why a day whose newest value is so old is not believed."""
    return f"told {age_h:.0f} h ago" if age_h > AGE_H_MAX else None


def revised(values: FloatArray, row: int, before: FloatArray) -> str | None:
    """Return why a day that was told otherwise before is not believed; `before`: shape (24,)."""
    change = float(np.abs(values[row] - before).mean())
    steps = np.abs(np.diff(values[max(row - HISTORY_DAYS, 0) : row], axis=0)).mean(axis=1)
    known = steps[np.isfinite(steps)]
    if not np.isfinite(change) or len(known) < HISTORY_DAYS_MIN:
        return None
    usual = float(np.median(known))
    if usual <= 0.0 or change <= REVISION_TIMES * usual:
        return None
    return f"revised by {change / usual:.1f} times the usual step of a day"


def still(day: FloatArray, whole: FloatArray) -> str | None:
    """Return why a day does not move enough, or repeats the one before it."""
    run = int(_runs(day[None])[0])
    usual = float(np.median(_runs(whole)))
    if run >= RUN_HOURS_MIN and run > RUN_TIMES * usual:
        return f"{run} hours of one value"
    same = np.asarray((np.diff(whole, axis=0) == 0.0).all(axis=1))
    if np.array_equal(day, whole[-1]) and not same.any():
        return "the day before once more"
    return None


def _unit(day: FloatArray, whole: FloatArray) -> str | None:
    level = float(np.abs(day).mean()), float(np.median(np.abs(whole).mean(axis=1)))
    swing = float(day.std()), float(np.median(whole.std(axis=1)))
    for now, usual in (level, swing):
        if usual <= 0.0 or 1.0 / UNIT_TIMES <= now / usual <= UNIT_TIMES:
            return None
    return f"level {level[0] / level[1]:.3g} times the usual one: another unit?"


def _range(day: FloatArray, whole: FloatArray) -> str | None:
    found = scaling(whole)
    width = np.maximum(found.width, scaling(whole.reshape(-1, 1)).width)
    beyond = np.abs(np.arcsinh((day - found.middle) / width)) > SCALED_MAX
    if beyond.mean() <= SHARE_MAX:
        return None
    return f"{int(beyond.sum())} of {HOURS} hours far beyond those of a year"


def _runs(days: FloatArray) -> FloatArray:
    """Return the longest run of equal hours of each day."""
    same: BoolArray = np.diff(days, axis=1) == 0.0
    longest = np.ones(len(days))
    now = np.ones(len(days))
    for column in same.T:
        now = np.where(column, now + 1.0, 1.0)
        longest = np.maximum(longest, now)
    return longest
