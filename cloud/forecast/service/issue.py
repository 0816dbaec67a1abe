"""From a task to a forecast: members, learned weights, quantiles, slots. Pure.

Earlier days are forecast again under the same rule where nobody has kept what the members said of
them: weights and quantiles learn from these. A day that no member can tell becomes the similar
day, and says so.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from cloud.forecast import early
from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import HOURS, Days, filled, lags, similar_day
from cloud.forecast.linear import one_thread
from cloud.forecast.members import Grove, Members
from cloud.forecast.quantiles import Settings, bands
from cloud.forecast.relative import relative
from cloud.forecast.service import alternatives, bridge, retreat
from cloud.forecast.service.bridge import bridged
from cloud.forecast.service.hours import slots
from cloud.forecast.service.ladder import (
    CONFIGURATIONS,
    SIMILAR_DAY,
    TEMPLATE,
    TooShort,
    fallback,
)
from cloud.forecast.service.later import asked, later
from cloud.forecast.service.laying import Made, laid
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.task import Result, Task
from cloud.forecast.service.template import template
from cloud.forecast.shape import FLAT, shape, walked
from cloud.forecast.walk import walk
from cloud.forecast.windows import window
from cloud.market.areas import catalogue, holidays
from cloud.market.areas.model import Area

HOUR_S = 3_600
WARM_UP_DAYS = 98
"""Days that weights and quantiles learn from where nothing is kept."""
LEARNED_DAYS = 243
"""Days of which anything is read: 182 of errors, and those that scale the first of them."""
LEARNED_FROM_ROW = 21
"""Rows before have too little history for any member: seven days of lags, fourteen to calibrate."""
FEW_ERRORS_DAYS_MIN = 14
"""Fewer days of errors make no quantiles; fewer than 60 are flagged."""
STRANGE_WINDOW_DAYS = 364
STRANGE_Z = 4.0
STRANGE_SHARE = 0.05
"""A day with more of its inputs beyond is unlike all that was seen."""
WIDENED = 1.5
"""Factor on the intervals of such a day, and of the days behind the next one."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """Forecasts of past days and of the first open one, the last row."""

    begin: int
    points: FloatArray
    """Shape (rows, 24)."""
    weights: Mapping[str, float]
    told: Mapping[date, FloatArray]
    said: FloatArray | None = None
    """By the members of the first open day, shape (members, 24)."""


def issue(task: Task, grove: Grove, progress: Progress = lambda done, of: None) -> Result:
    """Return the forecast of a task; `grove` keeps trees between tasks.

    Raises:
        TooShort: there is no history to forecast from.
    """
    area = catalogue.load()[task.area]
    days = _history(task, area)
    made = Made(list(task.flags))
    learned = None
    if task.decided < task.targets:
        # Without members there is nothing to solve, and the hub makes such a day itself.
        with one_thread() if task.quality in CONFIGURATIONS else nullcontext():
            learned = _open_days(task, days, grove, progress, made)
    series, scenarios = laid(task, area, days, made)
    return Result(
        quality=SIMILAR_DAY if SIMILAR_DAY in made.flags else task.quality,
        flags=tuple(made.flags),
        weights={} if learned is None else learned.weights,
        resting=_resting(task, area, days, made),
        series=series,
        scenarios=scenarios,
        told={} if learned is None else learned.told,
    )


def _resting(task: Task, area: Area, days: Days, made: Made) -> tuple[float, ...]:
    if made.resting is None or not np.isfinite(made.resting).all():
        return ()
    day = days.on(len(days) - task.targets + task.decided)
    return tuple(round(float(one), 2) for one in slots(made.resting, area, day, task.step_s))


def _history(task: Task, area: Area) -> Days:
    last = date.fromordinal(task.first.toordinal() + len(task.prices) - 1)
    years = range(task.first.year, last.year + 1)
    found = frozenset(day for year in years for day in holidays.holidays_of(area, year))
    return Days(task.area, task.first, task.prices, task.groups, found)


def _open_days(task: Task, days: Days, grove: Grove, progress: Progress, made: Made) -> _Learned:
    first = len(days) - task.targets + task.decided
    configuration, read = CONFIGURATIONS.get(task.quality), days
    few = asked(configuration, task.retreat.members)
    if task.quality == TEMPLATE:
        learned = _of_template(task, first)
    elif configuration is None:
        learned = _of_similar_days(days, first)
    else:
        read = bridged(days, first, lambda found, row: later(found, row, few))
        learned = _of_members(task, read, first, configuration, grove, progress)
        learned = _retreated(task, read, first, configuration, learned, made)
    point = learned.points[-1]
    if not np.isfinite(point).all():
        made.flag(SIMILAR_DAY)
        made.flag("holes")
        found = fallback(days, first)
        if found is None:
            raise TooShort("no whole day of prices is known")
        point = found
    hourly = [point]
    if read is not days:
        made.flag(bridge.FLAG)
    margins, courses = _margins(task, days, learned, first, made)
    made.margins.append(margins)
    made.courses.append(courses)
    for row in range(first + 1, len(days)):
        read.prices[row - 1] = hourly[-1]
        made.flag("extended")
        hourly.append(later(read, row, few))
        made.margins.append(None if margins is None else margins * WIDENED)
        made.courses.append(None if courses is None else courses * WIDENED)
    shaped = shape(task.quarters[: len(task.quarters) - (len(days) - first)])
    if task.step_s < HOUR_S and shaped is FLAT:
        made.flag("flat_hours")
    quarters = task.step_s < HOUR_S and shaped is not FLAT
    made.points += [shaped.quarters(hours) if quarters else hours for hours in hourly]
    if made.resting is not None and quarters:
        made.resting = shaped.quarters(made.resting)
    return learned


def _retreated(
    task: Task, days: Days, first: int, configuration: Configuration, learned: _Learned, made: Made
) -> _Learned:
    """Return what is told in place of the members' mean, and flag it; see `retreat`."""
    wanted = task.retreat.members
    if task.retreat.pinned:
        made.flag("pinned")
    if wanted is retreat.Members.LEVEL_RELATIVE and learned.said is not None:
        point, weights = relative(days, first, configuration, learned.said)
        if not weights:
            return learned
        made.flag(retreat.FLAGS[wanted])
        points = np.concatenate([learned.points[:-1], point[None]])
        return replace(learned, points=points, weights=weights)
    if wanted is retreat.Members.SIMILAR_DAY:
        made.flag(retreat.FLAGS[wanted])
        made.flag(SIMILAR_DAY)
        made.resting = learned.points[-1]
        return replace(_of_similar_days(days, first), told=learned.told)
    if wanted is retreat.Members.SHORT_WINDOWS:
        made.flag(retreat.FLAGS[wanted])
    return learned


def _of_similar_days(days: Days, first: int) -> _Learned:
    begin = max(first - LEARNED_DAYS, 0)
    return _Learned(begin, similar_day(days)[begin : first + 1], {}, {})


def _of_template(task: Task, first: int) -> _Learned:
    point = template(task.prices, task.other, first)
    if point is None:
        raise TooShort("no price is known, of this area or of another")
    return _Learned(first, point[None], {}, {})


def _of_members(
    task: Task,
    days: Days,
    first: int,
    configuration: Configuration,
    grove: Grove,
    progress: Progress,
) -> _Learned:
    kept = [row for row in range(max(first - LEARNED_DAYS, 0), first) if days.on(row) in task.told]
    begin = min([max(first - WARM_UP_DAYS, min(LEARNED_FROM_ROW, first)), *kept])
    members = Members(days, configuration, grove)
    names, prior = [member.name for member in configuration.members], configuration.prior()
    if task.early is not None:
        names, prior = [*names, *early.NAMES], early.beside(prior)
    short = task.retreat.members is retreat.Members.SHORT_WINDOWS
    told, new = [], {}
    for row in range(begin, first + 1):
        said = task.told.get(days.on(row)) if row < first else None
        if said is None or said.shape != (len(names), HOURS):
            said = members.told(row)
            if task.early is not None:
                said = np.concatenate([said, early.told(days.prices, task.early, row)])
            new[days.on(row)] = said
        told.append(retreat.asleep(configuration, said) if short else said)
        progress(row - begin + 1, first + 1 - begin)
    new.pop(days.on(first), None)  # told before its gate, it is told again then
    true = filled(task.prices)[begin : first + 1].copy()  # not what stands in for a price
    true[-1] = np.nan
    walked = walk(told, true, prior)
    weights = {n: round(float(w), 6) for n, w in zip(names, walked.shares[-1], strict=True)}
    return _Learned(begin, walked.point, weights, new, told[-1])


def _margins(
    task: Task, days: Days, learned: _Learned, first: int, made: Made
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return what is laid round the first open day, shape (24 or 96, levels), and its courses.

    None: errors of too few days are known. Those of quarter-hours count only where enough are.
    """
    true = filled(days.prices)[learned.begin : first + 1].copy()
    true[-1] = np.nan
    points, settings = learned.points, Settings()
    if task.step_s < HOUR_S:
        begin = learned.begin - (len(days) - len(task.quarters))
        quarters = task.quarters[begin : begin + len(true)]
        told = walked(points, task.quarters, begin)
        if _whole(quarters, told) > settings.days_min:
            true, points = quarters, told
    known = _whole(true, points)
    if known <= settings.days_min:
        made.flag("few_errors" if known > FEW_ERRORS_DAYS_MIN else "no_quantiles")
        settings = replace(settings, days_min=FEW_ERRORS_DAYS_MIN)
    last, found = len(true) - 1, bands(true, points, settings, _restart(task, days, learned))
    margins = found.margins(last)
    if margins is None:
        return None, None
    if task.step_s < HOUR_S and len(margins.scale) == HOURS:
        made.flag("hourly_quantiles")
    widening = task.retreat.widening
    if widening > 1.0:
        made.flag("recalibrated")
    if _is_strange(days, first):
        made.flag("unlike_the_past")
        widening *= WIDENED
    if bridge.FLAG in made.flags:
        widening *= WIDENED
    courses = alternatives.around(found, true, last, task.seed, widening)
    return margins.at(np.array(LEVELS), widening), courses


def _restart(task: Task, days: Days, learned: _Learned) -> int | None:
    """Return the row of what was learned on which the correction begins anew."""
    day = task.retreat.restart
    return None if day is None else (day - days.on(learned.begin)).days


def _whole(true: FloatArray, points: FloatArray) -> int:
    return int(np.isfinite(true - points).all(axis=1).sum())


def _is_strange(days: Days, row: int) -> bool:
    rows_of_it = window(lags(days), row, STRANGE_WINDOW_DAYS)
    if rows_of_it is None:
        return False
    return float((np.abs(rows_of_it.day_values) > STRANGE_Z).mean()) > STRANGE_SHARE
