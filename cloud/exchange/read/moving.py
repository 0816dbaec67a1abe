"""Trades on their way to being recalled or cancelled, and those that became void."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.matching.codes import TradeState
from cloud.exchange.read import tables
from cloud.exchange.read.model import ContractRow
from cloud.exchange.read.store import ROWS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTrade:
    """A trade that somebody asked to undo, with both accounts: for operations alone."""

    trade_id: int
    at_us: int
    contract: ContractRow
    price_ticks: int
    quantity_steps: int
    buyer: str
    seller: str
    state: TradeState
    moved_us: int


async def moved_trades(
    connection: AsyncConnection,
    states: Collection[TradeState],
    *,
    before: int | None = None,
    limit: int = 100,
    only_moved: bool = True,
) -> Sequence[MovedTrade]:
    """Return trades that stand in one of these states, newest first.

    Args:
        before: for the next page: only ids below this one.
        only_moved: leave out those that nobody has asked to undo.
    """
    c, listed = tables.trade.c, tables.contract.c
    query = (
        select(
            *(c[name] for name in ("trade_id", "at_us", "price_ticks", "quantity_steps")),
            *(c[name] for name in ("buy_account", "sell_account", "state", "moved_us")),
            *(listed[f.name].label(f"contract_{f.name}") for f in fields(ContractRow)),
        )
        .join(tables.contract, c.contract == listed.contract)
        .where(c.state.in_([state.value for state in states]))
        .order_by(c.trade_id.desc())
        .limit(min(limit, ROWS_MAX))
    )
    if only_moved:
        query = query.where(c.moved_us > 0)
    if before is not None:
        query = query.where(c.trade_id < before)
    found = (await connection.execute(query)).mappings().all()
    return [
        MovedTrade(
            trade_id=row["trade_id"],
            at_us=row["at_us"],
            contract=ContractRow(
                **{f.name: row[f"contract_{f.name}"] for f in fields(ContractRow)}
            ),
            price_ticks=row["price_ticks"],
            quantity_steps=row["quantity_steps"],
            buyer=row["buy_account"],
            seller=row["sell_account"],
            state=TradeState(row["state"]),
            moved_us=row["moved_us"],
        )
        for row in found
    ]
