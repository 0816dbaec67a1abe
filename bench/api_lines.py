"""Lines to a hub that cost the sender little: HTTP/1.1 kept alive, and one WebSocket."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

Order = Mapping[str, object]


class ApiLine(Protocol):
    """Where an order goes to; returns whether it was taken, once the hub has said so."""

    async def enter(self, order: Order) -> bool: ...

    async def close(self) -> None: ...


class HttpLine:
    """One connection, one request at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, key: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._head = (
            f"Host: {host}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        ).encode("ascii")
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, key: str) -> "HttpLine":
        place = urlsplit(url)
        assert place.hostname is not None
        return cls(*await asyncio.open_connection(place.hostname, place.port), place.netloc, key)

    async def enter(self, order: Order) -> bool:
        status, _ = await self.post("/api/orders", order)
        return status == 200

    async def post(self, path: str, body: Order) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        content = json.dumps(body).encode()
        async with self._turn:
            self._writer.write(
                b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n%b"
                % (path.encode("ascii"), self._head, len(content), content)
            )
            head = await self._reader.readuntil(b"\r\n\r\n")
            names = dict(
                line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line
            )
            answer = await self._reader.readexactly(int(names[b"content-length"]))
        return int(head.split(b" ", 2)[1]), answer

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


class SocketLine:
    """One WebSocket, many orders under way; `listen` has to run meanwhile."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._number = 0

    @classmethod
    async def open(cls, url: str, key: str) -> "SocketLine":
        target = url.replace("http", "ws", 1) + "/ws/orders?auto=false"
        return cls(
            await connect(
                target, additional_headers={"X-API-Key": key}, compression=None, proxy=None
            )
        )

    async def enter(self, order: Order) -> bool:
        self._number += 1
        name = str(self._number)
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[name] = answered
        await self._socket.send(json.dumps({"type": "enter", "id": name, **order}))
        return await answered

    async def listen(self) -> None:
        async for text in self._socket:
            data: dict[str, Any] = json.loads(text)["data"]
            if data["type"] == "answer" and data["id"] in self._waiting:
                self._waiting.pop(data["id"]).set_result(data["ok"])

    async def close(self) -> None:
        await self._socket.close()
