"""One connection through pymodbus, from connecting to giving up; one request in flight.

The only file that imports pymodbus. Its client object lives as long as the connection and never
longer, so that nothing of one connection is left for the next. Every answer is looked at before
the library sees it (see `drivers.modbus.frame`).
"""

import asyncio
import errno
import logging
import os
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.modbus import frame
from drivers.modbus.config import Parity
from drivers.modbus.doubt import Question
from drivers.modbus.endpoint import Endpoint, SerialEndpoint
from drivers.point import Kind

_LIBRARY_TIMEOUT_S = 3_600.0
"""The library's own time-out never comes: only ours decides."""
_PARITIES = {Parity.NONE: "N", Parity.EVEN: "E", Parity.ODD: "O"}
_EXCEPTION = 0x80

# What the library has to say is in our errors already, told once.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)


class Silent(Exception):
    """No answer in time."""


class Spoilt(Exception):
    """The peer closed the connection, or what it sends can be followed no more."""


@dataclass(frozen=True, slots=True)
class Exceptional:
    """The device answered with this exception."""

    code: int


class Connection:
    """A connection to one endpoint: used until it fails, then closed for good."""

    def __init__(self, endpoint: Endpoint, lost: Callable[[], None]) -> None:
        """Prepare a connection; `lost` is called when it ends without our `close`."""
        self._rtu = endpoint.rtu
        self._lost = lost
        self._ready = asyncio.Event()
        self._deadline: asyncio.Timeout | None = None
        self._broken = ""
        self._request = b""
        self._echoes = False
        """The converter sends our requests back; as seen at the last read."""
        self._client = self._made(endpoint)

    async def open(self, timeout_s: float) -> None:
        """Connect.

        Raises:
            ConnectionError: that failed; the text says why.
        """
        context = self._client.ctx
        try:
            async with self._limit(timeout_s):
                # Not the library's `connect`, which keeps the reason of a failure to itself.
                context.transport, _ = await context.call_create()
                await self._ready.wait()  # it joins a serial port some turns of the loop later
        except TimeoutError as error:
            raise ConnectionError(f"no connection within {timeout_s:g} s") from error
        except (OSError, ValueError, termios.error) as error:
            raise ConnectionError(f"no connection: {_reason(error)}") from error

    async def ask(self, unit: int, question: Question, timeout_s: float) -> list[int] | Exceptional:
        """Return the registers or bits that were read, nothing for a write, or the exception.

        Raises:
            Silent: no answer in time, or none that fits the question.
            Spoilt: the connection is of no use any more.
        """
        self._broken, self._request = "", b""
        try:
            async with self._limit(timeout_s):
                answer = await self._asked(unit, question)
        except TimeoutError as error:
            if self._broken:
                raise Spoilt(self._broken) from error
            raise Silent(f"no answer within {timeout_s:.3g} s") from error
        except (OSError, ModbusException) as error:
            raise Spoilt(self._broken or str(error)) from error
        function = self._request[1 if self._rtu else frame.HEADER_BYTES]
        numbered = self._rtu or answer.transaction_id != 0
        if numbered and answer.function_code == function | _EXCEPTION:
            return Exceptional(answer.exception_code)
        ours = numbered and answer.function_code == function
        content = _content(question, answer) if ours else None
        if content is None:
            raise Spoilt("the device answered something else than it was asked")
        return content

    def close(self) -> None:
        """End the connection; idempotent."""
        self._lost = _nothing
        if self._ready.is_set():
            self._client.close()
        else:  # the library may still be about to join the port
            asyncio.get_running_loop().call_soon(self._client.close)

    def _made(self, endpoint: Endpoint) -> AsyncModbusTcpClient | AsyncModbusSerialClient:
        if isinstance(endpoint, SerialEndpoint):
            return AsyncModbusSerialClient(
                endpoint.path,
                baudrate=endpoint.baud,
                parity=_parity(endpoint),
                stopbits=endpoint.stop_bits,
                timeout=_LIBRARY_TIMEOUT_S,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._screen,
                trace_connect=self._notice,
            )
        return AsyncModbusTcpClient(
            endpoint.host,
            port=endpoint.port,
            framer=FramerType.RTU if endpoint.rtu else FramerType.SOCKET,
            timeout=_LIBRARY_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._screen,
            trace_connect=self._notice,
        )

    def _asked(self, unit: int, question: Question) -> Awaitable[ModbusPDU]:
        client, start = self._client, question.start
        values = list(question.values)
        if values and question.kind is Kind.COIL:
            if question.multiple:
                return client.write_coils(start, [bool(bit) for bit in values], device_id=unit)
            return client.write_coil(start, bool(values[0]), device_id=unit)
        if values and question.multiple:
            return client.write_registers(start, values, device_id=unit)
        if values:
            return client.write_register(start, values[0], device_id=unit)
        reads = {
            Kind.COIL: client.read_coils,
            Kind.DISCRETE: client.read_discrete_inputs,
            Kind.INPUT: client.read_input_registers,
            Kind.HOLDING: client.read_holding_registers,
        }
        return reads[question.kind](start, count=question.count, device_id=unit)

    @asynccontextmanager
    async def _limit(self, timeout_s: float) -> AsyncIterator[None]:
        """Bound a wait of the library in time, and keep a cancellation that it loses.

        It waits with ``asyncio.wait_for``, which before Python 3.12 forgets a cancellation that
        comes in the same turn of the loop as the result, be that an answer or a failure.
        """
        task = asyncio.current_task()
        assert task is not None
        cancellations = task.cancelling()
        self._deadline = deadline = asyncio.timeout(timeout_s)
        try:
            async with deadline:
                yield
        finally:
            self._deadline = None
            if task.cancelling() > cancellations:
                raise asyncio.CancelledError

    def _screen(self, sending: bool, data: bytes) -> bytes:
        """Pass on what we send, and of what comes only that which may be an answer."""
        if sending:
            self._request = data
            return data
        if self._rtu:
            return self._answer_in(data)
        if not frame.sound(data):
            self._break("the device sent something that is no Modbus frame")
            return b""
        return data

    def _answer_in(self, received: bytes) -> bytes:
        request = self._request
        if not request:
            return b""
        read = frame.is_read(request)
        answer = frame.rtu_answer(request, received, echoes=self._echoes and not read)
        if answer and read:
            self._echoes = received.startswith(request)
        return answer

    def _notice(self, connected: bool) -> None:
        if connected:
            self._ready.set()
        else:
            self._break("the device closed the connection")

    def _break(self, trouble: str) -> None:
        """End the wait for an answer that cannot come any more, or the idle connection."""
        self._broken = trouble
        if self._deadline is None:
            self._lost()
        elif not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time())


def _content(question: Question, answer: ModbusPDU) -> list[int] | None:
    """Return what an answer carries, None if that is not what was asked for."""
    count = question.count
    if question.values:
        return [] if answer.address == question.start else None
    if question.kind.of_bits:
        fits = count <= len(answer.bits) < count + 8
        return [int(bit) for bit in answer.bits[:count]] if fits else None
    return list(answer.registers) if len(answer.registers) == count else None


def _parity(endpoint: SerialEndpoint) -> str:
    """Return the library's letter; a pseudo terminal has no parity and refuses to be given one."""
    pseudo = os.path.realpath(endpoint.path).startswith("/dev/pts/")
    return "N" if pseudo else _PARITIES[endpoint.parity]


def _reason(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EWOULDBLOCK:
        return "another program uses the port"
    return os.strerror(number) if number and number > 0 else str(error)


def _nothing() -> None:
    return None
