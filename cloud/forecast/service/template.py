"""Tomorrow where next to nothing is known: the shape of another area, at this one's level. Pure.

It is the lowest rung of the ladder and no more than a stand-in, always flagged. What is known of
the area itself sets the level and, from a day on, how far its prices swing; with no price of its
own the other area's stand as they are. With no other area its own last hours are repeated.
"""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS, filled

LEVEL_DAYS = 7
SWING_MIN, SWING_MAX = 0.5, 2.0
"""How much less or more this area may swing than the other, whatever a few hours say."""
SWING_HOURS_MIN = 24
_FLAT = 1e-9


def template(own: FloatArray, other: FloatArray | None, day: int) -> FloatArray | None:
    """Return 24 prices in EUR/MWh for a row, None where nothing at all is known.

    Args:
        own: shape (days, 24), NaN where not known; row `day` and those behind are not read.
        other: of another area, the same rows; row `day` is read if it is known.
        day: row that is wanted.
    """
    begin = max(day - LEVEL_DAYS, 0)
    known = own[begin:day]
    lent = None if other is None else _lent(other, day)
    if lent is None or other is None:
        return _repeated(known)
    beside = other[begin:day]
    both = np.isfinite(known) & np.isfinite(beside)
    if not both.any():
        level = np.nanmean(known) if np.isfinite(known).any() else lent.mean()
        return np.asarray(lent - lent.mean() + level)
    mine, theirs = known[both], beside[both]
    swing = 1.0
    if both.sum() >= SWING_HOURS_MIN:
        swing = float(np.clip(mine.std() / max(theirs.std(), _FLAT), SWING_MIN, SWING_MAX))
    return np.asarray((lent - theirs.mean()) * swing + mine.mean())


def _lent(other: FloatArray, day: int) -> FloatArray | None:
    """Return the other area's row: that of the day, of a week ago, or the last whole one before."""
    whole = filled(other[: day + 1])
    complete = np.asarray(np.isfinite(whole).all(axis=1))
    for row in (day, day - 7):
        if row >= 0 and complete[row]:
            return np.asarray(whole[row])
    before = np.flatnonzero(complete)
    return np.asarray(whole[before[-1]]) if len(before) else None


def _repeated(known: FloatArray) -> FloatArray | None:
    """Return the mean of each hour that is known, and the mean of all for one that is not."""
    there = np.isfinite(known)
    if not there.any():
        return None
    counts = there.sum(axis=0)
    sums = np.where(there, known, 0.0).sum(axis=0)
    means = np.divide(sums, counts, out=np.full(HOURS, known[there].mean()), where=counts > 0)
    return np.asarray(means)
