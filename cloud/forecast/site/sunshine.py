"""A site's own PV power of the next 48 hours, from how clear the sun's recent days were. Pure.

Rows are days of UTC: the sun knows no summer time. Nights are 0. Where radiation is forecast at the
site's place, how clear it is follows that, as far as it did in the last weeks. Without, tomorrow is
as clear as the last two weeks were at that time of day. The next four hours are as clear as the
last two were.
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast import solar
from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.quantiles import Margins, bands
from cloud.forecast.quantiles import Settings as BandSettings
from cloud.forecast.site import panels
from cloud.forecast.site.demand import (
    ERROR_DAYS,
    ERROR_DAYS_MIN,
    FEW_ERROR_DAYS,
    FULL,
    SHORT_HISTORY,
    SIMILAR_DAYS,
    STALE_DAYS_MAX,
    TEMPLATE,
)
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.task import LEVELS, Task, Told
from cloud.forecast.site.task import SLOTS as WANTED
from cloud.forecast.solar import Site, Sun

FULL_SUN_DAYS = 28
NOW_SLOTS = 8
"""Two hours: how clear it is now."""
EDGE_SLOTS = 4
_TARGETS = 3
_HOURS, _QUARTERS = 24, 4
_DAY_US = SLOTS * QUARTER_US


def told(task: Task) -> Told:
    """Return the sun's power from `as_of` on; nothing where nothing is known."""
    power = task.past(task.pv)
    known = np.flatnonzero(np.isfinite(power))
    if len(known) == 0:
        return Told.nothing("no_pv")
    if task.as_of_us - task.start_us - int(known[-1]) * QUARTER_US > STALE_DAYS_MAX * _DAY_US:
        return Told.nothing("stale_pv")
    today = (task.as_of_us - task.start_us) // _DAY_US
    rows = np.full((today + _TARGETS) * SLOTS, np.nan)
    rows[: len(power)] = np.maximum(power, 0.0)
    measured = rows.reshape(-1, SLOTS)
    whole = int((np.isfinite(measured[:today]).mean(axis=1) >= 0.5).sum())
    site = panels.fitted(measured[: today + 1], task.start_us, task.setup) if whole else None
    if site is None:
        return Told.nothing("no_pv_pattern")
    place = solar.sun(panels.times(task.start_us, len(measured)), site)
    clear = solar.clear_power(place, site)
    scene = _Scene(place, site, _radiation(task, place))
    days = [_of_row(measured[: today + 1], scene, today + n) for n in range(_TARGETS)]
    margins = _margins(measured, scene, today) if whole >= SIMILAR_DAYS else None
    begin = (task.as_of_us - task.start_us) // QUARTER_US - today * SLOTS
    part = slice(begin, begin + WANTED)
    dark = (clear[today:] <= 0.0).ravel()[part]
    points = _nowcast(np.concatenate(days)[part], clear.ravel(), rows, len(power), site)
    around = _around(points, margins, begin, site, dark)
    flags = _flags(margins, has_weather=scene.tells(slice(today, today + _TARGETS)))
    return Told(points, around, _quality(whole, points), flags)


def _quality(whole: int, points: FloatArray) -> str | None:
    if not np.isfinite(points).any():
        return None
    if whole < SIMILAR_DAYS:
        return TEMPLATE
    return SHORT_HISTORY if whole < FULL_SUN_DAYS else FULL


def _flags(margins: Margins | None, *, has_weather: bool) -> tuple[str, ...]:
    weather = () if has_weather else ("no_weather",)
    if margins is None:
        return (*weather, "no_pv_quantiles")
    few = len(margins.errors) < FEW_ERROR_DAYS
    return (*weather, *(("few_pv_errors",) if few else ()))


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What shines on what, by days of UTC."""

    place: Sun
    site: Site
    radiation: FloatArray | None
    """W/m2 on level ground in quarter-hours, as `place`; None: no weather."""

    def rows(self, rows: IntArray) -> tuple[Sun, FloatArray | None]:
        there = Sun(self.place.elevation[rows], self.place.azimuth[rows])
        return there, None if self.radiation is None else self.radiation[rows]

    def tells(self, rows: slice) -> bool:
        """Tell whether the weather of any of some days is known whole."""
        return self.radiation is not None and bool(
            np.isfinite(self.radiation[rows]).all(axis=1).any()
        )


def _radiation(task: Task, place: Sun) -> FloatArray | None:
    """Return hours of radiation in quarter-hours: in each as clear as in the hour."""
    if not np.isfinite(task.radiation).any():
        return None
    days = len(place.elevation)
    hours = np.full(days * _HOURS, np.nan)
    known = task.radiation[: len(hours)]
    hours[: len(known)] = known
    clear = solar.clear_radiation(place)
    of_hour = clear.reshape(-1, _QUARTERS).mean(axis=1)
    share = np.zeros(len(hours))
    np.divide(hours, of_hour, out=share, where=of_hour > 1.0)
    share = np.where(np.isfinite(hours), np.clip(share, 0.0, solar.CLEAR_SHARE_MAX), np.nan)
    return np.asarray(np.repeat(share, _QUARTERS).reshape(clear.shape) * clear)


def _of_row(known: FloatArray, scene: _Scene, row: int) -> FloatArray:
    """Return a day from the rows that are known; the last of them may lie before it."""
    length = solar.RECENT_DAYS if scene.radiation is None else 4 * solar.RECENT_DAYS
    recent = known[-length - 1 :]
    numbers = np.arange(len(known) - len(recent), len(known))
    power = np.concatenate([recent, np.full((1, SLOTS), np.nan)])
    there, radiation = scene.rows(np.append(numbers, row))
    told = solar.forecast(power, there, scene.site, radiation=radiation)
    return _lengthened(told, solar.clear_power(there, scene.site)[-1], scene.site)


def _lengthened(points: FloatArray, clear: FloatArray, site: Site) -> FloatArray:
    """Return a day of which the edges, that were darker until lately, are as clear as the hour."""
    known = np.flatnonzero(np.isfinite(points) & (clear > 0))
    for slot in np.flatnonzero(np.isnan(points)):
        near = known[np.abs(known - slot) <= EDGE_SLOTS]
        if len(near):
            like = near[np.argmin(np.abs(near - slot))]
            points[slot] = min(points[like] / clear[like] * clear[slot], site.limit_kw)
    return points


def _margins(measured: FloatArray, scene: _Scene, today: int) -> Margins | None:
    """Return what lies round a day's forecast, from past days as they were told on their eves."""
    begin = max(today - ERROR_DAYS, 2)
    if begin >= today:
        return None
    points = np.full((today - begin + 1, SLOTS), np.nan)
    for row in range(begin, today):
        points[row - begin] = _of_row(measured[: row - 1], scene, row)
    place = scene.place
    # A quarter-hour that was never seen at night, or is held down by day, is not an error.
    true = np.where(place.elevation > 0, measured[: len(place.elevation)], 0.0)[begin : today + 1]
    points = np.where(place.elevation[begin : today + 1] > 0, points, 0.0)
    true[-1] = np.nan
    return bands(true, points, BandSettings(days_min=ERROR_DAYS_MIN)).margins(today - begin)


def _nowcast(
    points: FloatArray, clear: FloatArray, measured: FloatArray, now: int, site: Site
) -> FloatArray:
    """Return the points, the next hours as clear as the last two were where the sun was up."""
    seen, sky = measured[now - NOW_SLOTS : now], clear[now - NOW_SLOTS : now]
    if not np.isfinite(seen).all() or sky.min() < 0.1 * site.capacity_kw:
        return points
    ratio = min(float(seen.sum() / sky.sum()), solar.CLEAR_SHARE_MAX)
    ahead = solar.blended(points, clear[now : now + len(points)], ratio, 0.25)
    return np.minimum(ahead, site.limit_kw)


def _around(
    points: FloatArray, margins: Margins | None, begin: int, site: Site, dark: BoolArray
) -> FloatArray:
    """Return quantiles between 0 and what the inverter ever gave; 0 in the dark."""
    if margins is None:
        return np.full((len(points), len(LEVELS)), np.nan)
    around = np.tile(margins.at(np.array(LEVELS)), (_TARGETS, 1))[begin : begin + WANTED]
    found = np.clip(points[:, None] + around, 0.0, site.limit_kw)
    return np.where(dark[:, None] & np.isfinite(points)[:, None], 0.0, found)
