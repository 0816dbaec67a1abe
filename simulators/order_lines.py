"""Two ways to the same counter of a hub: orders over HTTP, and over one WebSocket."""

from collections.abc import Mapping
from typing import Any, Protocol

from simulators.hub_client import HubClient
from simulators.hub_socket import HubSocket

_PATH = "/api/v1/orders"

Order = Mapping[str, object]
"""As version 1 of the API takes it."""
Told = Mapping[str, Any]
"""``order_id``, ``revision``, ``state``, ``filled_mwh``, …, as version 1 answers."""


class OrderLine(Protocol):
    """Each method returns when it is safe on the hub's disk.

    Raises:
        HubUnreachable: nobody knows what became of it.
        HubRefused: nothing was changed.
    """

    async def enter(self, order: Order) -> Told: ...

    async def modify(self, order_id: str, revision: int, change: Order) -> Told: ...

    async def switch(self, order_id: str, action: str, revision: int | None = None) -> Told:
        """Do one of ``hibernate``, ``activate``, ``delete``."""
        ...

    def close(self) -> None:
        """Ask nothing after this."""
        ...


class HttpLine:
    """A request for each."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    async def enter(self, order: Order) -> Told:
        told: Told = await self._client.post(_PATH, order)
        return told

    async def modify(self, order_id: str, revision: int, change: Order) -> Told:
        body = {"revision": revision, **change}
        told: Told = await self._client.patch(f"{_PATH}/{order_id}", body)
        return told

    async def switch(self, order_id: str, action: str, revision: int | None = None) -> Told:
        told: Told
        if action == "delete":
            told = await self._client.delete(f"{_PATH}/{order_id}")
        else:
            told = await self._client.post(f"{_PATH}/{order_id}/{action}", {"revision": revision})
        return told

    def close(self) -> None:
        """The client belongs to somebody else."""


class SocketLine:
    """A message for each, over a socket that stays open."""

    def __init__(self, socket: HubSocket) -> None:
        self._socket = socket

    async def enter(self, order: Order) -> Told:
        # a message has a type of its own
        named = {"order_kind" if name == "type" else name: order[name] for name in order}
        return await self._socket.ask("enter", named)

    async def modify(self, order_id: str, revision: int, change: Order) -> Told:
        body = {"order_id": int(order_id), "revision": revision, **change}
        return await self._socket.ask("modify", body)

    async def switch(self, order_id: str, action: str, revision: int | None = None) -> Told:
        body: dict[str, object] = {"order_id": int(order_id)}
        if revision is not None:
            body["revision"] = revision
        return await self._socket.ask(action, body)

    def close(self) -> None:
        self._socket.close()
