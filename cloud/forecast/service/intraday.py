"""The next hours, as they are sent: what is learned, where that is shown to be better. Pure.

Intraday prices are close to efficient: the last known price is very hard to beat in the mean
(Narajewski and Ziel, arXiv 1812.09081). So it is the forecast, and says so, until the mean of the
members is significantly better. Slots that no auction has decided have the price of the newest
day-ahead forecast. Quantiles come of the errors of what is told; slots for which nothing is still
to come have none.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.intraday import auctions, issue
from cloud.forecast.intraday.issue import Issue
from cloud.forecast.intraday.past import SLOTS, issues
from cloud.forecast.intraday.quantities import Quantity
from cloud.forecast.intraday.vintages import (
    NOTHING,
    SLOT_S,
    SLOT_US,
    History,
    Sum,
    Vintages,
    vintages,
)
from cloud.forecast.linear import one_thread
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.rows import number, rows
from cloud.forecast.service.soon import Soon
from cloud.forecast.service.task import Result
from cloud.market.areas import catalogue
from cloud.market.areas.model import Area
from cloud.market.series.model import Kind

LAST_PRICE = "last_price"
OF_INDEX, OF_AUCTION = "of_index", "of_auction"
FEW_ERRORS_DAYS = 60
"""Of fewer days of errors quantiles are told, and flagged."""
ACTUAL_SLOTS = 16
"""Four hours: so long ago something must have been measured, where anything ever is."""
_US = 1_000_000


def compute(task: Soon, own: Path | None = None) -> Result:
    """Return the forecast of a task; `own` is the operator's file of areas."""
    area = catalogue.load(own)[task.area]
    series = _series(task)
    step_slots = task.step_s // SLOT_S
    past = issues(area, task.as_of_us, task.start_us)
    with one_thread():
        made = issue.issue(series, area, past, LEVELS, step_slots, shut=task.shut)
    return laid(task, area, series, made)


def laid(task: Soon, area: Area, series: Mapping[str, History], made: Issue) -> Result:
    """Return a forecast as it is sent: the last price behind what is learned, limits, flags."""
    first, count = task.start_us // SLOT_US, (task.end_us - task.start_us) // SLOT_US
    step_slots = task.step_s // SLOT_S
    priced = made.priced
    known = auctions.decided(series, task.as_of_us, first, count).price
    price = _steps(known, step_slots)
    inside = min(len(priced.price), len(price))
    price[:inside] = priced.price[:inside]
    levels = np.full((len(price), len(LEVELS)), np.nan)
    if priced.quantiles is not None:
        levels[:inside] = priced.quantiles[:inside]
    flags = _price_flags(made, levels)
    beyond = ~np.isfinite(price) & np.isfinite(task.day_ahead)
    if beyond.any():
        flags.append("day_ahead_beyond")
    price = np.where(np.isfinite(price), price, task.day_ahead)
    if not np.isfinite(price).all():
        flags.append("holes")
    low, high = _limits(area, task.start_us)
    if clipped := int(((price < low) | (price > high)).sum()):
        flags.append(f"clipped_{clipped}")
    fields, bands = _fields(made.quantities, series, task)
    if any(one.is_blended for one in made.quantities.values()):
        flags.append("blended")
    if _is_silent(series, task.as_of_us, first):
        flags.append("no_actuals")
    starts_us = range(task.start_us, task.end_us, task.step_s * _US)
    return Result(
        quality=issue.FULL if priced.is_open else LAST_PRICE,
        flags=tuple(flags),
        weights=priced.weights,
        resting=_resting(made, count // step_slots),
        series=rows(
            starts_us, np.clip(price, low, high), np.clip(levels, low, high), fields, bands
        ),
    )


def _series(task: Soon) -> dict[str, History]:
    """Return what the series tell, by what: parts of the wind are added up."""
    parts: dict[str, list[Vintages]] = {}
    for use in dict.fromkeys(one.use for one in task.said):
        spoken = [said for one in task.said if one.use == use for said in one.spoken()]
        whole, _, part = use.rpartition("/")
        parts.setdefault(whole if part.startswith("B") else use, []).append(vintages(spoken))
    return {use: each[0] if len(each) == 1 else Sum(each) for use, each in parts.items()}


def _resting(made: Issue, count: int) -> tuple[float | None, ...]:
    """Return what the mean would have told of the slots wanted, none where it was asked."""
    if made.priced.resting is None:
        return ()
    return tuple(number(price, 2) for price in made.priced.resting[:count])


def _price_flags(made: Issue, levels: FloatArray) -> list[str]:
    flags = [] if made.priced.is_open else [LAST_PRICE]
    if made.priced.resting is not None:
        flags.append("spread_rests")
    told = np.isfinite(levels).all(axis=1)
    if not told.any():
        flags.append("no_quantiles")
        return flags
    flags.append(OF_INDEX if made.priced.is_index else OF_AUCTION)
    if not told.all():
        flags.append("decided")
    if made.priced.error_days < FEW_ERRORS_DAYS:
        flags.append("few_errors")
    return flags


def _limits(area: Area, start_us: int) -> tuple[float, float]:
    limit = area.limit(Kind.PRICE_INTRADAY.value, area.day_of(start_us))
    return (-np.inf, np.inf) if limit is None else (limit.low, limit.high)


def _fields(
    quantities: Mapping[str, Quantity], series: Mapping[str, History], task: Soon
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Return load, sun and wind at the slots wanted, and their quantiles: MW, means of a slot.

    Those of an hour are the means of its quarters', which errors that belong together have.
    """
    first, count = task.start_us // SLOT_US, (task.end_us - task.start_us) // SLOT_US
    step_slots = task.step_s // SLOT_S
    points, bands = {}, {}
    for name in ("load", "solar", "wind"):
        foreseen = series.get(name, NOTHING).at(task.as_of_us, first, count)
        one = quantities.get(name)
        band = np.full((count, len(LEVELS)), np.nan)
        if one is not None:
            inside = min(SLOTS, count)
            foreseen[:inside] = one.point[:inside]
            if one.quantiles is not None:
                band[:inside] = one.quantiles[:inside]
        points[name], bands[name] = _steps(foreseen, step_slots), _steps(band, step_slots)
    return points, bands


def _steps(values: FloatArray, step_slots: int) -> FloatArray:
    """Return means of so many slots each, NaN where one of them is not known."""
    return np.asarray(values.reshape(-1, step_slots, *values.shape[1:]).mean(axis=1))


def _is_silent(series: Mapping[str, History], as_of_us: int, first: int) -> bool:
    """Tell whether what is measured elsewhere in the past has not come for hours."""
    for name in ("actual/load", "actual/solar", "actual/wind"):
        if name not in series:
            continue
        recent = series[name].at(as_of_us, first - ACTUAL_SLOTS, ACTUAL_SLOTS)
        before = series[name].at(as_of_us, first - 7 * SLOTS, 7 * SLOTS)
        if np.isfinite(before).any() and not np.isfinite(recent).any():
            return True
    return False
