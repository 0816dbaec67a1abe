"""From a task to a forecast: members, learned weights, quantiles, slots. Pure.

Earlier days are forecast again under the same rule where nobody has kept what the members said of
them: weights and quantiles learn from these. A day that no member can tell becomes the similar
day, and says so.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import HOURS, Days, similar_day
from cloud.forecast.linear import one_thread
from cloud.forecast.members import Grove
from cloud.forecast.relative import errs_less, relative
from cloud.forecast.service import bridge, retreat
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
from cloud.forecast.service.margins import WIDENED, margins
from cloud.forecast.service.panel import Learned, Panel
from cloud.forecast.service.sources import NEIGHBOURS
from cloud.forecast.service.task import Result, Task
from cloud.forecast.service.template import template
from cloud.forecast.shape import FLAT, shape
from cloud.forecast.walk import doubt, walk
from cloud.market.areas import catalogue, holidays
from cloud.market.areas.model import Area

HOUR_S = 3_600
WARM_UP_DAYS = 98
"""Days that weights and quantiles learn from where nothing is kept."""
LEARNED_DAYS = 243
"""Days of which anything is read: 182 of errors, and those that scale the first of them."""
LEARNED_FROM_ROW = 21
"""Rows before have too little history for any member: seven days of lags, fourteen to calibrate."""

Progress = Callable[[int, int], None]


def issue(
    task: Task,
    grove: Grove,
    progress: Progress = lambda done, of: None,
    own: Path | None = None,
) -> Result:
    """Return the forecast of a task; `grove` keeps trees between tasks, `own` has areas.

    Raises:
        TooShort: there is no history to forecast from.
    """
    area = catalogue.load(own)[task.area]
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


def _open_days(task: Task, days: Days, grove: Grove, progress: Progress, made: Made) -> Learned:
    first = len(days) - task.targets + task.decided
    configuration, read = CONFIGURATIONS.get(task.quality), days
    few = asked(configuration, task.retreat.members)
    if task.quality == TEMPLATE:
        learned = _of_template(task, first)
    elif configuration is None:
        learned = _of_similar_days(days, first)
    else:
        eves = Eves(task, configuration, grove, progress)
        read = bridged(days, first, eves.told)
        learned = _of_members(eves.task, read, first, configuration, grove, eves.progress)
        learned = replace(learned, told={**eves.new, **learned.told})
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
    around, courses = margins(task, days, learned, first, made)
    made.margins.append(around)
    made.courses.append(courses)
    for row in range(first + 1, len(days)):
        read.prices[row - 1] = hourly[-1]
        made.flag("extended")
        hourly.append(later(read, row, few))
        made.margins.append(None if around is None else around * WIDENED)
        made.courses.append(None if courses is None else courses * WIDENED)
    shaped = shape(task.quarters[: len(task.quarters) - (len(days) - first)])
    if task.step_s < HOUR_S and shaped is FLAT:
        made.flag("flat_hours")
    quarters = task.step_s < HOUR_S and shaped is not FLAT
    made.points += [shaped.quarters(hours) if quarters else hours for hours in hourly]
    if learned.quarters is not None and np.isfinite(learned.points[-1]).all():
        made.points[0] = learned.quarters[-1]
    if made.resting is not None and quarters:
        made.resting = shaped.quarters(made.resting)
    return learned


class Eves:
    """Days before the open one whose prices have not come, each as it was forecast on its eve.

    By all members, with the weights that they had then; what is told on the way is told once.
    """

    def __init__(
        self, task: Task, configuration: Configuration, grove: Grove, progress: Progress
    ) -> None:
        self.task, self.progress = task, progress
        self.new: Mapping[date, FloatArray] = {}
        """What members said of days that nobody had kept."""
        self._configuration, self._grove = configuration, grove

    def told(self, days: Days, row: int) -> FloatArray:
        """Return a row of a history, EUR/MWh, shape (24,); by few members where all sleep."""
        few = asked(self._configuration, self.task.retreat.members)
        if few is not None:
            learned = _of_members(
                self.task, days, row, self._configuration, self._grove, self.progress
            )
            self.new = {**self.new, **learned.told}
            self.task = replace(self.task, told={**self.task.told, **learned.told})
            self.progress = _silently
            if np.isfinite(learned.points[-1]).all():
                return np.asarray(learned.points[-1])
        return later(days, row, few)


def _silently(_done: int, _of: int) -> None:
    """The history has been told."""


def _retreated(
    task: Task, days: Days, first: int, configuration: Configuration, learned: Learned, made: Made
) -> Learned:
    """Return what is told in place of the members' mean, and flag it; see `retreat`."""
    wanted = task.retreat.members
    if task.retreat.pinned:
        made.flag("pinned")
    if wanted is retreat.Members.LEVEL_RELATIVE and learned.said is not None:
        plain = days.without(NEIGHBOURS)
        point, weights = relative(plain, first, configuration, learned.said)
        errs = np.abs(task.prices[learned.begin : first] - learned.points[:-1]).mean(axis=1)
        if not weights or not (
            task.retreat.pinned or errs_less(plain, task.prices, first, configuration, errs)
        ):
            return learned
        made.flag(retreat.FLAGS[wanted])
        points = np.concatenate([learned.points[:-1], point[None]])
        return replace(learned, points=points, weights=weights, quarters=None)
    if wanted is retreat.Members.SIMILAR_DAY:
        made.flag(retreat.FLAGS[wanted])
        made.flag(SIMILAR_DAY)
        made.resting = learned.points[-1]
        return replace(_of_similar_days(days, first), told=learned.told)
    if wanted is retreat.Members.SHORT_WINDOWS:
        made.flag(retreat.FLAGS[wanted])
    return learned


def _of_similar_days(days: Days, first: int) -> Learned:
    begin = max(first - LEARNED_DAYS, 0)
    return Learned(begin, similar_day(days)[begin : first + 1], {}, {})


def _of_template(task: Task, first: int) -> Learned:
    point = template(task.prices, task.other, first)
    if point is None:
        raise TooShort("no price is known, of this area or of another")
    return Learned(first, point[None], {}, {})


def _of_members(
    task: Task,
    days: Days,
    first: int,
    configuration: Configuration,
    grove: Grove,
    progress: Progress,
) -> Learned:
    kept = [row for row in range(max(first - LEARNED_DAYS, 0), first) if days.on(row) in task.told]
    begin = min([max(first - WARM_UP_DAYS, min(LEARNED_FROM_ROW, first)), *kept])
    panel = Panel(task, days, configuration, grove)
    told, new = [], {}
    for row in range(begin, first + 1):
        kept_of_it = task.told.get(days.on(row)) if row < first else None
        if kept_of_it is None or kept_of_it.shape != (panel.rows, HOURS):
            kept_of_it = panel.told(row)
            new[days.on(row)] = kept_of_it
        told.append(panel.said(row, kept_of_it))
        progress(row - begin + 1, first + 1 - begin)
    new.pop(days.on(first), None)  # told before its gate, it is told again then
    walked = walk(told, panel.true(begin, first), panel.prior)
    weights = {n: round(float(w), 6) for n, w in zip(panel.names, walked.shares[-1], strict=True)}
    said, points = told[-1], walked.point
    if panel.by_quarters:
        said, points = (v.reshape(len(v), HOURS, -1).mean(axis=2) for v in (said, points))
    quarters = walked.point if panel.by_quarters else None
    return Learned(begin, points, weights, new, said, doubt(told, walked), quarters)
