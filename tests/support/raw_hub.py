"""Bytes over a socket instead of a hub: what is in front of a hub may say anything, or nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


def answer(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass(slots=True)
class RawHub:
    """Answers each request with what `say` makes of its head; None: with nothing, for ever."""

    say: Callable[[str], bytes | None]
    port: int = 0
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request was met with silence."""
    _open: dict[asyncio.StreamWriter, asyncio.Event] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open[writer] = asyncio.Event()
        try:
            await self._speak(reader, writer)
        finally:
            self._open.pop(writer).set()

    async def close(self) -> None:
        """Close every connection that stands."""
        for writer, closed in list(self._open.items()):
            writer.transport.abort()
            await closed.wait()
        await asyncio.sleep(0)

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                self.heads.append(head)
                await reader.readexactly(_length(head))
                said = self.say(head)
                if said is None:
                    self.silent.set()
                    await reader.read()
                    break
                writer.write(said)
                await writer.drain()
                if not _says_its_length(said):
                    break
        writer.close()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def _length(head: str) -> int:
    for line in head.splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def _says_its_length(said: bytes) -> bool:
    head, _, body = said.partition(b"\r\n\r\n")
    return f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n"


@asynccontextmanager
async def raw_hub(
    say: Callable[[str], bytes | None], tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawHub]:
    """Serve `say` on a free port."""
    hub = RawHub(say)
    server = await asyncio.start_server(hub.serve, "127.0.0.1", 0, ssl=tls)
    hub.port = server.sockets[0].getsockname()[1]
    try:
        yield hub
    finally:
        server.close()
        await hub.close()
