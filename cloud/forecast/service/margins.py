"""What is laid round the first open day of a task, and its courses: quantiles of errors. Pure."""

from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import Days, filled, lags
from cloud.forecast.quantiles import Bands, Settings, bands
from cloud.forecast.quarters import Joined, joined
from cloud.forecast.service import alternatives, bridge
from cloud.forecast.service.laying import Made
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.panel import Learned
from cloud.forecast.service.task import Task
from cloud.forecast.shape import FLAT, shape
from cloud.forecast.windows import window

FEW_ERRORS_DAYS_MIN = 14
"""Fewer days of errors make no quantiles; fewer than 60 are flagged."""
STRANGE_WINDOW_DAYS = 364
STRANGE_Z = 4.0
STRANGE_SHARE = 0.05
"""A day with more of its inputs beyond is unlike all that was seen."""
WIDENED = 1.5
"""Factor on the intervals of such a day."""
_HOUR_S = 3_600


def margins(
    task: Task, days: Days, learned: Learned, first: int, made: Made
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return what is laid round the first open day, shape (24 or 96, levels), and its courses.

    None: errors of too few days are known. Those of hours stand in for those of quarter-hours that
    there were not, which is flagged while the latter are few.
    """
    true = filled(days.prices)[learned.begin : first + 1].copy()
    true[-1] = np.nan
    fine = _by_quarters(task, learned, true, len(days))
    known = _whole(true, learned.points)
    settings = Settings()
    if task.step_s < _HOUR_S and (fine is None or _known(task, days, learned) <= settings.days_min):
        made.flag("hourly_quantiles")
    if known <= settings.days_min:
        made.flag("few_errors" if known > FEW_ERRORS_DAYS_MIN else "no_quantiles")
        settings = replace(settings, days_min=FEW_ERRORS_DAYS_MIN)
    found, of = _bands(task, days, learned, settings, true, fine)
    last = len(true) - 1
    laid = found.margins(last)
    if laid is None:
        return None, None
    widening = task.retreat.widening
    if widening > 1.0:
        made.flag("recalibrated")
    if _is_strange(days, first):
        made.flag("unlike_the_past")
        widening *= WIDENED
    if bridge.FLAG in made.flags:
        widening *= WIDENED
    courses = alternatives.around(found, of, last, task.seed, widening)
    return laid.at(np.array(LEVELS), widening), courses


def _by_quarters(task: Task, learned: Learned, true: FloatArray, count: int) -> Joined | None:
    """Return the errors by quarter-hours, None where there are too few to have a shape."""
    begin = learned.begin - (count - len(task.quarters))
    if task.step_s >= _HOUR_S or begin < 0:
        return None
    if learned.quarters is None and shape(task.quarters[: begin + len(true) - 1]) is FLAT:
        return None
    found = joined(true, learned.points, task.quarters, begin)
    known = found.true.copy()
    known[-1] = np.nan
    points = found.points if learned.quarters is None else learned.quarters
    return Joined(known, points)


def _bands(
    task: Task,
    days: Days,
    learned: Learned,
    settings: Settings,
    true: FloatArray,
    fine: Joined | None,
) -> tuple[Bands, FloatArray]:
    day = task.retreat.restart
    restart = None if day is None else (day - days.on(learned.begin)).days
    if fine is None:
        return bands(true, learned.points, settings, restart), true
    return fine.bands(learned.doubt, settings, restart), fine.true


def _known(task: Task, days: Days, learned: Learned) -> int:
    begin = learned.begin - (len(days) - len(task.quarters))
    return int(np.isfinite(task.quarters[max(begin, 0) :]).all(axis=1).sum())


def _whole(true: FloatArray, points: FloatArray) -> int:
    return int(np.isfinite(true - points).all(axis=1).sum())


def _is_strange(days: Days, row: int) -> bool:
    rows_of_it = window(lags(days), row, STRANGE_WINDOW_DAYS)
    if rows_of_it is None:
        return False
    return float((np.abs(rows_of_it.day_values) > STRANGE_Z).mean()) > STRANGE_SHARE
