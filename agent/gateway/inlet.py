"""From control into the buffer: receive, group, commit, and only then say "stored".

`Inlet.receive` keeps the connection to control and `Inlet.commit` the rhythm of the disk; they
share one bounded list, so that a slow disk slows the reading and control's own ring takes over.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agent import link
from agent.gateway import gaps
from agent.gateway.archive.shelf import NoShelf, Shelf
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.holes import Holes
from agent.gateway.latest import Latest
from agent.gateway.names import Names
from agent.gateway.outbound import Outbound
from agent.gateway.pack import Packer
from agent.gateway.places import Places, Trusting
from agent.gateway.rows import Cursor
from agent.link import ClockVerdict, Hello, Injection, Item, Kept, Steering, Stored
from agent.status import Status
from wire.block import Block, Reading
from wire.clock import Clock
from wire.fields import BadMessage
from wire.schedule import Schedule
from wire.sync import Event, Severity

PENDING_MAX = 5_000
"""Items received and not yet committed; beyond it nothing is read from the socket."""
EVENT_WAIT_S = 0.1
"""An event is committed with what arrives within this time, sooner than telemetry."""
RETRY_S = 0.5
BLOCKED_RETRY_S = 1.0
LOST_AFTER_S = 10.0
"""So long without control is worth an event; its restart takes less."""
SOURCE = "gateway"
_CONTROL_LOST = "the control process does not answer; the inverter's own time-out acts"

_logger = logging.getLogger(__name__)


class Inlet:
    """See the module."""

    def __init__(
        self,
        buffer: Buffer,
        latest: Latest,
        clock: Clock,
        socket_path: Path,
        site: str,
        places: Places | None = None,
        packer: Packer | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._buffer = buffer
        self._latest = latest
        self._clock = clock
        self._socket_path = socket_path
        self._site = site
        self._places = places or Trusting()
        self._packer = packer or Packer()
        self._shelf = shelf or NoShelf()
        self._received = Cursor("", -1)
        self._holes = Holes(self._received, None)
        self._pending: list[tuple[str, Item]] = []
        self._out = Outbound()
        self._readings: dict[tuple[str, str], tuple[str, Reading]] = {}
        """The newest of every point, by device and point."""
        self._names = Names()
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()
        self._trouble = ""
        self._linked_s = 0.0
        self._lost_said = False

    async def receive(self) -> None:
        """Stay connected to control for ever."""
        loop = asyncio.get_running_loop()
        self._received = (await self._buffer.state()).cursor
        self._holes = Holes(self._received, await self._buffer.look_up(gaps.newest_us))
        self._linked_s = loop.time()
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._socket_path)
            except OSError as error:
                trouble = f"waiting for control: {error}"
            else:
                trouble = f"control is gone: {await self._converse(reader, writer)}"
            if trouble != self._trouble:
                self._trouble = trouble
                _logger.warning("%s", trouble)
            if loop.time() - self._linked_s > LOST_AFTER_S and not self._lost_said:
                self._lost_said = True
                await self._report("CONTROL_LOST", Severity.ALARM, _CONTROL_LOST)
            await asyncio.sleep(RETRY_S)

    async def commit(self, period_s: float) -> None:
        """Write what has arrived, every `period_s`; the first time and with an event at once."""
        loop = asyncio.get_running_loop()
        committed_s = -math.inf
        while True:
            await self._arrived.wait()
            try:
                async with asyncio.timeout_at(committed_s + period_s):
                    await self._urgent.wait()
                    await asyncio.sleep(EVENT_WAIT_S)
            except TimeoutError:
                pass  # The period is over: no event has come.
            committed_s = loop.time()
            try:
                await self._flush()
            except BufferBlocked as error:
                await self._blocked(error)
            else:
                self._unblocked()

    async def finish(self) -> None:
        """Write what is left, after the tasks have ended."""
        try:
            cursor = (await self._buffer.state()).cursor
            self._pending = [
                (boot, item)
                for boot, item in self._pending
                if boot != cursor.boot or item.number > cursor.number
            ]
            while self._pending:
                await self._flush()
        except BufferBlocked as error:
            _logger.error("%d items stay with control: %s", len(self._pending), error)

    def send_schedule(self, schedule: Schedule) -> None:
        """Have control told, now and after each reconnection."""
        self._latest.schedule = schedule
        self._out.put(schedule)

    def say(self, message: Steering | ClockVerdict | Kept) -> None:
        """Have control told, now and after each reconnection, until another of the kind comes."""
        self._out.put(message)

    def send_injection(self, injection: Injection) -> bool:
        """Have control told a test frequency; say whether it listens."""
        self._out.put(injection)
        return self._latest.linked

    def send_reset(self, code: str) -> bool:
        """Tell control once that somebody resets a code; say whether control listens."""
        if not self._latest.linked:
            return False
        self._out.reset(code)
        return True

    def send_leave(self, reason: str) -> bool:
        """Ask control once to end, so that it is started again; say whether control listens."""
        if not self._latest.linked:
            return False
        self._out.leave(reason)
        return True

    def tell(self, device: str, readings: Sequence[Reading]) -> bool:
        """Hand to control what a device pushed; say whether control listens.

        Of each point only the newest waits, however slowly the link takes it.
        """
        if not self._latest.linked:
            return False
        self._out.push(device, readings)
        return True

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Talk to control until the connection ends; return why it ended."""
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = tasks.create_task(self._out.speak(writer), name="link out")
                try:
                    # Here and not in a task: a group whose task failed loses a cancellation that
                    # comes at the same moment, and a gateway that is told to stop would go on.
                    return await self._listen(reader)
                finally:
                    speaking.cancel()
        finally:
            if self._latest.linked:
                self._linked_s = asyncio.get_running_loop().time()
            self._latest.linked = False
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> str:
        """Take in what control says; return why that came to an end."""
        try:
            await self._greet(reader)
            while True:
                match await link.receive(reader):
                    case Item() as item:
                        await self._take(item)
                    case Status() as status:
                        self._show(status)
                    case other:
                        raise BadMessage("link", type(other).__name__, "an item or a status")
        except (EOFError, OSError, BadMessage) as error:
            return str(error)

    async def _greet(self, reader: asyncio.StreamReader) -> None:
        hello = await link.receive(reader)
        if not isinstance(hello, Hello):
            raise BadMessage("link", type(hello).__name__, "hello is expected first")
        if hello.site != self._site:
            raise BadMessage("link.site", hello.site, f"{self._site} is expected")
        if hello.boot != self._received.boot:
            self._received = Cursor(hello.boot, -1)
        cursor = (await self._buffer.state()).cursor
        if cursor.boot == hello.boot:
            self._out.put(Stored(cursor.boot, cursor.number))
        self._readings.clear()
        self._latest.linked, self._latest.control_boot = True, hello.boot
        self._latest.control_settings = hello.settings
        self._trouble = ""
        _logger.info("control is connected, boot %s", hello.boot)
        if self._lost_said:
            self._lost_said = False
            await self._report("CONTROL_BACK", Severity.INFO, "the control process answers again")

    def _show(self, status: Status) -> None:
        """Make the whole picture of what is new in it."""
        for device, reading in status.readings:
            self._readings[device, reading.point] = device, reading
        self._latest.status = replace(status, readings=tuple(self._readings.values()))
        self._out.hold(status.recall)

    async def _take(self, item: Item) -> None:
        if item.number <= self._received.number:
            return
        while len(self._pending) >= PENDING_MAX:
            self._room.clear()
            await self._room.wait()
        self._received = Cursor(self._received.boot, item.number)
        if isinstance(item.content, Block):
            item = replace(item, content=self._names.shared(item.content))
        self._pending.append((self._received.boot, item))
        self._arrived.set()
        if isinstance(item.content, Event):
            self._latest.add_event(item.content)
            self._urgent.set()

    async def _flush(self) -> None:
        """Commit the oldest pending items of one boot."""
        self._urgent.clear()
        if not self._pending:
            self._arrived.clear()
            return
        boot = self._pending[0][0]
        items = [item for its_boot, item in self._pending if its_boot == boot]
        async with self._places.placing:
            self._packer.begin()
            groups = self._places.placed(items)
            rest = await self._shelf.keep(boot, groups)
            drafts = [
                draft if doubt is None else draft.doubted(doubt)
                for doubt, group in rest
                for draft in self._packer.pack(group)
            ]
            placed = [item for _, group in groups for item in group]
            lost = self._holes.before(boot, placed)
            await self._buffer.append(drafts, Cursor(boot, items[-1].number), lost=lost)
        self._packer.stored()
        self._holes.stored(boot, placed)
        self._pending = self._pending[len(items) :]
        if not self._pending:
            self._arrived.clear()
        self._room.set()
        self._latest.stored_us = self._clock.now_us()
        if boot == self._received.boot:
            self._out.put(Stored(boot, items[-1].number))

    async def _blocked(self, error: BufferBlocked) -> None:
        if not self._latest.store_trouble:
            _logger.error("nothing can be stored, control keeps what it can: %s", error)
        self._latest.store_trouble = str(error)
        await asyncio.sleep(BLOCKED_RETRY_S)

    def _unblocked(self) -> None:
        if self._latest.store_trouble:
            _logger.info("storing works again")
            self._latest.store_trouble = ""

    async def _report(self, code: str, severity: Severity, text: str) -> None:
        event = Event(
            at_us=self._clock.now_us(), code=code, severity=severity, source=SOURCE, text=text
        )
        self._latest.add_event(event)
        try:
            await self._buffer.report(code, severity, text, SOURCE)
        except BufferBlocked as error:
            await self._blocked(error)
