"""What the portfolio does for the rest of the hub: it takes trades and tells positions.

Every function works inside the caller's transaction. Whoever applies entries is the only one who
does, and applies each trade once: the exchange's projection, by the number of its record.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.portfolio import store
from cloud.portfolio.model import Entry, Position, Total
from wire.clock import quarter_hour_us

CHANGED_TOPIC = "portfolio"
"""Woken by whoever applied entries, after the commit."""
POSITIONS_MAX = 1_000
"""Positions in one answer."""


async def apply(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Add the entries to their positions."""
    changes: dict[tuple[str, str | None, str, int], Position] = {}
    for entry in entries:
        key = entry.account, entry.site, entry.market, entry.start_us
        account, site, market, start_us = key
        nothing = Position(account=account, site=site, market=market, start_us=start_us)
        changes[key] = changes.get(key, nothing).with_entry(entry)
    await store.add(connection, list(changes.values()))


async def clear(connection: AsyncConnection) -> None:
    """Forget every position: whoever applies entries begins again with the first trade."""
    await store.clear(connection)


async def positions(
    connection: AsyncConnection,
    *,
    account: str | None = None,
    site: str | None = None,
    from_us: int,
    to_us: int,
    limit: int = POSITIONS_MAX,
) -> Sequence[Position]:
    """Return positions with delivery starts in ``[from_us, to_us)``, earliest first.

    Args:
        account: None: of all accounts.
        site: None: of all sites, and of accounts without one.
    """
    return await store.positions(
        connection,
        account=account,
        site=site,
        from_us=from_us,
        to_us=to_us,
        limit=min(limit, POSITIONS_MAX),
    )


async def net_kw_by_site(
    connection: AsyncConnection, from_us: int, to_us: int
) -> dict[str, dict[int, int]]:
    """Return what each site has sold (+) or bought (-) net, in kW, by start of delivery.

    The quarter-hour that is running at `from_us` is the first.
    """
    return await store.net_kw_by_site(connection, quarter_hour_us(from_us), to_us)


async def sums_of_sites(connection: AsyncConnection, from_us: int, to_us: int) -> dict[str, Total]:
    """Return by market what all sites together have sold (+) or bought (-), and its cash.

    Of deliveries that start in ``[from_us, to_us)``; markets without any are left out.
    """
    return await store.sums_of_sites(connection, from_us, to_us)


async def sums_by_account(
    connection: AsyncConnection, from_us: int, to_us: int
) -> dict[str, dict[str, Total]]:
    """Return by account and market what was sold (+) or bought (-), and its cash.

    Of deliveries that start in ``[from_us, to_us)``.
    """
    return await store.sums_by_account(connection, from_us, to_us)
