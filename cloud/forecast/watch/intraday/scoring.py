"""Delivery days as the runs of the next hours told them, and as they came: read, and scored.

Quarter-hours are scored; runs of hours are not. A run aims at the index of continuous trading, or
at the next auction of each slot, and says which; one that has learned of neither is not scored. A
day that is not whole two days after its end is scored with what there is, if that is three
quarters of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.intraday import auctions
from cloud.forecast.service import hours, inputs
from cloud.forecast.service.intraday import LAST_PRICE, OF_AUCTION, OF_INDEX
from cloud.forecast.service.model import LEVELS, Forecast
from cloud.forecast.service.sources import INDEX, Chosen
from cloud.forecast.watch.intraday import scores, store
from cloud.forecast.watch.intraday.scores import NOBODY, Score, Slots
from cloud.kernel.database import Database
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive
from wire import clock

SLOT_S = 900
_SLOT_US = SLOT_S * 1_000_000
_DAY_US = 86_400_000_000
INDEX_GATE_US = 3_600_000_000
"""Before a slot begins the coupled order book closes (ACER decision 04/2018)."""
SETTLED_DAYS = 2
"""So long after its end a day is scored with what is known of it."""
BACK_DAYS = 4
"""Older days that are not scored yet stay so."""


@dataclass(frozen=True, slots=True, eq=False)
class _Came:
    """A delivery day as it is known now, EUR/MWh; NaN where nothing is."""

    chosen: Chosen
    span: tuple[int, int]
    index: FloatArray
    auctions: FloatArray
    """Shape (stages of `auctions.LADDER`, slots)."""

    @property
    def count(self) -> int:
        return len(self.index)

    @property
    def any(self) -> bool:
        """Tell whether anything is known that a run may have aimed at."""
        return bool(np.isfinite(self.index).any() or np.isfinite(self.auctions[1:]).any())


async def scored(database: Database, archive: Archive, area: Area, now_us: int) -> list[Score]:
    """Return the scores of the last 60 days, those that are possible now with them, and kept.

    Raises:
        TooShort: there is no price of the area.
        Unavailable: the database does not answer.
    """
    today = area.day_of(now_us)
    async with database.reading() as connection:
        found = await store.scores(
            connection, area.code, today - timedelta(days=scores.LONG_DAYS + 1)
        )
    there = {one.day for one in found}
    for back in range(BACK_DAYS, 0, -1):
        day = today - timedelta(days=back)
        if day in there:
            continue
        new = await score(archive, area, day, now_us)
        if new is not None:
            async with database.transaction() as connection:
                await store.add(connection, new)
            found.append(new)
    return sorted(found, key=lambda one: one.day)


async def score(archive: Archive, area: Area, day: date, now_us: int) -> Score | None:
    """Return the score of a day, None: it cannot be scored, or not yet.

    Raises:
        TooShort: there is no price of the area any more.
        Unavailable: the database does not answer.
    """
    span = area.day_us(day)
    if now_us < span[1]:
        return None
    async with archive.database.reading() as connection:
        told = await store.runs(connection, area.code, span, SLOT_S // 60)
    runs = [run for run in told if {OF_INDEX, OF_AUCTION} & set(run.flags)]
    if not runs:
        return None
    came = await _came(archive, await inputs.chosen(archive, area), span)
    if not came.any:
        return None
    of_index = [OF_INDEX in run.flags for run in runs]
    gates = [
        _gates(came, area, day, run, aims_at_index=aims)
        for run, aims in zip(runs, of_index, strict=True)
    ]
    owner = scores.owners([run.issued_us for run in runs], gates)
    used = sorted({place for place in owner.tolist() if place != NOBODY})
    slots = _nothing(came.count)
    for place in used:
        await _lay(slots, archive, came, runs[place], owner == place, of_index[place])
    is_settled = now_us >= span[1] + SETTLED_DAYS * _DAY_US
    if slots.share < (scores.KNOWN_SHARE_MIN if is_settled else 1.0):
        return None
    return scores.score(slots, area.code, day, [runs[place].id for place in used])


async def _came(archive: Archive, chosen: Chosen, span: tuple[int, int]) -> _Came:
    index = await _read(archive, chosen, chosen.below(f"{INDEX}/")[:1], span)
    each = [await _read(archive, chosen, [name], span) for name in auctions.LADDER]
    return _Came(chosen, span, index, np.array(each))


async def _read(
    archive: Archive,
    chosen: Chosen,
    uses: Sequence[str],
    span: tuple[int, int],
    known_us: int | None = None,
) -> FloatArray:
    series = [one for use in uses for one in chosen.of(use)]
    read = [await archive.as_of(one, *span, known_us) for one in series]
    return hours.on_slots(read, *span, SLOT_S)


def _gates(came: _Came, area: Area, day: date, run: Forecast, *, aims_at_index: bool) -> IntArray:
    """Return when each slot could be traded last, 0 of those that the run does not tell."""
    starts_us = came.span[0] + np.arange(came.count) * _SLOT_US
    if aims_at_index:
        gates = starts_us - INDEX_GATE_US
    else:
        gates = np.zeros(came.count, dtype=np.int64)
        for stage in range(1, len(auctions.LADDER)):
            closed_us = auctions.gate_us(area, stage, day.toordinal())
            gates = np.where(np.isfinite(came.auctions[stage]), closed_us, gates)
    inside = (starts_us >= run.request.start_us) & (starts_us < run.request.end_us)
    return np.where(inside, gates, 0)


async def _lay(
    slots: Slots, archive: Archive, came: _Came, run: Forecast, own: BoolArray, of_index: bool
) -> None:
    """Write what a run told of its slots into the day, and what came of what it aimed at."""
    last, stage = np.full(came.count, np.nan), np.full(came.count, -1)
    for place, name in enumerate(auctions.LADDER):
        then = await _read(archive, came.chosen, [name], came.span, run.as_of_us)
        known = np.isfinite(then)
        last, stage = np.where(known, then, last), np.where(known, place, stage)
    true = came.index
    if not of_index:
        true = np.full(came.count, np.nan)
        for place in range(len(auctions.LADDER) - 1, 0, -1):
            is_next = (stage >= 0) & (stage < place) & np.isfinite(came.auctions[place])
            true = np.where(is_next, came.auctions[place], true)
    told = _told(run, came)
    expected = np.isfinite(told.quantiles).all(axis=1)
    if not expected.any():
        expected = np.isfinite(true)
    expected = expected & np.isfinite(told.told + last)
    found = Slots(true, told.told, last, told.mean, told.quantiles, expected)
    for name in ("true", "told", "last", "mean", "quantiles", "expected"):
        getattr(slots, name)[own] = getattr(found, name)[own]


def _told(run: Forecast, came: _Came) -> Slots:
    """Return what a run says of the slots of a day."""
    found = _nothing(came.count)
    is_mean = run.quality != LAST_PRICE
    for number, row in enumerate(json.loads(run.series)):
        start_us = clock.micros(datetime.fromisoformat(row["ts"]))
        slot = (start_us - came.span[0]) // _SLOT_US
        if not 0 <= slot < came.count or row["price_eur_mwh"] is None:
            continue
        found.told[slot] = row["price_eur_mwh"]
        if row["price_q"] is not None:
            found.quantiles[slot] = row["price_q"]
        if is_mean:
            found.mean[slot] = row["price_eur_mwh"]
        elif number < len(run.resting):
            rests = run.resting[number]
            found.mean[slot] = np.nan if rests is None else rests
    return found


def _nothing(count: int) -> Slots:
    def unknown(*more: int) -> FloatArray:
        return np.full((count, *more), np.nan)

    bands, nothing = unknown(len(LEVELS)), np.zeros(count, dtype=np.bool_)
    return Slots(unknown(), unknown(), unknown(), unknown(), bands, nothing)
