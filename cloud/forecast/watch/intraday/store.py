"""Scores of the forecasts of the next hours in the database, and the runs that told a day."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.service import store as forecasts
from cloud.forecast.service.model import Forecast, Kind
from cloud.forecast.service.tables import forecast_table, intraday_score_table
from cloud.forecast.watch.intraday.scores import Score
from cloud.kernel.database import insert_or_ignore

RUNS_MAX = 96
"""Of those that tell a day the newest are read."""
_s, _f = intraday_score_table.c, forecast_table.c
_FIELDS = tuple(column.name for column in intraday_score_table.columns)


async def add(connection: AsyncConnection, score: Score) -> None:
    """Keep the score of a day; the first one stays."""
    row = {name: getattr(score, name) for name in _FIELDS}
    await insert_or_ignore(connection, intraday_score_table, [row])


async def scores(connection: AsyncConnection, area: str, since: date) -> list[Score]:
    """Return the scores of an area from a day on, in order of the days."""
    query = select(intraday_score_table).where(_s.area == area, _s.day >= since).order_by(_s.day)
    rows = await connection.execute(query)
    return [Score(**{name: getattr(row, name) for name in _FIELDS}) for row in rows]


async def runs(
    connection: AsyncConnection, area: str, span: tuple[int, int], granularity_min: int
) -> list[Forecast]:
    """Return the runs that tell any of ``span`` and were issued before its end, oldest first."""
    query = (
        select(_f.id)
        .where(
            _f.area == area,
            _f.kind == Kind.INTRADAY.value,
            _f.granularity_min == granularity_min,
            _f.start_us < span[1],
            _f.end_us > span[0],
            _f.issued_us < span[1],
        )
        .order_by(_f.issued_us.desc(), _f.id)
        .limit(RUNS_MAX)
    )
    names = list(await connection.scalars(query))
    found = [await forecasts.forecast_of(connection, name) for name in reversed(names)]
    return [one for one in found if one is not None]
