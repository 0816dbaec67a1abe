"""What the trees read of an hour: 34 features where two input groups are known. Pure.

Every feature of prices ends at d - 1; those of input groups at d. A mean over a stretch of days
that the history does not fill is the mean of what there is.
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.days import HOURS, Days, filled
from cloud.forecast.residual import signs

LEVEL_DAYS = 7
_NEIGHBOURS = 3
"""Hours before and after whose residual load is read."""
_MEANS_DAYS = ((7, 28), (7, 56))
"""Of the same hour; of all hours."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Two blocks for each hour of a history: prices move with the level, the rest does not."""

    plain: FloatArray
    """Shape (days, 24, features): calendar and input groups."""
    prices: FloatArray
    """Shape (days, 24, features), EUR/MWh."""
    level: FloatArray
    """Mean price of the seven days before, shape (days,)."""
    first: int = 0
    """Day of the history that is the first one here."""

    def rows(self, begin: int, end: int, *, relative: bool) -> FloatArray:
        """Return the rows of days [begin, end), shape (days x 24, features).

        Relative: every price minus the level of its day, and the level itself beside them.
        """
        some = slice(begin - self.first, end - self.first)
        plain, prices = self.plain[some], self.prices[some]
        blocks = [plain, prices]
        if relative:
            level = np.broadcast_to(self.level[some, None, None], (*plain.shape[:2], 1))
            blocks = [plain, prices - level, level]
        return np.concatenate(blocks, axis=2).reshape(len(plain) * HOURS, -1)

    def levels(self, begin: int, end: int) -> FloatArray:
        """Return the level of days [begin, end)."""
        return self.level[begin - self.first : end - self.first]

    def only(self, begin: int, end: int) -> "Features":
        """Return a copy of days [begin, end) alone; the rest can be forgotten."""
        some = slice(begin - self.first, end - self.first)
        return Features(
            plain=self.plain[some].copy(),
            prices=self.prices[some].copy(),
            level=self.level[some].copy(),
            first=begin,
        )


def features(days: Days, fitted_on: tuple[int, int]) -> Features:
    """Return the features of every hour; which group is demand is told by days of `fitted_on`."""
    prices = filled(days.prices)
    groups = np.array([filled(values) for values in days.inputs.values()])
    begin, end = fitted_on
    driven_by = signs(prices[begin:end], groups[:, begin:end] if len(groups) else groups)
    calendar = _calendar(days)
    plain = [calendar, *_of_groups(groups, driven_by)] if len(groups) else [calendar]
    return Features(
        plain=np.concatenate(plain, axis=2),
        prices=_of_prices(prices),
        level=_mean_before(prices, LEVEL_DAYS).mean(axis=1),
    )


def _calendar(days: Days) -> FloatArray:
    of_year = np.array([days.on(day).timetuple().tm_yday for day in range(len(days))])
    hours = np.broadcast_to(np.arange(HOURS), (len(days), HOURS))
    parts = [hours, _across(days.weekdays()), _across(of_year)]
    return np.stack(parts, axis=2).astype(np.float64)


def _of_groups(groups: FloatArray, driven_by: IntArray) -> list[FloatArray]:
    load = np.tensordot(driven_by.astype(np.float64), groups, axes=1)
    last = groups[min(1, len(groups) - 1)]
    around = [load[:, _hours(step)] for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1)]
    of_day = [_across(fold(load, axis=1)) for fold in (np.mean, np.min, np.max)]
    means = [_across(values.mean(axis=1)) for values in groups]
    changes = [load - _back(load, 1), load - _back(load, 7), last - _back(last, 1)]
    return [np.stack([*groups, *around, *of_day, *means, *changes], axis=2)]


def _of_prices(prices: FloatArray) -> FloatArray:
    yesterday = _back(prices, 1)
    same = [yesterday, yesterday[:, _hours(-1)], yesterday[:, _hours(1)]]
    of_day = [
        yesterday[:, -1],
        yesterday.mean(axis=1),
        yesterday.min(axis=1),
        yesterday.max(axis=1),
    ]
    older = [_back(prices, lag) for lag in (2, 3, 7)]
    of_hour = [_mean_before(prices, count) for count in _MEANS_DAYS[0]]
    of_all = [_across(_mean_before(prices, count).mean(axis=1)) for count in _MEANS_DAYS[1]]
    return np.stack([*same, *map(_across, of_day), *older, *of_hour, *of_all], axis=2)


def _mean_before(prices: FloatArray, count: int) -> FloatArray:
    """Return the mean of the `count` days before each day, by hour; NaN where there is none."""
    known = np.isfinite(prices)
    sums = np.cumsum(np.vstack([np.zeros(HOURS), np.where(known, prices, 0.0)]), axis=0)
    counts = np.cumsum(np.vstack([np.zeros(HOURS), known]), axis=0)
    ends = np.arange(len(prices))
    begins = np.maximum(ends - count, 0)
    number = counts[ends] - counts[begins]
    total = sums[ends] - sums[begins]
    mean = np.full_like(prices, np.nan)
    np.divide(total, number, out=mean, where=number > 0)
    return mean


def _hours(step: int) -> IntArray:
    return np.clip(np.arange(HOURS) + step, 0, HOURS - 1)


def _back(values: FloatArray, lag: int) -> FloatArray:
    shifted = np.full_like(values, np.nan)
    shifted[lag:] = values[:-lag]
    return shifted


def _across(of_days: FloatArray | IntArray) -> FloatArray:
    """Return one value a day repeated for its hours."""
    return np.broadcast_to(of_days.astype(np.float64)[:, None], (len(of_days), HOURS))
