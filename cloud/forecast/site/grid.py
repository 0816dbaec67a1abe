"""Quarter-hours of UTC as rows of local days, and back. Pure.

A row has 96 slots of the wall clock. An hour that the clock skips stays open and is filled from its
neighbours, one that comes twice is the mean of both; back in UTC the day has 92, 96 or 100
quarter-hours again.
"""

from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.market.areas.model import Area
from wire import clock

QUARTER_US = 900_000_000
SLOTS = 96
GAP_SLOTS_MAX = 8
"""A straight line crosses at most two hours; a longer hole stays one."""
_QUARTERS_H = 4
_SLOT_MIN = 15


def places(area: Area, day: date) -> IntArray:
    """Return the slot of the wall clock that each quarter-hour of a local day lies in."""
    start_us, end_us = area.day_us(day)
    count = (end_us - start_us) // QUARTER_US
    if count == SLOTS:
        return np.arange(SLOTS)
    local = [clock.utc(start_us + n * QUARTER_US).astimezone(area.zone) for n in range(count)]
    return np.array([at.hour * _QUARTERS_H + at.minute // _SLOT_MIN for at in local])


def rows(values: FloatArray, start_us: int, area: Area, first: date, count: int) -> FloatArray:
    """Return quarter-hours from `start_us` on as local days, shape (count, 96).

    NaN where `values` has none, and beyond both its ends.
    """
    found = np.full((count, SLOTS), np.nan)
    for row in range(count):
        day = first + timedelta(days=row)
        slots = places(area, day)
        begin = (area.day_us(day)[0] - start_us) // QUARTER_US
        at = begin + np.arange(len(slots))
        inside = (at >= 0) & (at < len(values))
        part = np.full(len(slots), np.nan)
        part[inside] = values[at[inside]]
        known = np.isfinite(part)
        number = np.bincount(slots[known], minlength=SLOTS)
        total = np.bincount(slots[known], weights=part[known], minlength=SLOTS)
        np.divide(total, number, out=found[row], where=number > 0)
    return found


def quarters(told: FloatArray, area: Area, first: date) -> FloatArray:
    """Return local days, shape (days, 96, ...), as the quarter-hours they have, one a row."""
    days = [told[row][places(area, first + timedelta(days=row))] for row in range(len(told))]
    return np.concatenate(days)


def filled(values: FloatArray) -> FloatArray:
    """Return rows with holes of up to `GAP_SLOTS_MAX` crossed; the two ends stay open."""
    flat = values.ravel().copy()
    known = np.flatnonzero(np.isfinite(flat))
    gaps = np.diff(known)
    for left, gap in zip(known[:-1], gaps, strict=True):
        if 1 < gap <= GAP_SLOTS_MAX + 1:
            step = (flat[left + gap] - flat[left]) / gap
            flat[left + 1 : left + gap] = flat[left] + step * np.arange(1, gap)
    return flat.reshape(values.shape)
