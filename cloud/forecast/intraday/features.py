"""What is known of each slot at each issue, beside the price itself. Pure.

How far the auctions have moved the price so far; what was foreseen anew of load, wind and sun since
the gate of the last one; how wrong these forecasts lately were; where the continuous market stands
against the auction; hour, day, and how far ahead. What is not known at both of two instants has not
changed by anything that anybody knows: its change is 0. So is the error of what has not arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.intraday.auctions import INDEX, Decided, decided, gate_us
from cloud.forecast.intraday.past import HOUR_SLOTS, SLOTS, Issues
from cloud.forecast.intraday.vintages import NOTHING, History
from cloud.market.areas.model import Area

IMBALANCE = "imbalance"
FIELDS = ("load", "solar", "wind")
SIGNS = (1.0, -1.0, -1.0)
"""In what is left for other plants: load less sun and wind."""
FADED_H = 4.0
"""What was measured now says nothing of slots further ahead."""
ERROR_SLOTS = 8
"""Two hours: of the last errors that are known..."""
LOOKED_SLOTS = 24
"""... within so many slots before the issue."""
MEASURED = (
    "moved", "load", "solar", "wind", "residual", "whole", "error", "error_near", "error_load",
    "error_solar", "error_wind", "index", "index_near", "index_last", "imbalance", "day", "week",
)  # fmt: skip
"""Columns that are scaled: EUR/MWh and MW. `day`, `week`: what the aim was beyond the last price
at the same slot a day before, and on the mean of seven."""
MARKS = ("sin", "cos", "sin2", "cos2", "weekend", "near", "ida1", "ida2", "ida3")
"""Columns that are not."""
_WEEK = 7
_WEEKEND = 5


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """All issues; the last row is now."""

    price: FloatArray
    """Of the last auction that was known, EUR/MWh, shape (days, 96)."""
    stage: IntArray
    columns: FloatArray
    """Shape (days, 96, columns): those of `MEASURED` but day and week, then `MARKS`."""
    change: FloatArray
    """What is left for other plants, foreseen anew since the last gate: MW, shape (days, 96)."""


def known(series: Mapping[str, History], area: Area, issues: Issues) -> Known:
    """Return what was known at each issue, and nothing that came later."""
    rows = [_of_issue(series, area, issues, row) for row in range(len(issues))]
    return Known(
        np.array([row[0].price for row in rows]),
        np.array([row[0].stage for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
    )


def with_last_days(
    columns: FloatArray, spread: FloatArray, known_us: IntArray, issues: Issues
) -> FloatArray:
    """Return the columns with `day` and `week` in their place, shape (days, 96, columns).

    Args:
        spread: what each aim was beyond the last price, NaN where not known.
        known_us: since when.
    """
    day, week = np.zeros_like(spread), np.zeros_like(spread)
    for row in range(1, len(spread)):
        past = slice(max(row - _WEEK, 0), row)
        told = np.where(known_us[past] <= issues.at_us[row], spread[past], np.nan)
        there = np.isfinite(told)
        count = there.sum(axis=0)
        np.divide(np.where(there, told, 0.0).sum(axis=0), count, out=week[row], where=count > 0)
        day[row] = np.where(there[-1], told[-1], 0.0)
    place = len(MEASURED) - 2
    return np.concatenate(
        [columns[:, :, :place], day[..., None], week[..., None], columns[:, :, place:]], axis=2
    )


def near() -> FloatArray:
    """Return how much of what is measured now still counts, shape (96,)."""
    return np.asarray(np.clip(1.0 - (np.arange(SLOTS) + 0.5) / (FADED_H * HOUR_SLOTS), 0.0, 1.0))


def last_mean(values: FloatArray, count: int) -> float:
    """Return the mean of the last `count` values that are known, 0 where none is."""
    told = values[np.isfinite(values)][-count:]
    return float(told.mean()) if len(told) else 0.0


def _of_issue(
    series: Mapping[str, History], area: Area, issues: Issues, row: int
) -> tuple[Decided, FloatArray, FloatArray]:
    at_us, first = int(issues.at_us[row]), int(issues.firsts[row])
    now = decided(series, at_us, first, SLOTS)
    changes = _changes(series, area, issues, row, now.stage)
    residual = np.array(SIGNS) @ changes
    errors = [_error(series, name, at_us, first) for name in FIELDS]
    error = float(np.dot(SIGNS, errors))
    fade = near()
    moved = np.where(np.isfinite(now.price - now.coupled), now.price - now.coupled, 0.0)
    whole = residual[now.stage >= 0].mean() if (now.stage >= 0).any() else 0.0
    before = decided(series, at_us, first - LOOKED_SLOTS, LOOKED_SLOTS).price
    index = _beyond(series, INDEX, at_us, first, before)
    measured = [moved, *changes, residual, _flat(whole), _flat(error), error * fade]
    measured += [one * fade for one in errors]
    measured += [_flat(last_mean(index, ERROR_SLOTS)), last_mean(index, ERROR_SLOTS) * fade]
    measured += [last_mean(index, 1) * fade]
    imbalance = _beyond(series, IMBALANCE, at_us, first, before)
    measured += [last_mean(imbalance, HOUR_SLOTS) * fade]
    turn = issues.hours[row] * (2.0 * np.pi / 24.0)
    weekend = (issues.days[row] - 1) % _WEEK >= _WEEKEND  # day 1 was a Monday
    marks = [np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn), weekend, fade]
    marks += [now.stage == place for place in (1, 2, 3)]
    columns = np.stack([np.asarray(one, dtype=np.float64) for one in (*measured, *marks)], axis=1)
    return now, columns, np.abs(residual)


def _changes(
    series: Mapping[str, History], area: Area, issues: Issues, row: int, stage: IntArray
) -> FloatArray:
    """Return what was foreseen anew of each field since the slot's last gate, shape (3, 96)."""
    at_us, first = int(issues.at_us[row]), int(issues.firsts[row])
    latest = [series.get(name, NOTHING).at(at_us, first, SLOTS) for name in FIELDS]
    found = np.zeros((len(FIELDS), SLOTS))
    for day in np.unique(issues.days[row]).tolist():
        for place in np.unique(stage[stage >= 0]).tolist():
            here = (issues.days[row] == day) & (stage == place)
            if not here.any():
                continue
            then_us = min(gate_us(area, place, day), at_us)
            for field, name in enumerate(FIELDS):
                then = series.get(name, NOTHING).at(then_us, first, SLOTS)
                change = latest[field] - then
                found[field] = np.where(here & np.isfinite(change), change, found[field])
    return found


def _error(series: Mapping[str, History], name: str, at_us: int, first: int) -> float:
    """Return by how many MW the last two known hours came in above what was foreseen."""
    begin = first - LOOKED_SLOTS
    came = series.get(f"actual/{name}", NOTHING).at(at_us, begin, LOOKED_SLOTS)
    foreseen = series.get(name, NOTHING).at(at_us, begin, LOOKED_SLOTS)
    return last_mean(came - foreseen, ERROR_SLOTS)


def _beyond(
    series: Mapping[str, History], name: str, at_us: int, first: int, auction: FloatArray
) -> FloatArray:
    """Return by how much a price of the last slots was above that of their last auction."""
    return series.get(name, NOTHING).at(at_us, first - LOOKED_SLOTS, LOOKED_SLOTS) - auction


def _flat(value: float) -> FloatArray:
    return np.full(SLOTS, value)
