"""What is too old goes: nightly, in portions, by class, under a lease.

Samples go by the time of their last one, and whole days of PostgreSQL's as a table at once. Numbers
that the box has acknowledged stay acknowledged: forgetting a chunk never asks for it again.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete, select, text

from cloud.fleet import store
from cloud.fleet.telemetry import bulk, leases, partitions, tables
from cloud.fleet.telemetry.partitions import Partitions
from cloud.fleet.telemetry.rolls import DAY_US, HOUR_US
from cloud.kernel import metrics
from cloud.kernel.context import Hub
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from cloud.settings import HubSettings
from wire.sync import FrameClass

LEASE = "retention"
LEASE_US = 10 * 60 * 1_000_000
LOOK_S = 600.0
"""How often it is asked whether tonight's work is done."""
NIGHT_US = 2 * HOUR_US
"""The work begins at this time of day, UTC."""
CHUNKS_MAX = 2_000
SERIES_MAX = 200
PAGES_MAX = 4_096
"""Portions of one transaction: chunks, series whose roll-ups are looked through, free pages."""
YEAR_DAYS = 366

_logger = logging.getLogger(__name__)
_forgotten = metrics.counter("phoenyra_hub_forgotten", "rows that became too old", ["what"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many rows went; a partition counts as one."""

    chunks: int = 0
    partitions: int = 0
    rollups: int = 0


async def run(hub: Hub, holder: str) -> None:
    """Forget what is too old once a night, as long as the hub runs."""
    done: int | None = None
    while True:
        night = (hub.clock.now_us() - NIGHT_US) // DAY_US
        if night != done:
            with suppress(Unavailable):  # asked again in a while
                if await forget(hub, holder) is not None:
                    done = night
        await asyncio.sleep(LOOK_S)


async def forget(hub: Hub, holder: str) -> Forgotten | None:
    """Delete all that is too old now; None: another hub is at it."""
    if not await _hold(hub, holder):
        return None
    now_us, settings, database = hub.clock.now_us(), hub.settings, hub.database
    telemetry_us = now_us - settings.telemetry_days * DAY_US
    dropped = await _drop_days(database, telemetry_us)
    if dropped:
        hub.service(Partitions).forget()
    chunks = 0
    async with database.reading() as connection:
        sites = [site.id for site in await store.sites(connection, None)]
    for site in sites:
        await _hold(hub, holder)
        for kind, before_us in _limits(settings, now_us).items():
            while gone := await _forget_chunks(database, site, kind, before_us):
                chunks += gone
    minutes_us = now_us - settings.rollup_1m_days * DAY_US
    quarters_us = now_us - settings.rollup_15m_days * DAY_US
    rollups = await _forget_rollups(database, minutes_us, quarters_us)
    await _give_back(database)
    told = Forgotten(chunks=chunks, partitions=dropped, rollups=rollups)
    for what in ("chunks", "partitions", "rollups"):
        _forgotten.labels(what).inc(getattr(told, what))
    if chunks or dropped or rollups:
        _logger.info("forgot %d chunks, %d days and %d roll-ups", chunks, dropped, rollups)
    return told


def _limits(settings: HubSettings, now_us: int) -> dict[FrameClass, int]:
    """Return from when on chunks of each class are kept."""
    return {
        FrameClass.TELEMETRY: now_us - settings.telemetry_days * DAY_US,
        FrameClass.SETTLEMENT: now_us - settings.settlement_years * YEAR_DAYS * DAY_US,
        FrameClass.EVENTS: now_us - settings.events_years * YEAR_DAYS * DAY_US,
    }


async def _hold(hub: Hub, holder: str) -> bool:
    async with hub.database.transaction() as connection:
        return await leases.take(connection, LEASE, holder, hub.clock.now_us(), LEASE_US)


async def _drop_days(database: Database, before_us: int) -> int:
    if database.dialect != "postgresql":
        return 0
    async with database.transaction() as connection:
        return len(await partitions.drop_before(connection, before_us))


async def _forget_chunks(database: Database, site: str, kind: FrameClass, before_us: int) -> int:
    """Delete a portion of what ended before; return how many."""
    c = tables.chunk.c
    old = (
        select(c.gateway, c.epoch, c.seq, c.kind, c.t0_us)
        .where(c.site == site, c.kind == int(kind), c.t0_us < before_us, c.t1_us < before_us)
        .order_by(c.gateway, c.epoch, c.seq)
        .limit(CHUNKS_MAX)
    )
    async with database.reading() as connection:
        keys = [tuple(row) for row in await connection.execute(old)]
    if keys:
        async with database.transaction() as connection:
            await bulk.delete(connection, tables.chunk, keys)
            await bulk.delete(connection, tables.unrolled, [key[:3] for key in keys])
    return len(keys)


async def _forget_rollups(database: Database, minutes_us: int, quarters_us: int) -> int:
    """Look through all series, a portion in each transaction."""
    count, last = 0, -1
    c = tables.series.c
    while True:
        async with database.transaction() as connection:
            found = select(c.id).where(c.id > last).order_by(c.id).limit(SERIES_MAX)
            ids = list(await connection.scalars(found))
            if not ids:
                return count
            for table, before_us in ((tables.minute, minutes_us), (tables.quarter, quarters_us)):
                gone = await connection.execute(
                    delete(table).where(table.c.series.in_(ids), table.c.start_us < before_us)
                )
                count += gone.rowcount
        last = ids[-1]


async def _give_back(database: Database) -> None:
    """Give free pages of a SQLite file back to the disk; PostgreSQL's own worker does the like."""
    if database.dialect != "sqlite":
        return
    while True:
        async with database.transaction() as connection:
            free = await connection.scalar(text("PRAGMA freelist_count")) or 0
            await connection.execute(text(f"PRAGMA incremental_vacuum({PAGES_MAX})"))
            left = await connection.scalar(text("PRAGMA freelist_count")) or 0
        if left == 0 or left >= free:
            return
