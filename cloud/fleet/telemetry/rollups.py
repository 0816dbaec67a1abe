"""Roll-ups in the database: merged in exactly, read as columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry import bulk, rolls, tables
from cloud.fleet.telemetry.columns import Floats
from cloud.fleet.telemetry.rolls import MINUTE_US, QUARTER_US, Rolls

ROWS_MAX = 200_000
"""Roll-ups read in one go."""


def _change(table: str) -> str:
    """Return how a row that is there takes up the new one; `rolls.merged` in SQL."""
    lower = f"{table}.low IS NULL OR excluded.low < {table}.low"
    higher = f"{table}.high IS NULL OR excluded.high > {table}.high"
    later = f"excluded.last_us >= {table}.last_us"
    worse = f"excluded.quality > {table}.quality"
    return ", ".join(
        (
            f"n = {table}.n + excluded.n",
            f"good = {table}.good + excluded.good",
            f"total = {table}.total + excluded.total",
            f"low = CASE WHEN {lower} THEN excluded.low ELSE {table}.low END",
            f"high = CASE WHEN {higher} THEN excluded.high ELSE {table}.high END",
            f"last = CASE WHEN {later} THEN excluded.last ELSE {table}.last END",
            f"last_us = CASE WHEN {later} THEN excluded.last_us ELSE {table}.last_us END",
            f"quality = CASE WHEN {worse} THEN excluded.quality ELSE {table}.quality END",
        )
    )


async def add(connection: AsyncConnection, found: Rolls) -> None:
    """Merge roll-ups of any intervals into both tables."""
    minutes = rolls.merged(found, MINUTE_US)
    for table, part in (
        (tables.minute, minutes),
        (tables.quarter, rolls.merged(minutes, QUARTER_US)),
    ):
        await bulk.merge(connection, table, _rows(part), _change(table.name))


async def read(
    connection: AsyncConnection, table: Table, series: Sequence[int], from_us: int, to_us: int
) -> Rolls:
    """Return what the table has of these series with a beginning in the interval."""
    c = table.c
    query = select(table).where(c.series.in_(series), c.start_us >= from_us, c.start_us < to_us)
    rows = (await connection.execute(query.limit(ROWS_MAX))).all()
    if not rows:
        return rolls.joined([])
    columns = list(zip(*rows, strict=True))
    return Rolls(
        series=np.array(columns[0], dtype=np.int64),
        start_us=np.array(columns[1], dtype=np.int64),
        n=np.array(columns[2], dtype=np.int64),
        good=np.array(columns[3], dtype=np.int64),
        total=np.array(columns[4], dtype=np.float64),
        low=np.array(columns[5], dtype=np.float64),
        high=np.array(columns[6], dtype=np.float64),
        last=np.array(columns[7], dtype=np.float64),
        last_us=np.array(columns[8], dtype=np.int64),
        quality=np.array(columns[9], dtype=np.uint8),
    )


def _rows(part: Rolls) -> list[tuple[Any, ...]]:
    return list(
        zip(
            part.series.tolist(),
            part.start_us.tolist(),
            part.n.tolist(),
            part.good.tolist(),
            part.total.tolist(),
            _nullable(part.low),
            _nullable(part.high),
            _nullable(part.last),
            part.last_us.tolist(),
            part.quality.tolist(),
            strict=True,
        )
    )


def _nullable(numbers: Floats) -> list[float | None]:
    found: list[float | None] = numbers.astype(object).tolist()
    for index in np.flatnonzero(np.isnan(numbers)):
        found[index] = None
    return found
