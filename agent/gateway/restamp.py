"""Frames that a doubtful clock has stamped, put right in the buffer before they are sent.

A frame carries the run of the machine that stamped it and the offset of the clock that did, until
it is known to be right. Once the truth of that run is known, its frames are rewritten under their
own numbers, a batch in a transaction: a kill in between leaves the rest for the next start, which
goes on by the same truth, for that is kept in the file too. What was stamped in a run whose truth
nobody can know any more is left as it is, and an event says so.
"""

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import aiosqlite

from agent.gateway import gaps, rows, shift
from agent.gateway.buffer import Buffer
from agent.gateway.rows import State
from agent.gateway.truth import shift_us
from wire import records
from wire.clock import utc
from wire.fields import BadMessage
from wire.sync import Event, FrameClass, Severity

BATCH_BYTES_MAX = 64 * 1024
"""So much is rewritten in one transaction: some hundred milliseconds of a small box."""
BATCH_FRAMES_MAX = 500
BOOTS_MAX = 16
"""Runs of the machine whose truth is remembered; the oldest beyond it is forgotten."""
SOURCE = "clock"
_DOCUMENT = "clock"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the file knows of the clock."""

    boots: Mapping[str, int | None]
    """The truth of each run of the machine, the newest last; None: given up."""
    told: str
    """The event about a bad clock that was told last; empty: none, or all is good again."""


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    kind: FrameClass
    t0_us: int
    t1_us: int
    payload: bytes
    crc: int
    offset_us: int


@dataclass(frozen=True, slots=True)
class _Right:
    """What a row becomes."""

    row: _Row
    by_us: int
    payload: bytes
    crc: int


async def doubted_boots(buffer: Buffer) -> tuple[str, ...]:
    """Return the runs of the machine that stamped frames which are not known to be right."""

    async def look(database: aiosqlite.Connection) -> tuple[str, ...]:
        found = await database.execute(
            "SELECT DISTINCT boot_id FROM frames WHERE boot_id IS NOT NULL"
        )
        return tuple(str(boot_id) for (boot_id,) in await found.fetchall())

    return await buffer.look_up(look)


async def remembered(buffer: Buffer) -> Memory:
    return await buffer.look_up(_read)


async def remember(buffer: Buffer, boot_id: str, offset_us: int) -> None:
    """Keep the truth of a run of the machine, also over a restart of the program."""
    await buffer.append([], also=partial(_write_boot, boot_id=boot_id, offset_us=offset_us))


async def remember_told(buffer: Buffer, code: str) -> None:
    """Keep which event about the clock still holds."""

    async def change(database: aiosqlite.Connection) -> None:
        await _write(database, replace(await _read(database), told=code))

    await buffer.append([], also=change)


async def put_right(buffer: Buffer, boot_id: str, truth_us: int) -> int:
    """Rewrite every frame of a run; return how many were moved. May be called again at any time."""
    moved = 0
    while found := await buffer.look_up(lambda database: _oldest(database, boot_id)):
        right = await asyncio.to_thread(_rewritten, found, truth_us)
        await buffer.revise(partial(_replace, right=right))
        moved += sum(1 for one in right if one.by_us)
    return moved


async def give_up(buffer: Buffer, boot_id: str, now_us: int) -> None:
    """Leave the frames of a run as they are, and tell once from when to when they seem to be."""
    if boot_id not in (await remembered(buffer)).boots:
        await _tell_unknown(buffer, boot_id, now_us)
    while boot_id in await doubted_boots(buffer):
        await buffer.revise(partial(_settle, boot_id=boot_id))


async def _tell_unknown(buffer: Buffer, boot_id: str, now_us: int) -> None:
    async def span(database: aiosqlite.Connection) -> tuple[int, int, int]:
        found = await database.execute(
            "SELECT count(*), min(t0_us), max(max(t0_us, t1_us)) FROM frames WHERE boot_id = ?",
            (boot_id,),
        )
        count, from_us, to_us = await found.fetchone() or (0, 0, 0)
        return int(count), int(from_us or 0), int(to_us or 0)

    count, from_us, to_us = await buffer.look_up(span)
    text = (
        f"{count} frames from {utc(from_us):%Y-%m-%d %H:%M:%S} to {utc(to_us):%Y-%m-%d %H:%M:%S}"
        " UTC were stamped before a restart of the machine by a clock that nobody confirmed"
    )
    event = Event(
        at_us=now_us, code="CLOCK_UNKNOWN", severity=Severity.WARNING, source=SOURCE, text=text
    )
    await buffer.append(
        [rows.draft_of(event)], also=partial(_write_boot, boot_id=boot_id, offset_us=None)
    )


async def _settle(database: aiosqlite.Connection, state: State, boot_id: str) -> State:
    await database.execute(
        "UPDATE frames SET boot_id = NULL, offset_us = NULL WHERE seq IN"
        " (SELECT seq FROM frames WHERE boot_id = ? ORDER BY seq LIMIT ?)",
        (boot_id, BATCH_FRAMES_MAX),
    )
    return state


async def _read(database: aiosqlite.Connection) -> Memory:
    found = await database.execute("SELECT body FROM document WHERE name = ?", (_DOCUMENT,))
    row = await found.fetchone()
    if row is None:
        return Memory({}, "")
    document = json.loads(row[0])
    return Memory(dict(document["boots"]), document["told"])


async def _write_boot(database: aiosqlite.Connection, boot_id: str, offset_us: int | None) -> None:
    memory = await _read(database)
    boots = {known: truth for known, truth in memory.boots.items() if known != boot_id}
    await _write(database, replace(memory, boots={**boots, boot_id: offset_us}))


async def _write(database: aiosqlite.Connection, memory: Memory) -> None:
    boots = list(memory.boots.items())[-BOOTS_MAX:]
    body = json.dumps({"boots": boots, "told": memory.told})
    await database.execute(
        "INSERT INTO document VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = ?",
        (_DOCUMENT, body, body),
    )


async def _oldest(database: aiosqlite.Connection, boot_id: str) -> list[_Row]:
    """Return the next frames to be put right: one at least if there is any."""
    found = await database.execute(
        "SELECT seq, kind, t0_us, t1_us, payload, crc, offset_us FROM frames WHERE boot_id = ?"
        " ORDER BY seq LIMIT ?",
        (boot_id, BATCH_FRAMES_MAX),
    )
    batch: list[_Row] = []
    room = BATCH_BYTES_MAX
    async for seq, kind, t0_us, t1_us, payload, crc, offset_us in found:
        room -= len(payload)
        if batch and room < 0:
            break
        batch.append(_Row(seq, FrameClass(kind), t0_us, t1_us, payload, crc, offset_us))
    await found.close()
    return batch


def _rewritten(batch: Sequence[_Row], truth_us: int) -> list[_Right]:
    return [_right(row, shift_us(truth_us, row.offset_us)) for row in batch]


def _right(row: _Row, by_us: int) -> _Right:
    """Move a frame; one that the disk has changed stays for the quarantine as it is."""
    if not by_us or zlib.crc32(row.payload) != row.crc:
        return _Right(row, 0, row.payload, row.crc)
    try:
        payload = shift.payload(row.kind, row.payload, by_us)
    except BadMessage:
        return _Right(row, 0, row.payload, row.crc)
    return _Right(row, by_us, payload, zlib.crc32(payload))


async def _replace(database: aiosqlite.Connection, state: State, right: Sequence[_Right]) -> State:
    """Write what was made right, unless the row has changed or gone meanwhile."""
    for one in right:
        row = one.row
        changed = await database.execute(
            "UPDATE frames SET t0_us = ?, t1_us = ?, payload = ?, crc = ?, boot_id = NULL,"
            " offset_us = NULL WHERE seq = ? AND boot_id IS NOT NULL AND crc = ?",
            (
                max(0, row.t0_us + one.by_us),
                max(0, row.t1_us + one.by_us) if row.t1_us else 0,
                *(one.payload, one.crc, row.seq, row.crc),
            ),
        )
        if changed.rowcount:
            state = rows.counted(state, row.kind, 0, len(one.payload) - len(row.payload))
            if row.kind is FrameClass.EVENTS and one.by_us:
                await gaps.restate(database, row.seq, records.decode(one.payload).gaps)
    return state
