"""Rolls up what was uploaded, a site at a time, exactly once.

An upload notes its chunks in `unrolled`, in its own transaction. A roll-up is merged in the
transaction that takes these notes away again, so neither a crash nor a second hub counts a sample
twice or not at all. Samples that come late are merged like any other.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry import bulk, columns, leases, rolls, rollups, tables
from cloud.fleet.telemetry.columns import Columns
from cloud.fleet.telemetry.rolls import Rolls
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel import metrics
from cloud.kernel.context import Hub
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from wire.fields import BadMessage

ROLL_AFTER_US = 60 * 1_000_000
"""So long chunks wait for others of their minute; queries add what waits."""
SITES_MAX = 200
"""Sites of one round."""
TURN_S = 5.0
LEASE = "roll-ups"
LEASE_US = 120 * 1_000_000
CHUNKS_MAX = 2_000
VALUES_MAX = 400_000
"""Chunks and values of one site rolled up in one transaction."""

_rolled = metrics.counter("phoenyra_hub_chunks_rolled", "chunks taken into the roll-ups")

Key = tuple[str, str, int]
Shape = tuple[str, tuple[str, ...]]
"""A device, and the points of its blocks."""


class Raced(Exception):
    """Another hub took some of these chunks; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A chunk that is not rolled up yet."""

    key: Key
    payload: bytes


async def sites_due(connection: AsyncConnection, now_us: int) -> Sequence[str]:
    """Return the sites whose chunks waited long enough, the longest wait first."""
    c = tables.unrolled.c
    first = func.min(c.received_us)
    query = select(c.site).group_by(c.site).having(first <= now_us - ROLL_AFTER_US)
    return list(await connection.scalars(query.order_by(first).limit(SITES_MAX)))


async def pending(
    connection: AsyncConnection,
    site: str,
    *,
    from_us: int = 0,
    to_us: int = 2**62,
    chunks_max: int = CHUNKS_MAX,
    values_max: int = VALUES_MAX,
) -> list[Pending]:
    """Return chunks of the site that are not rolled up and touch the interval, in its order."""
    if connection.dialect.name == "postgresql":
        # A few notes, each with one chunk: never a reason to read the whole history.
        await connection.execute(text("SET LOCAL enable_hashjoin = off"))
        await connection.execute(text("SET LOCAL enable_mergejoin = off"))
    note, chunk = tables.unrolled.c, tables.chunk.c
    query = (
        select(note.gateway, note.epoch, note.seq, chunk.n * chunk.points, chunk.payload)
        .join_from(tables.unrolled, tables.chunk, _same_chunk())
        .where(note.site == site, note.t1_us >= from_us, note.t0_us < to_us)
        .order_by(note.t0_us)
        .limit(chunks_max)
    )
    found: list[Pending] = []
    values = 0
    async with connection.stream(query) as rows:
        async for gateway, epoch, seq, count, payload in rows:
            found.append(Pending((gateway, epoch, seq), payload))
            values += count
            if values >= values_max:
                break
    return found


def grouped(chunks: Sequence[Pending]) -> dict[Shape, list[Columns]]:
    """Return the blocks by what they are about; one that cannot be read any more is left out."""
    found: dict[Shape, list[Columns]] = {}
    for chunk in chunks:
        try:
            block = columns.decode(chunk.payload)
        except BadMessage:
            continue
        if block.points:
            found.setdefault((block.device, block.points), []).append(block)
    return found


async def roll(database: Database, book: SeriesBook, site: str, now_us: int) -> int:
    """Roll up chunks of the site; return how many: 0 when nothing was left.

    Raises:
        Raced: another hub was faster; ask again.
        Unavailable: the database does not answer.
    """
    async with database.reading() as connection:
        chunks = await pending(connection, site)
    if not chunks:
        async with database.transaction() as connection:
            await _forget_orphans(connection, site, now_us)
        return 0
    groups = await asyncio.to_thread(grouped, chunks)
    numbers = {shape: await book.numbers(site, shape[0], shape[1]) for shape in groups}

    def all_rolled() -> Rolls:
        return rolls.joined(rolls.rolled(groups[shape], numbers[shape]) for shape in groups)

    found = await asyncio.to_thread(all_rolled)
    async with database.transaction() as connection:
        taken = await bulk.delete(
            connection, tables.unrolled, sorted(chunk.key for chunk in chunks)
        )
        if taken != len(chunks):
            raise Raced
        await rollups.add(connection, found)
    return len(chunks)


async def run(hub: Hub, holder: str) -> None:
    """Roll up as long as the hub runs; of several hubs, the one that holds the lease."""
    book = SeriesBook(hub.database)
    while True:
        with suppress(Unavailable):  # the database has said so, and says when it answers again
            await turn(hub, book, holder)
        await asyncio.sleep(TURN_S)


async def turn(hub: Hub, book: SeriesBook, holder: str) -> int:
    """Roll up all that waited long enough, if this hub holds the lease; return how many chunks."""
    count = 0
    while True:
        now_us = hub.clock.now_us()
        async with hub.database.transaction() as connection:
            if not await leases.take(connection, LEASE, holder, now_us, LEASE_US):
                return count
        async with hub.database.reading() as connection:
            due = await sites_due(connection, now_us)
        before = count
        for site in due:
            with suppress(Raced):
                count += await roll(hub.database, book, site, now_us)
        _rolled.inc(count - before)
        if count == before:
            return count


async def _forget_orphans(connection: AsyncConnection, site: str, now_us: int) -> None:
    """Take away notes of chunks that retention dropped meanwhile."""
    note = tables.unrolled.c
    await connection.execute(
        delete(tables.unrolled).where(
            note.site == site,
            note.received_us <= now_us - ROLL_AFTER_US,
            ~exists().where(_same_chunk()),
        )
    )


def _same_chunk() -> ColumnElement[bool]:
    note, chunk = tables.unrolled.c, tables.chunk.c
    return and_(
        chunk.gateway == note.gateway,
        chunk.epoch == note.epoch,
        chunk.seq == note.seq,
        chunk.kind == note.kind,
        chunk.t0_us == note.t0_us,
    )
