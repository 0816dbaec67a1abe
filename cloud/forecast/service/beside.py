"""Prices of the neighbours as inputs: those of yesterday, and of tomorrow where known early. Pure.

All coupled prices come at once, so what a forecast may read of a neighbour is the day before; an
area whose auction has an earlier gate has told tomorrow already. Each is one group, the mean of
those that have arrived, so that a new border costs no new columns.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import filled
from cloud.forecast.service.ladder import COVERED_DAYS, COVERED_SHARE_MIN, whole_days
from cloud.forecast.service.sources import EARLY_NEIGHBOURS, NEIGHBOURS


def groups(
    prices: FloatArray, neighbours: Iterable[FloatArray], target: int
) -> Mapping[str, FloatArray]:
    """Return the groups, shape (days, 24): row d of the first has the prices of the day before.

    Args:
        prices: of the area itself, shape (days, 24); row `target` is not known.
        neighbours: of the same shape; row `target` is what has arrived of it.
        target: first open day.

    Where no neighbour's yesterday has arrived the group has a hole there, and is flagged.
    """
    begin = max(target - COVERED_DAYS, 0)
    own = whole_days(prices)[begin:target]
    late, early = [], []
    for told in neighbours:
        values = filled(told)
        complete = whole_days(values)
        if (complete[begin:target] & own).sum() < COVERED_SHARE_MIN * max(own.sum(), 1):
            continue
        late.append(_a_day_later(values))
        if complete[target]:
            early.append(values)
    found = {}
    if late:
        arrived = [values for values in late if np.isfinite(values[target]).all()]
        found[NEIGHBOURS] = np.mean(arrived or late, axis=0)
    if early:
        found[EARLY_NEIGHBOURS] = np.mean(early, axis=0)
    return found


def _a_day_later(values: FloatArray) -> FloatArray:
    later = np.full_like(values, np.nan)
    later[1:] = values[:-1]
    return later
