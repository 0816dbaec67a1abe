"""Which of two forecasts of quantities drives the price, and which way: told by the data. Pure.

A benchmark's columns may be load and wind, generation and load, or two loads, in any order and
under any name. Changes of the price from week to week are regressed on the changes of both: a
group that raises the price counts as demand (+1), one that lowers it as supply (-1). Two that move
together (load and generation of one country) tell most by their difference.
"""

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray

_RIDGE = 1e-6
_TOGETHER = 0.5
"""Rank correlation of the changes."""


def signs(prices: FloatArray, groups: FloatArray, lag_days: int = 7) -> IntArray:
    """Return +1 or -1 for the first two groups, 0 for more.

    Args:
        prices: shape (days, 24), EUR/MWh, NaN where missing.
        groups: shape (groups, days, 24).
    """
    found = np.zeros(len(groups), dtype=np.int64)
    if len(groups) == 0:
        return found
    moves = [(values[lag_days:] - values[:-lag_days]).ravel() for values in (*groups[:2], prices)]
    whole = np.isfinite(moves).all(axis=0)
    if not whole.any():
        found[0] = 1
        return found
    columns = np.array([_ranked(move[whole]) for move in moves])
    inputs, wanted = columns[:-1], columns[-1]
    gram = inputs @ inputs.T
    gram[np.diag_indices(len(inputs))] += _RIDGE * max(inputs.shape[1], 1)
    slopes = np.linalg.solve(gram, inputs @ wanted)
    found[: len(slopes)] = np.where(slopes < 0, -1, 1)
    if len(slopes) > 1 and gram[0, 1] > _TOGETHER * inputs.shape[1]:
        found[:2] = (1, -1) if slopes[0] >= slopes[1] else (-1, 1)
    return found


def _ranked(values: FloatArray) -> FloatArray:
    """Return centred ranks of spread 1: a price of 2,999 EUR/MWh counts as one high price."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return np.asarray((ranks - ranks.mean()) / max(float(ranks.std()), 1.0))
