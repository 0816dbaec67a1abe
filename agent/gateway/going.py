"""The buffer's SQL for frames that make way: each function is a step of a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import aiosqlite

from agent.gateway import rows
from agent.gateway.losses import Loss
from agent.gateway.rows import ROW_BYTES, State
from agent.gateway.thin import Rewritten, Stamp
from wire.gap import Cause
from wire.sync import FrameClass

THIN_BYTES = 128 * 1024
"""So much is thinned at once, whole minutes of it: a tenth of a second's work."""
THIN_VALUES_MAX = 120_000
"""But not more values than this: they cost a hundred bytes each in memory. A site that has more in
two minutes gets several means of a minute, each of what lay together."""
THIN_FRAMES_MAX = 4_000
THIN_US = 120_000_000
EXPIRED_FRAMES_MAX = 5_000
"""Frames that one look for old ones deletes at most."""


@dataclass(frozen=True, slots=True)
class Going:
    """Frames of one class that go: all that there are between two numbers."""

    kind: FrameClass
    first: int
    last: int
    n: int
    bytes: int
    from_us: int
    to_us: int

    def loss(self, cause: Cause, text: str) -> Loss:
        return Loss(
            cause=cause,
            cls=self.kind,
            from_us=self.from_us,
            to_us=self.to_us,
            n=self.n,
            text=text,
            first_seq=self.first,
            last_seq=self.last,
        )


async def oldest(
    database: aiosqlite.Connection, kind: FrameClass, after: int, excess: int
) -> Going | None:
    """Return the oldest droppable frames above `after` that free `excess` bytes, or all."""
    found = await database.execute(
        "SELECT seq, t0_us, max(t0_us, t1_us), n, length(payload) FROM frames"
        " WHERE kind = ? AND held = 0 AND seq > ?"
        " AND seq < (SELECT max(seq) FROM frames) ORDER BY seq",
        (kind, after),
    )
    frames: list[tuple[int, int, int, int, int]] = []
    async for seq, t0_us, t1_us, n, length in found:
        if excess <= 0:
            break
        frames.append((seq, t0_us, t1_us, n, length))
        excess -= length + ROW_BYTES
    await found.close()
    return _going(kind, frames)


async def older(
    database: aiosqlite.Connection, kind: FrameClass, after: int, before_us: int
) -> Going | None:
    """Return the frames above `after` up to the first that reaches beyond `before_us`.

    What a doubtful clock has stamped waits for its right time, and so does what follows it.
    """
    found = await database.execute(
        "SELECT seq, t0_us, max(t0_us, t1_us), n, length(payload), boot_id FROM frames"
        " WHERE kind = ? AND held = 0 AND seq > ?"
        " AND seq < (SELECT max(seq) FROM frames) ORDER BY seq LIMIT ?",
        (kind, after, EXPIRED_FRAMES_MAX),
    )
    frames: list[tuple[int, int, int, int, int]] = []
    async for seq, t0_us, t1_us, n, length, boot_id in found:
        if t1_us >= before_us or boot_id is not None:
            break
        frames.append((seq, t0_us, t1_us, n, length))
    await found.close()
    return _going(kind, frames)


async def delete(database: aiosqlite.Connection, state: State, going: Going) -> State:
    await database.execute(
        "DELETE FROM frames WHERE kind = ? AND held = 0 AND seq BETWEEN ? AND ?",
        (going.kind, going.first, going.last),
    )
    return rows.counted(state, going.kind, -going.n, -going.bytes)


async def unthinned(
    database: aiosqlite.Connection, after: int
) -> tuple[list[tuple[Stamp, bytes, int]], int]:
    """Return the oldest telemetry above `after` that is not thinned, some minutes of it.

    With each frame goes the number of its values. Returned is also the last number looked at:
    a frame whose payload the disk has changed is left out.
    """
    found = await database.execute(
        "SELECT seq, t0_us, boot_id, offset_us, payload, crc, n FROM frames"
        " WHERE kind = ? AND thinned = 0 AND seq > ?"
        " AND seq < (SELECT max(seq) FROM frames) ORDER BY seq LIMIT ?",
        (FrameClass.TELEMETRY, after, THIN_FRAMES_MAX),
    )
    frames: list[tuple[Stamp, bytes, int]] = []
    size, taken, first_us, last = 0, 0, None, after
    async for seq, t0_us, boot_id, offset_us, payload, crc, n in found:
        last = seq
        first_us = t0_us if first_us is None else first_us
        size += len(payload)
        taken += n
        if crc32(payload) == crc:
            frames.append((Stamp(seq, t0_us, boot_id, offset_us), payload, n))
        enough = size >= THIN_BYTES and t0_us - first_us >= THIN_US
        if enough or taken >= THIN_VALUES_MAX:
            break
    await found.close()
    return frames, last


async def rewrite(
    database: aiosqlite.Connection, kept: Sequence[Rewritten], gone: Sequence[int]
) -> None:
    """Put thinned frames in the place of what they were made of."""
    await database.executemany("DELETE FROM frames WHERE seq = ?", [(seq,) for seq in gone])
    await database.executemany(
        "UPDATE frames SET t0_us = ?, t1_us = ?, n = ?, payload = ?, crc = ?, thinned = ?"
        " WHERE seq = ?",
        [
            (
                *(frame.t0_us, frame.t1_us, frame.n, frame.payload),
                *(crc32(frame.payload), frame.thinned, frame.seq),
            )
            for frame in kept
        ],
    )


def _going(kind: FrameClass, frames: Sequence[tuple[int, int, int, int, int]]) -> Going | None:
    if not frames:
        return None
    return Going(
        kind=kind,
        first=frames[0][0],
        last=frames[-1][0],
        n=sum(frame[3] for frame in frames),
        bytes=sum(frame[4] + ROW_BYTES for frame in frames),
        from_us=min(frame[1] for frame in frames),
        to_us=max(frame[2] for frame in frames) + 1,
    )
