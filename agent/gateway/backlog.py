"""What the buffer's tables say about what the hub does not have yet; looks, never writes."""

from dataclasses import dataclass

import aiosqlite

from agent.gateway.buffer import Buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much waits, and what went wrong on the way."""

    frames: int
    """At most: numbers that were dropped since are counted."""
    from_us: int | None
    """When the oldest of it begins; None: nothing waits."""
    quarantined: int
    gaps: int
    """Rows of the ledger."""


async def oldest_us(buffer: Buffer, after: int) -> int | None:
    """Return when the first frame numbered above `after` begins; None: there is none."""

    async def step(database: aiosqlite.Connection) -> int | None:
        return await _first_us(database, after)

    return await buffer.look_up(step)


async def backlog(buffer: Buffer, acked: int) -> Backlog:
    """Return what waits after number `acked`."""

    async def step(database: aiosqlite.Connection) -> Backlog:
        newest = await _number(database, "SELECT coalesce(max(seq), -1) FROM frames")
        return Backlog(
            frames=max(0, newest - acked),
            from_us=await _first_us(database, acked),
            quarantined=await _number(database, "SELECT count(*) FROM quarantine"),
            gaps=await _number(database, "SELECT count(*) FROM gaps"),
        )

    return await buffer.look_up(step)


async def _first_us(database: aiosqlite.Connection, after: int) -> int | None:
    rows = await database.execute(
        "SELECT t0_us FROM frames WHERE seq > ? ORDER BY seq LIMIT 1", (after,)
    )
    row = await rows.fetchone()
    return None if row is None else int(row[0])


async def _number(database: aiosqlite.Connection, question: str) -> int:
    rows = await database.execute(question)
    row = await rows.fetchone()
    assert row is not None, "an aggregate always has a row"
    return int(row[0])
