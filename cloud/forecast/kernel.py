"""Kernel ridge regression on whole days, the mean of a Gaussian process: alike days count. Pure.

A Gaussian and a linear kernel added; old days are noisier rather than dropped, with a noise that
doubles every half-life. The 24 hours share one factorisation.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 2.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS, INPUT_LAGS
from cloud.forecast.linear import solved
from cloud.forecast.windows import Window

_EVERY = 7
"""The median distance is that of every seventh day: a good estimate for a 49th of the work."""
_ROWS = 128
"""Of the matrix at a time: one of four years takes 17 MB, and there is never a second one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a day's columns weigh in the distance of two days."""

    prices: tuple[float, ...] = (1.0, 0.5, 0.35, 0.5)
    """One weight a lag of the price: d-1, d-2, d-3, d-7."""
    inputs: tuple[float, ...] = (2.0, 0.5, 0.5)
    """One weight a lag of every input group: d, d-1, d-7."""
    weekday: float = 1.5
    season: float = 1.0
    gamma: float = 0.15
    linear: float = 0.3
    """Mean of the diagonal of the linear kernel; that of the Gaussian one is 1."""

    def weights(self, columns: int) -> FloatArray:
        """Return one weight a column of `Window.values`."""
        groups = columns // HOURS - len(self.prices)
        blocks: Sequence[float] = self.prices + self.inputs * (groups // len(INPUT_LAGS))
        return np.repeat(np.array(blocks), HOURS)


def kernel(rows: Window, shape: Shape, noise: float, half_life_days: float | None) -> FloatArray:
    """Return 24 prices in EUR/MWh; `noise` is the variance of the newest day's residual."""
    points, day = features(rows, shape)
    squares = (points * points).sum(axis=1)
    gram = points @ points.T
    few = -2.0 * gram[::_EVERY, ::_EVERY]
    few += squares[::_EVERY, None]
    few += squares[None, ::_EVERY]
    middle = float(np.median(few))
    share = shape.linear * len(points) / float(squares.sum())
    _joined(gram, squares, -shape.gamma / middle, share)
    ageing = 1.0 if half_life_days is None else np.exp2(rows.ages / half_life_days)
    gram[np.diag_indices(len(points))] += noise * ageing
    level = rows.wanted.mean(axis=0)
    distances = squares + day @ day - 2.0 * (points @ day)
    alike = np.exp(-shape.gamma / middle * distances) + share * (points @ day)
    return rows.price_scaling.back(level + alike @ solved(gram, rows.wanted - level))


def _joined(inner: FloatArray, squares: FloatArray, gaussian: float, linear: float) -> None:
    """Turn the inner products of days, in place, into the sum of both kernels."""
    for begin in range(0, len(inner), _ROWS):
        some = inner[begin : begin + _ROWS]
        alike = -2.0 * some
        alike += squares[begin : begin + _ROWS, None]
        alike += squares[None, :]
        alike *= gaussian
        np.exp(alike, out=alike)
        some *= linear
        some += alike


def features(rows: Window, shape: Shape) -> tuple[FloatArray, FloatArray]:
    """Return the weighted columns of the window's days and of the day itself."""
    weights = np.concatenate(
        [
            shape.weights(rows.values.shape[1]),
            np.full(rows.marks.shape[1], shape.weekday),
            np.full(rows.season.shape[1], shape.season),
        ]
    )
    points = np.concatenate([rows.values, rows.marks, rows.season], axis=1) * weights
    day = np.concatenate([rows.day_values, rows.day_marks, rows.day_season]) * weights
    return points, day
