"""An HTTP device that misbehaves on command, written on plain sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Trick = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class RestPeer:
    """Answers every GET with `body`, notes what it is sent, and plays `tricks` first."""

    port: int = 0
    body: bytes = b"{}"
    status: str = "200 OK"
    extra: str = ""
    tricks: list[Trick] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    obey: Callable[[bytes], None] | None = None
    """Called with what a PUT brings."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def hang_up(self) -> None:
        """End every connection, as a device does that loses power."""
        for writer in self.writers:
            writer.transport.abort()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) is not None:
                await self._answer(head.decode("latin-1"), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def _answer(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): said for name, _, said in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append((method, path, headers, body))
        if self.tricks:
            await self.tricks.pop(0)(reader, writer)
            return
        if method != "GET" and self.obey is not None:
            self.obey(body)
        told = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\n{self.extra}\r\n"
        writer.write(told.encode() + self.body)
        await writer.drain()


@asynccontextmanager
async def rest_peer(context: ssl.SSLContext | None = None) -> AsyncIterator[RestPeer]:
    peer = RestPeer()
    server = await asyncio.start_server(peer.converse, "127.0.0.1", 0, ssl=context)
    peer.port = server.sockets[0].getsockname()[1]
    async with server:
        yield peer


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def say(data: bytes) -> Trick:
    async def trick(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return trick


def drip(data: bytes, every_s: float) -> Trick:
    async def trick(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(every_s)

    return trick
