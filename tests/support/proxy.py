"""A TCP line that can be cut: forwards to a server, and stops forwarding on demand.

`cut` leaves connections open and lets every byte vanish, as a dead radio link does; `reset` closes
them. New connections meet the same fate until `heal`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

_CHUNK_BYTES = 65_536


class Line:
    """One forwarded port of the loopback interface."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._whole = asyncio.Event()
        self._whole.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.swallowed_bytes = 0
        """What was sent into the cut line and is gone."""

    def cut(self) -> None:
        """From now on nothing arrives; the connections stay open."""
        self._whole.clear()

    def reset(self) -> None:
        """Close every connection that stands."""
        for writer in list(self._writers):
            writer.transport.abort()

    def heal(self) -> None:
        """Forward new connections again; those of before the cut are broken, as after an outage."""
        self.reset()
        self._whole.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            self._writers.add(writer)
            try:
                upstream = await asyncio.open_connection("127.0.0.1", self._target_port)
                self._writers.add(upstream[1])
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._pump(reader, upstream[1]))
                    tasks.create_task(self._pump(upstream[0], writer))
                self._writers.discard(upstream[1])
            finally:
                self._writers.discard(writer)
                writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK_BYTES):
                if not self._whole.is_set():
                    self.swallowed_bytes += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()


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
