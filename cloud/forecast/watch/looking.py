"""What is wrong with the forecasts of an area, by the code of its alarm: all that is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.days import HOURS
from cloud.forecast.service import inputs, schedule
from cloud.forecast.watch import reports, scoring, sequence, store, verdicts
from cloud.forecast.watch.intraday import scores as intraday
from cloud.forecast.watch.intraday.scores import Score as SoonScore
from cloud.forecast.watch.store import Alarm
from cloud.forecast.watch.verdicts import Code, Score
from cloud.kernel.database import Database
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive

SOON_DAYS = 14
"""Older scores of the next hours say nothing of now."""
TOLD_DAYS = 3
"""A day that members told so lately is compared."""


@dataclass(frozen=True, slots=True)
class Found:
    """What gives reason to an alarm."""

    wrong: Mapping[Code, str]
    """Each with a line that says why."""
    forecasts: Mapping[Code, str]
    """Which forecast it is said of, where it is not the last one that was scored."""


async def found(
    database: Database,
    archive: Archive,
    area: Area,
    scores: Sequence[Score],
    now_us: int,
    soon: Sequence[SoonScore] = (),
) -> Found:
    """Look at everything; `soon`: the scores of the next hours, in order of their days.

    Raises:
        TooShort: there is no price of the area.
        Unavailable: the database does not answer.
    """
    today = area.day_of(now_us)
    async with database.reading() as connection:
        standing = {one.code: one for one in await store.standing(connection, area.code)}
    wrong = dict(verdicts.verdicts(scores))
    forecasts: dict[Code, str] = {}
    if _has_stood_a_day(standing.get(Code.ACCURACY), area, today) and Code.ACCURACY in wrong:
        stays = verdicts.stays(scores)
        if stays is not None:
            wrong[Code.STAYS] = stays
    if scores:
        chosen = await inputs.chosen(archive, area)
        mixed = await sequence.mixed_up(archive, chosen, area, scores)
        if mixed is not None:
            wrong[Code.SEQUENCE] = mixed
    missed = await _inputs(database, area, today)
    if missed is not None:
        wrong[Code.INPUTS], forecasts[Code.INPUTS] = missed
    idle = await _members(database, area, scores, today)
    if idle is not None:
        wrong[Code.MEMBERS] = idle
    said = intraday.verdict([one for one in soon if (today - one.day).days <= SOON_DAYS])
    if said is not None:
        wrong[Code.INTRADAY], forecasts[Code.INTRADAY] = said, soon[-1].forecast
    if await _is_missing(database, area, now_us):
        wrong[Code.JOBS] = "no forecast of tomorrow in time: the similar day stands in"
    return Found(wrong, forecasts)


def _has_stood_a_day(alarm: Alarm | None, area: Area, today: date) -> bool:
    return alarm is not None and area.day_of(alarm.since_us) < today


async def _inputs(database: Database, area: Area, today: date) -> tuple[str, str] | None:
    """Return what is wrong with the inputs of the newest forecast of a day, and its id."""
    for day in (today + timedelta(days=1), today):
        forecast = await scoring.told_for(database, area, day)
        if forecast is None:
            continue
        async with database.reading() as connection:
            read = await store.calibrations(connection, area.code, reports.EXPECTED_DAYS)
        said = reports.inputs_wrong(forecast.flags, [one.inputs for one in read])
        return None if said is None else (said, forecast.id)
    return None


async def _members(
    database: Database, area: Area, scores: Sequence[Score], today: date
) -> str | None:
    async with database.reading() as connection:
        read = await store.calibrations(connection, area.code, reports.FLOOR_DAYS)
        told = await store.told_last(
            connection,
            area.code,
            DAY_AHEAD.members_digest(),
            today - timedelta(days=TOLD_DAYS),
        )
    of_all = [one.weights for one in read if one.model == DAY_AHEAD.name]
    mae = verdicts.figures(scores).mae14
    apart: list[tuple[str, str]] = []
    if told is not None and mae is not None:
        apart = reports.members_apart(_unpacked(told), mae)
    return reports.members_said(reports.members_idle(of_all), apart)


async def _is_missing(database: Database, area: Area, now_us: int) -> bool:
    span = area.day_us(area.day_of(now_us) + timedelta(days=1))
    async with database.reading() as connection:
        name = await store.forecast_before(connection, area.code, span, now_us + 1, computed=True)
    return schedule.is_missing(area, now_us, name is not None)


def _unpacked(told: bytes) -> FloatArray:
    return np.frombuffer(told, dtype="<f8").astype(np.float64).reshape(-1, HOURS)
