"""Load, sun and wind of the next hours: what was foreseen, drawn to what is measured. Pure.

The sun's share of what was foreseen in the last two hours counts less and less over four hours,
the wind that blows over six; the load's error of the last hour, of the day and of the week before
at the same slot are weighed by a ridge. Each is done only where it was the better one on the
issues of the last weeks; else what the grid's operator foresees stands as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cloud.forecast import solar, wind
from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.intraday.features import last_mean, near
from cloud.forecast.intraday.margins import margins
from cloud.forecast.intraday.past import HOUR_SLOTS, SLOTS, Issues
from cloud.forecast.intraday.vintages import NOTHING, History
from cloud.forecast.quantiles import SCALE_MIN
from cloud.forecast.ridge import coefficients

COMPARED_DAYS = 56
COMPARED_DAYS_MIN = 14
WINDOW_DAYS = 56
LIGHT_SHARE = 0.05
"""Of the most that is foreseen of the day around: with less sun its share says nothing."""
RATIO_MAX = 2.0
_BACK_SLOTS = 24
_SUN_SLOTS = 8
_WEEK = 7
_PENALTY = 0.01
_SLOT_H = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """One of them at the slots from now on."""

    point: FloatArray
    """MW, shape (96,); NaN where nothing is foreseen."""
    quantiles: FloatArray | None
    """Shape (96, levels), MW, never below 0; None before 14 days of errors."""
    is_blended: bool


def quantity(
    series: Mapping[str, History], name: str, issues: Issues, levels: tuple[float, ...]
) -> Quantity | None:
    """Return load, solar or wind; None where none is foreseen."""
    foreseen_series = series.get(name, NOTHING)
    foreseen = _each(foreseen_series, issues, 0, SLOTS)
    if not np.isfinite(foreseen[-1]).any():
        return None
    came_series = series.get(f"actual/{name}", NOTHING)
    reads = [came_series.read(int(issues.at_us[-1]), int(first), SLOTS) for first in issues.firsts]
    came = np.array([read.values for read in reads])
    known_us: IntArray = np.array([read.known_us for read in reads])
    recent = _each(came_series, issues, -_BACK_SLOTS, _BACK_SLOTS)
    recent_foreseen = _each(foreseen_series, issues, -_BACK_SLOTS, _BACK_SLOTS)
    if name == "load":
        drawn = _load(foreseen, came, known_us, issues, recent - recent_foreseen)
    else:
        blend = _sun if name == "solar" else _wind
        drawn = _blended(blend, foreseen, recent, recent_foreseen)
    is_blended = _is_better(came, foreseen, drawn)
    points = np.where(np.isfinite(drawn), np.maximum(drawn, 0.0), foreseen)
    points = points if is_blended else foreseen
    # The sun's errors count as shares of it, for days grow longer and shorter; how much those of
    # the wind grow with it is learned.
    size = _light(points) if name == "solar" else np.ones_like(points)
    drive = np.where(np.isfinite(points), points, 0.0) if name == "wind" else None
    added = margins((came - points) / size, known_us, issues.at_us, drive).of_last(levels)
    point, quantiles = points[-1], None
    if added is not None:
        quantiles = np.maximum(point[:, None] + added * size[-1][:, None], 0.0)
        if name == "solar":
            quantiles[point <= 0.0] = 0.0
    return Quantity(point, quantiles, is_blended)


def _light(points: FloatArray) -> FloatArray:
    """Return what the sun's errors are shares of: MW, of dusk and dawn a little of the most."""
    known = np.where(np.isfinite(points), points, 0.0)
    most = known.max(axis=1, keepdims=True)
    return np.asarray(np.maximum(known + LIGHT_SHARE * most, SCALE_MIN))


def _each(series: History, issues: Issues, shift: int, count: int) -> FloatArray:
    """Return what was known at each issue of slots that begin `shift` behind its first."""
    pairs = zip(issues.at_us.tolist(), issues.firsts.tolist(), strict=True)
    return np.array([series.at(us, first + shift, count) for us, first in pairs])


def _blended(
    blend: Callable[[FloatArray, FloatArray, FloatArray], FloatArray | None],
    foreseen: FloatArray,
    recent: FloatArray,
    recent_foreseen: FloatArray,
) -> FloatArray:
    """Return what was drawn at each issue; NaN where nothing was measured to draw it to."""
    found = np.full_like(foreseen, np.nan)
    for row, ahead in enumerate(foreseen):
        drawn = blend(ahead, recent[row], recent_foreseen[row])
        if drawn is not None:
            found[row] = drawn
    return found


def _sun(ahead: FloatArray, recent: FloatArray, foreseen: FloatArray) -> FloatArray | None:
    """Return the sun drawn by its share of the last two hours that are known."""
    both = np.isfinite(recent) & np.isfinite(foreseen)
    if not both.any() or not np.isfinite(ahead).any():
        return None
    last = np.flatnonzero(both)[-_SUN_SLOTS:]
    most = float(np.nanmax(np.concatenate([ahead, foreseen[both]])))
    if foreseen[last].mean() <= LIGHT_SHARE * most:
        return None
    ratio = min(float(recent[last].sum() / foreseen[last].sum()), RATIO_MAX)
    age = len(recent) - 1 - int(last[-1])
    drawn = solar.blended(_aged(ahead, age), _aged(ahead, age), ratio, _SLOT_H)
    return drawn[age:]


def _wind(ahead: FloatArray, recent: FloatArray, _: FloatArray) -> FloatArray | None:
    """Return the wind drawn to the mean of the last hour that is known."""
    known = np.flatnonzero(np.isfinite(recent))
    if len(known) == 0:
        return None
    age = len(recent) - 1 - int(known[-1])
    return wind.blended(_aged(ahead, age), last_mean(recent, HOUR_SLOTS), _SLOT_H)[age:]


def _aged(ahead: FloatArray, age: int) -> FloatArray:
    """Return slots that begin behind what was measured last, `age` of them over already."""
    return np.concatenate([np.repeat(ahead[:1], age), ahead])


def _load(
    foreseen: FloatArray,
    came: FloatArray,
    known_us: IntArray,
    issues: Issues,
    recent_errors: FloatArray,
) -> FloatArray:
    """Return the load with the error that is expected of what the grid's operator foresees."""
    errors = came - foreseen
    columns = np.array([_load_columns(errors, known_us, issues, recent_errors, row)
                        for row in range(len(errors))])  # fmt: skip
    found = np.full_like(foreseen, np.nan)
    slopes: FloatArray | None = None
    for row in range(len(errors)):
        if slopes is None or int(issues.ordinals[row]) % _WEEK == 0:
            past = slice(max(row - WINDOW_DAYS, 0), row)
            usable = np.isfinite(errors[past]) & (known_us[past] <= issues.at_us[row])
            if usable.any(axis=1).sum() >= COMPARED_DAYS_MIN:
                inputs = columns[past][usable]
                size = float((inputs**2).mean()) or 1.0
                penalty = _PENALTY * len(inputs) * size
                slopes = coefficients(inputs, errors[past][usable][:, None], penalty)[:, 0]
        if slopes is not None:
            found[row] = foreseen[row] + columns[row] @ slopes
    return found


def _load_columns(
    errors: FloatArray, known_us: IntArray, issues: Issues, recent: FloatArray, row: int
) -> FloatArray:
    """Return the errors of the last hour, of the day and of the week before, shape (96, 4)."""
    hour = last_mean(recent[row], HOUR_SLOTS)
    found = np.zeros((SLOTS, 4))
    found[:, 0], found[:, 1] = hour, hour * near()
    for place, back in ((2, 1), (3, _WEEK)):
        if row >= back:
            there = np.isfinite(errors[row - back]) & (known_us[row - back] <= issues.at_us[row])
            found[:, place] = np.where(there, errors[row - back], 0.0)
    return found


def _is_better(came: FloatArray, foreseen: FloatArray, drawn: FloatArray) -> bool:
    """Tell whether what is drawn was closer on the last issues, the slots of which both tell."""
    rows = slice(max(len(came) - 1 - COMPARED_DAYS, 0), len(came) - 1)
    both = np.isfinite(came[rows] - foreseen[rows]) & np.isfinite(drawn[rows])
    if both.any(axis=1).sum() < COMPARED_DAYS_MIN:
        return False
    plain = np.abs(came[rows] - foreseen[rows])[both].mean()
    return bool(np.abs(came[rows] - np.maximum(drawn[rows], 0.0))[both].mean() < plain)
