"""Orders over one WebSocket, as any outside program enters them: many under way, one key."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from simulators.hub_client import HubRefused, HubUnreachable

TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
_PATH = "/ws/orders?auto=false"
_UNAUTHORISED = 401
_DENIED = frozenset({401, 403})
_AWAY = frozenset({"BUSY", "STOPPING", "DISK_FULL"})
"""The hub cannot now; the same may be done later."""


class HubSocket:
    """One account's orders; opened when first needed, and again after it has broken."""

    def __init__(self, url: str, key: str, tasks: asyncio.TaskGroup) -> None:
        """Open nothing yet; it is closed with `close`, or when `tasks` are cancelled."""
        self._url = url.replace("http", "ws", 1).rstrip("/") + _PATH
        self._key = key
        self._tasks = tasks
        self._opening = asyncio.Lock()
        self._connection: ClientConnection | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._number = 0

    async def ask(self, action: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        """Return the result of an action; raises `HubUnreachable` or `HubRefused`."""
        connection = await self._opened()
        self._number += 1
        name = str(self._number)
        answered: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = answered
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await connection.send(json.dumps({"type": action, "id": name, **body}))
                answer = await answered
        except (OSError, TimeoutError, WebSocketException) as error:
            raise HubUnreachable(f"{type(error).__name__} {error}".strip()) from error
        finally:
            self._waiting.pop(name, None)
        if answer["ok"]:
            result: Mapping[str, Any] = answer["result"]
            return result
        code = str(answer["code"])
        if code in _AWAY:
            raise HubUnreachable(f"the hub answers {code}")
        raise HubRefused(0, code, str(answer["message"]))

    def close(self) -> None:
        """Ask nothing after this."""
        if self._hearing is not None:
            self._hearing.cancel()

    async def _opened(self) -> ClientConnection:
        async with self._opening:
            if self._connection is None:
                self._connection = await self._open()
                hear = self._hear(self._connection)
                self._hearing = self._tasks.create_task(hear, name="order socket")
            return self._connection

    async def _open(self) -> ClientConnection:
        try:
            return await connect(
                self._url,
                additional_headers={"X-API-Key": self._key},
                compression=None,
                open_timeout=TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                proxy=None,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status in _DENIED:
                raise HubRefused(_UNAUTHORISED, "UNAUTHENTICATED", "the key opens no socket") from (
                    error
                )
            raise HubUnreachable(f"the hub answers {status}") from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise HubUnreachable(f"{type(error).__name__} {error}".strip()) from error

    async def _hear(self, connection: ClientConnection) -> None:
        """Hand out answers until the line breaks; whoever then still waits is told."""
        try:
            async for text in connection:
                data = json.loads(text)["data"]
                answered = self._waiting.get(data.get("id", ""))
                if data["type"] == "answer" and answered is not None and not answered.done():
                    answered.set_result(data)
        except WebSocketException:
            pass  # it broke: said below, to those who wait
        finally:
            self._connection = None
            for answered in self._waiting.values():
                if not answered.done():
                    answered.set_exception(HubUnreachable("the socket has closed"))
            await connection.close()
