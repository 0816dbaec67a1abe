"""The next 24 hours from what is known: prices, load, sun and wind, each with quantiles. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.intraday import auctions, features, lessons
from cloud.forecast.intraday.features import FIELDS, Known
from cloud.forecast.intraday.lessons import Taught
from cloud.forecast.intraday.margins import Margins, margins
from cloud.forecast.intraday.members import ISSUES_MIN, NAMES, Members
from cloud.forecast.intraday.past import HOUR_SLOTS, Issues
from cloud.forecast.intraday.quantities import Quantity, quantity
from cloud.forecast.intraday.vintages import History
from cloud.market.areas.model import Area

FULL, LAST_PRICE = "full", "last_price"


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """Prices of the next slots, EUR/MWh."""

    price: FloatArray
    """Shape (96,), or (24,) of hours; NaN where no auction has decided anything."""
    quantiles: FloatArray | None
    """Shape (slots, levels), NaN where nothing is still to come; None before 14 days of errors."""
    is_open: bool
    """Whether the mean beats the last price, and is what is told."""
    is_index: bool
    error_days: int
    p: float
    """Of the test of the gate."""
    weights: Mapping[str, float]
    """Of the members, where the mean is told."""
    resting: FloatArray | None = None
    """What the mean would have told, where the gate is open and yet shut by an alarm."""


@dataclass(frozen=True, slots=True, eq=False)
class Issue:
    """What is told now."""

    priced: Priced
    quantities: Mapping[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """All issues, the last row being now; EUR/MWh, shape (days, slots)."""

    price: FloatArray
    """Of the last auction that was known."""
    aim: FloatArray
    """NaN where it is not known."""
    point: FloatArray
    """What is told beyond the last price: 0 where the gate is shut today."""
    taught: Taught
    is_open: bool
    """Whether the mean is told."""
    margins: Margins
    is_index: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """All issues by slots of the length that is wanted; the last row is now."""

    price: FloatArray
    columns: FloatArray
    change: FloatArray
    aim: FloatArray
    known_us: IntArray


def issue(
    series: Mapping[str, History],
    area: Area,
    issues: Issues,
    levels: tuple[float, ...],
    step_slots: int = 1,
    *,
    shut: bool = False,
) -> Issue:
    """Return the forecast of the last of `issues`, from what was known at each of them.

    Args:
        series: by the names of `auctions` and `features`, the measured ones behind actual/.
        step_slots: quarter-hours of a slot that is wanted, 1 or 4; issues begin on its grid.
        shut: the last price is told, however good the mean was.
    """
    known = features.known(series, area, issues)
    priced = prices(series, issues, known, levels, step_slots, shut=shut)
    found = {}
    for name in FIELDS:
        one = quantity(series, name, issues, levels)
        if one is not None:
            found[name] = one
    return Issue(priced, found)


def prices(
    series: Mapping[str, History],
    issues: Issues,
    known: Known,
    levels: tuple[float, ...],
    step_slots: int = 1,
    *,
    shut: bool = False,
) -> Priced:
    """Return the prices alone."""
    found = walked(series, issues, known, step_slots, shut=shut)
    awaited = auctions.awaited(found.aim)
    rests = found.taught.is_open and not found.is_open
    price = found.price[-1] + np.where(awaited, found.point[-1], 0.0)
    taught = found.taught
    weights = zip(NAMES, taught.shares.tolist(), strict=True)
    return Priced(
        price=price,
        quantiles=_laid(price, found.margins.of_last(levels), awaited),
        is_open=found.is_open,
        is_index=found.is_index and bool(awaited.any()),
        error_days=found.margins.days,
        p=taught.p,
        weights={name: round(one, 6) for name, one in weights} if found.is_open else {},
        resting=price + np.where(awaited, taught.spread[-1], 0.0) if rests else None,
    )


def walked(
    series: Mapping[str, History],
    issues: Issues,
    known: Known,
    step_slots: int = 1,
    *,
    shut: bool = False,
) -> Walked:
    """Return what would have been told at all issues, each with what was known then."""
    aims = auctions.aims(series, issues, known.stage, of_index=True)
    if np.isfinite(aims.price).any(axis=1).sum() < ISSUES_MIN:
        of_auctions = auctions.aims(series, issues, known.stage, of_index=False)
        if np.isfinite(of_auctions.price).any(axis=1).sum() >= ISSUES_MIN:
            aims = of_auctions
    table = _table(known, aims.price, aims.known_us, step_slots)
    spread = table.aim - table.price
    columns = features.with_last_days(table.columns, spread, table.known_us, issues)
    taught = lessons.taught(Members(columns, spread, table.known_us, issues))
    # One decision for all errors: they are those of what is told today.
    is_open = taught.is_open and not shut
    point = taught.spread if is_open else np.zeros_like(spread)
    found = margins(spread - point, table.known_us, issues.at_us, table.change)
    return Walked(table.price, table.aim, point, taught, is_open, found, aims.is_index)


def _laid(price: FloatArray, added: FloatArray | None, awaited: BoolArray) -> FloatArray | None:
    if added is None:
        return None
    return np.where(awaited[:, None], price[:, None] + added, np.nan)


def _table(known: Known, aim: FloatArray, known_us: IntArray, step_slots: int) -> _Table:
    if step_slots == 1:
        return _Table(known.price, known.columns, known.change, aim, known_us)
    assert step_slots == HOUR_SLOTS, "hours and their quarters are told, and nothing else"

    def hourly(values: FloatArray) -> FloatArray:
        rows, slots, *rest = values.shape
        return np.asarray(values.reshape(rows, slots // step_slots, step_slots, *rest).mean(axis=2))

    latest = known_us.reshape(len(known_us), -1, step_slots).max(axis=2)
    return _Table(
        hourly(known.price), hourly(known.columns), hourly(known.change), hourly(aim), latest
    )
