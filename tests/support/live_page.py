"""A page's end of the live feed, without a browser: it hears and merges as a page does."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect

from cloud.web import changes

IN_TIME_S = 10.0


class LivePage:
    """What a page has: the messages it got, merged."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.state: dict[str, Any] = {}
        self.kinds: list[str] = []

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.socket.recv())
        self.kinds.append(message["kind"])
        if message["kind"] == "snapshot":
            self.state = message["state"]
        if message["kind"] == "update":
            self.state = changes.merged(self.state, message["state"])
        return message

    async def until(self, section: str, content: Any) -> None:
        """Hear until a section is what is expected; what it is instead is in the failure."""
        try:
            async with asyncio.timeout(IN_TIME_S):
                while self.state.get(section) != content:
                    await self.hear()
        except TimeoutError:
            assert self.state.get(section) == content

    async def say(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def until_so(self, happened: Callable[[dict[str, Any]], object]) -> None:
        """Hear until something is true of the state."""
        async with asyncio.timeout(IN_TIME_S):
            while not happened(self.state):
                await self.hear()


@asynccontextmanager
async def live_page(
    url: str, query: dict[str, str] | None = None, **headers: str
) -> AsyncIterator[LivePage]:
    """Open the feed of a page: ``{"page": "fleet"}``; none: the trade page."""
    address = url.replace("http", "ws", 1) + f"/ws/live?{urlencode(query or {})}"
    async with connect(address, additional_headers=headers) as socket:
        yield LivePage(socket)
