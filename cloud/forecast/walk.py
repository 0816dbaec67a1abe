"""A walk through the days of a test: each forecast with what was known before it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.combine import Prior, Scores, combined, fresh, learned, weights


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The combined forecasts of consecutive days."""

    point: FloatArray
    """EUR/MWh, shape (days, slots); NaN where all members slept."""
    shares: FloatArray
    """Weights, shape (days, members)."""
    scores: Scores
    """What was learned by the end."""


def walk(told: Iterable[FloatArray], true: FloatArray, prior: Prior) -> Walk:
    """Return the forecasts of days whose members said `told`, learning after each day.

    Args:
        told: for each day shape (members, slots), EUR/MWh.
        true: shape (days, slots); NaN where nothing is known, which teaches nothing.
    """
    scores = fresh(prior)
    points, shares = [], []
    for said, prices in zip(told, true, strict=True):
        awake = np.asarray(np.isfinite(said).all(axis=1))
        if awake.any():
            found = weights(prior, scores, awake)
            points.append(combined(said, found))
        else:
            found = np.zeros(len(said))
            points.append(np.full(said.shape[1], np.nan))
        shares.append(found)
        scores = learned(prior, scores, said, prices)
    return Walk(np.array(points), np.array(shares), scores)


def doubt(told: Iterable[FloatArray], walked: Walk) -> FloatArray:
    """Return how far the members were from their mean, shape (days, slots), EUR/MWh.

    The root of the weighted mean square; NaN where all slept. It is known with the forecast.
    """
    found = np.full(walked.point.shape, np.nan)
    for day, said in enumerate(told):
        awake = walked.shares[day] > 0.0
        if awake.any():
            squares = (said[awake] - walked.point[day]) ** 2
            found[day] = np.sqrt(combined(squares, walked.shares[day][awake]))
    return found
