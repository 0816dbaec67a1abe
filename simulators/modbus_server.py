"""A Modbus TCP server for simulated devices, written for itself: the driver's library is not used
here, so that a misreading of the protocol cannot hide on both sides.

Functions 1 to 6, 15 and 16 of the Modbus application protocol 1.1b3; everything else is answered
with the exception that it names. One request is answered after the other, in order, per connection.
"""

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from drivers.point import Kind
from simulators.faults import Faults

CLIENTS_MAX = 32
WORDS_READ_MAX = 125
WORDS_WRITTEN_MAX = 123
BITS_READ_MAX = 2000
BITS_WRITTEN_MAX = 1968
_HEAD = struct.Struct(">HHHB")
"""Transaction, protocol 0, length of what follows the length, unit."""
_PDU_BYTES_MAX = 253
GARBAGE_BYTES_MAX = 64
_TWO = struct.Struct(">HH")
_ANY_UNIT = 0xFF
_COIL_ON = 0xFF00


class ExceptionCode(Enum):
    """What a device may answer instead of data."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3
    TARGET_SILENT = 11


class Refusal(Exception):
    """The device answers with an exception instead of data."""

    def __init__(self, code: ExceptionCode) -> None:
        super().__init__(code.name)
        self.code = code


class Registers(Protocol):
    """The device behind the server. Bits are 0 or 1, words 0 to 65535."""

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        """Return `count` values.

        Raises:
            Refusal: one of the addresses is not there.
        """
        ...

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        """Take all the values or none.

        Raises:
            Refusal: an address is not there or cannot be written, or a value is not allowed.
        """
        ...


def respond(pdu: bytes, device: Registers) -> bytes:
    """Return the answer to one request, both without their heads."""
    function = pdu[0]
    try:
        match function:
            case 1:
                return _read_bits(pdu, Kind.COIL, device)
            case 2:
                return _read_bits(pdu, Kind.DISCRETE, device)
            case 3:
                return _read_words(pdu, Kind.HOLDING, device)
            case 4:
                return _read_words(pdu, Kind.INPUT, device)
            case 5 | 6:
                return _write_one(pdu, device)
            case 15 | 16:
                return _write_many(pdu, device)
        raise Refusal(ExceptionCode.ILLEGAL_FUNCTION)
    except Refusal as refusal:
        return bytes((function & 0x7F | 0x80, refusal.code.value))


def spoilt(answer: bytes, faults: Faults | None) -> bytes | None:
    """Return the answer as the faults of the device let it out; None: nothing comes."""
    if faults is None:
        return answer
    if faults.down or faults.current.drop:
        return None
    if faults.current.exception:
        return bytes((answer[0] | 0x80, faults.current.exception))
    return answer


def garbage() -> bytes:
    return random.randbytes(random.randint(1, GARBAGE_BYTES_MAX))


@asynccontextmanager
async def serve(
    device: Registers,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    unit: int = 1,
    clients_max: int = CLIENTS_MAX,
    faults: Faults | None = None,
) -> AsyncIterator[int]:
    """Serve `device` as `unit` until the block ends; the value is the port (0 asks for a free one).

    Connections beyond `clients_max` are closed at once, as small devices do.

    Raises:
        OSError: the port is taken.
    """
    connections = _Connections(clients_max)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Connection(device, unit, connections, faults), host, port
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in tuple(connections.open):
            connection.abort()
        await server.wait_closed()


@dataclass(slots=True)
class _Connections:
    most: int
    open: "set[_Connection]" = field(default_factory=set)


class _Connection(asyncio.Protocol):
    """One client: bytes in, whole requests out, answers back."""

    def __init__(
        self, device: Registers, unit: int, connections: _Connections, faults: Faults | None
    ) -> None:
        self._device = device
        self._faults = faults
        self._unit = unit
        self._connections = connections
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        off = self._faults is not None and self._faults.down
        if off or len(self._connections.open) >= self._connections.most:
            transport.abort()
            return
        self._connections.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.open.discard(self)

    def pause_writing(self) -> None:
        """Take no more requests from a client that does not fetch its answers."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._faults is not None and self._faults.down:
            self.abort()
            return
        self._received += data
        while len(self._received) >= _HEAD.size:
            transaction, protocol, length, unit = _HEAD.unpack_from(self._received)
            if protocol != 0 or not 2 <= length <= _PDU_BYTES_MAX + 1:
                self.abort()  # not Modbus: where the next request starts is anybody's guess
                return
            end = _HEAD.size + length - 1
            if len(self._received) < end:
                return
            pdu = bytes(self._received[_HEAD.size : end])
            del self._received[:end]
            self._answer(transaction, unit, self._respond(unit, pdu))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _respond(self, unit: int, pdu: bytes) -> bytes:
        if unit in (self._unit, _ANY_UNIT):
            return respond(pdu, self._device)
        return bytes((pdu[0] & 0x7F | 0x80, ExceptionCode.TARGET_SILENT.value))

    def _answer(self, transaction: int, unit: int, pdu: bytes) -> None:
        answer = spoilt(pdu, self._faults)
        if answer is None:
            return
        frame = _HEAD.pack(transaction, 0, len(answer) + 1, unit) + answer
        if self._faults is None:
            self._send(frame)
            return
        current = self._faults.current
        frame = garbage() if current.garbage else frame
        asyncio.get_running_loop().call_later(current.delay_s, self._send, frame)

    def _send(self, frame: bytes) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(frame)


def _read_bits(pdu: bytes, kind: Kind, device: Registers) -> bytes:
    start, count = _range(pdu, BITS_READ_MAX)
    packed = bytearray((count + 7) // 8)
    for index, bit in enumerate(device.read(kind, start, count)):
        packed[index // 8] |= bit << index % 8
    return bytes((pdu[0], len(packed))) + packed


def _read_words(pdu: bytes, kind: Kind, device: Registers) -> bytes:
    start, count = _range(pdu, WORDS_READ_MAX)
    words = device.read(kind, start, count)
    return bytes((pdu[0], 2 * count)) + struct.pack(f">{count}H", *words)


def _write_one(pdu: bytes, device: Registers) -> bytes:
    if len(pdu) != 5:
        raise Refusal(ExceptionCode.ILLEGAL_VALUE)
    start, value = _TWO.unpack_from(pdu, 1)
    if pdu[0] == 6:
        device.write(Kind.HOLDING, start, (value,))
    elif value in (0, _COIL_ON):
        device.write(Kind.COIL, start, (value // _COIL_ON,))
    else:
        raise Refusal(ExceptionCode.ILLEGAL_VALUE)
    return pdu


def _write_many(pdu: bytes, device: Registers) -> bytes:
    bits = pdu[0] == 15
    start, count = _range(pdu[:5], BITS_WRITTEN_MAX if bits else WORDS_WRITTEN_MAX)
    data = pdu[6:]
    if len(pdu) < 6 or not len(data) == pdu[5] == ((count + 7) // 8 if bits else 2 * count):
        raise Refusal(ExceptionCode.ILLEGAL_VALUE)
    if bits:
        values = [data[index // 8] >> index % 8 & 1 for index in range(count)]
        device.write(Kind.COIL, start, values)
    else:
        device.write(Kind.HOLDING, start, struct.unpack(f">{count}H", data))
    return pdu[:5]


def _range(pdu: bytes, most: int) -> tuple[int, int]:
    if len(pdu) != 5:
        raise Refusal(ExceptionCode.ILLEGAL_VALUE)
    start, count = _TWO.unpack_from(pdu, 1)
    if not 1 <= count <= most:
        raise Refusal(ExceptionCode.ILLEGAL_VALUE)
    if start + count > 0x10000:
        raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
    return start, count
