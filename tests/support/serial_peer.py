"""Units on a serial line that misbehave on command: a pty, or a converter on TCP.

They answer from their tables like good devices, except where a test says otherwise. Frames and
checksums are made here, without the driver's code.
"""

import asyncio
import os
import tty
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from tests.support.modbus_peer import Unit

Part = bytes | float | None
"""Bytes are sent, a float is waited for (seconds), None ends the connection to a converter."""
Trick = Callable[[bytes, bytes], Sequence[Part]]
"""Gets the request and the honest answer, whole frames; says what is sent instead."""


def checksum(data: bytes) -> bytes:
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return bytes([register & 0xFF, register >> 8])


def framed(body: bytes) -> bytes:
    return body + checksum(body)


def silent(request: bytes, answer: bytes) -> Sequence[Part]:
    return ()


def late(by_s: float) -> Trick:
    return lambda request, answer: (by_s, answer)


def say(garbage: bytes) -> Trick:
    return lambda request, answer: (garbage,)


def wrong_checksum(request: bytes, answer: bytes) -> Sequence[Part]:
    return (answer[:-1] + bytes([answer[-1] ^ 1]),)


def wrong_unit(request: bytes, answer: bytes) -> Sequence[Part]:
    return (framed(bytes([answer[0] ^ 0x40]) + answer[1:-2]),)


def other_function(request: bytes, answer: bytes) -> Sequence[Part]:
    return (framed(answer[:1] + b"\x06\x00\x00\x00\x01"),)


def half(request: bytes, answer: bytes) -> Sequence[Part]:
    return (answer[: len(answer) // 2],)


def one_register_less(request: bytes, answer: bytes) -> Sequence[Part]:
    return (framed(answer[:2] + bytes([answer[2] - 2]) + answer[3:-4]),)


def hang_up(request: bytes, answer: bytes) -> Sequence[Part]:
    return (None,)


def exception(code: int) -> Trick:
    return lambda request, answer: (framed(bytes([answer[0], answer[1] | 0x80, code])),)


def echoed(request: bytes, answer: bytes) -> Sequence[Part]:
    """Behave like a converter that hears itself."""
    return (request, 0.002, answer)


def only_echoed(request: bytes, answer: bytes) -> Sequence[Part]:
    return (request,)


def noise_around(request: bytes, answer: bytes) -> Sequence[Part]:
    return (b"\xff\x00" + answer + b"\x00",)


def in_pieces(request: bytes, answer: bytes) -> Sequence[Part]:
    return tuple(part for byte in answer for part in (bytes([byte]), 0.001))


def twice(request: bytes, answer: bytes) -> Sequence[Part]:
    return (answer, 0.001, answer)


class SerialPeer:
    """Units on one line, and what was asked of them."""

    def __init__(self, units: Sequence[int]) -> None:
        self.units = {unit: Unit() for unit in units}
        self.path = Path()
        """Of the pty that a driver opens."""
        self.port = 0
        """Of the converter that a driver connects to."""
        self.silent: set[int] = set()
        self.always: Trick | None = None
        self.tricks: deque[Trick] = deque()
        """The next one is played on the next request."""
        self.asked = asyncio.Event()
        self.requests: list[tuple[int, float]] = []
        """(unit, loop's time) of every request on the line."""
        self.connections = 0
        self._answering = {unit: asyncio.Lock() for unit in units}
        self._received = b""
        self._silence: asyncio.TimerHandle | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: asyncio.TaskGroup

    @classmethod
    @asynccontextmanager
    async def on_pty(cls, *units: int) -> AsyncIterator[Self]:
        """Answer on a new pseudo terminal."""
        peer = cls(units)
        loop = asyncio.get_running_loop()
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        peer.path = Path(os.ttyname(slave))

        def receive() -> None:
            with suppress(BlockingIOError):
                peer._take(os.read(master, 4_096), lambda data: _write(master, data))

        loop.add_reader(master, receive)
        try:
            async with asyncio.TaskGroup() as peer._tasks:
                yield peer
        finally:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)

    @classmethod
    @asynccontextmanager
    async def on_tcp(cls, *units: int) -> AsyncIterator[Self]:
        """Answer behind a converter on a free port of 127.0.0.1."""
        peer = cls(units)
        server = await asyncio.start_server(peer._serve, "127.0.0.1", 0)
        peer.port = server.sockets[0].getsockname()[1]
        try:
            async with asyncio.TaskGroup() as peer._tasks:
                yield peer
        finally:
            server.close()
            for writer in peer._writers:
                writer.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)

        def send(data: bytes | None) -> None:
            if data is None:
                writer.close()
            elif not writer.is_closing():
                writer.write(data)

        with suppress(ConnectionError):
            while data := await reader.read(4_096):
                self._take(data, send)
        writer.close()
        self._writers.discard(writer)

    def _take(self, data: bytes, send: Callable[[bytes | None], None]) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._received += data
        size = 8
        if len(self._received) > 6 and self._received[1] in (15, 16):
            size = 9 + self._received[6]
        if len(self._received) >= size:
            request, self._received = self._received[:size], b""
            assert checksum(request[:-2]) == request[-2:], "the driver sends sound frames"
            self._tasks.create_task(self._answer(request, send))
        else:
            forget = asyncio.get_running_loop().call_later(0.05, self._forget)
            self._silence = forget

    def _forget(self) -> None:
        self._received = b""

    async def _answer(self, request: bytes, send: Callable[[bytes | None], None]) -> None:
        unit = request[0]
        self.requests.append((unit, asyncio.get_running_loop().time()))
        self.asked.set()
        if unit not in self.units or unit in self.silent:
            return
        async with self._answering[unit]:  # one answer after the other, as devices do
            body = self.units[unit].answer(request[1:-2])
            honest = framed(bytes([unit]) + body)
            trick = self.tricks.popleft() if self.tricks else self.always
            for part in (honest,) if trick is None else trick(request, honest):
                if isinstance(part, float):
                    await asyncio.sleep(part)
                else:
                    send(part)


def _write(descriptor: int, data: bytes | None) -> None:
    assert data is not None, "a pty has no connection to end"
    with suppress(BlockingIOError, OSError):
        os.write(descriptor, data)
