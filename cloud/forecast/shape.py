"""From hour means to quarter-hours: how prices move within an hour, learned of recent days. Pure.

Each quarter-hour's distance to its hour's mean is a straight line in the slopes of the hour means
before and behind it: in an evening that falls, the first quarter is dear and the last is cheap.
The four distances of an hour add up to nothing, since all four have one set of regressors.

Source: Kiesel and Paraschiv, Energy Economics 64:77 (2017), on the pattern of quarter-hours; ridge
regression with weights that halve.
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS

QUARTERS = 4
_SLOPE_EUR_MWH = 30.0
"""Slopes are told in these, so that one penalty fits both."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the shape is learned; one set for all areas."""

    window_days: int = 56
    half_life_days: float = 28.0
    days_min: int = 14
    """With fewer days there is no shape: an hour is flat."""
    penalty: tuple[float, float, float] = (0.5, 3.0, 3.0)
    """Of the constant, of the slope before and of the slope behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A shape that is learned."""

    slopes: FloatArray
    """Shape (24, 3, 4): of each hour, from the regressors to its four quarters, EUR/MWh."""

    def deviations(self, hours: FloatArray) -> FloatArray:
        """Return the distance of each quarter-hour to its hour, shape (..., 96), EUR/MWh.

        Args:
            hours: hour means, shape (..., 24).
        """
        found = np.einsum("...hr,hrq->...hq", _regressors(hours), self.slopes)
        return np.asarray(found.reshape(*hours.shape[:-1], HOURS * QUARTERS))

    def quarters(self, hours: FloatArray) -> FloatArray:
        """Return prices of quarter-hours, shape (..., 96); their means are the hours."""
        return np.asarray(np.repeat(hours, QUARTERS, axis=-1) + self.deviations(hours))


FLAT = Shape(np.zeros((HOURS, 3, QUARTERS)))


def shape(quarters: FloatArray, settings: Settings | None = None) -> Shape:
    """Learn from the quarter-hours of past days, shape (days, 96), the newest day last.

    Days with a NaN teach nothing: leave those of a clock change so. `FLAT` where too few teach.
    """
    settings = settings or Settings()
    recent = quarters[-settings.window_days :]
    whole = np.isfinite(recent).all(axis=1)
    if whole.sum() < settings.days_min:
        return FLAT
    ages = np.arange(len(recent) - 1, -1, -1)[whole]
    weights = np.sqrt(0.5 ** (ages / settings.half_life_days))[:, None]
    by_hour = recent[whole].reshape(-1, HOURS, QUARTERS)
    means = by_hour.mean(axis=2)
    read = _regressors(means) * weights[..., None]
    wanted = (by_hour - means[..., None]) * weights[..., None]
    gram = np.einsum("dhr,dhs->hrs", read, read) + np.diag(settings.penalty)
    return Shape(np.linalg.solve(gram, np.einsum("dhr,dhq->hrq", read, wanted)))


def walked(hours: FloatArray, quarters: FloatArray, begin: int) -> FloatArray:
    """Return forecasts of quarter-hours, each with the shape of the days before it alone.

    Args:
        hours: forecasts of hour means, shape (days, 24).
        quarters: prices of a history, shape (rows, 96); NaN where there are none.
        begin: row of the history that the first forecast is of.
    """
    days = range(begin, begin + len(hours))
    told = [shape(quarters[:day]).quarters(point) for day, point in zip(days, hours, strict=True)]
    return np.array(told).reshape(-1, HOURS * QUARTERS)


def _regressors(hours: FloatArray) -> FloatArray:
    """Return 1 and the slopes before and behind, shape (..., 24, 3); no slope at a day's ends."""
    steps = np.diff(hours, axis=-1) / _SLOPE_EUR_MWH
    nothing = np.zeros_like(hours[..., :1])
    before = np.concatenate([nothing, steps], axis=-1)
    behind = np.concatenate([steps, nothing], axis=-1)
    return np.stack([np.ones_like(hours), before, behind], axis=-1)
