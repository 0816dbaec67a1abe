"""A site's own load of the next 48 hours, from its past and the calendar. Pure.

Which way depends on how many whole days are known (`quality`): fewer than 7: their mean, or the
shape of another site's days at this one's level, `template`; fewer than 35: the similar day; fewer
than 90: the mean of that and a regression, `short_history`; else the regression of two windows,
`full`. A day behind one that has not ended reads what was told of it. Quantiles come from how far
the same way was lately off.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.load import HISTORY_DAYS_MIN, Loads, Ridge, Settings
from cloud.forecast.quantiles import Margins, bands
from cloud.forecast.quantiles import Settings as BandSettings
from cloud.forecast.site import grid
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.task import LEVELS, Task, Told
from cloud.forecast.site.task import SLOTS as WANTED
from cloud.market.areas import holidays
from cloud.market.areas.model import Area

TEMPLATE, SIMILAR_DAY, SHORT_HISTORY, FULL = "template", "similar_day", "short_history", "full"
RUNGS = (TEMPLATE, SIMILAR_DAY, SHORT_HISTORY, FULL)
SIMILAR_DAYS, FULL_DAYS = 7, 90
ERROR_DAYS = 30
"""So many past days are told again, as they would have been: their errors are the quantiles."""
ERROR_DAYS_MIN = 14
FEW_ERROR_DAYS = 21
STALE_DAYS_MAX = 7
"""Of a meter that is silent for longer nothing is told."""
LENT = "lent_load"
LENT_SLOTS_MIN = 8
"""Quarter-hours that two sites were both measured in, to compare their levels."""
LENT_WEEKS = 4
"""Same days of so many weeks make the shape."""
EXTENDED = "extended"
EXTENDED_WIDENING = 1.5
"""Of the day after tomorrow, which reads what was told of today and tomorrow."""
_DAY_US = SLOTS * QUARTER_US
_TARGETS = 3
_SHORT, _LONG = (56,), (56, 112)
_KNOWN_SHARE_MIN = 0.25
_SUNDAY, _SATURDAY = 6, 5
_TUESDAY, _FRIDAY = 1, 4


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """Local days of a load; the last three are today, tomorrow and the day after."""

    first: date
    power: FloatArray
    free: frozenset[date]
    rung: str
    known_share: float
    """Of today."""
    lent: FloatArray | None = None
    """Days of another site at this one's level, as `power`."""

    def day(self, row: int) -> date:
        return self.first + timedelta(days=row)


def told(task: Task, area: Area) -> Told:
    """Return the load from `as_of` on; nothing where nothing is known."""
    power = task.past(task.load)
    known = np.flatnonzero(np.isfinite(power))
    if len(known) == 0:
        return Told.nothing("no_load")
    if task.as_of_us - task.start_us - int(known[-1]) * QUARTER_US > STALE_DAYS_MAX * _DAY_US:
        return Told.nothing("stale_load")
    past = _past(task, area, power)
    if past is None:
        return Told.nothing("no_load")
    today = len(past.power) - _TARGETS
    points = _points(past, today)
    margins = _margins(past, today)
    floor = min(0.0, float(power[known].min()))
    around = np.full((_TARGETS, SLOTS, len(LEVELS)), np.nan)
    if margins is not None:
        for row in range(_TARGETS):
            wide = EXTENDED_WIDENING if row == _TARGETS - 1 else 1.0
            around[row] = np.maximum(
                points[row][:, None] + margins.at(np.array(LEVELS), wide), floor
            )
    begin = (task.as_of_us - area.day_us(past.day(today))[0]) // QUARTER_US
    part = slice(begin, begin + WANTED)
    flat = np.maximum(grid.quarters(points, area, past.day(today))[part], floor)
    return Told(
        flat,
        grid.quarters(around, area, past.day(today))[part],
        past.rung if np.isfinite(flat).any() else None,
        _flags(margins, is_lent=past.lent is not None),
    )


def _flags(margins: Margins | None, *, is_lent: bool) -> tuple[str, ...]:
    if margins is None:
        return (*((LENT,) if is_lent else ()), "no_load_quantiles", EXTENDED)
    few = len(margins.errors) < FEW_ERROR_DAYS
    return (*(("few_load_errors",) if few else ()), EXTENDED)


def _past(task: Task, area: Area, power: FloatArray) -> _Past | None:
    first = area.day_of(task.start_us) + timedelta(days=1)
    today = area.day_of(task.as_of_us)
    count = (today - first).days
    if count < 1:
        return None
    found = grid.filled(grid.rows(power, task.start_us, area, first, count + _TARGETS))
    whole = int(np.isfinite(found[:count]).all(axis=1).sum())
    rung, lent = rung_of(whole), None
    if rung == TEMPLATE and len(task.lent):
        donor = grid.rows(task.past(task.lent), task.start_us, area, first, count + _TARGETS)
        lent = levelled(found, grid.filled(donor))
    if whole == 0 and lent is None:
        return None
    free = frozenset(
        day
        for year in range(first.year, today.year + 2)
        for day in holidays.holidays_of(area, year)
    )
    known = float(np.isfinite(found[count]).mean())
    return _Past(first, found, free, rung, max(known, _KNOWN_SHARE_MIN), lent)


def levelled(own: FloatArray, other: FloatArray) -> FloatArray | None:
    """Return another's days at the level of one's own; None: too little is known of both at once.

    Capacities say little of a load: what both drew in the same quarter-hours does.
    """
    both = np.isfinite(own) & np.isfinite(other)
    drawn = float(other[both].sum())
    if both.sum() < LENT_SLOTS_MIN or drawn <= 0.0:
        return None
    return np.asarray(other * max(float(own[both].sum()) / drawn, 0.0))


def rung_of(whole_days: int) -> str:
    """Return the way of so many whole days."""
    if whole_days < SIMILAR_DAYS:
        return TEMPLATE
    if whole_days < HISTORY_DAYS_MIN:
        return SIMILAR_DAY
    return SHORT_HISTORY if whole_days < FULL_DAYS else FULL


def _points(past: _Past, today: int) -> FloatArray:
    """Return today, tomorrow and the day after, each with what was told of the one before."""
    work = past.power.copy()
    found = np.full((_TARGETS, SLOTS), np.nan)
    for target in range(_TARGETS):
        row = today + target
        found[target] = _of_row(past, work, _ridge(past, work[: row + 1]), row)
        work[row] = np.where(np.isfinite(work[row]), work[row], found[target])
    return found


def _ridge(past: _Past, power: FloatArray) -> Ridge | None:
    if past.rung not in (SHORT_HISTORY, FULL):
        return None
    windows = _LONG if past.rung == FULL else _SHORT
    settings = Settings(windows_days=windows, known_slots_share=past.known_share)
    return Ridge(Loads(past.first, power, None, past.free), settings)


def _of_row(past: _Past, power: FloatArray, ridge: Ridge | None, row: int) -> FloatArray:
    """Return a day from the rows before it; NaN where they say nothing."""
    if past.rung == TEMPLATE and past.lent is not None:
        alike = [one for one in range(row) if _weekday(past, one) == _weekday(past, row)]
        return _mean(past.lent[alike[-LENT_WEEKS:]])
    if past.rung == TEMPLATE:
        return _mean(power[max(row - SIMILAR_DAYS, 0) : row])
    similar = _similar(past, power, row)
    regressed = None if ridge is None else ridge.told(row)
    if regressed is None or not np.isfinite(regressed).all():
        return similar
    if past.rung == FULL or not np.isfinite(similar).all():
        return regressed
    return (regressed + similar) / 2.0


def _similar(past: _Past, power: FloatArray, row: int) -> FloatArray:
    """Return yesterday on Tuesday to Friday, else the same day a week before."""
    kind = _weekday(past, row)
    wanted = (1, 7, 14) if _TUESDAY <= kind <= _FRIDAY else (7, 14)
    candidates = [row - back for back in wanted if _alike(_weekday(past, row - back), kind)]
    if past.day(row) in past.free:
        candidates = [one for one in range(row - 1, row - 15, -1) if _weekday(past, one) == kind]
    whole = [one for one in candidates if one >= 0 and np.isfinite(power[one]).all()]
    return power[whole[0]] if whole else np.full(SLOTS, np.nan)


def _weekday(past: _Past, row: int) -> int:
    day = past.day(row)
    return _SUNDAY if day in past.free else day.weekday()


def _alike(one: int, other: int) -> bool:
    """Tell whether two days are both working days, or the same day of the weekend."""
    return one == other or max(one, other) < _SATURDAY


def _mean(rows: FloatArray) -> FloatArray:
    known = np.isfinite(rows)
    found = np.full(SLOTS, np.nan)
    count = known.sum(axis=0)
    np.divide(np.where(known, rows, 0.0).sum(axis=0), count, out=found, where=count > 0)
    return found


def _margins(past: _Past, today: int) -> Margins | None:
    """Return what lies round today's forecast, from past days told as of their own eves."""
    if past.rung == TEMPLATE:
        return None
    begin = max(today - ERROR_DAYS, 0)
    ridge = _ridge(past, past.power[:today])
    points = np.full((today - begin + 1, SLOTS), np.nan)
    for row in range(begin, today):
        points[row - begin] = _of_row(past, past.power[:row], ridge, row)
    true = np.concatenate([past.power[begin:today], np.full((1, SLOTS), np.nan)])
    settings = BandSettings(days_min=ERROR_DAYS_MIN)
    return bands(true, points, settings).margins(today - begin)
