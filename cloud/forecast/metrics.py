"""How good a forecast was: errors, quantile scores, coverage, and tests of significance. Pure.

Arrays have one row a day and one column a slot; prices in EUR/MWh. Definitions as in Lago et al.,
Applied Energy 293:116983 (2021), section 5, and Gneiting and Raftery, JASA 102:359 (2007).
"""

from dataclasses import dataclass
from math import erf, exp, log, sqrt

import numpy as np

from cloud.forecast.arrays import FloatArray

WEEK_LAGS = 7
"""Daily lags of the Newey-West variance: bad weeks come in rows."""
_CONDITIONAL_DAYS_MIN = 10


def mae(true: FloatArray, told: FloatArray) -> float:
    return float(np.mean(np.abs(true - told)))


def rmse(true: FloatArray, told: FloatArray) -> float:
    return float(np.sqrt(np.mean((true - told) ** 2)))


def bias(true: FloatArray, told: FloatArray) -> float:
    """Return the mean of forecast minus truth."""
    return float(np.mean(told - true))


def rmae(true: FloatArray, told: FloatArray, naive: FloatArray) -> float:
    """Return the MAE as a share of the naive forecast's on the same slots."""
    return mae(true, told) / mae(true, naive)


def smape_pct(true: FloatArray, told: FloatArray) -> float:
    """Return the symmetric percentage error; meaningless near prices of zero. 0 / 0 counts as 0."""
    size = np.abs(true) + np.abs(told)
    share = np.divide(np.abs(true - told), size, out=np.zeros_like(size), where=size > 0)
    return float(200.0 * np.mean(share))


def pinball(true: FloatArray, quantiles: FloatArray, levels: FloatArray) -> float:
    """Return the mean quantile score; `quantiles` has the levels as its last axis."""
    below = true[..., None] - quantiles
    return float(np.mean(np.maximum(levels * below, (levels - 1.0) * below)))


def coverage(true: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Return the share of slots inside the interval, its ends included; 0..1."""
    return float(np.mean((true >= low) & (true <= high)))


def winkler(true: FloatArray, low: FloatArray, high: FloatArray, level: float) -> float:
    """Return the interval score of a `level` (0..1) interval: its width and a fine for misses."""
    fine = 2.0 / (1.0 - level)
    below, above = np.maximum(low - true, 0.0), np.maximum(true - high, 0.0)
    return float(np.mean(high - low + fine * (below + above)))


def kupiec(hits: int, count: int, level: float) -> float:
    """Return the p-value of `hits` of `count` being inside an interval of that nominal level.

    Source: Kupiec, Journal of Derivatives 3:73 (1995); likelihood ratio, one degree of freedom.
    """
    if count == 0:
        return 1.0
    ratio = -2.0 * (_likelihood(hits, count, level) - _likelihood(hits, count, hits / count))
    return 1.0 - erf(sqrt(max(ratio, 0.0) / 2.0))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A test of Diebold and Mariano, one-sided: small means that the model is the better one."""

    p_plain: float
    p_newey_west: float


def diebold_mariano(true: FloatArray, told: FloatArray, reference: FloatArray) -> Comparison:
    """Compare the daily mean absolute errors of a forecast with those of a reference.

    Source: Diebold and Mariano, J. Business and Economic Statistics 13:253 (1995); multivariate
    form of Ziel and Weron, Energy Economics 70:396 (2018).
    """
    losses = np.abs(true - reference).mean(axis=1) - np.abs(true - told).mean(axis=1)
    count, gain = len(losses), float(losses.mean())
    centred = losses - gain
    plain = float(np.mean(centred**2))
    long_run = plain
    for lag in range(1, min(WEEK_LAGS, count - 1) + 1):
        weight = 1.0 - lag / (WEEK_LAGS + 1)
        long_run += 2.0 * weight * float(centred[lag:] @ centred[:-lag]) / count
    return Comparison(_p_value(gain, plain, count), _p_value(gain, long_run, count))


def giacomini_white(true: FloatArray, told: FloatArray, reference: FloatArray) -> float:
    """Return p of daily mean errors that are equal also for whoever knows the day before.

    One day ahead; what is known is the difference of the day before. Small: the forecast is the
    better one where its mean error is the smaller, and 1 where it is not. Two degrees of freedom.

    Source: Giacomini and White, Econometrica 74:1545 (2006), section 3.4.
    """
    losses = np.abs(true - reference).mean(axis=1) - np.abs(true - told).mean(axis=1)
    if len(losses) < _CONDITIONAL_DAYS_MIN or losses[1:].mean() <= 0.0:
        return 1.0
    gains = np.stack([losses[1:], losses[:-1] * losses[1:]], axis=1)
    mean = gains.mean(axis=0)
    spread = gains.T @ gains / len(gains)
    statistic = len(gains) * float(mean @ np.linalg.lstsq(spread, mean, rcond=None)[0])
    return exp(-statistic / 2.0)


def _p_value(gain: float, variance: float, count: int) -> float:
    if variance <= 0.0:
        return 0.0 if gain > 0 else 1.0 if gain < 0 else 0.5
    return 0.5 * (1.0 - erf(gain / sqrt(variance / count) / sqrt(2.0)))


def _likelihood(hits: int, count: int, share: float) -> float:
    inside = hits * log(share) if hits else 0.0
    outside = (count - hits) * log(1.0 - share) if count > hits else 0.0
    return inside + outside
