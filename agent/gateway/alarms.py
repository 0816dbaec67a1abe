"""The box's alarms: made of what the buffer's events tell, kept in its file, told like any record.

Events are read back from the buffer behind a place that is written together with the alarms they
made: a gateway that is killed in between makes each alarm once, and none is forgotten. Every
change of an alarm is a record of its own, in the same transaction as the alarm's row.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence

from agent.gateway import alarmbook, ledger
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.latest import Latest
from agent.gateway.rows import Draft
from wire import records
from wire.alarm import Alarm
from wire.clock import Clock
from wire.fields import BadMessage
from wire.records import Records
from wire.sync import Event, FrameClass, Severity

KEPT_MAX = 500
"""Alarms that are remembered, the lasting ones always."""
SHOWN_MAX = 50
HUB_SILENT_S = 600.0
"""So long without the hub is worth an alarm; shorter outages are an event."""
LOOK_PERIOD_S = 1.0
FRAMES_PER_LOOK = 200
CURSOR_LAG_MAX = 5_000
"""Frames without alarms after which the place is written down nevertheless."""
BLOCKED_PAUSE_S = 1.0
SOURCE = "gateway"
_ID_BYTES = 8

_logger = logging.getLogger(__name__)


class Alarms:
    """See the module; `restore` comes first."""

    def __init__(self, buffer: Buffer, latest: Latest, clock: Clock) -> None:
        self._buffer = buffer
        self._latest = latest
        self._clock = clock
        self._alarms: dict[str, Alarm] = {}
        self._epoch, self._seq = "", -1
        self._written = -1
        self._floor_us = 0
        """Events up to here are known, while a file that was numbered anew is read again."""
        self._turn = asyncio.Lock()
        self._silent_s: float | None = None

    async def restore(self) -> None:
        """Read what was known before the start, and catch up with the events since then."""
        self._alarms = {one.id: one for one in await self._buffer.look_up(ledger.read_alarms)}
        self._epoch, self._seq = await self._buffer.look_up(ledger.read_cursor)
        self._written = self._seq
        self._show()
        while await self.read():
            continue

    async def run(self) -> None:
        """Make alarms of the events that come, for ever."""
        while True:
            try:
                await self._buffer.wait_for_more(self._seq)
                while await self.read():
                    continue
            except BufferBlocked as error:
                _logger.error("alarms wait: %s", error)
                await asyncio.sleep(BLOCKED_PAUSE_S)

    async def watch(self) -> None:
        """Look after what no event tells, for ever."""
        while True:
            try:
                await self._look()
            except BufferBlocked as error:
                _logger.error("alarms wait: %s", error)
            await asyncio.sleep(LOOK_PERIOD_S)

    async def acknowledge(self, identity: str, who: str, note: str, at_us: int) -> Alarm:
        """Note that somebody has seen an alarm; the first one to do so stays.

        Raises:
            KeyError: there is no such alarm.
            BufferBlocked: it could not be written.
        """
        async with self._turn:
            alarm = self._alarms[identity]
            seen = alarmbook.acknowledged(alarm, who, note, at_us)
            if seen is not None:
                await self._write([seen])
            return seen or alarm

    async def read(self) -> bool:
        """Make alarms of some of the events behind the place; say whether there may be more."""
        async with self._turn:
            epoch = (await self._buffer.state()).epoch
            if epoch != self._epoch:
                # A file that was numbered anew has been read under its old numbers already.
                self._floor_us = alarmbook.newest_us(self._alarms.values()) if self._epoch else 0
                self._epoch, self._seq, self._written = epoch, -1, -1
            after = self._seq
            found, newest = await self._buffer.look_up(
                lambda database: ledger.read_events(
                    database, after, FrameClass.EVENTS, FRAMES_PER_LOOK
                )
            )
            full = len(found) == FRAMES_PER_LOOK
            seq = found[-1][0] if full else max(newest, after)
            events = [event for _, payload in found for event in _events(payload)]
            changed = self._of(event for event in events if event.at_us > self._floor_us)
            self._floor_us = self._floor_us if full else 0
            if changed or seq - self._written > CURSOR_LAG_MAX:
                await self._write(changed, seq)
            self._seq = seq
            return full

    async def _look(self) -> None:
        async with self._turn:
            over = alarmbook.outlived(
                self._alarms.values(), self._latest.status, linked=self._latest.linked
            )
            event = self._of_the_hub()
            raised = [] if event is None else self._of([event])
            if over or raised:
                await self._write([*over, *raised])

    def _of_the_hub(self) -> Event | None:
        """Return what there is to say of the line to the hub: raised once, cleared once."""
        now_s, lane = asyncio.get_running_loop().time(), self._latest.up
        if not lane.trouble:
            self._silent_s = None
            code, text = "HUB_REACHED", "the hub answers again"
            if lane.answered_us is None:
                return None
        else:
            self._silent_s = now_s if self._silent_s is None else self._silent_s
            if now_s - self._silent_s < HUB_SILENT_S:
                return None
            code = alarmbook.HUB_UNREACHABLE
            text = f"no answer for {HUB_SILENT_S / 60:.0f} min: {lane.trouble}"
        at_us = self._clock.now_us()
        return Event(at_us=at_us, code=code, severity=Severity.WARNING, source=SOURCE, text=text)

    def _of(self, events: Iterable[Event]) -> list[Alarm]:
        """Return the alarms that these events change, each as it is after all of them."""
        after = dict(self._alarms)
        changed: dict[str, Alarm] = {}
        for event in events:
            identity = secrets.token_hex(_ID_BYTES)
            for alarm in alarmbook.noted(after.values(), event, identity):
                after[alarm.id] = changed[alarm.id] = alarm
        return list(changed.values())

    async def _write(self, changed: Sequence[Alarm], seq: int | None = None) -> None:
        """Write alarms and place down together, and remember them only then."""
        epoch, place = self._epoch, self._seq if seq is None else seq

        async def step(database: ledger.Database) -> None:
            await ledger.write_alarms(database, changed)
            await ledger.forget_alarms(database, KEPT_MAX)
            await ledger.write_cursor(database, epoch, place)

        await self._buffer.append(self._drafts(changed), also=step)
        self._written = place
        for alarm in changed:
            state = "raised" if alarm.cleared_us is None else "cleared"
            _logger.info("alarm %s %s: %s %s", alarm.id, state, alarm.source, alarm.code)
        known = {**self._alarms, **{alarm.id: alarm for alarm in changed}}
        self._alarms = {one.id: one for one in alarmbook.kept(list(known.values()), KEPT_MAX)}
        self._show()

    def _drafts(self, changed: Sequence[Alarm]) -> list[Draft]:
        if not changed:
            return []
        payload = records.encode(Records(alarms=tuple(changed)))
        return [Draft(FrameClass.EVENTS, self._clock.now_us(), len(changed), payload)]

    def _show(self) -> None:
        self._latest.alarms = alarmbook.shown(self._alarms.values(), SHOWN_MAX)


def _events(payload: bytes) -> Sequence[Event]:
    """Return the events of a frame; one that cannot be read is the uplink's business."""
    try:
        return records.decode(payload).events
    except BadMessage:
        return ()
