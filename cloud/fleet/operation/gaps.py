"""The boxes' gap ledgers, as they were told, with what the hub has nevertheless."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Gateway
from cloud.fleet.operation import tables
from cloud.fleet.operation.model import GapRow, GapTotal
from cloud.fleet.telemetry import chunks as telemetry
from cloud.fleet.telemetry.chunks import LineKey
from cloud.kernel.database import insert_or_ignore
from wire.gap import Cause, Gap
from wire.sync import FrameClass

ROWS_MAX = 10_000
"""Rows in one answer."""
KEPT_MAX = 20_000
"""Rows of a gateway; beyond, the oldest are forgotten."""


async def take(
    connection: AsyncConnection, gateway: Gateway, epoch: str, gaps: Sequence[Gap], now_us: int
) -> None:
    """Note rows of the ledger; one that is there already changes nothing."""
    key = LineKey(gateway.id, epoch, gateway.site)
    rows = [
        {
            "gateway": gateway.id,
            "id": gap.id,
            "site": gateway.site,
            "epoch": epoch,
            "at_us": gap.at_us,
            "cause": gap.cause.value,
            "class": int(gap.cls),
            "device": gap.device,
            "from_us": gap.from_us,
            "to_us": gap.to_us,
            "n": gap.n,
            "first_seq": gap.first_seq,
            "last_seq": gap.last_seq,
            "text": gap.text,
            "known": await _known(connection, key, gap),
            "told_us": now_us,
        }
        for gap in gaps
    ]
    await insert_or_ignore(connection, tables.gap, rows)


async def of_gateway(connection: AsyncConnection, gateway_id: str) -> Sequence[GapRow]:
    """Return the ledger of one box, the newest loss first."""
    return await _select(connection, tables.gap.c.gateway == gateway_id, ROWS_MAX)


async def of_site(
    connection: AsyncConnection, site_id: str, limit: int = ROWS_MAX
) -> Sequence[GapRow]:
    """Return the ledgers of a site's boxes, the newest loss first."""
    return await _select(connection, tables.gap.c.site == site_id, min(limit, ROWS_MAX))


async def totals(connection: AsyncConnection, site_id: str | None = None) -> dict[str, GapTotal]:
    """Return what is missing of each gateway that ever told of a loss."""
    c = tables.gap.c
    missing = case((c.n.is_(None), 0), (c.n < c.known, 0), else_=c.n - c.known)
    query = select(
        c.gateway,
        func.count().label("rows"),
        func.sum(missing).label("n_missing"),
        func.sum(case((c.n.is_(None), 1), else_=0)).label("unknown"),
    ).group_by(c.gateway)
    if site_id is not None:
        query = query.where(c.site == site_id)
    return {
        row.gateway: GapTotal(rows=row.rows, n_missing=int(row.n_missing), unknown=int(row.unknown))
        for row in await connection.execute(query)
    }


async def trim(connection: AsyncConnection, gateway_id: str, kept: int = KEPT_MAX) -> int:
    """Forget the oldest rows beyond the limit; return how many."""
    c = tables.gap.c
    oldest = (
        select(c.id)
        .where(c.gateway == gateway_id)
        .order_by(c.told_us.desc(), c.id.desc())
        .offset(kept)
        .limit(KEPT_MAX)
    )
    gone = await connection.execute(
        delete(tables.gap).where(c.gateway == gateway_id, c.id.in_(oldest.scalar_subquery()))
    )
    return gone.rowcount


async def _known(connection: AsyncConnection, key: LineKey, gap: Gap) -> int:
    if gap.first_seq is None or gap.last_seq is None:
        return 0
    return await telemetry.frames_known(connection, key, gap.cls, gap.first_seq, gap.last_seq)


async def _select(connection: AsyncConnection, where: Any, limit: int) -> Sequence[GapRow]:
    c = tables.gap.c
    query = select(tables.gap).where(where).order_by(c.at_us.desc(), c.id.desc()).limit(limit)
    return [_row(row) for row in await connection.execute(query)]


def _row(row: Row[Any]) -> GapRow:
    gap = Gap(
        id=row.id,
        at_us=row.at_us,
        cause=Cause(row.cause),
        cls=FrameClass(getattr(row, "class")),
        device=row.device,
        from_us=row.from_us,
        to_us=row.to_us,
        n=row.n,
        first_seq=row.first_seq,
        last_seq=row.last_seq,
        text=row.text,
    )
    return GapRow(
        gateway=row.gateway,
        site=row.site,
        epoch=row.epoch,
        gap=gap,
        known=row.known,
        told_us=row.told_us,
    )
