"""A Modbus TCP peer that misbehaves on command; for tests of the driver.

It answers from its tables like a good device, except where a test says otherwise: `refused`
addresses get an exception, and each trick put into `tricks` is played on one request.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

from drivers.point import Kind

Part = bytes | float | None
"""Bytes are sent, a float is waited for (seconds), None closes the connection."""
Trick = Callable[[bytes], Sequence[Part]]
"""Gets the honest answer frame and says what is sent instead."""

_KINDS = {1: Kind.COIL, 2: Kind.DISCRETE, 3: Kind.HOLDING, 4: Kind.INPUT}
_WRITES = {5: Kind.COIL, 6: Kind.HOLDING, 15: Kind.COIL, 16: Kind.HOLDING}
_ILLEGAL_ADDRESS = 2


def hang(answer: bytes) -> Sequence[Part]:
    """Stay silent."""
    return ()


def hang_up(answer: bytes) -> Sequence[Part]:
    """Close the connection instead of answering."""
    return (None,)


def late(by_s: float) -> Trick:
    return lambda answer: (by_s, answer)


def exception(code: int) -> Trick:
    return lambda answer: (_frame(answer, bytes([answer[7] | 0x80, code])),)


def wrong_transaction(answer: bytes) -> Sequence[Part]:
    return (bytes([answer[0] ^ 0x55]) + answer[1:],)


def no_transaction(answer: bytes) -> Sequence[Part]:
    return (b"\x00\x00" + answer[2:],)


def wrong_unit(answer: bytes) -> Sequence[Part]:
    return (answer[:6] + bytes([answer[6] ^ 1]) + answer[7:],)


def other_function(answer: bytes) -> Sequence[Part]:
    """Answer a write that nobody asked for."""
    return (_frame(answer, b"\x10\x00\x00\x00\x02"),)


def short(answer: bytes) -> Sequence[Part]:
    """Answer with one register less, well formed."""
    return (_frame(answer, bytes([answer[7], answer[8] - 2]) + answer[9:-2]),)


def half(answer: bytes) -> Sequence[Part]:
    return (answer[: len(answer) // 2],)


def in_pieces(answer: bytes) -> Sequence[Part]:
    return tuple(part for byte in answer for part in (bytes([byte]), 0.001))


def twice(answer: bytes) -> Sequence[Part]:
    return (answer, answer)


def say(garbage: bytes) -> Trick:
    return lambda answer: (garbage,)


class Unit:
    """A device behind a peer: registers that were never set answer 0."""

    def __init__(self) -> None:
        self.tables: dict[Kind, dict[int, int]] = {kind: {} for kind in Kind}
        self.refused: set[tuple[Kind, int]] = set()
        self.requests: list[tuple[int, int, int]] = []
        """(function, start, count) in the order of arrival."""

    def answer(self, body: bytes) -> bytes:
        """Return the honest answer to a request, both from the function on."""
        function, start = body[0], int.from_bytes(body[1:3], "big")
        count = 1 if function in (5, 6) else int.from_bytes(body[3:5], "big")
        self.requests.append((function, start, count))
        kind = _KINDS.get(function) or _WRITES[function]
        if any((kind, start + i) in self.refused for i in range(count)):
            return bytes([function | 0x80, _ILLEGAL_ADDRESS])
        if function in _WRITES:
            for i, value in enumerate(_written(body, count)):
                self.tables[kind][start + i] = value
            return body[:5]
        values = [self.tables[kind].get(start + i, 0) for i in range(count)]
        if kind.of_bits:
            bits = sum(bit << i for i, bit in enumerate(values))
            content = bits.to_bytes((count + 7) // 8, "little")
        else:
            content = b"".join(value.to_bytes(2, "big") for value in values)
        return bytes([function, len(content)]) + content


class ModbusPeer(Unit):
    """A listening peer on a free port of 127.0.0.1, whatever the unit is that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.tricks: deque[Trick] = deque()
        self.connections = 0
        self.joined = asyncio.Event()
        self.asked = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator[Self]:
        peer = cls()
        await peer.start()
        try:
            yield peer
        finally:
            await peer.stop()

    async def start(self) -> None:
        """Listen, after a stop on the same port again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection and the port."""
        assert self._server is not None
        self._server.close()
        serving = [task for task in self._open.values() if task is not None]
        for writer in self._open:
            writer.close()
        if serving:
            await asyncio.wait(serving)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        self.connections += 1
        self.joined.set()
        try:
            while True:
                head = await reader.readexactly(7)
                body = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
                honest = _frame(head, self.answer(body))
                trick = self.tricks.popleft() if self.tricks else None
                self.asked.set()
                if not await self._send(writer, (honest,) if trick is None else trick(honest)):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            del self._open[writer]
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, parts: Sequence[Part]) -> bool:
        for part in parts:
            if part is None:
                return False
            if isinstance(part, float):
                await asyncio.sleep(part)
            else:
                writer.write(part)
                await writer.drain()
        return True


def _written(body: bytes, count: int) -> list[int]:
    match body[0]:
        case 5:
            return [body[3] & 1]
        case 6:
            return [int.from_bytes(body[3:5], "big")]
        case 15:
            return [body[6 + i // 8] >> i % 8 & 1 for i in range(count)]
        case _:
            return [int.from_bytes(body[6 + 2 * i : 8 + 2 * i], "big") for i in range(count)]


def _frame(head: bytes, body: bytes) -> bytes:
    """Return `body` as the answer to the request or answer that begins with `head`."""
    return head[:4] + (len(body) + 1).to_bytes(2, "big") + head[6:7] + body
