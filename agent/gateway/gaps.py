"""The gap ledger of the box: a row and a frame for every loss, in the transaction that causes it.

The frame tells the hub, is never dropped, and its rows stay in the file's own ledger, of which
the oldest go once the hub has them. Losses that follow each other are one row for up to an hour,
as long as nobody has been told of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import aiosqlite

from agent.gateway import rows
from agent.gateway.losses import Loss
from agent.gateway.rows import Doubt, Draft, State
from wire import fields, gap, records
from wire.gap import Gap
from wire.records import Records
from wire.sync import Event, Frame, FrameClass

ROWS_MAX = 10_000
"""Rows kept for the box's own page; those that the hub does not have stay in any case."""
SPAN_US_MAX = 3_600_000_000
"""One row covers at most so much, so that the ledger says when, not only how much."""


@dataclass(frozen=True, slots=True)
class Open:
    """A row that may still grow."""

    gap: Gap
    seq: int
    """Its frame."""


async def enter(
    database: aiosqlite.Connection,
    state: State,
    losses: Sequence[Loss],
    events: Sequence[Event],
    now_us: int,
    doubt: Doubt | None = None,
) -> tuple[State, Open]:
    """Store a frame that tells of `losses` and `events`; return also the last row."""
    found = [
        _gap(loss, f"{state.epoch}-{state.gap_number + i}", now_us) for i, loss in enumerate(losses)
    ]
    seq = await rows.newest(database) + 1
    payload = records.encode(Records(events=tuple(events), gaps=tuple(found)))
    draft = Draft(FrameClass.EVENTS, now_us, len(events) + len(found), payload, held=True)
    first = state.gap_number
    state = await rows.insert(database, state, [draft], doubt)
    await database.executemany(
        "INSERT INTO gaps (number, seq, body) VALUES (?, ?, ?)",
        [(first + i, seq, _body(row)) for i, row in enumerate(found)],
    )
    await database.execute(
        "DELETE FROM gaps WHERE number <= ? AND seq <= ?",
        (first + len(found) - 1 - ROWS_MAX, state.acked),
    )
    return replace(state, gap_number=first + len(found)), Open(found[-1], seq)


def follows(row: Open, loss: Loss) -> bool:
    """Say whether `loss` goes on where the row ended, so that `grow` may join them."""
    one = row.gap
    numbered = (one.last_seq is None) == (loss.first_seq is None)
    return (
        (one.cause, one.cls, one.device, one.text) == (loss.cause, loss.cls, loss.device, loss.text)
        and numbered
        and (one.last_seq or 0) <= (loss.first_seq or 0)
        and max(one.to_us, loss.to_us) - min(one.from_us, loss.from_us) <= SPAN_US_MAX
    )


async def grow(
    database: aiosqlite.Connection, state: State, row: Open, loss: Loss
) -> tuple[State, Open]:
    """Join `loss` to a row whose frame nobody has been handed yet."""
    old = row.gap
    new = replace(
        old,
        from_us=min(old.from_us, loss.from_us),
        to_us=max(old.to_us, loss.to_us),
        n=None if old.n is None or loss.n is None else old.n + loss.n,
        last_seq=loss.last_seq,
    )
    found = await database.execute("SELECT payload FROM frames WHERE seq = ?", (row.seq,))
    stored = await found.fetchone()
    assert stored is not None, "a frame that tells of a loss is never dropped"
    before: bytes = stored[0]
    said = records.decode(before)
    gaps = tuple(new if item.id == old.id else item for item in said.gaps)
    payload = records.encode(replace(said, gaps=gaps))
    crc = Frame(row.seq, FrameClass.EVENTS, payload).crc
    await database.execute(
        "UPDATE frames SET payload = ?, crc = ? WHERE seq = ?", (payload, crc, row.seq)
    )
    await database.execute("UPDATE gaps SET body = ? WHERE seq = ?", (_body(new), row.seq))
    longer = len(payload) - len(before)
    return rows.counted(state, FrameClass.EVENTS, 0, longer), Open(new, row.seq)


async def restate(database: aiosqlite.Connection, seq: int, told: Sequence[Gap]) -> None:
    """Have the ledger say what frame `seq` says now."""
    await database.executemany(
        "UPDATE gaps SET body = ? WHERE seq = ? AND number = ?",
        [(_body(row), seq, int(row.id.rpartition("-")[2])) for row in told],
    )


async def newest_us(database: aiosqlite.Connection) -> int | None:
    """Return the last instant of the newest frame; None: there has never been one."""
    rows = await database.execute("SELECT max(t0_us, t1_us) FROM frames ORDER BY seq DESC LIMIT 1")
    row = await rows.fetchone()
    return None if row is None else int(row[0])


async def ledger(database: aiosqlite.Connection, most: int) -> list[Gap]:
    """Return the newest `most` rows, the newest first."""
    found = await database.execute("SELECT body FROM gaps ORDER BY number DESC LIMIT ?", (most,))
    return [gap.from_document(fields.parse(body, "gap")) for (body,) in await found.fetchall()]


async def count(database: aiosqlite.Connection) -> int:
    found = await database.execute("SELECT count(*) FROM gaps")
    (rows_now,) = await found.fetchone() or (0,)
    return int(rows_now)


def _gap(loss: Loss, identity: str, now_us: int) -> Gap:
    return Gap(
        id=identity,
        at_us=now_us,
        cause=loss.cause,
        cls=loss.cls,
        device=loss.device,
        from_us=min(loss.from_us, loss.to_us),
        to_us=max(loss.from_us, loss.to_us),
        n=loss.n,
        first_seq=loss.first_seq,
        last_seq=loss.last_seq,
        text=loss.text,
    )


def _body(row: Gap) -> str:
    return fields.compact(gap.to_document(row))
