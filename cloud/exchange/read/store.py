"""Questions to the read model; every list is newest first, has a limit and a cursor.

`account` None means all accounts: the caller has seen to it that who asks may see them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.matching.codes import Side
from cloud.exchange.read import rows, tables
from cloud.exchange.read.model import (
    ActionRow,
    ContractRow,
    OrderRow,
    PublicTrade,
    TradeRow,
)
from cloud.exchange.read.rows import Named

ROWS_MAX = 1_000
"""In one answer."""
_O, _T, _C, _W = tables.order.c, tables.trade.c, tables.contract.c, tables.owner.c


async def order(
    connection: AsyncConnection, order_id: int, account: str | None = None
) -> OrderRow | None:
    """Return an order, None where there is none, or where it is somebody else's."""
    found = await orders(connection, account, only=order_id, limit=1)
    return found[0] if found else None


async def orders(
    connection: AsyncConnection,
    account: str | None = None,
    *,
    only: int | None = None,
    before: int | None = None,
    only_open: bool = False,
    market: str | None = None,
    contract: int | None = None,
    limit: int = 100,
) -> Sequence[OrderRow]:
    """Return orders, newest first.

    Args:
        only: this order alone.
        before: for the next page: only ids below this one.
        only_open: those that live, hibernated ones with them.
    """
    query = (
        select(*rows.columns(OrderRow), *rows.joined(tables.contract, tables.owner))
        .join(tables.contract, _O.contract == _C.contract)
        .join(tables.owner, _O.owner == _W.owner)
    )
    if only_open:
        query = query.where(_O.ended_us.is_(None))
    if before is not None:
        query = query.where(_O.order_id < before)
    wanted = ((_O.account, account), (_O.order_id, only), (_O.contract, contract))
    query = _where(query, *wanted, (_C.market, market))
    query = query.order_by(_O.order_id.desc()).limit(min(limit, ROWS_MAX))
    return [rows.order(row) for row in await _mapped(connection, query)]


async def history(
    connection: AsyncConnection, initial_id: int, *, after: int = 0, limit: int = 100
) -> Sequence[ActionRow]:
    """Return what happened to an order and all that replaced it, oldest first.

    Args:
        initial_id: of the first order of the chain (`OrderRow.initial_id`).
        after: for the next page: only sequences above this one; a change of order is one
            sequence and two rows, which are never on two pages.
    """
    c = tables.action.c
    query = (
        select(*rows.columns(ActionRow, tables.action))
        .where(c.initial_id == initial_id, c.sequence > after)
        .order_by(c.sequence, c.order_id)
        .limit(min(limit, ROWS_MAX) + 1)
    )
    found = [ActionRow(**row) for row in await _mapped(connection, query)]
    if len(found) > min(limit, ROWS_MAX) and found[-1].sequence != found[-2].sequence:
        found.pop()
    return found


async def trades(
    connection: AsyncConnection,
    account: str,
    *,
    before: int | None = None,
    market: str | None = None,
    contract: int | None = None,
    limit: int = 100,
) -> Sequence[TradeRow]:
    """Return an account's sides of its trades, newest first.

    A trade of the account with itself is there twice, once for each side; `limit` counts trades.
    """
    limit = min(limit, ROWS_MAX)
    sides = (
        _side(Side.BUY, account, before, market, contract, limit),
        _side(Side.SELL, account, before, market, contract, limit),
    )
    either = union_all(*(select(side.subquery()) for side in sides)).subquery()
    query = select(either).order_by(either.c.trade_id.desc(), either.c.side)
    found = [rows.trade(row) for row in await _mapped(connection, query.limit(2 * limit))]
    last = sorted({row.trade_id for row in found}, reverse=True)[:limit]
    return [row for row in found if row.trade_id >= last[-1]] if last else []


async def trades_of_contract(
    connection: AsyncConnection, contract: int, *, before: int | None = None, limit: int = 100
) -> Sequence[PublicTrade]:
    """Return the trades of a contract without their owners, newest first; void ones are marked."""
    query = select(*rows.columns(PublicTrade, tables.trade)).where(_T.contract == contract)
    if before is not None:
        query = query.where(_T.trade_id < before)
    query = query.order_by(_T.trade_id.desc()).limit(min(limit, ROWS_MAX))
    return [rows.public_trade(row) for row in await _mapped(connection, query)]


async def contract(
    connection: AsyncConnection, market: str, start_us: int, end_us: int
) -> ContractRow | None:
    """Return a contract that was named in an order once, None where none has been."""
    query = (
        select(tables.contract)
        .where(_C.market == market, _C.start_us == start_us, _C.end_us == end_us)
        .order_by(_C.contract.desc())
        .limit(1)
    )
    found = await _mapped(connection, query)
    return rows.contract(found[0]) if found else None


def _side(
    side: Side,
    account: str,
    before: int | None,
    market: str | None,
    contract: int | None,
    limit: int,
) -> Select[Any]:
    """Return the newest trades in which the account was on this side."""
    name = "buy" if side is Side.BUY else "sell"
    whose, order_id, number = (_T[f"{name}_{what}"] for what in ("account", "order", "owner"))
    own = ("trade_id", "at_us", "aggressor", "price_ticks", "quantity_steps")
    columns: list[ColumnElement[Any]] = [
        *(_T[name] for name in (*own, "self_trade", "state", "moved_us")),
        order_id.label("order_id"),
        literal(int(side)).label("side"),
        *rows.joined(tables.contract, tables.owner),
    ]
    query: Select[Any] = (
        select(*columns)
        .join(tables.contract, _T.contract == _C.contract)
        .join(tables.owner, number == _W.owner)
        .where(whose == account)
    )
    if before is not None:
        query = query.where(_T.trade_id < before)
    query = _where(query, (_T.contract, contract), (_C.market, market))
    return query.order_by(_T.trade_id.desc()).limit(limit)


def _where(query: Select[Any], *wanted: tuple[Any, Any]) -> Select[Any]:
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    return query


async def _mapped(connection: AsyncConnection, query: Select[Any]) -> Sequence[Named]:
    found: Sequence[Named] = (await connection.execute(query)).mappings().all()
    return found
