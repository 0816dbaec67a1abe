"""One Modbus TCP connection: one request in flight, every failure told apart by its reaction.

The only file that imports pymodbus. Whatever goes wrong with a request, its connection is given
up together with the library's client object, so that a late answer can never be taken for
another one; the next call connects anew, not before a back-off of at most `BACK_OFF_S_MAX`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.errors import DeviceUnreachable
from drivers.modbus import frame
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import Link

BACK_OFF_S_MIN = 0.1
BACK_OFF_S_MAX = 2.0
_LIBRARY_GRACE_S = 1.0
"""The library's own time-out is longer than ours, so that only ours decides."""
_EXCEPTION = 0x80
_BUSY = {
    5: "has accepted the request but not finished it",
    6: "is busy",
    10: "cannot be reached by its gateway: no path",
    11: "cannot be reached by its gateway: no answer",
}

# What the library has to say is in our errors already, told once.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)


class ModbusTcp:
    """A connection to one unit; made when it is needed, given up when it fails."""

    def __init__(self, host: str, port: int, unit: int, link: Link) -> None:
        self.connections = 0
        """Counts up with each new connection: whoever sees another number starts afresh."""
        self._host, self._port, self._unit, self._link = host, port, unit, link
        self._client: AsyncModbusTcpClient | None = None
        self._lock = asyncio.Lock()
        self._deadline: asyncio.Timeout | None = None
        self._broken = ""
        self._trouble = ""
        self._failures = 0
        self._again_s = 0.0

    async def read(self, kind: Kind, start: int, count: int) -> list[int] | Refusal:
        """Return `count` registers, or bits as 0 and 1.

        Raises:
            DeviceUnreachable: no connection, no answer in time, or an answer to something else.
        """

        def ask(client: AsyncModbusTcpClient) -> Awaitable[ModbusPDU]:
            match kind:
                case Kind.COIL:
                    return client.read_coils(start, count=count, device_id=self._unit)
                case Kind.DISCRETE:
                    return client.read_discrete_inputs(start, count=count, device_id=self._unit)
                case Kind.INPUT:
                    return client.read_input_registers(start, count=count, device_id=self._unit)
                case Kind.HOLDING:
                    return client.read_holding_registers(start, count=count, device_id=self._unit)

        def content(answer: ModbusPDU) -> list[int] | None:
            if kind.of_bits:
                fits = count <= len(answer.bits) < count + 8
                return [int(bit) for bit in answer.bits[:count]] if fits else None
            return list(answer.registers) if len(answer.registers) == count else None

        return await self._exchange(ask, content)

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        """Write registers or coils; see `drivers.modbus.line.Line`.

        Raises:
            DeviceUnreachable: as for `read`; whether the device took the value is not known.
        """
        values = list(registers)

        def ask(client: AsyncModbusTcpClient) -> Awaitable[ModbusPDU]:
            if kind is Kind.COIL:
                if multiple or len(values) > 1:
                    return client.write_coils(start, list(map(bool, values)), device_id=self._unit)
                return client.write_coil(start, bool(values[0]), device_id=self._unit)
            if self._link.single_writes if multiple is None else not multiple:
                return client.write_register(start, values[0], device_id=self._unit)
            return client.write_registers(start, values, device_id=self._unit)

        def content(answer: ModbusPDU) -> list[int] | None:
            return [] if answer.address == start else None

        outcome = await self._exchange(ask, content)
        return outcome if isinstance(outcome, Refusal) else None

    def close(self) -> None:
        """Give the connection up; the next call makes another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _exchange(
        self,
        ask: Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]],
        content: Callable[[ModbusPDU], list[int] | None],
    ) -> list[int] | Refusal:
        async with self._lock:
            if asyncio.get_running_loop().time() < self._again_s:
                raise DeviceUnreachable(self._trouble)
            try:
                client = await self._connected()
                async with self._limit():
                    answer = await ask(client)
            except (TimeoutError, OSError, ModbusException) as error:
                silent = f"no answer within {self._link.timeout_s:g} s"
                raise self._failed(self._broken or str(error) or silent) from error
            except asyncio.CancelledError:
                self.close()
                raise
            return self._outcome(answer, content)

    def _outcome(
        self, answer: ModbusPDU, content: Callable[[ModbusPDU], list[int] | None]
    ) -> list[int] | Refusal:
        """Return what the answer says; its unit and (unless it is 0) number were checked."""
        refused = answer.function_code & _EXCEPTION
        if refused and answer.exception_code in _BUSY:
            raise self._failed(f"the device {_BUSY[answer.exception_code]}", keep=True)
        registers = None if refused or not answer.transaction_id else content(answer)
        if registers is None and not (refused and answer.transaction_id):
            raise self._failed("the device answered something else than it was asked")
        self._failures = 0
        return Refusal(answer.exception_code) if registers is None else registers

    async def _connected(self) -> AsyncModbusTcpClient:
        self._broken = ""
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        self._client = client = AsyncModbusTcpClient(
            self._host,
            port=self._port,
            timeout=self._link.timeout_s + _LIBRARY_GRACE_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._screen,
            trace_connect=self._notice,
        )
        async with self._limit():
            if not await client.connect():
                raise ConnectionError("no connection")
        await asyncio.sleep(self._link.connect_delay_s)
        self.connections += 1
        return client

    @asynccontextmanager
    async def _limit(self) -> AsyncIterator[None]:
        """Bound a wait of the library in time, and keep a cancellation that it loses.

        It waits with ``asyncio.wait_for``, which before Python 3.12 forgets a cancellation that
        comes in the same turn of the loop as the result, be that an answer or a failure.
        """
        task = asyncio.current_task()
        assert task is not None
        cancellations = task.cancelling()
        self._deadline = deadline = asyncio.timeout(self._link.timeout_s)
        try:
            async with deadline:
                yield
        finally:
            self._deadline = None
            if task.cancelling() > cancellations:
                raise asyncio.CancelledError

    def _screen(self, sending: bool, data: bytes) -> bytes:
        if sending or frame.sound(data):
            return data
        self._break("the device sent something that is no Modbus frame")
        return b""

    def _notice(self, connected: bool) -> None:
        if not connected:
            self._break("the device closed the connection")

    def _break(self, trouble: str) -> None:
        """End the wait for an answer that cannot come any more."""
        self._broken = trouble
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time())

    def _failed(self, trouble: str, *, keep: bool = False) -> DeviceUnreachable:
        if not keep:
            self.close()
        wait_s = min(BACK_OFF_S_MAX, BACK_OFF_S_MIN * 2.0 ** min(self._failures, 10))
        self._failures += 1
        self._again_s = asyncio.get_running_loop().time() + wait_s
        self._trouble = f"{self._host}:{self._port} unit {self._unit}: {trouble}"
        return DeviceUnreachable(self._trouble)
