"""The same hour of earlier days: when a forecast would have been made, and for which slots. Pure.

A forecast that is made at 15:30 learns from what was known at 15:30 of each day before, by the
area's clock, of as many slots ahead. Nothing of what became known later is read there.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.intraday.vintages import SLOT_US
from cloud.market.areas.model import Area
from wire import clock

SLOTS = 96
"""24 hours: so far ahead something is learned; behind it nothing is told but what is known."""
HOUR_SLOTS = 4
DAYS = 182
"""Issues before this one: 84 to learn from, and 98 to learn from who was right."""


@dataclass(frozen=True, slots=True, eq=False)
class Issues:
    """Consecutive days; the last row is now."""

    at_us: IntArray
    """Shape (days,)."""
    firsts: IntArray
    """Number of the first slot of each, shape (days,)."""
    ordinals: IntArray
    """Of the local day, so that what is done every so many days has a calendar."""
    hours: FloatArray
    """Of the local clock, of each slot, 0 to 24, shape (days, 96); within half an hour or so on
    the days on which clocks change."""
    days: IntArray
    """Ordinal of the local day of each slot, shape (days, 96)."""

    def __len__(self) -> int:
        return len(self.at_us)


def issues(area: Area, as_of_us: int, start_us: int, count: int = DAYS) -> Issues:
    """Return `count` earlier issues at the same hour of the clock, and this one."""
    today = area.day_of(as_of_us)
    at = clock.utc(as_of_us).astimezone(area.zone).time()
    days = [today - timedelta(days=back) for back in range(count, -1, -1)]
    at_us = np.array([*(area.at_us(day, at) for day in days[:-1]), as_of_us], dtype=np.int64)
    firsts = (at_us + (start_us - as_of_us)) // SLOT_US
    slots_us = (firsts[:, None] + np.arange(SLOTS)) * SLOT_US
    # Two days' starts around each issue: a slot belongs to the last that is not behind it.
    bounds = [[area.day_us(day + timedelta(days=n))[0] for n in range(3)] for day in days]
    edges = np.array(bounds, dtype=np.int64)
    place = (slots_us[:, :, None] >= edges[:, None, :]).sum(axis=2) - 1
    begins = np.take_along_axis(edges, place, axis=1)
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    hours = (slots_us - begins) / (HOUR_SLOTS * SLOT_US)
    return Issues(at_us, firsts, ordinals, hours, ordinals[:, None] + place)
