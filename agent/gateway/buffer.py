"""Store-and-forward: frames in a durable, ordered, bounded file until the hub has them.

* `Buffer.append` returns once the frames, and the place in control's numbering up to which they
  reach, are on the disk in one transaction. Whoever hears "stored" may forget its own copy.
* Frames are numbered from 0 in an epoch, the life of one file. The newest row always stays, so
  the file itself knows the next number, and no counter costs a page of its own.
* Full means: the oldest telemetry goes, then the oldest events, and an event tells what went.
  Settlement frames are never dropped.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import aiosqlite

from agent.gateway import bufferfile, rows
from agent.gateway.rows import Cursor, Draft, State
from wire import sync
from wire.clock import Clock, utc
from wire.sync import Event, Frame, FrameClass, Severity

SOURCE = "buffer"
DROP_SHARE = 64
"""A full buffer makes room for a sixty-fourth at once, so that dropping stays rare."""
SETTLE_APPENDS = 5
"""Every so many appends, what was acknowledged is deleted in the same commit: it costs pages."""
SETTLE_FRAMES = sync.FRAMES_MAX
"""So many acknowledged frames do not wait for it: a backlog is going out."""
SETTLE_PERIOD_S = 10.0
"""Nor do acknowledged frames wait longer than this when nothing is appended."""
_SCHEDULE = "schedule"
Found = TypeVar("Found")
Step = Callable[[aiosqlite.Connection], Awaitable[Found]]
"""Part of a transaction on tables of another file of this folder."""


class Buffer:
    """See the module; made by `open_buffer`."""

    def __init__(
        self, database: aiosqlite.Connection, path: Path, clock: Clock, bytes_max: int
    ) -> None:
        self._database = database
        self._path = path
        self._clock = clock
        self._lock = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._released = -1
        self._settled = -1
        self._appends = 0
        self._written_s = 0.0
        self._bytes_max = bytes_max

    async def state(self) -> State:
        """Return what the file says, what was released already taken off."""
        async with self._reading():
            state = await rows.read_state(self._database)
            n, size = await rows.sums(self._database, state.acked, self._released)
            acked = max(state.acked, self._released)
            return replace(state, acked=acked, n=state.n - n, bytes=state.bytes - size)

    async def append(
        self, drafts: Sequence[Draft], cursor: Cursor | None = None, also: Step[None] | None = None
    ) -> None:
        """Store `drafts` in order, and that control's items are stored up to `cursor`.

        `also` works, in the same transaction, on the tables beside the frames.

        Raises:
            BufferBlocked: nothing was stored; the caller keeps them and tries again.
        """
        self._appends += 1
        async with self._transaction():
            state = await rows.read_state(self._database)
            if self._appends % SETTLE_APPENDS == 0:
                state = await rows.settle(self._database, state, self._released)
            state = await rows.insert(self._database, state, drafts)
            if also is not None:
                await also(self._database)
            if state.bytes > self._bytes_max:
                state = await rows.settle(self._database, state, self._released)
                state = await self._make_room(state)
            await rows.write_state(self._database, replace(state, cursor=cursor or state.cursor))
        self._written_s = asyncio.get_running_loop().time()
        async with self._changed:
            self._changed.notify_all()

    async def look_up(self, step: Step[Found]) -> Found:
        """Return what `step` reads from the tables beside the frames."""
        async with self._reading():
            return await step(self._database)

    async def report(self, code: str, severity: Severity, text: str, source: str = SOURCE) -> None:
        """Store an event of the gateway's own."""
        await self.append([self._event(code, severity, text, source)])

    async def batch(self, after: int, bytes_max: int) -> list[Frame]:
        """Return the oldest frames numbered above `after`: at least one if there is any.

        A frame whose payload has changed on the disk goes to quarantine instead.
        """
        while True:
            async with self._reading():
                found = await rows.select(self._database, after, bytes_max)
            unsound = [stored.frame.seq for stored in found if not stored.sound]
            for seq in unsound:
                await self.quarantine(seq, "its CRC does not match: the disk has changed it")
            if not unsound:
                return [stored.frame for stored in found]

    async def release(self, seq: int) -> None:
        """Forget the frames up to `seq`: the hub has committed them.

        Deleting waits for an append to share its commit; after a crash in between the frames are
        only sent again.
        """
        self._released = max(self._released, seq)
        silent_s = asyncio.get_running_loop().time() - self._written_s
        if silent_s > SETTLE_PERIOD_S or self._released - self._settled >= SETTLE_FRAMES:
            await self.settle()

    async def settle(self) -> None:
        """Delete now what was released."""
        async with self._transaction():
            state = await rows.read_state(self._database)
            state = await rows.settle(self._database, state, self._released)
            await rows.write_state(self._database, state)
            self._settled = state.acked
        self._written_s = asyncio.get_running_loop().time()

    async def quarantine(self, seq: int, reason: str) -> int:
        """Move a frame out of the way, never away; an event tells about it.

        Its number stays used. Returns how many frames are in quarantine now.
        """
        text = f"frame {seq} was set aside: {reason}"
        event = self._event("FRAME_SET_ASIDE", Severity.ALARM, text)
        async with self._transaction():
            state = await rows.read_state(self._database)
            state = await rows.insert(self._database, state, [event])
            state, count = await rows.set_aside(self._database, state, seq, reason)
            await rows.write_state(self._database, state)
        return count

    async def renew_epoch(self) -> None:
        """Number everything that is kept anew under a new epoch, and say so.

        For a file that was copied or restored: its next numbers are already used at the hub.
        """
        text = "the buffer was restored from a copy; its frames are numbered anew"
        event = self._event("BUFFER_RENEWED", Severity.WARNING, text)
        async with self._transaction():
            state = await rows.read_state(self._database)
            state = await rows.settle(self._database, state, self._released)
            state = await rows.renumber(self._database, state)
            state = await rows.insert(self._database, state, [event])
            await rows.write_state(self._database, state)
            self._released = self._settled = -1

    async def newest_seq(self) -> int:
        """Return the highest number given so far in this epoch, -1 before the first."""
        async with self._reading():
            return await rows.newest(self._database)

    async def wait_for_more(self, after: int) -> None:
        """Return as soon as there is a frame numbered above `after`."""
        async with self._changed:
            while await self.newest_seq() <= after:
                await self._changed.wait()

    async def save_schedule(self, body: str) -> None:
        async with self._transaction():
            await self._database.execute(
                "INSERT INTO document VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = ?",
                (_SCHEDULE, body, body),
            )

    async def schedule(self) -> str | None:
        """Return what `save_schedule` saved last."""
        async with self._reading():
            found = await self._database.execute(
                "SELECT body FROM document WHERE name = ?", (_SCHEDULE,)
            )
            row = await found.fetchone()
            return None if row is None else str(row[0])

    async def _make_room(self, state: State) -> State:
        """Drop the oldest frames of the lowest class that has any, and store an event about it."""
        for kind in (FrameClass.TELEMETRY, FrameClass.EVENTS):
            if state.bytes <= self._bytes_max:
                break
            excess = state.bytes - (self._bytes_max - self._bytes_max // DROP_SHARE)
            before = state.dropped
            state, from_us, to_us = await rows.thin(self._database, state, kind, excess)
            if state.dropped > before:
                text = (
                    f"the buffer is full: {state.dropped - before} values or events of class"
                    f" {kind.name.lower()} from {utc(from_us):%Y-%m-%d %H:%M:%S} to"
                    f" {utc(to_us):%Y-%m-%d %H:%M:%S} UTC were dropped"
                )
                event = self._event("BUFFER_DROPPED", Severity.ALARM, text)
                state = await rows.insert(self._database, state, [event])
        return state

    def _event(self, code: str, severity: Severity, text: str, source: str = SOURCE) -> Draft:
        return rows.draft_of(
            Event(
                at_us=self._clock.now_us(), code=code, severity=severity, source=source, text=text
            )
        )

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[None]:
        """No transaction is open meanwhile: what is read is committed."""
        async with self._lock:
            with bufferfile.translated(self._path):
                yield

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        """All or nothing, also when the task is cancelled; nothing is cached between two."""
        async with self._reading():
            try:
                await self._database.execute("BEGIN IMMEDIATE")
                yield
                await self._database.execute("COMMIT")
            except BaseException:
                # Nothing to roll back where the commit came through before the cancellation.
                with suppress(sqlite3.DatabaseError):
                    await self._database.execute("ROLLBACK")
                raise


@asynccontextmanager
async def open_buffer(path: Path, clock: Clock, bytes_max: int) -> AsyncIterator[Buffer]:
    """Open the buffer; a damaged file is set aside, and the new one begins with an event.

    Raises:
        BufferUnusable: another process has it open, or a newer program wrote it.
        BufferBlocked: the disk does not let us.
    """
    stamp = f"{utc(clock.now_us()):%Y%m%dT%H%M%SZ}"
    async with bufferfile.open_file(path, stamp) as opened:
        buffer = Buffer(opened.connection, path, clock, bytes_max)
        if opened.set_aside is not None:
            text = f"the buffer's file was damaged and set aside as {opened.set_aside.name}"
            await buffer.report("BUFFER_DAMAGED", Severity.ALARM, text)
        yield buffer
