"""Store-and-forward: frames in a durable, ordered, bounded file until the hub has them.

* `Buffer.append` returns once the frames, and the place in control's numbering up to which they
  reach, are on the disk in one transaction. Whoever hears "stored" may forget its own copy.
* Frames are numbered from 0 in an epoch, the life of one file. The newest row always stays, so
  the file itself knows the next number, and no counter costs a page of its own.
* A full buffer makes room (`agent.gateway.room`), and a row of the gap ledger tells of every loss
  in the transaction that causes it. Settlement frames are never dropped.
* On a full disk the reserve (`agent.gateway.reserve`) is given up to settlement frames and events;
  telemetry gets the room that older telemetry makes, or waits with the caller.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import aiosqlite

from agent.gateway import bufferfile, gaps, losses, machine, rows
from agent.gateway.errors import GatewayError
from agent.gateway.losses import CHANGED, SOURCE, Loss
from agent.gateway.reserve import Reserve
from agent.gateway.room import Bounds, Room
from agent.gateway.rows import Cursor, Doubt, Draft, State
from agent.gateway.storage import More, Storage
from agent.gateway.transactions import Found, Step, Transactions
from wire import sync
from wire.clock import Clock, utc
from wire.gap import Cause
from wire.sync import Event, Frame, FrameClass, Severity

SETTLE_FRAMES = sync.FRAMES_MAX
"""So many acknowledged frames do not wait for it: a backlog is going out."""
SETTLE_PERIOD_S = 10.0
"""Nor do acknowledged frames wait longer than this when nothing is appended."""
RESERVE_SUFFIX = ".reserve"
DEFAULT_BOUNDS = Bounds()
_SCHEDULE = "schedule"
Revision = Callable[[aiosqlite.Connection, State], Awaitable[State]]


class Buffer:
    """See the module; made by `open_buffer`."""

    def __init__(
        self, database: aiosqlite.Connection, path: Path, clock: Clock, room: Room
    ) -> None:
        self._database = database
        self._clock = clock
        self._room = room
        self._reserve = Reserve(path.with_suffix(RESERVE_SUFFIX))
        self._file = Transactions(database, path, room.undone)
        self._storage = Storage(self._file, room, self._reserve, clock)
        self._changed = asyncio.Condition()
        self._released = -1
        self._settled = -1
        self._written_s = 0.0

    @property
    def doubt(self) -> Doubt | None:
        """Set while our own clock is not known to be right; see `Room.doubt`."""
        return self._room.doubt

    @doubt.setter
    def doubt(self, doubt: Doubt | None) -> None:
        self._room.doubt = doubt

    async def begin(self, lost: Sequence[Loss], boot_id: str) -> None:
        """Say in the file that we have it open, and what was lost before we had."""
        self._reserve.make()
        now_us = self._clock.now_us()
        async with self._file.transaction():
            state = await rows.read_state(self._database)
            since_us = await rows.begin_run(self._database, boot_id)
            if since_us is not None:
                lost = [*lost, losses.power(since_us, now_us)]
            for loss in lost:
                state = await self._room.note(self._database, state, loss, now_us)
            await rows.write_state(self._database, state)
            await self._room.begin(self._database, state)

    async def end(self) -> None:
        """Say in the file that we end in good order."""
        async with self._file.transaction():
            await rows.end_run(self._database)

    async def state(self) -> State:
        """Return what the file says, what was released already taken off."""
        async with self._file.reading():
            state = await rows.read_state(self._database)
            if self._released <= state.acked:
                return state
            left = await rows.less(self._database, state, state.acked, self._released)
            return replace(left, acked=self._released)

    async def append(
        self,
        drafts: Sequence[Draft],
        cursor: Cursor | None = None,
        also: Step[None] | None = None,
        lost: Sequence[Loss] = (),
    ) -> None:
        """Store `drafts` in order, and that control's items are stored up to `cursor`.

        `also` works, in the same transaction, on the tables beside the frames; `lost` becomes
        rows of the gap ledger.

        Raises:
            BufferBlocked: nothing was stored; the caller keeps them and tries again.
        """
        more = More(cursor, also, tuple(lost))
        await self._storage.store(drafts, more, self._released)
        self._written_s = asyncio.get_running_loop().time()
        async with self._changed:
            self._changed.notify_all()

    async def look_up(self, step: Step[Found]) -> Found:
        """Return what `step` reads from the tables beside the frames."""
        async with self._file.reading():
            return await step(self._database)

    async def report(self, code: str, severity: Severity, text: str, source: str = SOURCE) -> None:
        """Store an event of the gateway's own."""
        await self.append([self._event(code, severity, text, source)])

    async def batch(self, after: int, bytes_max: int) -> list[Frame]:
        """Return the oldest frames numbered above `after`: at least one if there is any.

        A frame whose payload has changed on the disk goes to quarantine instead.
        """
        while True:
            async with self._file.reading():
                found = await rows.select(self._database, after, bytes_max)
            unsound = [stored.frame.seq for stored in found if not stored.sound]
            for seq in unsound:
                await self.quarantine(seq, CHANGED, Cause.CORRUPT)
            if not unsound:
                if found:
                    self._room.handed(found[-1].frame.seq)
                return [stored.frame for stored in found]

    async def release(self, seq: int) -> None:
        """Forget the frames up to `seq`: the hub has committed them.

        Deleting waits for an append to share its commit; after a crash in between the frames are
        only sent again.
        """
        self._released = max(self._released, seq)
        self._room.acknowledged()
        silent_s = asyncio.get_running_loop().time() - self._written_s
        if silent_s > SETTLE_PERIOD_S or self._released - self._settled >= SETTLE_FRAMES:
            await self.settle()

    async def settle(self) -> None:
        """Delete now what was released."""
        async with self._file.transaction():
            state = await rows.read_state(self._database)
            state = await rows.settle(self._database, state, self._released)
            await rows.write_state(self._database, state)
            self._settled = state.acked
        self._written_s = asyncio.get_running_loop().time()

    async def quarantine(self, seq: int, reason: str, cause: Cause = Cause.REFUSED) -> int:
        """Move a frame out of the way, never away; an event and a gap tell about it.

        Its number stays used. Returns how many frames are in quarantine now.
        """
        now_us = self._clock.now_us()
        text = f"frame {seq} was set aside: {reason}"
        event = self._made("FRAME_SET_ASIDE", Severity.ALARM, text)
        async with self._file.transaction():
            state = await rows.read_state(self._database)
            state = await rows.settle(self._database, state, self._released)
            frame = await rows.told(self._database, seq) if seq > state.acked else None
            if frame is None:
                await rows.write_state(self._database, state)
                return await rows.quarantined(self._database)
            loss = losses.of_frame(seq, frame, cause, reason)
            state, _ = await gaps.enter(self._database, state, [loss], [event], now_us, self.doubt)
            state, count = await rows.set_aside(self._database, state, seq, reason)
            await rows.write_state(self._database, state)
        return count

    async def expire(self) -> None:
        """Delete what is older than its class may be; only while our clock is known to be good."""
        async with self._file.transaction():
            state = await rows.read_state(self._database)
            state = await rows.settle(self._database, state, self._released)
            state = await self._room.expire(self._database, state, self._clock.now_us())
            await rows.write_state(self._database, state)

    async def renew_epoch(self) -> None:
        """Number everything that is kept anew under a new epoch, and say so.

        For a file that was copied or restored: its next numbers are already used at the hub.
        """
        text = "the buffer was restored from a copy; its frames are numbered anew"
        event = self._event("BUFFER_RENEWED", Severity.WARNING, text)
        async with self._file.transaction():
            state = await rows.read_state(self._database)
            state = await rows.settle(self._database, state, self._released)
            state = await rows.renumber(self._database, state)
            state = await rows.insert(self._database, state, [event], self.doubt)
            await rows.write_state(self._database, state)
            self._released = self._settled = -1
            self._room.renumbered()

    async def newest_seq(self) -> int:
        """Return the highest number given so far in this epoch, -1 before the first."""
        async with self._file.reading():
            return await rows.newest(self._database)

    async def wait_for_more(self, after: int) -> None:
        """Return as soon as there is a frame numbered above `after`."""
        async with self._changed:
            while await self.newest_seq() <= after:
                await self._changed.wait()

    async def save_schedule(self, body: str) -> None:
        async with self._file.transaction():
            await self._database.execute(
                "INSERT INTO document VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = ?",
                (_SCHEDULE, body, body),
            )

    async def schedule(self) -> str | None:
        """Return what `save_schedule` saved last."""
        async with self._file.reading():
            found = await self._database.execute(
                "SELECT body FROM document WHERE name = ?", (_SCHEDULE,)
            )
            row = await found.fetchone()
            return None if row is None else str(row[0])

    async def revise(self, change: Revision) -> None:
        """Change frames that are not sent yet; `change` gets the state and returns the new one.

        Raises:
            BufferBlocked: nothing was changed.
        """
        async with self._file.transaction():
            state = await rows.read_state(self._database)
            await rows.write_state(self._database, await change(self._database, state))
            self._room.undone()

    def _made(self, code: str, severity: Severity, text: str, source: str = SOURCE) -> Event:
        at_us = self._clock.now_us()
        return Event(at_us=at_us, code=code, severity=severity, source=source, text=text)

    def _event(self, code: str, severity: Severity, text: str, source: str = SOURCE) -> Draft:
        return rows.draft_of(self._made(code, severity, text, source))


@asynccontextmanager
async def open_buffer(
    path: Path,
    clock: Clock,
    bytes_max: int,
    bounds: Bounds = DEFAULT_BOUNDS,
    boot_id: str | None = None,
    doubt: Doubt | None = None,
) -> AsyncIterator[Buffer]:
    """Open the buffer; a damaged file is set aside, and the new one begins with an event.

    Args:
        boot_id: which run of the machine this is; None: as the kernel says.
        doubt: what is stored until somebody says otherwise is stored with this.

    Raises:
        BufferUnusable: another process has it open, or a newer program wrote it.
        BufferBlocked: the disk does not let us.
    """
    now_us = clock.now_us()
    async with bufferfile.open_file(path, f"{utc(now_us):%Y%m%dT%H%M%SZ}") as opened:
        buffer = Buffer(opened.connection, path, clock, Room(bytes_max, bounds))
        buffer.doubt = doubt
        lost: list[Loss] = []
        if opened.set_aside is not None:
            oldest_us = max(0, now_us - bounds.age_us_max(FrameClass.TELEMETRY))
            from_us = oldest_us if opened.lost_from_us is None else opened.lost_from_us
            lost = [losses.damage(opened.set_aside.name, from_us, now_us)]
        await buffer.begin(lost, boot_id or machine.boot_id())
        try:
            yield buffer
        finally:
            with suppress(GatewayError):
                await buffer.end()
