"""Rows of the read model that a stretch of facts needs, brought back as they were."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Column, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.facts import Joined, Listed
from cloud.exchange.read import orders, tables
from cloud.exchange.read.changes import Trade
from cloud.exchange.read.ledger import Ledger
from cloud.exchange.read.needs import Needs
from cloud.exchange.read.orders import Order

AT_ONCE = 500
"""Keys in one question."""
NAMES_MAX = 20_000
"""Contracts, and owners, that are remembered; beyond that all are forgotten and fetched again."""


class Names:
    """Contracts and owners that are committed; they never change."""

    def __init__(self) -> None:
        self.contracts: dict[int, Listed] = {}
        self.owners: dict[int, Joined] = {}

    def remember(self, contracts: Mapping[int, Listed], owners: Mapping[int, Joined]) -> None:
        """Keep what a committed stretch has told, or what was fetched."""
        self.contracts.update(contracts)
        self.owners.update(owners)

    def shrink(self) -> None:
        """Forget all where it has become too much."""
        for names in (self.contracts, self.owners):
            if len(names) > NAMES_MAX:
                names.clear()


async def ledger(connection: AsyncConnection, needs: Needs, names: Names) -> Ledger:
    """Return a ledger with all that is needed; what is not there is missing in it."""
    names.shrink()
    found: dict[int, Order] = {}
    columns = [tables.order.c[name] for name in orders.COLUMNS]
    for row in await _rows(connection, columns, tables.order.c.order_id, needs.orders):
        found[row.order_id] = orders.restored(row)
    trades: dict[int, Trade] = {}
    for row in await _rows(connection, tables.trade.c, tables.trade.c.trade_id, needs.trades):
        trades[row.trade_id] = Trade._make(row)
    owners = {order.owner for order in found.values()}.union(needs.owners)
    owners.update(number for trade in trades.values() for number in _owners(trade))
    await _remember(connection, needs.contracts, sorted(owners), names)
    return Ledger(found, trades, names.contracts, names.owners)


async def _remember(
    connection: AsyncConnection, contracts: Sequence[int], owners: Sequence[int], names: Names
) -> None:
    unknown = [number for number in contracts if number not in names.contracts]
    c, o = tables.contract.c, tables.owner.c
    listed = [_listed(row) for row in await _rows(connection, c, c.contract, unknown)]
    unknown = [number for number in owners if number not in names.owners]
    joined = [_joined(row) for row in await _rows(connection, o, o.owner, unknown)]
    names.remember({x.contract: x for x in listed}, {x.owner: x for x in joined})


def _owners(trade: Trade) -> tuple[int, int]:
    return trade.buy_owner, trade.sell_owner


async def _rows(
    connection: AsyncConnection, columns: Any, key: Column[int], wanted: Sequence[int]
) -> list[Row[Any]]:
    rows: list[Row[Any]] = []
    for some in _cut(wanted):
        rows += await connection.execute(select(*columns).where(key.in_(some)))
    return rows


def _cut(wanted: Sequence[int]) -> Iterator[list[int]]:
    left = iter(wanted)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        at_us=row.at_us,
        contract=row.contract,
        market=row.market,
        area=row.area,
        product=row.product,
        start_us=row.start_us,
        end_us=row.end_us,
        opens_us=row.opens_us,
        closes_us=row.closes_us,
        step_kw=row.step_kw,
        wh_per_step=row.wh_per_step,
        parts=tuple(int(part) for part in row.parts.split(",") if part),
        day=row.day,
    )


def _joined(row: Row[Any]) -> Joined:
    return Joined(
        at_us=row.at_us,
        owner=row.owner,
        account=row.account,
        member=row.member,
        site=row.site,
        portfolio=row.portfolio,
        strategy=row.strategy,
        user=row.user_name,
        self_trade=row.self_trade,
        stp_scope=row.stp_scope,
    )
