"""A TCP line that can go wrong: forwards to a server, and does worse on demand.

* `cut`: connections stay open and every byte vanishes, as on a dead radio link
* `reset`, `refuse`: connections are closed hard, once or from now on
* `lose_answers`, `lose_share`: the request arrives, the connection dies under its answer
* `close_half`: the side towards the client is closed, the other one stays open
* `throttle`: both directions carry so many bytes a second, all connections together

What is meant to last, lasts until `heal`; new connections meet the same fate.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

_CHUNK_BYTES = 65_536
_SLOW_CHUNK_BYTES = 1_024
_SLOW_BUFFER_BYTES = 8_192


@dataclass(slots=True)
class _Pace:
    """One direction of a slow line: whoever sends waits until the line is free."""

    bytes_s: float
    free_s: float = 0.0

    async def carry(self, size: int) -> None:
        loop = asyncio.get_running_loop()
        self.free_s = max(self.free_s, loop.time()) + size / self.bytes_s
        await asyncio.sleep(self.free_s - loop.time())


class Line:
    """One forwarded port of the loopback interface."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._whole = asyncio.Event()
        self._whole.set()
        self._refusing = False
        self._half = False
        self._chance = random.Random(20_261_121)
        self._share = 0.0
        self._up: _Pace | None = None
        self._down: _Pace | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.swallowed_bytes = 0
        """What was sent into the cut line and is gone."""
        self.connections = 0
        self.answers_to_lose = 0
        self.answers_lost = 0

    def cut(self) -> None:
        """From now on nothing arrives; the connections stay open."""
        self._whole.clear()

    def reset(self) -> None:
        """Close every connection that stands."""
        for writer in list(self._writers):
            writer.transport.abort()

    def refuse(self) -> None:
        """Close every connection, and each new one as soon as it stands."""
        self._refusing = True
        self.reset()

    def lose_answers(self, count: int) -> None:
        """Let the next requests arrive, and their connections die under the answer."""
        self.answers_to_lose = count

    def lose_share(self, share: float) -> None:
        """Lose this share of all answers, at random."""
        self._share = share

    def close_half(self) -> None:
        """Tell clients that nothing more comes, while what they send still arrives."""
        self._half = True
        for writer in list(self._writers):
            if writer.get_extra_info("sockname")[1] == self.port and writer.can_write_eof():
                writer.write_eof()

    def throttle(self, bytes_s: float) -> None:
        """Carry so many bytes a second each way, from now on."""
        self._up, self._down = _Pace(bytes_s), _Pace(bytes_s)

    def heal(self) -> None:
        """Forward new connections again; those of before are broken, as after an outage."""
        self._refusing = self._half = False
        self._share, self.answers_to_lose = 0.0, 0
        self._up = self._down = None
        self.reset()
        self._whole.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refusing:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            self._writers.add(writer)
            try:
                upstream = await asyncio.open_connection("127.0.0.1", self._target_port)
                self._writers.add(upstream[1])
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._pump(reader, upstream[1], self._going_up))
                    tasks.create_task(self._pump(upstream[0], writer, self._coming_down))
                self._writers.discard(upstream[1])
            finally:
                self._writers.discard(writer)
                writer.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passes: Callable[[bytes, asyncio.StreamWriter], Awaitable[bool]],
    ) -> None:
        try:
            while data := await reader.read(_SLOW_CHUNK_BYTES if self._up else _CHUNK_BYTES):
                if not self._whole.is_set():
                    self.swallowed_bytes += len(data)
                elif await passes(data, writer):
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()

    async def _going_up(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        if self._up is not None:
            writer.transport.set_write_buffer_limits(_SLOW_BUFFER_BYTES)
            await self._up.carry(len(data))
        return True

    async def _coming_down(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        if self._down is not None:
            await self._down.carry(len(data))
        if self._half:
            if not writer.transport.is_closing() and writer.can_write_eof():
                writer.write_eof()
            return False
        if self.answers_to_lose > 0 or self._chance.random() < self._share:
            self.answers_to_lose = max(0, self.answers_to_lose - 1)
            self.answers_lost += 1
            writer.transport.abort()
            return False
        return True


@contextlib.asynccontextmanager
async def line_to(target_port: int) -> AsyncIterator[Line]:
    """Open a line to a port of this machine; `port` is where to connect instead."""
    line = Line(target_port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.reset()
