"""How good a site's forecast was: what its eve said of a day, against what came. Pure."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.site.grid import QUARTER_US
from cloud.forecast.site.task import LEVELS, Task
from cloud.kernel.instants import iso
from cloud.market.areas.model import Area

KINDS = ("load", "pv")
KNOWN_SHARE_MIN = 0.75
"""Of the quarter-hours that a forecast tells of; with fewer known the day has no score."""
NAIVE_DAYS = 7
_LOW, _HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one day and load or sun."""

    site: str
    day: date
    kind: str
    quality: str
    """The rung that told it."""
    slots: int
    """Quarter-hours that were known."""
    mae_kw: float
    naive_mae_kw: float | None
    """Of the same day a week before; None: it is not known."""
    coverage80: float | None
    """Share of what came between the 10 and the 90 % quantile; None: there were none."""


def of_day(document: bytes, area: Area, day: date) -> bytes | None:
    """Return what a forecast says of a local day, as it is kept; None: not the whole of it."""
    told = json.loads(document)
    start_us, end_us = area.day_us(day)
    wanted = [iso(at_us) for at_us in range(start_us, end_us, QUARTER_US)]
    by_start = {row["ts"]: row for row in told["series"]}
    if any(ts not in by_start for ts in wanted):
        return None
    rows = [by_start[ts] for ts in wanted]
    kept: dict[str, Any] = {"quality": told["quality"]}
    for kind in KINDS:
        around = [row[f"{kind}_q"] for row in rows]
        kept[kind] = [row[f"{kind}_kw"] for row in rows]
        kept[f"{kind}_q"] = [None if one is None else [one[_LOW], one[_HIGH]] for one in around]
    return json.dumps(kept, separators=(",", ":")).encode()


def scored(kept: bytes, task: Task, area: Area, day: date) -> list[Score]:
    """Return the scores of a day that has ended; none of what is not known well enough."""
    told = json.loads(kept)
    found = []
    for kind, values in (("load", task.load), ("pv", task.pv)):
        points = _numbers(told[kind])
        true, naive = _of(values, task, area, day), _week_before(values, task, area, day)
        known = np.isfinite(points) & np.isfinite(true)
        # Inverters that sleep at night tell nothing then, and nothing was foreseen.
        needed = np.isfinite(points) & ((points > 0) | np.isfinite(true))
        if not needed.any() or known.sum() < KNOWN_SHARE_MIN * needed.sum():
            continue
        errors = np.abs(points - true)[known]
        both = known & np.isfinite(naive)
        found.append(
            Score(
                site=task.site,
                day=day,
                kind=kind,
                quality=told["quality"][kind] or "",
                slots=int(known.sum()),
                mae_kw=round(float(errors.mean()), 4),
                naive_mae_kw=_naive(naive, true, both, int(known.sum())),
                coverage80=_coverage(told[f"{kind}_q"], true, known),
            )
        )
    return found


def kinds_of(kept: bytes) -> frozenset[str]:
    """Return what is told of a day at all: load, pv, both or nothing."""
    told = json.loads(kept)
    return frozenset(kind for kind in KINDS if any(one is not None for one in told[kind]))


def _naive(naive: FloatArray, true: FloatArray, both: Any, known: int) -> float | None:
    if both.sum() < KNOWN_SHARE_MIN * known:
        return None
    return round(float(np.abs(naive - true)[both].mean()), 4)


def _coverage(around: list[list[float] | None], true: FloatArray, known: Any) -> float | None:
    """Return the share that came inside; where 0 is told for sure and comes, nothing is said."""
    bounds = np.array([[np.nan, np.nan] if one is None else one for one in around], dtype=float)
    low, high = bounds[:, 0], bounds[:, 1]
    open_ = known & np.isfinite(low) & ((high > low) | (true > 0))
    if not open_.any():
        return None
    inside = (low <= true) & (true <= high)
    return round(float(inside[open_].mean()), 4)


def _of(values: FloatArray, task: Task, area: Area, day: date) -> FloatArray:
    start_us, end_us = area.day_us(day)
    past = task.past(values)
    at = (start_us - task.start_us) // QUARTER_US + np.arange((end_us - start_us) // QUARTER_US)
    found = np.full(len(at), np.nan)
    inside = (at >= 0) & (at < len(past))
    found[inside] = past[at[inside]]
    return found


def _week_before(values: FloatArray, task: Task, area: Area, day: date) -> FloatArray:
    length = (area.day_us(day)[1] - area.day_us(day)[0]) // QUARTER_US
    found = _of(values, task, area, day - timedelta(days=NAIVE_DAYS))
    return found if len(found) == length else np.full(length, np.nan)


def _numbers(values: list[float | None]) -> FloatArray:
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)
