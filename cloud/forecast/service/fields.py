"""Load, solar and wind beside the price: their quantiles, and a load of our own. Pure.

What the operator of the grid foresees is the point; how far it lately was from what came is laid
round it. Where its load has not arrived, one is told from the load's own past, and flagged. Wind
and sun are never told without weather: they stay unknown.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS, filled
from cloud.forecast.load import HISTORY_DAYS_MIN, Loads, Ridge, Settings
from cloud.forecast.quantiles import bands
from cloud.forecast.service.hours import slots
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.task import Task
from cloud.market.areas import holidays
from cloud.market.areas.model import Area

OWN_LOAD = "own_load"
KNOWN_HOURS_MIN = 6
"""Of the day of the issue: with fewer its morning says nothing, and no load is told."""


@dataclass(slots=True, eq=False)
class Fields:
    """By name, at the slots wanted."""

    points: dict[str, FloatArray]
    """MW, NaN where not known."""
    quantiles: dict[str, FloatArray] = field(default_factory=dict)
    """Shape (slots, levels), MW, never below 0; NaN where not known."""
    flags: list[str] = field(default_factory=list)


def fields(task: Task, area: Area, first_wanted: date) -> Fields:
    """Return load, solar and wind of the days wanted."""
    found = Fields(dict(task.foreseen))
    for name, (foreseen, came) in task.past.items():
        points = foreseen
        if name == "load" and not np.isfinite(foreseen[-task.targets]).any():
            own = _own(came, task.targets, area, first_wanted)
            if own is not None:
                points = own
                found.points[name] = _on_slots(own, task, area, first_wanted)
                found.flags.append(OWN_LOAD)
        margins = _margins(came, points, task.targets)
        point = found.points.get(name)
        if margins is not None and point is not None:
            around = np.concatenate(
                [
                    slots(margins, area, first_wanted + timedelta(days=n), task.step_s)
                    for n in range(task.targets)
                ]
            )
            found.quantiles[name] = np.maximum(point[:, None] + around, 0.0)
            if name == "solar":
                found.quantiles[name][point <= 0.0] = 0.0
    return found


def _own(came: FloatArray, targets: int, area: Area, first_wanted: date) -> FloatArray | None:
    """Return our own forecasts of past days and the first wanted one, None: it cannot be told."""
    day = len(came) - targets
    history = filled(came[: day + 1])
    known = int(np.isfinite(history[day - 1]).sum())
    whole = int(np.isfinite(history).all(axis=1).sum())
    if known < KNOWN_HOURS_MIN or whole < HISTORY_DAYS_MIN:
        return None
    first = first_wanted - timedelta(days=day)
    free = frozenset(
        one
        for year in range(first.year, first_wanted.year + 1)
        for one in holidays.holidays_of(area, year)
    )
    loads = Loads(first, history, None, free)
    ridge = Ridge(loads, Settings(known_slots_share=known / HOURS))
    told = np.full_like(came, np.nan)
    for row in range(day + 1):
        said = ridge.told(row)
        if said is not None:
            told[row] = said
    return told if np.isfinite(told[day]).all() else None


def _margins(came: FloatArray, points: FloatArray, targets: int) -> FloatArray | None:
    """Return what is laid round the first wanted day, shape (24, levels)."""
    day = len(came) - targets
    true = filled(came[: day + 1])
    # The day of the issue has not ended: it teaches nothing yet.
    true = np.where(np.arange(day + 1)[:, None] < day - 1, true, np.nan)
    margins = bands(true, filled(points[: day + 1])).margins(day)
    return None if margins is None else margins.at(np.array(LEVELS))


def _on_slots(told: FloatArray, task: Task, area: Area, first_wanted: date) -> FloatArray:
    days = [first_wanted + timedelta(days=n) for n in range(task.targets)]
    rows = told[len(told) - task.targets :]
    pairs = zip(rows, days, strict=True)
    return np.concatenate([slots(row, area, day, task.step_s) for row, day in pairs])
