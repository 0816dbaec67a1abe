"""Scores, calibrations and alarms in the database."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.service.ladder import SIMILAR_DAY
from cloud.forecast.service.tables import (
    alarm_table,
    forecast_table,
    model_table,
    score_table,
    told_table,
)
from cloud.forecast.watch.verdicts import Score
from cloud.kernel.database import insert_or_ignore

_s, _a, _m, _f = score_table.c, alarm_table.c, model_table.c, forecast_table.c
_t = told_table.c
_FIELDS = tuple(column.name for column in score_table.columns)


class Alarm(NamedTuple):
    """What is, or was, wrong."""

    area: str
    code: str
    since_us: int
    ended_us: int | None
    text: str
    forecast: str


class Calibration(NamedTuple):
    """A row of the registry."""

    area: str
    model: str
    inputs: str
    day: date
    trained_from: date
    trained_to: date
    registered_us: int
    weights: Mapping[str, float]


async def add(connection: AsyncConnection, score: Score) -> None:
    """Keep the score of a day; the first one stays."""
    row = {name: getattr(score, name) for name in _FIELDS}
    await insert_or_ignore(connection, score_table, [row])


async def scores(connection: AsyncConnection, area: str, since: date) -> list[Score]:
    """Return the scores of an area from a day on, in order of the days."""
    query = select(score_table).where(_s.area == area, _s.day >= since).order_by(_s.day)
    return [_score(row) for row in await connection.execute(query)]


async def forecast_before(
    connection: AsyncConnection,
    area: str,
    span: tuple[int, int],
    gate_us: int,
    *,
    computed: bool = False,
) -> str | None:
    """Return the id of the last day-ahead forecast of ``span`` that was made before the gate.

    Args:
        computed: one that stands in for another does not count.
    """
    query = (
        select(_f.id)
        .where(
            _f.area == area,
            _f.kind == "dayahead",
            _f.start_us <= span[0],
            _f.end_us >= span[1],
            _f.as_of_us < gate_us,
        )
        .order_by(_f.as_of_us.desc(), _f.id)
        .limit(1)
    )
    if computed:
        query = query.where(_f.features != SIMILAR_DAY)
    found: str | None = await connection.scalar(query)
    return found


async def standing(connection: AsyncConnection, area: str) -> list[Alarm]:
    """Return the alarms that stand."""
    query = select(alarm_table).where(_a.area == area, _a.ended_us.is_(None))
    return [Alarm(*row) for row in await connection.execute(query)]


async def alarms(connection: AsyncConnection, area: str, limit: int) -> list[Alarm]:
    """Return the newest alarms, newest first."""
    query = select(alarm_table).where(_a.area == area).order_by(_a.since_us.desc()).limit(limit)
    return [Alarm(*row) for row in await connection.execute(query)]


async def raise_(connection: AsyncConnection, alarm: Alarm) -> None:
    await insert_or_ignore(connection, alarm_table, [alarm._asdict()])


async def end(connection: AsyncConnection, alarm: Alarm, now_us: int) -> None:
    await connection.execute(
        update(alarm_table)
        .where(_a.area == alarm.area, _a.code == alarm.code, _a.since_us == alarm.since_us)
        .values(ended_us=now_us)
    )


async def told_last(
    connection: AsyncConnection, area: str, members: str, since: date
) -> bytes | None:
    """Return what members of that digest said of the newest day since then, None: nothing."""
    query = select(_t.told).where(
        _t.area == area, _t.members.startswith(members, autoescape=True), _t.day >= since
    )
    found: bytes | None = await connection.scalar(query.order_by(_t.day.desc()).limit(1))
    return found


async def calibrations(connection: AsyncConnection, area: str, limit: int) -> list[Calibration]:
    """Return the newest rows of the registry, newest first."""
    query = (
        select(model_table)
        .where(_m.area == area)
        .order_by(_m.day.desc(), _m.registered_us.desc())
        .limit(limit)
    )
    return [
        Calibration(
            area=row.area,
            model=row.model,
            inputs=row.inputs,
            day=row.day,
            trained_from=row.trained_from,
            trained_to=row.trained_to,
            registered_us=row.registered_us,
            weights=json.loads(row.weights),
        )
        for row in await connection.execute(query)
    ]


def _score(row: Row[Any]) -> Score:
    return Score(**{name: getattr(row, name) for name in _FIELDS})
