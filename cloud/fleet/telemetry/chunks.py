"""Uploaded frames in the database, and questions to them.

A chunk is a frame as it was uploaded, byte by byte; `newest` holds one row a point beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Line, Newest
from cloud.fleet.tables import gateway as gateways
from cloud.fleet.telemetry import tables
from cloud.fleet.telemetry.history import Chunk
from cloud.kernel.database import Columns, insert_or_ignore, upsert
from wire.block import Quality

CHUNK_SPAN_US = 3600 * 1_000_000
"""No block covers more, unless the clock of its box was moved; one that does is found by its
beginning only."""
CHUNKS_MAX = 10_000
"""Chunks that one question reads; the answer says where to go on."""
_SEQ_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class LineKey:
    """Names one gateway's stream of frames, and the site it is about."""

    gateway: str
    epoch: str
    site: str


async def acked(connection: AsyncConnection, key: LineKey) -> int:
    """Return up to which number everything is committed; -1: nothing yet."""
    c = tables.line.c
    found = await connection.scalar(
        select(c.acked).where(c.gateway == key.gateway, c.epoch == key.epoch)
    )
    return -1 if found is None else int(found)


async def known(connection: AsyncConnection, key: LineKey, first: int, last: int) -> set[int]:
    """Return which numbers of ``first..last`` are stored, in quarantine or not."""
    found: set[int] = set()
    for table in (tables.chunk, tables.quarantine):
        c = table.c
        rows = await connection.scalars(
            select(c.seq).where(
                c.gateway == key.gateway, c.epoch == key.epoch, c.seq.between(first, last)
            )
        )
        found.update(rows)
    return found


async def contiguous(connection: AsyncConnection, key: LineKey, since: int) -> int:
    """Return the last number of the unbroken run after `since`."""
    last = since
    while True:
        page = await known(connection, key, last + 1, last + _SEQ_PAGE)
        before = last
        while last + 1 in page:
            last += 1
        if last - before < _SEQ_PAGE:
            return last


async def move_line(connection: AsyncConnection, key: LineKey, seq: int, now_us: int) -> None:
    """Remember that everything up to `seq` is committed with this transaction."""
    row = {"gateway": key.gateway, "epoch": key.epoch, "acked": seq, "uploaded_us": now_us}
    await upsert(
        connection,
        tables.line,
        [row],
        change=lambda new: {"acked": new.acked, "uploaded_us": new.uploaded_us},
        only_if=lambda new: new.acked >= tables.line.c.acked,
    )


async def add_chunks(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    await insert_or_ignore(connection, tables.chunk, rows)


async def add_to_quarantine(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    await insert_or_ignore(connection, tables.quarantine, rows)


async def update_newest(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Replace what is known of points; a frame that comes late changes nothing.

    Which sample is newer is said by the frame's number, not by the box's clock: a clock that was
    wrong once would otherwise hide everything after.
    """
    await upsert(connection, tables.newest, rows, change=_newer_content, only_if=_is_newer)


async def newest(connection: AsyncConnection, site_id: str) -> Sequence[Newest]:
    c = tables.newest.c
    rows = await connection.execute(
        select(tables.newest).where(c.site == site_id).order_by(c.device, c.point)
    )
    return [
        Newest(
            device=row.device,
            point=row.point,
            value=row.value,
            at_us=row.at_us,
            quality=Quality(row.quality),
            sampled_us=row.sampled_us,
        )
        for row in rows
    ]


async def lines(connection: AsyncConnection, site_id: str) -> Sequence[Line]:
    """Return the streams of the site's gateways, the one that spoke last first."""
    query = (
        select(tables.line)
        .join(gateways, gateways.c.id == tables.line.c.gateway)
        .where(gateways.c.site == site_id)
        .order_by(tables.line.c.uploaded_us.desc())
    )
    return [
        Line(gateway=row.gateway, epoch=row.epoch, acked=row.acked, uploaded_us=row.uploaded_us)
        for row in await connection.execute(query)
    ]


async def last_uploads(connection: AsyncConnection) -> dict[str, int]:
    site_id = gateways.c.site
    query = (
        select(site_id, func.max(tables.line.c.uploaded_us).label("uploaded_us"))
        .join(tables.line, tables.line.c.gateway == gateways.c.id)
        .group_by(site_id)
    )
    return {row.site: row.uploaded_us for row in await connection.execute(query)}


async def chunks(
    connection: AsyncConnection, site_id: str, from_us: int, to_us: int
) -> Sequence[Chunk]:
    """Return the chunks that touch the interval, at most `CHUNKS_MAX`."""
    c = tables.chunk.c
    rows = await connection.execute(
        select(c.payload, c.t0_us)
        .where(
            c.site == site_id,
            c.t0_us >= from_us - CHUNK_SPAN_US,
            c.t0_us < to_us,
            c.t1_us >= from_us,
            c.device != "",
        )
        .order_by(c.t0_us, c.gateway, c.epoch, c.seq)
        .limit(CHUNKS_MAX)
    )
    return [(row.payload, row.t0_us) for row in rows]


async def quarantined(connection: AsyncConnection, site_id: str) -> int:
    """Return how many frames of the site are in quarantine."""
    query = select(func.count()).select_from(tables.quarantine)
    return await connection.scalar(query.where(tables.quarantine.c.site == site_id)) or 0


def _newer_content(new: Columns) -> dict[str, ColumnElement[Any]]:
    """A sample without a number leaves the last number and its time."""
    old = tables.newest.c
    keeps = and_(new.value.is_(None), old.value.isnot(None))
    return {
        "value": func.coalesce(new.value, old.value),
        "at_us": case((keeps, old.at_us), else_=new.at_us),
        "quality": new.quality,
        "sampled_us": new.sampled_us,
        "epoch": new.epoch,
        "seq": new.seq,
    }


def _is_newer(new: Columns) -> ColumnElement[bool]:
    old = tables.newest.c
    return or_(old.epoch != new.epoch, old.seq < new.seq)
