"""Many rows at once, past the toolkit: COPY and arrays on PostgreSQL, the plain driver on SQLite.

Inside the caller's transaction. Rows go in the order in which they come; callers that change rows
of others sort them, so that two transactions never wait for each other.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import exceptions
from sqlalchemy import Column, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.errors import Unavailable

Rows = Sequence[tuple[Any, ...]]


async def insert(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Rows
) -> None:
    """Insert rows whose keys are not there yet; the caller knows that."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        async with _driver(connection) as driver:
            await driver.copy_records_to_table(table.name, records=rows, columns=list(columns))
        return
    statement = _sql("INSERT INTO", table.name, _listed(columns), "VALUES", _marks(columns))
    await connection.exec_driver_sql(statement, list(rows))


async def merge(connection: AsyncConnection, table: Table, rows: Rows, change: str) -> None:
    """Insert rows with all columns of `table`, each key once; one that is there is changed.

    Args:
        change: what stands behind SET; the new row is called ``excluded``.
    """
    if not rows:
        return
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    ending = _sql("ON CONFLICT", _listed(keys), "DO UPDATE SET", change)
    into = _sql("INSERT INTO", table.name, _listed(names))
    if connection.dialect.name == "postgresql":
        arrays = _arrays(connection, table.columns)
        async with _driver(connection) as driver:
            await driver.execute(_sql(into, "SELECT * FROM", arrays, ending), *_columns(rows))
        return
    statement = _sql(into, "VALUES", _marks(names), ending)
    await connection.exec_driver_sql(statement, list(rows))


async def delete(connection: AsyncConnection, table: Table, keys: Rows) -> int:
    """Delete the rows of these primary keys; return how many there were."""
    if not keys:
        return 0
    names = [column.name for column in table.primary_key]
    away = _sql("DELETE FROM", table.name, "WHERE")
    if connection.dialect.name == "postgresql":
        arrays = _arrays(connection, table.primary_key)
        statement = _sql(away, _listed(names), "IN (SELECT * FROM", arrays, ")")
        async with _driver(connection) as driver:
            done = await driver.execute(statement, *_columns(keys))
        return int(done.rpartition(" ")[2])
    statement = _sql(away, " AND ".join(f"{name} = ?" for name in names))
    result = await connection.exec_driver_sql(statement, list(keys))
    return result.rowcount


def _sql(*parts: str) -> str:
    """Return the statement; its parts are the names and marks of our own tables."""
    return " ".join(parts)


def _listed(names: Iterable[str]) -> str:
    return f"({', '.join(names)})"


def _marks(names: Sequence[str]) -> str:
    return _listed("?" * len(names))


def _arrays(connection: AsyncConnection, columns: Iterable[Column[Any]]) -> str:
    kinds = (column.type.compile(connection.dialect) for column in columns)
    return f"unnest({', '.join(f'${i}::{kind}[]' for i, kind in enumerate(kinds, start=1))})"


def _columns(rows: Rows) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


@asynccontextmanager
async def _driver(connection: AsyncConnection) -> AsyncIterator[Any]:
    """Yield asyncpg's own connection; what it raises, the kernel would not recognise.

    Raises:
        Unavailable: the server is gone.
    """
    raw = await connection.get_raw_connection()
    try:
        yield raw.driver_connection
    except (exceptions.InterfaceError, exceptions.PostgresConnectionError) as error:
        raise Unavailable("the database does not answer; nothing was changed") from error
