"""Positions in the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.kernel.database import upsert
from cloud.portfolio.model import Position, Total
from cloud.portfolio.tables import position as table


async def add(connection: AsyncConnection, changes: Sequence[Position]) -> None:
    """Add each change to the position of its owner and contract; one change an owner at most."""
    rows = [
        {
            "account": p.account,
            "site": p.site or "",
            "market": p.market,
            "start_us": p.start_us,
            "net_kw": p.net_kw,
            "sold_wh": p.sold_wh,
            "bought_wh": p.bought_wh,
            "cash": p.cash,
        }
        for p in changes
    ]
    summed = ("net_kw", "sold_wh", "bought_wh", "cash")
    await upsert(
        connection,
        table,
        rows,
        change=lambda new: {name: table.c[name] + new[name] for name in summed},
        only_if=lambda _: true(),
    )


async def clear(connection: AsyncConnection) -> None:
    await connection.execute(table.delete())


async def positions(
    connection: AsyncConnection,
    *,
    account: str | None,
    site: str | None,
    from_us: int,
    to_us: int,
    limit: int,
) -> Sequence[Position]:
    """Return positions with delivery starts in ``[from_us, to_us)``, earliest first."""
    c = table.c
    query = select(table).where(c.start_us >= from_us, c.start_us < to_us)
    if account is not None:
        query = query.where(c.account == account)
    if site is not None:
        query = query.where(c.site == site)
    query = query.order_by(c.start_us, c.account, c.site, c.market).limit(limit)
    return [_position(row) for row in await connection.execute(query)]


async def net_kw_by_site(
    connection: AsyncConnection, from_us: int, to_us: int
) -> dict[str, dict[int, int]]:
    """Return the net power of each site by delivery start, all markets together."""
    c = table.c
    query = (
        select(c.site, c.start_us, func.sum(c.net_kw))
        .where(c.site != "", c.start_us >= from_us, c.start_us < to_us)
        .group_by(c.site, c.start_us)
    )
    net_kw: dict[str, dict[int, int]] = {}
    for site, start_us, power_kw in await connection.execute(query):
        net_kw.setdefault(site, {})[start_us] = int(power_kw)
    return net_kw


async def sums_of_sites(connection: AsyncConnection, from_us: int, to_us: int) -> dict[str, Total]:
    """Return net energy and cash by market, of positions with a site."""
    c = table.c
    query = (
        select(c.market, func.sum(c.sold_wh - c.bought_wh), func.sum(c.cash))
        .where(c.site != "", c.start_us >= from_us, c.start_us < to_us)
        .group_by(c.market)
    )
    rows = await connection.execute(query)
    return {code: Total(int(net_wh), int(cash)) for code, net_wh, cash in rows}


async def sums_by_account(
    connection: AsyncConnection, from_us: int, to_us: int
) -> dict[str, dict[str, Total]]:
    """Return net energy and cash by account and market."""
    c = table.c
    query = (
        select(c.account, c.market, func.sum(c.sold_wh - c.bought_wh), func.sum(c.cash))
        .where(c.start_us >= from_us, c.start_us < to_us)
        .group_by(c.account, c.market)
        .order_by(c.account, c.market)
    )
    found: dict[str, dict[str, Total]] = {}
    for account, market, net_wh, cash in await connection.execute(query):
        found.setdefault(account, {})[market] = Total(int(net_wh), int(cash))
    return found


def _position(row: Row[Any]) -> Position:
    return Position(
        account=row.account,
        site=row.site or None,
        market=row.market,
        start_us=row.start_us,
        net_kw=row.net_kw,
        sold_wh=row.sold_wh,
        bought_wh=row.bought_wh,
        cash=row.cash,
    )
