"""A market of quarter-hours and the hours it came from, as one history of errors. Pure.

The market of quarter-hours is young, that of hours is old: an hour is four quarters of one price.
So errors of both teach the quantiles, each in units of what errors were at that time, and the
correction has begun long before there are enough quarter-hours for it.
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS
from cloud.forecast.quantiles import Bands, Settings, bands
from cloud.forecast.shape import QUARTERS, walked

SLOTS = HOURS * QUARTERS


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Consecutive days by quarter-hours, EUR/MWh, shape (days, 96)."""

    true: FloatArray
    """NaN where nothing is known yet."""
    points: FloatArray
    """Flat before there were quarter-hours to learn a shape of."""

    def bands(
        self,
        doubt: FloatArray | None = None,
        settings: Settings | None = None,
        restart: int | None = None,
    ) -> Bands:
        """Return what is laid round the points; `doubt` by hours or slots."""
        by_slot = flat(doubt) if doubt is not None and doubt.shape[1] == HOURS else doubt
        return bands(self.true, self.points, settings, restart, by_slot)


def joined(true: FloatArray, points: FloatArray, quarters: FloatArray, begin: int) -> Joined:
    """Return hours and quarter-hours of days as one.

    Args:
        true: prices of hours, shape (days, 24); NaN where not known.
        points: their forecasts, of the same shape.
        quarters: prices of a history, shape (rows, 96); NaN on days that have none. Of days before
            the first that has them the hours are compared.
        begin: row of the history that the first day is.
    """
    whole = np.flatnonzero(np.isfinite(quarters).all(axis=1))
    hourly = max(int(whole[0]) - begin, 0) if len(whole) else len(true)
    told = walked(points, quarters, begin)
    known = quarters[begin : begin + len(true)]
    return Joined(np.concatenate([flat(true[:hourly]), known[hourly:]]), told)


def flat(hours: FloatArray) -> FloatArray:
    """Return hours, shape (..., 24), as quarter-hours of one price each, shape (..., 96)."""
    return np.asarray(np.repeat(hours, QUARTERS, axis=-1))
