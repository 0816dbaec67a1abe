"""Plans of one day that are offered together: the auction takes the one its prices favour. Pure.

What a day may bring are its points with the errors of each of the last days laid on, in units of
what errors are at that hour now. These are whole days as they happened: which hours err together
is as in truth, and that is what a battery earns on. The best plan of each is a candidate. Those are
kept, one after the other, that add most to what the best of them earns on all these days.

Recent days count more. The rule was chosen on the year before the test periods of three sets:
half a year's weight on the last half-year was 0.4 % better than none on EPEX-BE, and the same on
the others; courses of shuffled quantiles (`scenarios`) were 1.4 % worse there.
"""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Rules, plan, plans, revenues
from cloud.forecast.quantiles import Bands

ALTERNATIVES = 24
"""A choice of ours; exchanges limit exclusive groups too, some to fewer."""
COURSES_DAYS = 364
HALF_LIFE_DAYS = 180.0
_GAIN_MIN_EUR = 1e-9
_DIGITS = 6


def alternatives(bands: Bands, day: int, rules: Rules, count: int = ALTERNATIVES) -> FloatArray:
    """Return plans of a row, shape (count or fewer, slots), MW at the grid, + = sell, - = buy.

    The first is the best alone, the first two are the best pair that holds it, and so on: fewer of
    them are offered by leaving out the last. None where no course pays; the forecast's own plan
    alone where no errors are known. Nothing of `day` or later is read but its points.
    """
    point = bands.points[day]
    found = courses(bands, day)
    if found is None:
        return plan(point, rules)[None]
    candidates = np.unique(plans(np.vstack([found, point]), rules).round(_DIGITS), axis=0)
    return np.asarray(candidates[chosen(candidates, found, rules, count)])


def courses(bands: Bands, day: int) -> FloatArray | None:
    """Return what a row may become, oldest error first, shape (days, slots), EUR/MWh.

    None where too few errors are known for quantiles, too.
    """
    margins = bands.margins(day)
    if margins is None:
        return None
    end = int(bands.taught[day])
    errors = bands.scaled[max(end - COURSES_DAYS, 0) : end]
    return np.asarray(bands.points[day] + errors * margins.scale)


def chosen(candidates: FloatArray, found: FloatArray, rules: Rules, count: int) -> list[int]:
    """Return which candidates are offered, in the order in which they were chosen.

    Greedy: what the best of a set earns has diminishing returns, so that a set chosen in this way
    has at least 63 % of what the best set of as many would add (Nemhauser, Wolsey and Fisher,
    Mathematical Programming 14:265, 1978).

    Args:
        candidates: shape (plans, slots).
        found: prices of whole days, the most recent last, shape (days, slots).
    """
    weights = 0.5 ** (np.arange(len(found))[::-1] / HALF_LIFE_DAYS)
    earned = revenues(candidates, found, rules)
    best = np.zeros(len(found))
    """Of each course: what the best plan chosen so far earns; nothing need be taken."""
    places: list[int] = []
    for _ in range(min(count, len(candidates))):
        gains = np.maximum(earned - best, 0.0) @ weights
        place = int(gains.argmax())
        if gains[place] <= _GAIN_MIN_EUR:
            break
        places.append(place)
        best = np.maximum(best, earned[place])
    return places
