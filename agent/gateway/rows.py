"""The buffer's SQL: each function is a step of a transaction that `Buffer` opens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import aiosqlite

from wire import records, sync
from wire.records import Records
from wire.sync import Event, Frame, FrameClass

ROW_BYTES = 64
"""What a frame counts for besides its payload; ours, measured on full pages."""
ASIDE_MAX = 1_000
"""Frames kept in quarantine; beyond it the oldest go, and the gap ledger still tells of them."""


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

    def doubted(self, doubt: "Doubt") -> "Draft":
        """Return it with `doubt`, unless it has one of its own."""
        if self.boot_id is not None:
            return self
        return replace(self, boot_id=doubt.boot_id, offset_us=doubt.offset_us)


@dataclass(frozen=True, slots=True)
class Doubt:
    """The clock that stamps now is not known to be right."""

    boot_id: str
    """Of the machine's run."""
    offset_us: int
    """What that clock is ahead of the machine's monotonic one."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which item of which run of control everything is stored."""

    boot: str
    number: int


@dataclass(frozen=True, slots=True)
class Count:
    """Values or events, and bytes with those of the row."""

    n: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the file says about itself; the counts are of frames without acknowledgement."""

    epoch: str
    acked: int
    cursor: Cursor
    n: int
    bytes: int
    dropped: int
    """Values dropped in this epoch because the buffer was full, also by thinning."""
    settlement: Count = Count()
    """What of `n` and `bytes` is of this class."""
    events: Count = Count()
    thinned_to: int = -1
    """All telemetry up to this number is thinned, or cannot be."""
    gap_number: int = 0
    """The next row of the gap ledger."""


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
        "SELECT epoch, acked, boot, number, n, bytes, dropped, settlement_n, settlement_bytes,"
        " events_n, events_bytes, thinned_to, gap_number FROM state WHERE id = 1"
    )
    row = await rows.fetchone()
    assert row is not None, "the schema makes this row together with its table"
    return State(
        epoch=row[0],
        acked=row[1],
        cursor=Cursor(row[2], row[3]),
        n=row[4],
        bytes=row[5],
        dropped=row[6],
        settlement=Count(row[7], row[8]),
        events=Count(row[9], row[10]),
        thinned_to=row[11],
        gap_number=row[12],
    )


async def write_state(database: aiosqlite.Connection, state: State) -> None:
    await database.execute(
        "UPDATE state SET epoch = ?, acked = ?, boot = ?, number = ?, n = ?, bytes = ?,"
        " dropped = ?, settlement_n = ?, settlement_bytes = ?, events_n = ?, events_bytes = ?,"
        " thinned_to = ?, gap_number = ? WHERE id = 1",
        (
            *(state.epoch, state.acked, state.cursor.boot, state.cursor.number),
            *(state.n, state.bytes, state.dropped),
            *(state.settlement.n, state.settlement.bytes, state.events.n, state.events.bytes),
            *(state.thinned_to, state.gap_number),
        ),
    )


async def begin_run(database: aiosqlite.Connection, boot_id: str) -> int | None:
    """Note that a run of the program begins; `boot_id` names the machine's.

    Returns the last instant stored, if the machine went down in the middle of the run before.
    """
    rows = await database.execute("SELECT machine_boot, in_order FROM state WHERE id = 1")
    machine_boot, in_order = await rows.fetchone() or ("", 1)
    await database.execute("UPDATE state SET machine_boot = ?, in_order = 0", (boot_id,))
    if in_order or machine_boot in {"", boot_id}:
        return None
    rows = await database.execute("SELECT max(t0_us, t1_us) FROM frames ORDER BY seq DESC LIMIT 1")
    row = await rows.fetchone()
    return None if row is None else int(row[0])


async def end_run(database: aiosqlite.Connection) -> None:
    """Note that the run ends in good order."""
    await database.execute("UPDATE state SET in_order = 1")


def counted(state: State, kind: FrameClass, n: int, size: int) -> State:
    """Return the state with `n` values and `size` bytes of a class more, or fewer."""
    state = replace(state, n=state.n + n, bytes=state.bytes + size)
    match kind:
        case FrameClass.SETTLEMENT:
            old = state.settlement
            return replace(state, settlement=Count(old.n + n, old.bytes + size))
        case FrameClass.EVENTS:
            old = state.events
            return replace(state, events=Count(old.n + n, old.bytes + size))
        case FrameClass.TELEMETRY:
            return state


async def insert(
    database: aiosqlite.Connection,
    state: State,
    drafts: Sequence[Draft],
    doubt: Doubt | None = None,
) -> State:
    """Number `drafts` after the newest row; return the state that counts them.

    What carries no doubt of its own about its clock is stored with `doubt`.
    """
    if doubt is not None:
        drafts = [draft.doubted(doubt) for draft in drafts]
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
    for draft in drafts:
        state = counted(state, draft.kind, draft.n, len(draft.payload) + ROW_BYTES)
    return state


async def settle(database: aiosqlite.Connection, state: State, released: int) -> State:
    """Delete what the hub has acknowledged, the newest row excepted."""
    released = min(released, await newest(database))
    if released <= state.acked:
        return state
    state = await less(database, state, state.acked, released)
    await database.execute(
        "DELETE FROM frames WHERE seq <= ? AND seq < (SELECT max(seq) FROM frames)", (released,)
    )
    return replace(state, acked=released)


async def set_aside(
    database: aiosqlite.Connection, state: State, seq: int, reason: str
) -> tuple[State, int]:
    """Move one frame to quarantine; return also how many frames are there now."""
    state = await less(database, state, seq - 1, seq)
    await database.execute(
        "INSERT INTO quarantine (epoch, seq, kind, payload, reason)"
        " SELECT ?, seq, kind, payload, ? FROM frames WHERE seq = ?",
        (state.epoch, reason, seq),
    )
    await database.execute("DELETE FROM frames WHERE seq = ?", (seq,))
    await database.execute(
        "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?", (ASIDE_MAX,)
    )
    return state, await quarantined(database)


async def quarantined(database: aiosqlite.Connection) -> int:
    rows = await database.execute("SELECT count(*) FROM quarantine")
    (count,) = await rows.fetchone() or (0,)
    return int(count)


async def renumber(database: aiosqlite.Connection, state: State) -> State:
    """Give everything that is not acknowledged new numbers from 0 under a new epoch."""
    await database.execute("DELETE FROM frames WHERE seq <= ?", (state.acked,))
    rows = await database.execute(
        "SELECT coalesce(min(seq), 0), lower(hex(randomblob(8))) FROM frames"
    )
    row = await rows.fetchone()
    assert row is not None, "an aggregate always has a row"
    await database.execute("UPDATE frames SET seq = seq - ?", (row[0],))
    await database.execute("UPDATE gaps SET seq = max(seq - ?, -1)", (row[0],))
    thinned_to = max(state.thinned_to - row[0], -1)
    return replace(state, epoch=row[1], acked=-1, thinned_to=thinned_to)


async def told(database: aiosqlite.Connection, seq: int) -> Draft | None:
    """Return a frame as it was stored, without its payload; None: it is not there."""
    rows = await database.execute(
        "SELECT kind, t0_us, max(t0_us, t1_us), n FROM frames WHERE seq = ?", (seq,)
    )
    row = await rows.fetchone()
    return None if row is None else Draft(FrameClass(row[0]), row[1], row[3], b"", t1_us=row[2])


async def newest(database: aiosqlite.Connection) -> int:
    rows = await database.execute("SELECT coalesce(max(seq), -1) FROM frames")
    row = await rows.fetchone()
    assert row is not None, "an aggregate always has a row"
    return int(row[0])


async def less(database: aiosqlite.Connection, state: State, after: int, last: int) -> State:
    """Return the state without the frames numbered in ``(after, last]``."""
    rows = await database.execute(
        "SELECT kind, sum(n), sum(length(payload) + ?) FROM frames"
        " WHERE seq > ? AND seq <= ? GROUP BY kind",
        (ROW_BYTES, after, last),
    )
    for kind, n, size in await rows.fetchall():
        state = counted(state, FrameClass(kind), -n, -size)
    return state


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
