"""Several devices on one Modbus line: one request at a time, first come, first served.

Devices of a site that name the same serial port, or the same host and port, share a `Bus`; each
speaks to its own unit over a `UnitLine`. A unit that does not answer is left alone for a while,
ever longer, so that all silent units together cost their neighbours at most about a tenth of the
line's time. A connection that fails is given up; the next request makes another.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from drivers.errors import DeviceUnreachable, ProfileError
from drivers.modbus import backoff
from drivers.modbus.client import Connection, Exceptional, Silent, Spoilt
from drivers.modbus.doubt import Doubts, Question
from drivers.modbus.endpoint import Endpoint, SerialEndpoint
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import Link

SERIAL_SILENCES_MAX = 3
"""In a row, with nobody answering in between: then the port is opened anew."""
RESTARTED_AFTER = 2
"""Silences of a unit in a row: one may be a lost frame, and no device restarts that fast."""
REPEATED_S = 0.05
"""Where only time helps: what is still to come has come within this."""
_FRAME_BYTES = 17
"""Of question and answer together beside the data: 8 and 5 of a read, 9 and 8 of a write."""
_BUSY = {
    5: "has accepted the request but not finished it",
    6: "is busy",
    10: "cannot be reached by its gateway: no path",
    11: "cannot be reached by its gateway: no answer",
}
_GONE = (10, 11)

_chance = random.SystemRandom()


class UnitLine:
    """A `drivers.modbus.line.Line`: the way to one unit of a bus."""

    def __init__(self, bus: "Bus", unit: int, link: Link) -> None:
        self.connections = 1
        """The number of this connection or, where it is down, of the next: counts up with every
        loss, and where the unit was silent so long that it may have restarted."""
        self.unit = unit
        self.link = link
        self.failures = 0
        self.silences = 0
        """In a row."""
        self._bus = bus
        self._again_s = 0.0
        self._trouble = ""

    async def read(self, kind: Kind, start: int, count: int) -> list[int] | Refusal:
        """See `drivers.modbus.line.Line`."""
        return await self._bus.exchange(self, Question(kind, start, count))

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        """See `drivers.modbus.line.Line`."""
        count = len(registers)
        if multiple is None:
            multiple = count > 1 or not (kind is Kind.COIL or self.link.single_writes)
        question = Question(kind, start, count, tuple(registers), multiple)
        outcome = await self._bus.exchange(self, question)
        return outcome if isinstance(outcome, Refusal) else None

    def close(self) -> None:
        """Give the connection up, also the neighbours' where they share it."""
        self._bus.give_up()

    def check(self, now_s: float) -> None:
        if now_s < self._again_s:
            raise DeviceUnreachable(self._trouble)

    def failed(self, trouble: str, pause_s: float, now_s: float) -> DeviceUnreachable:
        """Leave the unit alone for a while; return the error that says why."""
        self.failures += 1
        self._again_s = now_s + pause_s
        self._trouble = f"{self._bus.endpoint.address} unit {self.unit}: {trouble}"
        return DeviceUnreachable(self._trouble)


class Bus:
    """One endpoint, its connection, and the units that are spoken to over it.

    The line is free again when the last answer is complete or cannot come any more.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.lines: list[UnitLine] = []
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._free_s = 0.0
        self._answering: set[UnitLine] = set()
        """Who has answered on this connection and not fallen silent since."""
        self._silences = 0
        self._doubts: defaultdict[int, Doubts] = defaultdict(Doubts)
        """By unit; of use on a serial line."""
        self._refused_connections = 0
        self._again_s = 0.0
        self._trouble = ""

    def join(self, unit: int, link: Link) -> UnitLine:
        """Return the way to one more unit."""
        line = UnitLine(self, unit, link)
        self.lines.append(line)
        return line

    async def exchange(self, line: UnitLine, question: Question) -> list[int] | Refusal:
        """Ask when it is this line's turn.

        Raises:
            DeviceUnreachable: see `drivers.modbus.line.Line`.
        """
        self._check(line)
        async with self._lock:
            self._check(line)
            connection = await self._connected(line)
            if not self.endpoint.rtu:
                return await self._ask(connection, line, question)
            return await self._ask_beyond_doubt(connection, line, question)

    def give_up(self) -> None:
        """End the connection; the next request makes another."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.close()
        self._answering.clear()
        self._silences = 0
        for line in self.lines:
            line.connections += 1

    def _check(self, line: UnitLine) -> None:
        now_s = asyncio.get_running_loop().time()
        line.check(now_s)
        if self._connection is None and now_s < self._again_s:
            raise DeviceUnreachable(self._trouble)

    async def _connected(self, line: UnitLine) -> Connection:
        if self._connection is not None:
            return self._connection
        connection = Connection(self.endpoint, self.give_up)
        try:
            await connection.open(line.link.timeout_s)
        except ConnectionError as error:
            connection.close()
            pause_s = backoff.connection_pause_s(self._refused_connections, _chance.uniform)
            self._again_s = asyncio.get_running_loop().time() + pause_s
            self._refused_connections += 1
            self._trouble = f"{self.endpoint.address}: {error}"
            raise DeviceUnreachable(self._trouble) from error
        except asyncio.CancelledError:
            connection.close()
            raise
        self._connection, self._refused_connections = connection, 0
        await asyncio.sleep(line.link.connect_delay_s)
        return connection

    async def _ask_beyond_doubt(
        self, connection: Connection, line: UnitLine, question: Question
    ) -> list[int] | Refusal:
        doubts = self._doubts[line.unit]
        await self._clear(connection, line, question)
        answer = await self._ask(connection, line, question)
        if isinstance(answer, Refusal) or not doubts.answered(question, answer):
            return answer
        doubts.left(question)
        await self._clear(connection, line, question)
        answer = await self._ask(connection, line, question)
        if not isinstance(answer, Refusal):
            doubts.answered(question, answer)
            doubts.confirm(question, answer)
        return answer

    async def _clear(self, connection: Connection, line: UnitLine, question: Question) -> None:
        """Let everything pass that could be taken for the answer to a question."""
        doubts = self._doubts[line.unit]
        if not doubts.about(question):
            return
        if (probe := doubts.probe(question)) is None:
            self._free_s = asyncio.get_running_loop().time() + REPEATED_S
        else:
            await self._ask(connection, line, probe)

    async def _ask(
        self, connection: Connection, line: UnitLine, question: Question
    ) -> list[int] | Refusal:
        loop = asyncio.get_running_loop()
        await self._rest(line.link.turnaround_s)
        timeout_s = line.link.timeout_s + self.endpoint.transfer_s(
            _FRAME_BYTES + question.data_bytes
        )
        began_s, free_s = loop.time(), 0.0
        try:
            answer = await connection.ask(line.unit, question, timeout_s)
        except Silent as error:
            self._doubts[line.unit].left(question)
            raise self._silent(line, str(error)) from error
        except Spoilt as error:
            self._doubts[line.unit].left(question)
            self.give_up()
            raise self._failed(line, str(error)) from error
        except asyncio.CancelledError:
            self._doubts[line.unit].left(question)
            free_s = began_s + timeout_s  # its answer may be on the line until then
            if not self.endpoint.rtu:
                self.give_up()
                free_s = 0.0
            raise
        finally:
            self._free_s = max(free_s, loop.time())
        return self._judged(line, answer)

    async def _rest(self, turnaround_s: float) -> None:
        """Keep the silence between two frames, and let bytes that came too late be thrown away."""
        pause_s = max(self.endpoint.gap_s, turnaround_s)
        left_s = self._free_s + pause_s - asyncio.get_running_loop().time()
        if left_s > 0 or self.endpoint.rtu:
            await asyncio.sleep(max(0.0, left_s))
            await asyncio.sleep(0)

    def _judged(self, line: UnitLine, answer: list[int] | Exceptional) -> list[int] | Refusal:
        if isinstance(answer, Exceptional) and answer.code in _GONE:
            raise self._silent(line, f"the device {_BUSY[answer.code]}", keep=True)
        self._answering.add(line)
        self._silences = 0
        line.silences = 0
        if isinstance(answer, Exceptional) and answer.code in _BUSY:
            raise self._failed(line, f"the device {_BUSY[answer.code]}")
        line.failures = 0
        return Refusal(answer.code) if isinstance(answer, Exceptional) else answer

    def _silent(self, line: UnitLine, trouble: str, *, keep: bool = False) -> DeviceUnreachable:
        self._answering.discard(line)
        self._silences += not keep
        line.silences += 1
        line.connections += line.silences == RESTARTED_AFTER
        patience = SERIAL_SILENCES_MAX if isinstance(self.endpoint, SerialEndpoint) else 1
        if not self._answering and self._silences >= patience:
            self.give_up()
        return self._failed(line, trouble)

    def _failed(self, line: UnitLine, trouble: str) -> DeviceUnreachable:
        pause_s = backoff.unit_pause_s(line.failures)
        if line.silences and len(self.lines) > 1:
            silent = sum(other.silences > 0 for other in self.lines)
            pause_s = backoff.silent_pause_s(line.failures, line.link.timeout_s, silent)
        return line.failed(trouble, pause_s, asyncio.get_running_loop().time())


_buses: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Bus]] = WeakKeyDictionary()
"""The lines in use, by the address of their endpoint."""


@contextmanager
def line_to(endpoint: Endpoint, unit: int, link: Link) -> Iterator[UnitLine]:
    """Join the bus at `endpoint`, for as long as the block lasts; the last one closes it.

    Raises:
        ProfileError: the line is in use in another manner, or has no such unit.
    """
    if endpoint.rtu and not 1 <= unit <= 247:
        raise ProfileError(
            f"unit: {unit} is not allowed on a serial line; a whole number from 1 to 247 is"
            " expected"
        )
    buses = _buses.setdefault(asyncio.get_running_loop(), {})
    address = endpoint.address
    if isinstance(endpoint, SerialEndpoint):
        address = os.path.realpath(endpoint.path)
    bus = buses.setdefault(address, Bus(endpoint))
    if str(bus.endpoint) != str(endpoint):
        raise ProfileError(
            f"{endpoint.address}: {endpoint} is not allowed; {bus.endpoint}, as another device on"
            " this line has it, is expected"
        )
    line = bus.join(unit, link)
    try:
        yield line
    finally:
        bus.lines.remove(line)
        if not bus.lines:
            bus.give_up()
            del buses[address]
