"""Weights of the members, learned day by day from who would have pulled the right way. Pure.

Bernstein aggregation with the gradient trick on the absolute loss, and forgetting; no rate is to
be tuned. One mad day would rule the scores for months: it teaches at most what a few ordinary days
do. A member that is missing sleeps: its weight is shared out, its score stands still.

Source: Wintenberger, Machine Learning 106:119 (2017); Gaillard, Stoltz, van Erven, COLT 35:176
(2014); sleeping: Devaine, Gaillard, Goude, Stoltz, Machine Learning 90:231 (2013).
"""

from dataclasses import dataclass, replace

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray

ORDINARY_DAYS = 60
"""What is ordinary is the median of so many days..."""
ORDINARY_DAYS_MIN = 14
"""... and of no fewer: until then every day teaches all it has."""
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is thought of the members before anything was seen."""

    weights: FloatArray
    """One a member, sum 1."""
    families: IntArray
    """Number of the family that each member belongs to."""
    floor: float = 0.05
    """No family that is awake weighs less, before the weights are brought to the sum 1."""
    half_life_days: float = 90.0
    mad_day: float = 2.0
    """A day teaches at most so many times what an ordinary day does."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What was seen of each member; a value that `learned` replaces."""

    regret: FloatArray
    square: FloatArray
    largest: FloatArray
    sizes: FloatArray
    """Of the last days, what each taught at most, EUR/MWh; the newest at the end."""


def fresh(prior: Prior) -> Scores:
    """Return the scores of members of whom nothing was seen."""
    nothing = np.full(len(prior.weights), _NOTHING)
    return Scores(np.zeros(len(prior.weights)), nothing, nothing.copy(), np.zeros(0))


def weights(prior: Prior, scores: Scores, awake: BoolArray) -> FloatArray:
    """Return the weights of today, sum 1, zero for who sleeps.

    Raises ValueError where all sleep.
    """
    if not awake.any():
        raise ValueError("no member has a forecast")
    count = len(prior.weights)
    eta = np.minimum(0.5 / scores.largest, np.sqrt(np.log(max(count, 2)) / scores.square))
    power = eta * scores.regret - eta**2 * scores.square
    found = prior.weights * eta * np.exp(power - power[awake].max()) * awake
    return _with_floor(found / found.sum(), prior, awake)


def combined(told: FloatArray, shares: FloatArray) -> FloatArray:
    """Return the weighted sum of the members' slots, shape (slots,); who sleeps may be NaN."""
    awake = shares > 0
    return np.asarray(shares[awake] @ told[awake])


def learned(prior: Prior, scores: Scores, told: FloatArray, true: FloatArray) -> Scores:
    """Return the scores after a day; `told` has shape (members, slots), NaN rows for who slept.

    Slots whose true price is missing teach nothing.
    """
    awake = np.asarray(np.isfinite(told).all(axis=1))
    known = np.isfinite(true)
    if not awake.any() or not known.any():
        return scores
    point = combined(told, weights(prior, scores, awake))
    pull = np.sign(point - true)[known]
    gains = (pull * (point - told)[:, known]).mean(axis=1)
    size = float(np.abs(gains[awake]).max())
    gains = gains * _toned_down(prior, scores, size)
    keep = 0.5 ** (1.0 / prior.half_life_days)
    return replace(
        scores,
        regret=np.where(awake, keep * scores.regret + gains, scores.regret),
        square=np.where(awake, keep * scores.square + gains**2, scores.square),
        largest=np.where(awake, np.fmax(scores.largest, np.abs(gains)), scores.largest),
        sizes=np.append(scores.sizes, size)[-ORDINARY_DAYS:],
    )


def _toned_down(prior: Prior, scores: Scores, size: float) -> float:
    """Return the factor, at most 1, by which a day of this size teaches less."""
    if len(scores.sizes) < ORDINARY_DAYS_MIN or size <= 0.0:
        return 1.0
    return min(1.0, prior.mad_day * float(np.median(scores.sizes)) / size)


def _with_floor(shares: FloatArray, prior: Prior, awake: BoolArray) -> FloatArray:
    raised = shares.copy()
    for family in np.unique(prior.families[awake]):
        of_it = (prior.families == family) & awake
        total = float(shares[of_it].sum())
        if total < prior.floor:
            inside = prior.weights[of_it] if total <= 0.0 else shares[of_it]
            raised[of_it] = inside / inside.sum() * prior.floor
    return np.asarray(raised / raised.sum())
