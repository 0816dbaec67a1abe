"""Many rows at once, past the toolkit: arrays on PostgreSQL, the plain driver on SQLite.

Inside the caller's transaction. Rows go in the order in which they come; callers that change rows
of others sort them, so that two transactions never wait for each other.

A statement of the toolkit costs four visits to the driver's thread on SQLite, one of these costs
one; its text is the same each time, so both engines prepare it once.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import exceptions
from sqlalchemy import Column, Table
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.errors import Unavailable

ROWS_AT_ONCE = 64
"""Rows that SQLite is given in one statement; more of them go one by one, in one visit."""

Rows = Sequence[tuple[Any, ...]]


async def fetch(
    connection: AsyncConnection, what: str, keys: Sequence[str], rows: Rows, then: str
) -> Rows:
    """Return what is selected for these keys, which are texts.

    Args:
        what: all before the keys, which are the table ``k``: ``SELECT … FROM``.
        keys: the names of the columns of ``k``.
        then: all behind.
    """
    if not rows:
        return []
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"${i}::text[]" for i in range(1, len(keys) + 1))
        async with _driver(connection) as driver:
            found = await driver.fetch(
                _sql(what, f"unnest({arrays}) AS k{_listed(keys)}", then), *_columns(rows)
            )
        return [tuple(row) for row in found]
    each = ", ".join(f"json_extract(value, '$[{i}]') AS {name}" for i, name in enumerate(keys))
    statement = _sql(what, "(SELECT", each, "FROM json_each(?)) AS k", then)
    async with _driver(connection) as driver:
        return list(await driver.execute_fetchall(statement, (json.dumps(rows),)))


async def insert(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Rows
) -> None:
    """Insert rows whose keys are not there yet; the caller knows that."""
    if not rows:
        return
    into = _sql("INSERT INTO", table.name, _listed(columns))
    await _write(connection, into, [table.c[name] for name in columns], rows)


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
    await _write(connection, into, table.columns, rows, ending)


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


async def _write(
    connection: AsyncConnection,
    into: str,
    columns: Iterable[Column[Any]],
    rows: Rows,
    ending: str = "",
) -> None:
    if connection.dialect.name == "postgresql":
        arrays = _arrays(connection, columns)
        async with _driver(connection) as driver:
            await driver.execute(_sql(into, "SELECT * FROM", arrays, ending), *_columns(rows))
        return
    marks = _listed("?" * len(rows[0]))
    if len(rows) > ROWS_AT_ONCE:
        await connection.exec_driver_sql(_sql(into, "VALUES", marks, ending), list(rows))
        return
    statement = _sql(into, "VALUES", ", ".join([marks] * len(rows)), ending)
    async with _driver(connection) as driver:
        await driver.execute_fetchall(statement, [value for row in rows for value in row])


def _sql(*parts: str) -> str:
    """Return the statement; its parts are the names and marks of our own tables."""
    return " ".join(parts)


def _listed(names: Iterable[str]) -> str:
    return f"({', '.join(names)})"


def _arrays(connection: AsyncConnection, columns: Iterable[Column[Any]]) -> str:
    kinds = (column.type.compile(connection.dialect) for column in columns)
    return f"unnest({', '.join(f'${i}::{kind}[]' for i, kind in enumerate(kinds, start=1))})"


def _columns(rows: Rows) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


@asynccontextmanager
async def _driver(connection: AsyncConnection) -> AsyncIterator[Any]:
    """Yield the driver's own connection, in the transaction of this one.

    Raises:
        Unavailable: the server is gone.
        DBAPIError: as the toolkit says it, which the kernel recognises.
    """
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if connection.dialect.name == "postgresql" and not driver.is_in_transaction():
        # The toolkit begins with its first statement; ours alone would be committed one by one.
        await connection.exec_driver_sql("SELECT 1")
    try:
        yield driver
    except sqlite3.IntegrityError as error:
        raise IntegrityError(None, None, error) from error
    except sqlite3.OperationalError as error:
        raise OperationalError(None, None, error) from error
    except (exceptions.InterfaceError, exceptions.PostgresConnectionError) as error:
        raise Unavailable("the database does not answer; nothing was changed") from error
