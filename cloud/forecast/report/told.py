"""What a backtest told: forecasts, quantiles, and the truth of the days that are scored. Pure.

All arrays have one row a scored day and one column a slot of 24 wall-clock hours; EUR/MWh.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.backtest import Scored
from cloud.forecast.days import HOURS, Days, filled, last_week, similar_day
from cloud.forecast.layouts import Table, price_column
from cloud.forecast.quantiles import GRID, Bands, bands
from cloud.forecast.quarters import joined
from cloud.forecast.shape import walked
from cloud.forecast.walk import doubt

LEVELS = GRID
OURS = "forecast"
LAST_WEEK = "last week"
SIMILAR_DAY = "similar day"
DAY_BEFORE = "day before"
FLAT = "hour means"
"""The forecast without the shape of the hour."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """All days of the stretch; `rows` are those that count."""

    days: Days
    begin: int
    """Row of `days` that row 0 is."""
    true: FloatArray
    point: FloatArray
    quantiles: FloatArray
    """Shape (days, slots, levels of `LEVELS`); NaN before enough errors are known."""
    members: Mapping[str, FloatArray]
    shares: FloatArray
    """Weights of the members, shape (days, members)."""
    naive: Mapping[str, FloatArray]
    references: Mapping[str, FloatArray]
    """Forecasts of others; NaN where they have none."""
    rows: IntArray
    """Days with every price and a forecast."""
    laid: Bands
    """What was learned before each day, from the warm-up on."""
    lead: int
    """Row of `laid` that row 0 is."""

    @property
    def slots(self) -> int:
        return int(self.true.shape[1])

    @property
    def banded(self) -> IntArray:
        """Return the rows that count and have quantiles."""
        has = np.isfinite(self.quantiles[self.rows]).all(axis=(1, 2))
        return self.rows[has]

    def on(self, row: int) -> date:
        return self.days.on(self.begin + row)

    def models(self) -> dict[str, FloatArray]:
        """Return all point forecasts by name, ours first."""
        return {OURS: self.point, **self.members, **self.naive, **self.references}


def hourly(scored: Scored, names: tuple[str, ...], references: Mapping[str, FloatArray]) -> Told:
    """Return what a backtest of hours told; `names` are those of its members."""
    lead = scored.begin - scored.warm
    count = len(scored.point)
    stretch = slice(scored.begin, scored.begin + count)
    known = scored.days.prices[scored.warm : scored.begin + count]
    laid = bands(known, scored.walk.point)
    return Told(
        days=scored.days,
        begin=scored.begin,
        true=scored.true,
        point=scored.point,
        quantiles=laid.at(LEVELS)[lead:],
        members={name: scored.told[lead:, place] for place, name in enumerate(names)},
        shares=scored.walk.shares[lead:],
        naive={
            LAST_WEEK: last_week(scored.days)[stretch],
            SIMILAR_DAY: similar_day(scored.days)[stretch],
        },
        references=references,
        rows=scored.whole,
        laid=laid,
        lead=lead,
    )


def quarterly(
    scored: Scored,
    slots: FloatArray,
    names: tuple[str, ...],
    references: Mapping[str, FloatArray],
) -> Told:
    """Return what a backtest of hours told of the slots within them, by their learned shape.

    `slots`: prices of the history, shape (rows, slots); NaN where there were none yet, and on days
    whose clock changes.
    """
    lead, end = scored.begin - scored.warm, scored.begin + len(scored.point)

    def shaped(hours: FloatArray) -> FloatArray:
        return walked(hours, slots, scored.warm)

    hours = filled(scored.days.prices)[scored.warm : end]
    both_kinds = joined(hours, scored.walk.point, slots, scored.warm)
    point, laid = both_kinds.points, both_kinds.bands(doubt(scored.told, scored.walk))
    week, day = (
        np.concatenate([np.full_like(slots[:lag], np.nan), slots[:-lag]])[scored.begin : end]
        for lag in (7, 1)
    )
    weekdays = scored.days.weekdays()[scored.begin : end, None]
    true = slots[scored.begin : end]
    whole = np.isfinite(true).all(axis=1) & np.isfinite(point[lead:]).all(axis=1)
    return Told(
        days=scored.days,
        begin=scored.begin,
        true=true,
        point=point[lead:],
        quantiles=laid.at(LEVELS)[lead:],
        members={name: shaped(scored.told[:, at])[lead:] for at, name in enumerate(names)},
        shares=scored.walk.shares[lead:],
        naive={
            LAST_WEEK: week,
            SIMILAR_DAY: np.where((weekdays >= 1) & (weekdays <= 4), day, week),
            DAY_BEFORE: day,
            FLAT: np.repeat(scored.point, slots.shape[1] // HOURS, axis=1),
        },
        references=references,
        rows=np.flatnonzero(whole),
        laid=laid,
        lead=lead,
    )


def clock_changes(days: Days, zone: tzinfo | None) -> IntArray:
    """Return the rows of days that have no 24 hours; none where the time zone is not known."""
    if zone is None:
        return np.array([], dtype=np.int64)
    begins = [datetime.combine(days.on(row), time.min, zone) for row in range(len(days) + 1)]
    offsets = [begin.utcoffset() for begin in begins]
    return np.array(
        [row for row in range(len(days)) if offsets[row] != offsets[row + 1]], dtype=np.int64
    )


def reference(
    found: Table, days: Days, prices: FloatArray, stretch: tuple[int, int]
) -> dict[str, FloatArray]:
    """Return the columns of a file of forecasts on the rows [begin, end) of a history.

    Left out are the price itself, by its name or its values, and columns without a day there. An
    hour of `prices` may be told in quarters, which are averaged, but not the other way round.
    """
    begin, end = stretch
    slots = prices.shape[1]
    offset = (days.on(begin) - found.first).days
    columns: dict[str, FloatArray] = {}
    for name in found.columns:
        said = found.hours(name) if slots == HOURS else found.columns[name]
        if said.shape[1] != slots:
            continue
        theirs = np.full((end - begin, slots), np.nan)
        rows = np.arange(end - begin)
        inside = (rows + offset >= 0) & (rows + offset < len(found))
        theirs[inside] = said[rows[inside] + offset]
        both = np.isfinite(theirs) & np.isfinite(prices[begin:end])
        same = np.allclose(theirs[both], prices[begin:end][both], atol=1e-6)
        if both.any() and not same and (name != price_column(found) or len(found.columns) == 1):
            columns[name] = theirs
    return columns
