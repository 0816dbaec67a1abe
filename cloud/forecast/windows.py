"""A calibration window: the rows before a day, scaled by themselves, and its own row. Pure."""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import Lags
from cloud.forecast.scaling import Scaling, scaling

ROWS_MIN = 14
"""Fewer rows calibrate nothing: the members that ask for the window sleep."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The last rows of the window are the newest; `ages` are days before the newest one."""

    values: FloatArray
    """Scaled, shape (rows, columns)."""
    marks: FloatArray
    season: FloatArray
    wanted: FloatArray
    """Scaled prices, shape (rows, 24)."""
    ages: FloatArray
    price_scaling: Scaling
    day_values: FloatArray
    """Scaled by the same columns, shape (columns,)."""
    day_marks: FloatArray
    day_season: FloatArray


def window(lags: Lags, day: int, length: int) -> Window | None:
    """Return the calibration of row `day` on the `length` days before it.

    Days with holes are left out. None where too few are left, or the day's own row has a hole.
    """
    if not lags.usable[day]:
        return None
    begin = max(day - length, 0)
    rows = begin + np.flatnonzero(lags.trainable[begin:day])
    if len(rows) < ROWS_MIN:
        return None
    values, prices = lags.values[rows], lags.prices[rows]
    columns, price_scaling = scaling(values), scaling(prices)
    return Window(
        values=columns.there(values),
        marks=lags.marks[rows],
        season=lags.season[rows],
        wanted=price_scaling.there(prices),
        ages=(rows[-1] - rows).astype(np.float64),
        price_scaling=price_scaling,
        day_values=columns.there(lags.values[day]),
        day_marks=lags.marks[day],
        day_season=lags.season[day],
    )
