"""Who was right, learned issue by issue, and whether that beats the last price. Pure.

An issue teaches when nine tenths of what is known of it today had become known, and after a week
whatever had: an index may be published the day after. So nothing is learned twice, and nothing
before it could be.
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.combine import combined, fresh, learned, weights
from cloud.forecast.intraday.members import NAMES, PRIOR, Members
from cloud.forecast.metrics import diebold_mariano

GATE_DAYS = 60
GATE_P_MAX = 0.05
"""One-sided: the last price as good as the mean, or better, is believed above it."""
_KNOWN_SHARE = 0.9
_LATE_DAYS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What was learned of all issues, the last row being now."""

    spread: FloatArray
    """What the members say together, EUR/MWh, shape (days, slots)."""
    shares: FloatArray
    """Their weights now, in the order of `members.NAMES`."""
    is_open: bool
    """Whether the mean is significantly better than the last price."""
    p: float
    """Of the test, the greater of the plain one and Newey and West's; 1 before 60 days."""


def order(known: BoolArray, known_us: IntArray, at_us: IntArray) -> list[list[int]]:
    """Return for each issue which earlier ones teach before it is made, each of them once.

    Args:
        known: what is known of each issue by now, shape (days, slots).
        known_us: since when.
        at_us: when each was made.
    """
    waiting: list[int] = []
    found: list[list[int]] = []
    for row, now_us in enumerate(at_us.tolist()):
        ready = []
        for one in waiting:
            count = int(known[one].sum())
            by_now = int((known[one] & (known_us[one] <= now_us)).sum())
            if by_now and (by_now >= _KNOWN_SHARE * count or row - one >= _LATE_DAYS):
                ready.append(one)
        waiting = [one for one in waiting if one not in ready and row - one < _LATE_DAYS]
        found.append(ready)
        waiting.append(row)
    return found


def taught(members: Members) -> Taught:
    """Return what the members say of each issue, weighted by who was right before it."""
    spread = members.spread
    known = np.isfinite(spread)
    at_us = members.issues.at_us
    plan = order(known, members.known_us, at_us)
    scores = fresh(PRIOR)
    said: dict[int, FloatArray] = {}
    points, shares = np.zeros_like(spread), np.zeros(len(NAMES))
    begin = len(spread)
    for row in range(len(spread)):
        for one in plan[row]:
            if one in said:
                by_now = known[one] & (members.known_us[one] <= at_us[row])
                true = np.where(by_now, spread[one], np.nan)
                scores = learned(PRIOR, scores, said[one], true)
        said[row] = members.told(row)
        awake = np.asarray(np.isfinite(said[row]).all(axis=1))
        if awake[1:].any():
            begin = min(begin, row)
        shares = weights(PRIOR, scores, awake)
        points[row] = combined(said[row], shares)
    p = _p_value(spread, points, begin)
    return Taught(points, shares, p < GATE_P_MAX, p)


def _p_value(spread: FloatArray, points: FloatArray, begin: int) -> float:
    """Return how likely the mean is no better than the last price, over the last 60 issues.

    Before row `begin` nobody was asked: such a mean is the last price.
    """
    there = np.flatnonzero(np.isfinite(spread[:-1]).any(axis=1))
    last = there[there >= begin][-GATE_DAYS:]
    if len(last) < GATE_DAYS:
        return 1.0
    ours = np.nanmean(np.abs(spread[last] - points[last]), axis=1)[:, None]
    zero = np.nanmean(np.abs(spread[last]), axis=1)[:, None]
    test = diebold_mariano(np.zeros_like(ours), ours, zero)
    return max(test.p_plain, test.p_newey_west)
