"""Whole days that may come: today's quantiles in the order that errors of like days had. Pure.

A battery earns on differences within a day, so it must know what rises and falls together. Each
slot's quantiles are dealt out to the scenarios in the ranks of the errors of past days whose
forecast had a like shape: every slot keeps its distribution, and the day its pattern (the Schaake
shuffle, of similar days).

Such days still differ too much within themselves: truth was calmer than nine in ten of them one
day in five. So twice as many are made, and those are kept whose difference between the dearest and
the cheapest hours stands where, on recent days, the truth's stood among the scenarios of its day.

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
PLACES_DAYS = 182
PLACES_MIN = 60
"""With fewer days nothing is said of the spread."""
_FLAT = 1e-9


def scenarios(
    bands: Bands,
    day: int,
    seed: int,
    count: int = SCENARIOS,
    widening: float = 1.0,
    places: FloatArray | None = None,
) -> FloatArray | None:
    """Return days that are all as likely, shape (count, slots); None where there are no quantiles.

    Args:
        bands: unit and slots are those of the points.
        day: row of the bands; nothing is read that was not known before it.
        seed: the same one gives the same days. What it draws is where in its equal share of
            probability each quantile lies, and the order of errors that are equal.
        count: how many days.
        widening: as of the margins.
        places: what `spread_places` says of the days before; None or too few: none are sorted out.
    """
    if places is None or len(places) < PLACES_MIN:
        return _shuffled(bands, day, seed, count, widening)
    made = _shuffled(bands, day, seed, 2 * count, widening)
    if made is None:
        return None
    wanted = np.quantile(places[-PLACES_DAYS:], (np.arange(count) + 0.5) / count)
    ranks = np.minimum((wanted * len(made)).astype(np.int64), len(made) - 1)
    return np.asarray(made[np.argsort(spread(made), kind="stable")[ranks]])


def spread_places(bands: Bands, true: FloatArray, day: int) -> FloatArray:
    """Return where the truth's spread stood among the scenarios of each of the days before `day`.

    0 is below all of them and 1 above; days without quantiles or with a NaN in `true`, shape
    (days, slots), have none. The last half-year alone is looked at.
    """
    found = []
    for before in range(max(day - PLACES_DAYS, 0), day):
        if np.isfinite(true[before]).all():
            made = _shuffled(bands, before, before, SCENARIOS, 1.0)
            if made is not None:
                found.append(float((spread(made) < spread(true[before][None])).mean()))
    return np.array(found)


def _shuffled(bands: Bands, day: int, seed: int, count: int, widening: float) -> FloatArray | None:
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
