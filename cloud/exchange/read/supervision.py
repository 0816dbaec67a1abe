"""Questions of whoever runs the exchange: refusals, self-trades, halts, recalls, policies."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.matching.codes import TradeState
from cloud.exchange.read import tables
from cloud.exchange.read.model import (
    ActivityRow,
    HaltRow,
    MoveRow,
    PolicyRow,
    SurveillanceRow,
)
from cloud.exchange.read.store import ROWS_MAX

_T = TypeVar("_T", ActivityRow, HaltRow, PolicyRow, SurveillanceRow)


async def surveillance(
    connection: AsyncConnection,
    *,
    account: str | None = None,
    code: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[SurveillanceRow]:
    """Return refusals and self-trades, newest first; `before` is a sequence."""
    c = tables.surveillance.c
    query = select(tables.surveillance).order_by(c.sequence.desc())
    for column, value in ((c.account, account), (c.code, code)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(c.sequence < before)
    return await _values(connection, SurveillanceRow, query, limit)


async def activity(
    connection: AsyncConnection,
    from_us: int,
    to_us: int,
    *,
    account: str | None = None,
    limit: int = ROWS_MAX,
) -> Sequence[ActivityRow]:
    """Return what accounts did on the UTC days that begin in ``[from_us, to_us)``, newest first."""
    c = tables.activity.c
    query = select(tables.activity).where(c.day_us >= from_us, c.day_us < to_us)
    if account is not None:
        query = query.where(c.account == account)
    query = query.order_by(c.day_us.desc(), c.account)
    return await _values(connection, ActivityRow, query, limit)


async def halts(
    connection: AsyncConnection,
    *,
    only_in_force: bool = False,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[HaltRow]:
    """Return halts and kill switches, newest first; `before` is a sequence."""
    c = tables.halt.c
    query = select(tables.halt).order_by(c.sequence.desc())
    if only_in_force:
        query = query.where(c.resumed_us.is_(None))
    if before is not None:
        query = query.where(c.sequence < before)
    return await _values(connection, HaltRow, query, limit)


async def policies(
    connection: AsyncConnection,
    what: str,
    *,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[PolicyRow]:
    """Return the policies of one sort, newest first: the first one is in force."""
    c = tables.policy.c
    query = select(tables.policy).where(c.what == what).order_by(c.sequence.desc())
    if before is not None:
        query = query.where(c.sequence < before)
    return await _values(connection, PolicyRow, query, limit)


async def moves(connection: AsyncConnection, trade_id: int) -> Sequence[MoveRow]:
    """Return the steps of the recall or cancellation of a trade, oldest first."""
    c = tables.move.c
    query = select(tables.move).where(c.trade_id == trade_id).order_by(c.sequence).limit(ROWS_MAX)
    found = (await connection.execute(query)).mappings().all()
    return [MoveRow(**{**row, "state": TradeState(row["state"])}) for row in found]


async def _values(
    connection: AsyncConnection, kind: type[_T], query: Select[Any], limit: int
) -> list[_T]:
    found = (await connection.execute(query.limit(min(limit, ROWS_MAX)))).mappings().all()
    return [kind(**row) for row in found]
