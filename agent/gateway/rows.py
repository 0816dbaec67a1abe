"""The buffer's SQL: each function is a step of a transaction that `Buffer` opens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import aiosqlite

from wire import records, sync
from wire.records import Records
from wire.sync import Event, Frame, FrameClass

ROW_BYTES = 64
"""What a frame counts for besides its payload; ours, measured on full pages."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A frame that has no number yet."""

    kind: FrameClass
    t0_us: int
    n: int
    """Values or events in it; for people."""
    payload: bytes
    t1_us: int = 0
    """The last instant in it; 0: that of `t0_us`."""
    held: bool = False
    """It tells of a loss, and is never dropped itself."""
    boot_id: str | None = None
    """Which run of the machine stamped it, as long as that run's clock is in doubt; else None."""
    offset_us: int | None = None
    """What the clock that stamped it was ahead of the machine's monotonic clock."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which item of which run of control everything is stored."""

    boot: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the file says about itself; the counts are of frames without acknowledgement."""

    epoch: str
    acked: int
    cursor: Cursor
    n: int
    bytes: int
    dropped: int
    """Values dropped in this epoch because the buffer was full."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of `frames` as it stands in the file."""

    frame: Frame
    sound: bool
    """Whether the payload still has the CRC it was stored with."""


def draft_of(event: Event) -> Draft:
    """Return an event as a frame of its own."""
    return Draft(FrameClass.EVENTS, event.at_us, 1, records.encode(Records(events=(event,))))


async def read_state(database: aiosqlite.Connection) -> State:
    rows = await database.execute(
        "SELECT epoch, acked, boot, number, n, bytes, dropped FROM state WHERE id = 1"
    )
    row = await rows.fetchone()
    assert row is not None, "the schema makes this row together with its table"
    epoch, acked, boot, number, n, size, dropped = row
    cursor = Cursor(boot, number)
    return State(epoch=epoch, acked=acked, cursor=cursor, n=n, bytes=size, dropped=dropped)


async def write_state(database: aiosqlite.Connection, state: State) -> None:
    await database.execute(
        "UPDATE state SET epoch = ?, acked = ?, boot = ?, number = ?, n = ?, bytes = ?, dropped = ?"
        " WHERE id = 1",
        (
            state.epoch,
            state.acked,
            state.cursor.boot,
            state.cursor.number,
            state.n,
            state.bytes,
            state.dropped,
        ),
    )


async def insert(database: aiosqlite.Connection, state: State, drafts: Sequence[Draft]) -> State:
    """Number `drafts` after the newest row; return the state that counts them."""
    first = await newest(database) + 1
    frames = [Frame(first + i, draft.kind, draft.payload) for i, draft in enumerate(drafts)]
    await database.executemany(
        "INSERT INTO frames (seq, kind, t0_us, t1_us, n, payload, crc, held, boot_id, offset_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(frame.seq, frame.kind, draft.t0_us, draft.t1_us, draft.n),
                *(frame.payload, frame.crc, draft.held, draft.boot_id),
                None if draft.boot_id is None else draft.offset_us,
            )
            for frame, draft in zip(frames, drafts, strict=True)
        ],
    )
    return replace(
        state,
        n=state.n + sum(draft.n for draft in drafts),
        bytes=state.bytes + sum(len(draft.payload) + ROW_BYTES for draft in drafts),
    )


async def settle(database: aiosqlite.Connection, state: State, released: int) -> State:
    """Delete what the hub has acknowledged, the newest row excepted."""
    released = min(released, await newest(database))
    if released <= state.acked:
        return state
    n, size = await sums(database, state.acked, released)
    await database.execute(
        "DELETE FROM frames WHERE seq <= ? AND seq < (SELECT max(seq) FROM frames)", (released,)
    )
    return replace(state, acked=released, n=state.n - n, bytes=state.bytes - size)


async def thin(
    database: aiosqlite.Connection, state: State, kind: FrameClass, excess: int
) -> tuple[State, int, int]:
    """Delete the oldest frames of a class until `excess` bytes are free or none is left.

    Returns the new state, and from when to when (µs) the deleted frames began; 0, 0: none.
    """
    last = await newest(database)
    rows = await database.execute(
        "SELECT seq, t0_us, n, length(payload) FROM frames"
        " WHERE kind = ? AND seq > ? AND seq < ? ORDER BY seq",
        (kind, state.acked, last),
    )
    gone: list[tuple[int]] = []
    times: list[int] = []
    n, size = 0, 0
    async for seq, t0_us, values, length in rows:
        if size >= excess:
            break
        gone.append((seq,))
        times.append(t0_us)
        n += values
        size += length + ROW_BYTES
    await rows.close()
    if not gone:
        return state, 0, 0
    await database.executemany("DELETE FROM frames WHERE seq = ?", gone)
    state = replace(state, n=state.n - n, bytes=state.bytes - size, dropped=state.dropped + n)
    return state, min(times), max(times)


async def set_aside(
    database: aiosqlite.Connection, state: State, seq: int, reason: str
) -> tuple[State, int]:
    """Move one frame to quarantine; return also how many frames are there now."""
    n, size = await sums(database, seq - 1, seq)
    await database.execute(
        "INSERT INTO quarantine (epoch, seq, kind, payload, reason)"
        " SELECT ?, seq, kind, payload, ? FROM frames WHERE seq = ?",
        (state.epoch, reason, seq),
    )
    await database.execute("DELETE FROM frames WHERE seq = ?", (seq,))
    rows = await database.execute("SELECT count(*) FROM quarantine")
    (count,) = await rows.fetchone() or (0,)
    return replace(state, n=state.n - n, bytes=state.bytes - size), int(count)


async def renumber(database: aiosqlite.Connection, state: State) -> State:
    """Give everything that is not acknowledged new numbers from 0 under a new epoch."""
    await database.execute("DELETE FROM frames WHERE seq <= ?", (state.acked,))
    rows = await database.execute(
        "SELECT coalesce(min(seq), 0), lower(hex(randomblob(8))) FROM frames"
    )
    row = await rows.fetchone()
    assert row is not None, "an aggregate always has a row"
    await database.execute("UPDATE frames SET seq = seq - ?", (row[0],))
    return replace(state, epoch=row[1], acked=-1)


async def newest(database: aiosqlite.Connection) -> int:
    rows = await database.execute("SELECT coalesce(max(seq), -1) FROM frames")
    row = await rows.fetchone()
    assert row is not None, "an aggregate always has a row"
    return int(row[0])


async def sums(database: aiosqlite.Connection, after: int, last: int) -> tuple[int, int]:
    """Return the values and the bytes of the frames numbered in ``(after, last]``."""
    rows = await database.execute(
        "SELECT coalesce(sum(n), 0), coalesce(sum(length(payload) + ?), 0) FROM frames"
        " WHERE seq > ? AND seq <= ?",
        (ROW_BYTES, after, last),
    )
    row = await rows.fetchone()
    assert row is not None, "an aggregate always has a row"
    return int(row[0]), int(row[1])


async def select(database: aiosqlite.Connection, after: int, bytes_max: int) -> list[Stored]:
    """Return the oldest rows numbered above `after`; at least one if there is any."""
    rows = await database.execute(
        "SELECT seq, kind, payload, crc FROM frames WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, sync.FRAMES_MAX),
    )
    found: list[Stored] = []
    room = bytes_max
    async for seq, kind, payload, crc in rows:
        room -= len(payload) + ROW_BYTES
        if found and room < 0:
            break
        frame = Frame(seq, FrameClass(kind), payload)
        found.append(Stored(frame, frame.crc == crc))
    await rows.close()
    return found
