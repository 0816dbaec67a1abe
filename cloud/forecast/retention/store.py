"""Deletes rows that are too old, a portion at a time."""

from datetime import date

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.service.model import State
from cloud.forecast.service.tables import forecast_table, job_table, scenario_table, told_table


async def forget_jobs(connection: AsyncConnection, before_us: int, limit: int) -> int:
    """Delete jobs that ended, with their forecasts, which have the same ids; return how many."""
    j = job_table.c
    ended = j.state.in_((State.DONE.value, State.FAILED.value))
    old = select(j.id).where(ended, j.created_us < before_us).limit(limit)
    ids = list(await connection.scalars(old))
    if ids:
        for table in (forecast_table, scenario_table):
            await connection.execute(delete(table).where(table.c.id.in_(ids)))
        await connection.execute(delete(job_table).where(j.id.in_(ids)))
    return len(ids)


async def forget_told(connection: AsyncConnection, first: date, limit: int) -> int:
    """Delete what members said of days before; return how many days went."""
    key = told_table.c.area, told_table.c.members, told_table.c.day
    old = select(*key).where(told_table.c.day < first).limit(limit)
    keys = [tuple(row) for row in await connection.execute(old)]
    if keys:
        await connection.execute(delete(told_table).where(tuple_(*key).in_(keys)))
    return len(keys)
