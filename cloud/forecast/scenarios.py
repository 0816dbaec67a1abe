"""Whole days that may come: today's quantiles in the order that errors of like days had. Pure.

A battery earns on differences within a day, so it must know what rises and falls together. Each
slot's quantiles are dealt out to the scenarios in the ranks of the errors of past days whose
forecast had a like shape: every slot keeps its distribution, and the day its pattern (the Schaake
shuffle, of similar days).

Source: Clark and others, J. Hydrometeorology 5:243 (2004); Schefzik, Monthly Weather Review
144:1909 (2016). Energy score: Gneiting and Raftery, JASA 102:359 (2007).
"""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.quantiles import Bands

SCENARIOS = 100
LIKE_DAYS = 50
"""So many lend their order; each lends it to every second scenario."""
MEMORY_DAYS = 364
"""They are sought among the last of these whose errors are known."""
_FLAT = 1e-9


def scenarios(
    bands: Bands, day: int, seed: int, count: int = SCENARIOS, widening: float = 1.0
) -> FloatArray | None:
    """Return days that are all as likely, shape (count, slots); None where there are no quantiles.

    Args:
        bands: unit and slots are those of the points.
        day: row of the bands; nothing is read that was not known before it.
        seed: the same one gives the same days. What it draws is where in its equal share of
            probability each quantile lies, and the order of errors that are equal.
        count: how many days.
        widening: as of the margins.
    """
    margins = bands.margins(day)
    if margins is None:
        return None
    drawn = np.random.default_rng(seed)
    alike = like_days(bands, day)
    lent = np.resize(alike, (count, alike.shape[1]))
    levels = (np.arange(count) + drawn.random(count)) / count
    ordered = bands.points[day] + margins.at(levels, widening).T
    ties = drawn.random(lent.shape)
    ranks = np.argsort(np.lexsort((ties, lent), axis=0), axis=0)
    return np.asarray(np.take_along_axis(ordered, ranks, axis=0))


def like_days(bands: Bands, day: int, count: int = LIKE_DAYS) -> FloatArray:
    """Return the errors in scales of days whose forecast is like that of `day`, oldest first.

    Like in shape: the level and the size of the differences do not count.
    """
    end = int(bands.taught[day])
    rows = np.arange(max(end - MEMORY_DAYS, 0), end)
    past = _shaped(bands.points[bands.days[rows]])
    apart = ((past - _shaped(bands.points[day])) ** 2).sum(axis=1)
    nearest = np.sort(np.argsort(apart, kind="stable")[:count])
    return np.asarray(bands.scaled[rows[nearest]])


def _shaped(points: FloatArray) -> FloatArray:
    centred = points - points.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(centred.std(axis=-1, keepdims=True), _FLAT))


def energy_score(true: FloatArray, days: FloatArray) -> float:
    """Return how far scenarios are from the truth, less half of how far they are from each other.

    Args:
        true: shape (slots,).
        days: shape (count, slots).
    """
    from_truth = np.sqrt(((days - true) ** 2).sum(axis=1)).mean()
    squares = (days**2).sum(axis=1)
    apart = squares[:, None] + squares[None, :] - 2.0 * (days @ days.T)
    return float(from_truth - 0.5 * np.sqrt(np.maximum(apart, 0.0)).mean())


def spread(days: FloatArray, hours: int = 2) -> FloatArray:
    """Return the highest minus the lowest mean of `hours` hours of each day, shape (days,)."""
    width = days.shape[1] // 24 * hours
    sums = np.cumsum(np.pad(days, ((0, 0), (1, 0))), axis=1)
    means = (sums[:, width:] - sums[:, :-width]) / width
    return np.asarray(means.max(axis=1) - means.min(axis=1))
