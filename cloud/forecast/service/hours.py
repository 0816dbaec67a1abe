"""Series of a market as local days of 24 wall-clock hours, and back to the slots of a day. Pure.

Models read 24 hours a day, whatever the clocks do: the hour that autumn doubles is the mean of
both, the one that spring lacks is missing and bridged like any small hole. The way back gives each
slot of the real day the value of its wall-clock hour: 92, 96 or 100 quarter-hours.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.days import HOURS
from cloud.market.areas.model import Area
from cloud.market.series.merge import Values
from wire import clock

_HOUR_US = 3_600_000_000
_US = 1_000_000
_QUARTER_S = 900


def wall_hours(area: Area, day: date) -> IntArray:
    """Return the wall-clock hour, 0..23, of each of the 23, 24 or 25 hours of a local day."""
    start_us, end_us = area.day_us(day)
    if end_us - start_us == HOURS * _HOUR_US:
        return np.arange(HOURS)
    from_here = range(start_us, end_us, _HOUR_US)
    return np.array([clock.utc(at_us).astimezone(area.zone).hour for at_us in from_here])


def matrix(read: Iterable[Values], area: Area, first: date, count: int) -> FloatArray:
    """Return hourly means, shape (count, 24), NaN where an hour is not whole.

    Args:
        read: of one thing; where two resolutions tell an hour, the later in order counts.
    """
    found = np.full((count, HOURS), np.nan)
    for values in read:
        told = _by_day(values, area, first, count)
        known = np.isfinite(told)
        found[known] = told[known]
    return found


def slots(by_clock: FloatArray, area: Area, day: date, step_s: int) -> FloatArray:
    """Return a day told by the wall clock as the slots of the real day.

    `by_clock` has shape (24,) or (96,), and may have a last axis more; hours are flat.
    """
    hourly = by_clock.reshape(HOURS, len(by_clock) // HOURS, *by_clock.shape[1:])
    real = hourly[wall_hours(area, day)]
    each = np.repeat(real, 3_600 // step_s // real.shape[1], axis=1)
    return each.reshape(-1, *by_clock.shape[1:])


def quarters(read: Iterable[Values], area: Area, first: date, count: int) -> FloatArray:
    """Return quarter-hours of whole days of 24 hours, shape (count, 96); NaN is any other day."""
    found = np.full((count, 4 * HOURS), np.nan)
    for values in read:
        if values.series.resolution_s != _QUARTER_S:
            continue
        for row in range(count):
            start_us, end_us = area.day_us(first + timedelta(days=row))
            if end_us - start_us != HOURS * _HOUR_US:
                continue
            begin, end = (
                bisect_left(values.starts_us, start_us),
                bisect_left(values.starts_us, end_us),
            )
            if end - begin == 4 * HOURS:
                found[row] = values.values[begin:end]
    return found


def starts(area: Area, day: date, step_s: int) -> range:
    """Return the starts of the slots of a local day, in µs."""
    start_us, end_us = area.day_us(day)
    return range(start_us, end_us, step_s * _US)


def _by_day(values: Values, area: Area, first: date, count: int) -> FloatArray:
    found = np.full((count, HOURS), np.nan)
    if not values.starts_us:
        return found
    step_us = values.series.resolution_s * _US
    per_hour = _HOUR_US // step_us
    at_us = np.array(values.starts_us, dtype=np.int64)
    told = np.array(values.values, dtype=np.float64)
    bounds = [area.day_us(first + timedelta(days=n))[0] for n in range(count + 1)]
    places = np.searchsorted(at_us, np.array(bounds, dtype=np.int64))
    for row in range(count):
        begin, end = places[row], places[row + 1]
        if begin == end:
            continue
        hours = (bounds[row + 1] - bounds[row]) // _HOUR_US
        physical = np.full(hours * per_hour, np.nan)
        physical[(at_us[begin:end] - bounds[row]) // step_us] = told[begin:end]
        means = physical.reshape(hours, per_hour).mean(axis=1)
        found[row] = means if hours == HOURS else _on_wall(means, area, first, row)
    return found


def _on_wall(means: FloatArray, area: Area, first: date, row: int) -> FloatArray:
    wall = wall_hours(area, first + timedelta(days=row))
    folded = np.full(HOURS, np.nan)
    for hour in np.unique(wall):
        folded[hour] = means[wall == hour].mean()
    return folded


def on_slots(read: Iterable[Values], start_us: int, end_us: int, step_s: int) -> FloatArray:
    """Return one value for each slot of ``[start_us, end_us)``, NaN where it is not known.

    Of longer intervals each slot has the value; of shorter ones the mean, if all are known.
    """
    step_us = step_s * _US
    found = np.full((end_us - start_us) // step_us, np.nan)
    for values in read:
        length_us = values.series.resolution_s * _US
        by_start = values.by_start()
        for slot in range(len(found)):
            at_us = start_us + slot * step_us
            first_us = at_us - at_us % length_us
            some = [by_start.get(us) for us in range(first_us, at_us + step_us, length_us)]
            known = [value for value in some if value is not None]
            if len(known) == len(some):
                found[slot] = sum(known) / len(known)
    return found


def of_rows(
    rows: Iterable[Mapping[str, Any]], start_us: int, end_us: int, step_s: int
) -> FloatArray:
    """Return the prices of a forecast that was sent, at the slots of another; NaN where unknown."""
    told = {clock.micros(datetime.fromisoformat(row["ts"])): row["price_eur_mwh"] for row in rows}
    length_us = min((b - a for a, b in pairwise(sorted(told))), default=_QUARTER_S * _US)
    found = np.full((end_us - start_us) // (step_s * _US), np.nan)
    for slot in range(len(found)):
        at_us = start_us + slot * step_s * _US
        first_us = at_us - at_us % length_us
        some = [told.get(us) for us in range(first_us, at_us + step_s * _US, length_us)]
        known = [value for value in some if value is not None]
        if len(known) == len(some):
            found[slot] = sum(known) / len(known)
    return found
