"""How frames come into the buffer: in one transaction, within the bounds, also on a full disk.

On a full disk the reserve (`agent.gateway.reserve`) is given up to settlement frames and events;
telemetry gets the room that older telemetry makes. Where none is left, telemetry that comes alone
waits with the caller; what comes along with settlement values or events is lost, and the ledger
says so, for control's items are stored in order or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.gateway import gaps, losses, rows
from agent.gateway.errors import BufferBlocked, DiskFull
from agent.gateway.losses import SOURCE, Loss
from agent.gateway.reserve import Reserve
from agent.gateway.room import Room
from agent.gateway.rows import Cursor, Draft
from agent.gateway.transactions import Step, Transactions
from wire.clock import Clock
from wire.sync import Event, FrameClass, Severity

SETTLE_APPENDS = 5
"""Every so many appends, what was acknowledged is deleted in the same commit: it costs pages."""
DISK_FULL = "DISK_FULL"
DISK_FREE = "DISK_FREE"
_DISK = {
    DISK_FULL: (Severity.ALARM, "the disk is full: telemetry waits or makes room for the newest"),
    DISK_FREE: (Severity.INFO, "the disk has room again"),
}


@dataclass(frozen=True, slots=True)
class More:
    """What is stored along with frames; see `Buffer.append`."""

    cursor: Cursor | None = None
    also: Step[None] | None = None
    lost: tuple[Loss, ...] = ()


class Storage:
    """See the module."""

    def __init__(self, file: Transactions, room: Room, reserve: Reserve, clock: Clock) -> None:
        self._file = file
        self._room = room
        self._reserve = reserve
        self._clock = clock
        self._stored = 0

    async def store(self, drafts: Sequence[Draft], more: More, released: int) -> None:
        """Store all of it, or nothing; what is acknowledged up to `released` may go.

        Raises:
            BufferBlocked: nothing was stored.
        """
        self._stored += 1
        if self._reserve.make():
            try:
                await self._write([*self._news(DISK_FREE), *drafts], more, released)
                self._reserve.said = False
                return
            except DiskFull:
                self._reserve.free()
        await self._squeeze(drafts, more, released)

    async def _write(
        self, drafts: Sequence[Draft], more: More, released: int, need: int = 0
    ) -> None:
        """Store within the bounds; `need` bytes are freed before, on a disk that has none."""
        now_us = self._clock.now_us()
        database, room = self._file.database, self._room
        async with self._file.transaction():
            state = await rows.read_state(database)
            if need or self._stored % SETTLE_APPENDS == 0:
                state = await rows.settle(database, state, released)
            if need:
                state = await room.shrink(database, state, max(0, state.bytes - need), now_us)
            state = await rows.insert(database, state, drafts, room.doubt)
            if more.lost:
                state, _ = await gaps.enter(database, state, more.lost, (), now_us, room.doubt)
            if more.also is not None:
                await more.also(database)
            if room.exceeded(state):
                state = await rows.settle(database, state, released)
                state = await room.make(database, state, now_us)
            await rows.write_state(database, replace(state, cursor=more.cursor or state.cursor))

    async def _squeeze(self, drafts: Sequence[Draft], more: More, released: int) -> None:
        """Store on a full disk: what matters from the reserve, telemetry where older one goes."""
        told = self._news(DISK_FULL)
        telemetry = [draft for draft in drafts if draft.kind is FrameClass.TELEMETRY]
        others = [draft for draft in drafts if draft.kind is not FrameClass.TELEMETRY]
        need = 2 * sum(len(draft.payload) + rows.ROW_BYTES for draft in telemetry)
        await self._file.checkpoint()
        try:
            await self._write([*told, *drafts], more, released, need)
        except BufferBlocked:
            if telemetry and not others:
                if told:
                    await self._write(told, More(), released)
                    self._reserve.said = True
                raise
            lost = (*more.lost, *losses.unstored(telemetry))
            await self._write([*told, *others], replace(more, lost=lost), released)
        self._reserve.said = True

    def _news(self, code: str) -> list[Draft]:
        """Return the event that the disk is full, or has room again, unless it was told."""
        if self._reserve.said is (code == DISK_FULL):
            return []
        severity, text = _DISK[code]
        at_us = self._clock.now_us()
        event = Event(at_us=at_us, code=code, severity=severity, source=SOURCE, text=text)
        return [rows.draft_of(event)]
