"""The exchange's read model in the database; only the projection writes it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, case, null, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange import tables
from cloud.exchange.book import Ending, Execution, Side
from cloud.exchange.model import OrderRow, TradeRow
from cloud.kernel.database import upsert

_JOURNAL = "journal"


class Place(NamedTuple):
    """How far the journal has been read."""

    number: int
    """Of the last record."""
    offset: int
    """Of the next frame in the file."""


async def place(connection: AsyncConnection) -> Place:
    """Return how far the read model is; (0, 0) before anything."""
    c = tables.cursor.c
    query = select(c.number, c.offset).where(c.name == _JOURNAL)
    row = (await connection.execute(query)).one_or_none()
    return Place(0, 0) if row is None else Place(*row)


async def save_place(connection: AsyncConnection, place: Place) -> None:
    await upsert(
        connection,
        tables.cursor,
        [{"name": _JOURNAL, **place._asdict()}],
        change=lambda new: {"number": new.number, "offset": new.offset},
        only_if=lambda _: true(),
    )


async def add(
    connection: AsyncConnection,
    orders: Sequence[dict[str, Any]],
    trades: Sequence[dict[str, Any]],
) -> None:
    """Insert new orders and trades."""
    if orders:
        await connection.execute(tables.order.insert(), list(orders))
    if trades:
        await connection.execute(tables.trade.insert(), list(trades))


async def change(
    connection: AsyncConnection,
    fills: Sequence[dict[str, Any]],
    endings: Sequence[dict[str, Any]],
) -> None:
    """Change orders: fills ``(id, steps, us)`` first, then endings ``(id, why, us)``."""
    table, c = tables.order, tables.order.c
    if fills:
        filled = c.filled_steps + bindparam("steps")
        complete = filled == c.quantity_steps
        statement = (
            update(table)
            .where(c.order_id == bindparam("id"))
            .values(
                filled_steps=filled,
                ending=case((complete, Ending.FILLED.value), else_=c.ending),
                ended_us=case((complete, bindparam("us", type_=c.ended_us.type)), else_=null()),
            )
        )
        await connection.execute(statement, list(fills))
    if endings:
        statement = (
            update(table)
            .where(c.order_id == bindparam("id"))
            .values(ending=bindparam("why"), ended_us=bindparam("us"))
        )
        await connection.execute(statement, list(endings))


async def order(connection: AsyncConnection, account: str, order_id: int) -> OrderRow | None:
    c = tables.order.c
    query = select(tables.order).where(c.order_id == order_id, c.account == account)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _order(row)


async def orders(
    connection: AsyncConnection, account: str, *, before: int | None, limit: int, only_open: bool
) -> Sequence[OrderRow]:
    """Return an account's orders, newest first."""
    c = tables.order.c
    query = select(tables.order).where(c.account == account)
    if before is not None:
        query = query.where(c.order_id < before)
    if only_open:
        query = query.where(c.ending.is_(None))
    rows = await connection.execute(query.order_by(c.order_id.desc()).limit(limit))
    return [_order(row) for row in rows]


async def trades(
    connection: AsyncConnection, account: str, *, before: int | None, limit: int
) -> Sequence[TradeRow]:
    """Return an account's sides of its trades, newest first."""
    c = tables.trade.c
    query = select(tables.trade).where(or_(c.buy_account == account, c.sell_account == account))
    if before is not None:
        query = query.where(c.trade_id < before)
    rows = await connection.execute(query.order_by(c.trade_id.desc()).limit(limit))
    return [_trade(row, account) for row in rows]


def _order(row: Row[Any]) -> OrderRow:
    return OrderRow(
        order_id=row.order_id,
        at_us=row.at_us,
        client_order_id=row.client_order_id,
        site=row.site,
        market=row.market,
        start_us=row.start_us,
        side=Side(row.side),
        price_ticks=row.price_ticks,
        quantity_steps=row.quantity_steps,
        step_kw=row.step_kw,
        wh_per_step=row.wh_per_step,
        execution=Execution(row.execution),
        filled_steps=row.filled_steps,
        ending=None if row.ending is None else Ending(row.ending),
        ended_us=row.ended_us,
    )


def _trade(row: Row[Any], account: str) -> TradeRow:
    bought = row.buy_account == account
    return TradeRow(
        trade_id=row.trade_id,
        at_us=row.at_us,
        order_id=row.buy_order if bought else row.sell_order,
        site=row.buy_site if bought else row.sell_site,
        market=row.market,
        start_us=row.start_us,
        side=Side.BUY if bought else Side.SELL,
        price_ticks=row.price_ticks,
        quantity_steps=row.quantity_steps,
        step_kw=row.step_kw,
        wh_per_step=row.wh_per_step,
    )
