"""What an area usually draws, by its own weeks before: a load far from it is in another unit. Pure.

MW called kW, or GW called MW, are a thousand times as much or as little; of a small area that is
still less than all of Europe draws, and no fixed limit finds it. Sun and wind have nights and
calms: nothing is said of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

DAYS = 56
DAYS_MIN = 14
"""What an area drew in so many days before, of which so many must be known, is what is usual."""
TIMES = 20.0
"""Of the median: no area draws so many times as much, or so small a part; ours."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Usual:
    """Loads that are believed of an area, MW, both inclusive."""

    low: float
    high: float


def usual(values: Sequence[float], resolution_s: int) -> Usual | None:
    """Return what is believed after these loads of the days before, None: too few are known."""
    if len(values) * resolution_s < DAYS_MIN * _DAY_S:
        return None
    middle = median(values)
    return Usual(middle / TIMES, middle * TIMES) if middle > 0.0 else None
