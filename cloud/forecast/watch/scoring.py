"""A delivery day as it was told and as it came: read of the store, and scored."""

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import hours, inputs
from cloud.forecast.service import store as forecasts
from cloud.forecast.service.model import LEVELS, Forecast
from cloud.forecast.service.sources import PRICE
from cloud.forecast.watch import store, verdicts
from cloud.forecast.watch.verdicts import Score, Slots
from cloud.kernel.database import Database
from cloud.market.areas import holidays
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive
from cloud.market.series.model import Series
from wire import clock

GATE = time(12, 0)
"""Of the coupled auction, the day before delivery: a later forecast is none."""
_MONDAY, _FRIDAY = 0, 4


async def score(database: Database, archive: Archive, area: Area, day: date) -> Score | None:
    """Return the score of a day, None: no forecast of it in time, or a price is missing.

    Raises:
        TooShort: there is no price of the area.
        Unavailable: the database does not answer.
    """
    span = area.day_us(day)
    forecast = await told_for(database, area, day)
    if forecast is None:
        return None
    chosen = await inputs.chosen(archive, area)
    prices, step_s = chosen.of(PRICE), forecast.request.granularity_min * 60
    true = await _slots(archive, prices, area, day, step_s)
    rows = [row for row in json.loads(forecast.series) if span[0] <= _us(row) < span[1]]
    similar = day - timedelta(days=1 if _is_like_the_day_before(area, day) else 7)
    slots = Slots(
        true=true,
        point=_points(rows),
        naive=await _slots(archive, prices, area, day - timedelta(days=7), step_s),
        quantiles=_quantiles(rows),
        similar=await _slots(archive, prices, area, similar, step_s),
        resting=np.array(forecast.resting, dtype=np.float64) if forecast.resting else None,
    )
    told = forecast.id, forecast.model, forecast.quality
    return verdicts.score(slots, area.code, day, told)


async def told_for(database: Database, area: Area, day: date) -> Forecast | None:
    """Return the last forecast of a day that was made before its gate, None: there is none."""
    gate_us = area.at_us(day - timedelta(days=1), GATE)
    async with database.reading() as connection:
        name = await store.forecast_before(connection, area.code, area.day_us(day), gate_us)
        return None if name is None else await forecasts.forecast_of(connection, name)


def _is_like_the_day_before(area: Area, day: date) -> bool:
    is_free = day in holidays.holidays_of(area, day.year)
    return not is_free and _MONDAY < day.weekday() <= _FRIDAY


async def _slots(
    archive: Archive, series: Sequence[Series], area: Area, day: date, step_s: int
) -> FloatArray:
    span = area.day_us(day)
    return hours.on_slots([await archive.as_of(one, *span) for one in series], *span, step_s)


def _us(row: dict[str, Any]) -> int:
    return clock.micros(datetime.fromisoformat(row["ts"]))


def _points(rows: list[dict[str, Any]]) -> FloatArray:
    told = [row["price_eur_mwh"] for row in rows]
    return np.array([np.nan if value is None else value for value in told], dtype=np.float64)


def _quantiles(rows: list[dict[str, Any]]) -> FloatArray | None:
    told = [row["price_q"] for row in rows]
    if any(one is None for one in told):
        return None
    return np.array(told, dtype=np.float64).reshape(-1, len(LEVELS))
