"""Uploaded frames in the database, and questions to them.

A chunk is a frame as it was uploaded, byte by byte. A line is complete up to a number; what is
stored beyond it is noted in `ahead`, so nobody searches the chunks for it.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Table, and_, delete, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Line
from cloud.fleet.tables import gateway as gateways
from cloud.fleet.telemetry import bulk, tables
from cloud.fleet.telemetry.history import Chunk
from cloud.kernel.database import insert_or_ignore
from wire.sync import FrameClass

CHUNK_SPAN_US = 3600 * 1_000_000
"""No block of samples covers more, unless the clock of its box was moved; one that does is found
by its beginning only. Thinned blocks cover days, and have an index of their own."""
CHUNKS_MAX = 10_000
"""Chunks that one question reads; the answer says where to go on."""


@dataclass(frozen=True, slots=True)
class LineKey:
    """Names one gateway's stream of frames, and the site it is about."""

    gateway: str
    epoch: str
    site: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a line is, and whose site it is about."""

    account: str
    acked: int
    """Everything up to here is committed; -1: nothing yet."""
    ahead: frozenset[int]
    """Numbers beyond that are stored, in quarantine or not."""


async def standings(
    connection: AsyncConnection, keys: Sequence[LineKey]
) -> Mapping[LineKey, Standing]:
    """Return how far these lines of different gateways are; nobody else moves them meanwhile.

    A gateway that is not there is left out.
    """
    if connection.dialect.name == "postgresql":
        # A statement of its own: the next one shall see what was committed while we waited here.
        await connection.exec_driver_sql(
            "SELECT FROM gateway WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE",
            ([key.gateway for key in keys],),
        )
    rows = await bulk.fetch(
        connection,
        "SELECT k.gateway, s.account, coalesce(l.acked, -1), a.seq FROM",
        ("gateway", "epoch"),
        [(key.gateway, key.epoch) for key in keys],
        "CROSS JOIN gateway g CROSS JOIN site s"
        " LEFT JOIN line l ON l.gateway = k.gateway AND l.epoch = k.epoch"
        " LEFT JOIN ahead a ON a.gateway = k.gateway AND a.epoch = k.epoch"
        " AND a.seq > coalesce(l.acked, -1)"
        " WHERE g.id = k.gateway AND s.id = g.site",
    )
    ahead: dict[str, set[int]] = {}
    found: dict[str, tuple[str, int]] = {}
    for gateway, account, acked, beyond in rows:
        found[gateway] = account, acked
        if beyond is not None:
            ahead.setdefault(gateway, set()).add(beyond)
    return {
        key: Standing(*found[key.gateway], frozenset(ahead.get(key.gateway, ())))
        for key in keys
        if key.gateway in found
    }


async def keep_ahead(
    connection: AsyncConnection, key: LineKey, reached: int, before: Set[int], now: Set[int]
) -> None:
    """Note which numbers are stored beyond `reached`: those of `now`, where `before` was noted."""
    c = tables.ahead.c
    if before - now:
        await connection.execute(
            delete(tables.ahead).where(
                c.gateway == key.gateway, c.epoch == key.epoch, c.seq <= reached
            )
        )
    rows = [(key.gateway, key.epoch, seq) for seq in sorted(now - before)]
    await bulk.insert(connection, tables.ahead, ("gateway", "epoch", "seq"), rows)


async def move_lines(
    connection: AsyncConnection, moves: Iterable[tuple[LineKey, int, int]]
) -> None:
    """Remember up to which number, and since when, each line is committed with this transaction."""
    rows = [(key.gateway, key.epoch, seq, now_us) for key, seq, now_us in moves]
    change = "acked = excluded.acked, uploaded_us = excluded.uploaded_us"
    forward = "WHERE excluded.acked >= line.acked"
    await bulk.merge(connection, tables.line, sorted(rows), f"{change} {forward}")


async def add_chunks(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep frames, and note those that carry samples for the roll-ups."""
    await _insert(connection, tables.chunk, rows)
    samples = [row for row in rows if row["kind"] != FrameClass.EVENTS]
    await _insert(connection, tables.unrolled, samples)


async def add_to_quarantine(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    await insert_or_ignore(connection, tables.quarantine, rows)


async def frames_known(
    connection: AsyncConnection, key: LineKey, cls: FrameClass, first_seq: int, last_seq: int
) -> int:
    """Return how many values (or events) of original resolution these frames brought.

    What was thinned before it came does not count.
    """
    c = tables.chunk.c
    each = c.n if cls is FrameClass.EVENTS else c.n * c.points
    count = await connection.scalar(
        select(func.sum(each)).where(
            c.gateway == key.gateway,
            c.epoch == key.epoch,
            c.seq.between(first_seq, last_seq),
            c.kind == int(cls),
            c.step_us == 0,
        )
    )
    return int(count or 0)


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
    connection: AsyncConnection,
    site_id: str,
    from_us: int,
    to_us: int,
    limit: int = CHUNKS_MAX,
) -> Sequence[Chunk]:
    """Return the chunks with samples that touch the interval, at most `limit`."""
    c = tables.chunk.c
    inside = and_(c.site == site_id, c.t1_us >= from_us, c.t0_us < to_us)
    begun = c.t0_us >= from_us - CHUNK_SPAN_US
    samples, settled = int(FrameClass.TELEMETRY), int(FrameClass.SETTLEMENT)
    found: list[Chunk] = []
    for which in (
        and_(c.kind == samples, c.step_us == 0, begun),
        and_(c.kind == samples, literal_column("step_us > 0", Boolean)),
        and_(c.kind == settled, begun),
    ):
        rows = await connection.execute(
            select(c.payload, c.t0_us)
            .where(inside, which)
            .order_by(c.t0_us, c.gateway, c.epoch, c.seq)
            .limit(limit)
        )
        found += [(row.payload, row.t0_us) for row in rows]
    found.sort(key=lambda one: one[1])
    return found[:limit]


async def quarantined(connection: AsyncConnection, site_id: str) -> int:
    """Return how many frames of the site are in quarantine."""
    query = select(func.count()).select_from(tables.quarantine)
    return await connection.scalar(query.where(tables.quarantine.c.site == site_id)) or 0


async def _insert(
    connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]
) -> None:
    names = [column.name for column in table.columns]
    await bulk.insert(
        connection, table, names, [tuple(row[name] for name in names) for row in rows]
    )
