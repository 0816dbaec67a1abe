"""Room in the buffer: thin before anything is dropped, oldest first, and every loss a row.

Telemetry makes way first: 1-minute means of the oldest (`agent.gateway.thin`), then the oldest
means, then what the hub may have already, then the oldest events. Settlement values and what
tells of a loss are never dropped for room: beyond their share telemetry and events make way for
them, and when nothing else is left the buffer takes nothing more rather than lose what it took.

A frame that has been handed out may be at the hub: it is never rewritten, and dropped last; its
row names the numbers, so that the hub can say what it has nevertheless. After a start nobody
knows what was handed out; the first that would be counts as handed out.
"""

import asyncio
from dataclasses import dataclass, replace

import aiosqlite

from agent.gateway import gaps, going, rows
from agent.gateway.errors import BufferBlocked
from agent.gateway.gaps import Open
from agent.gateway.losses import FULL, SOURCE, Loss, event_of
from agent.gateway.rows import ROW_BYTES, Doubt, State
from agent.gateway.thin import MINUTE_US, thinned
from wire import sync
from wire.gap import Cause
from wire.sync import Event, FrameClass, Severity

DROP_SHARE = 64
"""A full buffer makes room for a sixty-fourth at once, so that making room stays rare."""
DROP_BYTES_MAX = 1024**2
"""But not for more than this, so that no append takes long."""
THIN_ROUNDS = 4
DROP_ROUNDS = 8
IN_FLIGHT_BYTES = sync.UPLOAD_BYTES_MAX
_DAY_US = 86_400 * 1_000_000
_SHARE = {
    True: ("SETTLEMENT_FULL", Severity.ALARM, "exceed their share"),
    False: ("SETTLEMENT_FREE", Severity.INFO, "keep within their share"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What each class may be: bytes of its own, and days until it is deleted unsent."""

    settlement_bytes_max: int = 512 * 1024**2
    """Not a limit at which settlement values go: an event says that it is exceeded."""
    events_bytes_max: int = 128 * 1024**2
    settlement_days_max: float = 3_650
    events_days_max: float = 730
    telemetry_days_max: float = 90

    def age_us_max(self, kind: FrameClass) -> int:
        days = {
            FrameClass.SETTLEMENT: self.settlement_days_max,
            FrameClass.EVENTS: self.events_days_max,
            FrameClass.TELEMETRY: self.telemetry_days_max,
        }
        return round(days[kind] * _DAY_US)


class Room:
    """See the module; each method is a step of a transaction that `Buffer` opens."""

    def __init__(self, bytes_max: int, bounds: Bounds) -> None:
        self.bytes_max = bytes_max
        self.bounds = bounds
        self._handed = -1
        self._gone = dict.fromkeys(FrameClass, -1)
        """Up to here, and above what was handed out, a class has nothing left to drop."""
        self._open: dict[tuple[Cause, FrameClass, bool], Open] = {}
        """Rows that may grow; one that names numbers may name only frames that all are gone."""
        self._much_said = False
        self.doubt: Doubt | None = None
        """Set while our own clock is not known to be right: what carries no doubt of its own is
        stored with this one."""

    async def begin(self, database: aiosqlite.Connection, state: State) -> None:
        """Take what the first upload after a start would carry for handed out."""
        found = await database.execute(
            "SELECT seq, length(payload) FROM frames WHERE seq > ? ORDER BY seq LIMIT ?",
            (state.acked, sync.FRAMES_MAX),
        )
        room = IN_FLIGHT_BYTES
        async for seq, length in found:
            room -= length + ROW_BYTES
            if room < 0:
                break
            self._handed = seq
        await found.close()

    def handed(self, seq: int) -> None:
        """Note that the frames up to `seq` are on their way."""
        if seq > self._handed:
            self._handed = seq
            self._open.clear()

    def acknowledged(self) -> None:
        """Note that frames are at the hub: a row that reached over them would call them lost."""
        self._open.clear()

    def renumbered(self) -> None:
        """Forget every number: the frames have new ones, and nobody was handed one of those."""
        self._handed = -1
        self._gone = dict.fromkeys(FrameClass, -1)
        self._open.clear()

    def undone(self) -> None:
        """Trust nothing that was noted in a transaction that was rolled back."""
        self._gone = dict.fromkeys(FrameClass, -1)
        self._open.clear()

    async def make(self, database: aiosqlite.Connection, state: State, now_us: int) -> State:
        """Bring the buffer within its bounds again.

        Raises:
            BufferBlocked: nothing is left that may go.
        """
        excess = state.events.bytes - self.bounds.events_bytes_max
        if excess > 0:
            state, _ = await self._drop(database, state, FrameClass.EVENTS, excess, now_us)
        state = await self._settlement(database, state, now_us)
        if state.bytes > self.bytes_max:
            state = await self.shrink(database, state, self.bytes_max, now_us)
        return state

    def exceeded(self, state: State) -> bool:
        """Say whether `make` has something to do."""
        return (
            state.bytes > self.bytes_max
            or state.events.bytes > self.bounds.events_bytes_max
            or (state.settlement.bytes > self.bounds.settlement_bytes_max) != self._much_said
        )

    async def shrink(
        self, database: aiosqlite.Connection, state: State, bytes_max: int, now_us: int
    ) -> State:
        """Have at most `bytes_max` in the buffer, or as much nearer to it as one step may go.

        Raises:
            BufferBlocked: nothing is left that may go.
        """
        for _ in range(THIN_ROUNDS):
            if state.bytes <= bytes_max:
                return state
            before = state.thinned_to, state.bytes
            state = await self._thin(database, state, now_us)
            if (state.thinned_to, state.bytes) == before:
                break
        else:
            if state.bytes <= bytes_max + bytes_max // DROP_SHARE:
                return state  # The next append goes on thinning.
        for kind in (FrameClass.TELEMETRY, FrameClass.EVENTS):
            for _ in range(DROP_ROUNDS):
                if state.bytes <= bytes_max:
                    return state
                excess = state.bytes - bytes_max
                state, dropped = await self._drop(database, state, kind, excess, now_us)
                if not dropped:
                    break
            else:
                return state  # The next append goes on.
        if state.bytes > bytes_max:
            raise BufferBlocked(
                f"{FULL}: {state.bytes} bytes of settlement values and of what tells of losses"
                f" are left, {bytes_max} are allowed"
            )
        return state

    async def expire(self, database: aiosqlite.Connection, state: State, now_us: int) -> State:
        """Delete what is older than its class may be; `now_us` is that of a clock that is good."""
        for kind in FrameClass:
            age_us = self.bounds.age_us_max(kind)
            found = await going.older(database, kind, state.acked, now_us - age_us)
            if found is not None:
                state = await going.delete(database, state, found)
                text = f"older than the {age_us / _DAY_US:g} days allowed"
                loss = found.loss(Cause.AGE, text)
                state = await self.note(database, state, loss, now_us)
        return state

    async def note(
        self,
        database: aiosqlite.Connection,
        state: State,
        loss: Loss,
        now_us: int,
        *,
        flown: bool = False,
    ) -> State:
        """Enter a loss of the buffer's own in the ledger; one that goes on is one row.

        `flown`: of frames that had been handed out.
        """
        kind = loss.cause, loss.cls, flown
        row = self._open.get(kind)
        if row is not None and gaps.follows(row, loss):
            state, self._open[kind] = await gaps.grow(database, state, row, loss)
            return state
        said = [event_of(loss, now_us)]
        state, row = await gaps.enter(database, state, [loss], said, now_us, self.doubt)
        self._open[kind] = row
        return state

    async def _settlement(self, database: aiosqlite.Connection, state: State, now_us: int) -> State:
        """Say once that settlement values have outgrown their share."""
        much = state.settlement.bytes > self.bounds.settlement_bytes_max
        if much != self._much_said:
            code, severity, what = _SHARE[much]
            text = f"settlement values that the hub does not have {what} of the buffer"
            event = _event(code, severity, text, now_us)
            state = await rows.insert(database, state, [rows.draft_of(event)], self.doubt)
        self._much_said = much
        return state

    async def _thin(self, database: aiosqlite.Connection, state: State, now_us: int) -> State:
        after = max(state.thinned_to, self._handed, state.acked)
        frames, last = await going.unthinned(database, after)
        kept, gone = await asyncio.to_thread(thinned, [frame[:2] for frame in frames])
        if not kept:
            return replace(state, thinned_to=max(last, state.thinned_to))
        before = {stamp.seq: (n, len(payload)) for stamp, payload, n in frames}
        touched = {*gone, *(frame.seq for frame in kept)}
        n = sum(before[seq][0] for seq in touched) - sum(frame.n for frame in kept)
        size = sum(before[seq][1] for seq in touched) - sum(len(frame.payload) for frame in kept)
        await going.rewrite(database, kept, gone)
        state = rows.counted(state, FrameClass.TELEMETRY, -n, -size - ROW_BYTES * len(gone))
        raw = {frame.seq for frame in kept if not frame.thinned}
        waiting = raw | {seq for seq in before if seq not in touched and seq > min(touched)}
        thinned_to = min(waiting, default=last + 1) - 1
        state = replace(state, thinned_to=thinned_to, dropped=state.dropped + n)
        if n == 0:
            return state
        loss = Loss(
            cause=Cause.THINNED,
            cls=FrameClass.TELEMETRY,
            from_us=min(frame.t0_us for frame in kept if frame.thinned),
            to_us=max(frame.t1_us for frame in kept if frame.thinned) + MINUTE_US,
            n=n,
            text=f"{FULL}: 1-minute means are left",
        )
        return await self.note(database, state, loss, now_us)

    async def _drop(
        self,
        database: aiosqlite.Connection,
        state: State,
        kind: FrameClass,
        excess: int,
        now_us: int,
    ) -> tuple[State, bool]:
        """Drop the oldest frames of a class; return also whether there was one."""
        excess = min(excess + min(self.bytes_max // DROP_SHARE, DROP_BYTES_MAX), DROP_BYTES_MAX)
        for after in (max(self._handed, state.acked, self._gone[kind]), state.acked):
            found = await going.oldest(database, kind, after, excess)
            if found is None:
                continue
            if after != state.acked:
                self._gone[kind] = found.last
            state = await going.delete(database, state, found)
            state = replace(state, dropped=state.dropped + found.n)
            loss, flown = found.loss(Cause.FULL, FULL), found.first <= self._handed
            return await self.note(database, state, loss, now_us, flown=flown), True
        return state, False


def _event(code: str, severity: Severity, text: str, now_us: int) -> Event:
    return Event(at_us=now_us, code=code, severity=severity, source=SOURCE, text=text)
