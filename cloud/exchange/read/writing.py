"""Changes of the read model as few statements; inside the projection's transaction.

Rows go to the driver as they are, past the toolkit's own handling of each value: it would cost
more than all the rest. Updates go in the order of their keys.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.facts import Joined, Listed
from cloud.exchange.read import orders, tables
from cloud.exchange.read.changes import Changes

_CONTRACT = tuple(c.name for c in tables.contract.columns if c.name != "closed_us")
_OWNER = tuple(c.name for c in tables.owner.columns)
_HALT = ("sequence", "scope", "value", "at_us", "who", "reason")
_ALL = (
    tables.contract,
    tables.owner,
    tables.order,
    tables.action,
    tables.trade,
    tables.move,
    tables.surveillance,
    tables.activity,
    tables.halt,
    tables.policy,
)


async def write(connection: AsyncConnection, changes: Changes) -> None:
    """Write all of it; positions and the audit log are others'."""
    done = _Statements(connection)
    await done.insert(tables.contract, map(_contract, changes.contracts.values()), _CONTRACT)
    await done.insert(tables.owner, map(_owner, changes.owners.values()), _OWNER)
    await done.update(tables.contract, ("closed_us",), changes.closed)
    new = changes.entered
    await done.insert(tables.order, map(orders.values, new.values()), orders.COLUMNS)
    old = [order for number, order in sorted(changes.touched.items()) if number not in new]
    await done.update(tables.order, orders.CHANGING, map(orders.changing, old))
    await done.insert(tables.action, changes.actions)
    await done.insert(tables.trade, changes.trades)
    await done.insert(tables.move, changes.moves)
    await done.update(tables.trade, ("state", "moved_us"), changes.moved)
    await done.insert(tables.surveillance, changes.surveillance)
    await done.insert(tables.halt, changes.halts, _HALT)
    await done.resume(changes.resumed)
    await done.insert(tables.policy, changes.policies)
    activity = ((*key, *counts) for key, counts in sorted(changes.activity.items()))
    await done.add(tables.activity, activity)


async def clear(connection: AsyncConnection) -> None:
    """Delete every row that a journal can make again."""
    for table in _ALL:
        await connection.execute(table.delete())


class _Statements:
    """Statements of this connection's engine, which marks values in its own way."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._numbered = connection.dialect.name == "postgresql"

    async def insert(
        self, table: Table, rows: Iterable[Sequence[Any]], columns: Sequence[str] = ()
    ) -> None:
        """Insert rows of all columns, or of these."""
        await self._many(self._into(table, columns), rows)

    async def add(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows; where the key is there the other columns are added up."""
        keys = [column.name for column in table.primary_key]
        sums = (c.name for c in table.columns if c.name not in keys)
        change = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in sums)
        ending = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {change}"
        await self._many(self._into(table, ()) + ending, rows)

    async def update(
        self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Change these columns; the last value of each row is its key."""
        (key,) = (column.name for column in table.primary_key)
        marks = self._marks(len(columns) + 1)
        sets = ", ".join(f"{name} = {mark}" for name, mark in zip(columns, marks, strict=False))
        await self._many(
            _sql("UPDATE", table.name, "SET", sets, "WHERE", key, "=", marks[-1]), rows
        )

    async def resume(self, rows: Iterable[Sequence[Any]]) -> None:
        """End the halts of a scope that began before."""
        us, by, reason, scope, value, before = self._marks(6)
        sets = f"resumed_us = {us}, resumed_by = {by}, resumed_reason = {reason}"
        where = f"scope = {scope} AND value = {value} AND sequence < {before}"
        halt = tables.halt.name
        await self._many(
            _sql("UPDATE", halt, "SET", sets, "WHERE", where, "AND resumed_us IS NULL"), rows
        )

    def _into(self, table: Table, columns: Sequence[str]) -> str:
        names = columns or [column.name for column in table.columns]
        marks = ", ".join(self._marks(len(names)))
        return _sql("INSERT INTO", table.name, f"({', '.join(names)}) VALUES ({marks})")

    def _marks(self, count: int) -> list[str]:
        return [f"${n}" if self._numbered else "?" for n in range(1, count + 1)]

    async def _many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        values = [tuple(row) for row in rows]
        if values:
            await self._connection.exec_driver_sql(statement, values)


def _sql(*parts: str) -> str:
    """Return the statement; its parts are the names and marks of our own tables."""
    return " ".join(parts)


def _contract(fact: Listed) -> tuple[Any, ...]:
    at_us, contract, *rest, parts, day = fact
    return contract, at_us, *rest, ",".join(map(str, parts)), day


def _owner(fact: Joined) -> tuple[Any, ...]:
    at_us, owner, *rest = fact
    return owner, at_us, *rest
