"""One open socket: messages out in their order, requests in, and how it ends.

1008  KEY_ENDED: the key was revoked or has expired · BAD_MESSAGES: too many that say nothing
1009  TOO_LARGE: a message of more than `MESSAGE_CHARACTERS_MAX`
1012  STOPPING: the hub stops; come back
1013  SLOW_CONSUMER, or TOO_MANY open sockets: come back later
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from fastapi import WebSocket, WebSocketDisconnect, status

from cloud.exchange.feeds import desk as desks
from cloud.exchange.feeds.desk import IN_FLIGHT_MAX, NotUnderstood, OrderDesk, Request, request_of
from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.stream import Client
from cloud.kernel import keys
from cloud.kernel.auth import Principal, Role, Scope
from cloud.kernel.context import Hub
from cloud.kernel.errors import HubError, Unavailable
from cloud.kernel.keys import KeyRecord
from wire.fields import BadMessage

BEAT_S = 10.0
"""After so long a silence a beat is sent; who hears nothing for longer has lost the line."""
SEND_TIMEOUT_S = 10.0
"""Who takes longer to read one message is sent away."""
CLOSE_TIMEOUT_S = 2.0
CHECK_KEY_S = 30.0
SUBSCRIBE_GAP_S = 0.1
"""Between two subscriptions of one socket: a snapshot costs more than it does to ask for it."""
FAULTS_MAX = 100
"""Messages of one socket that could not be understood."""
STOP_TOPIC = "feeds"
Subscribe = Callable[[Client, Request], None]
"""Follow what a request asks for; raises `BadMessage`."""


class Session:
    """One client of one of the feeds."""

    def __init__(
        self,
        websocket: WebSocket,
        hub: Hub,
        principal: Principal,
        feeds: TradingFeeds,
        subscribe: Subscribe,
        desk: OrderDesk | None = None,
    ) -> None:
        self._websocket = websocket
        self._hub = hub
        self._principal = principal
        self._feeds = feeds
        self._subscribe = subscribe
        self._desk = desk
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._faults = 0
        self._client = Client(self._news.set)
        self._key: KeyRecord | None = None
        """As it was read last; None before the first look."""

    async def serve(self, *, at_once: bool) -> None:
        """Serve an accepted socket until it ends; `at_once`: begin with all there is."""
        account = self._principal.account
        if not self._feeds.enters(account):
            await self._websocket.close(
                status.WS_1013_TRY_AGAIN_LATER, "TOO_MANY: too many open sockets"
            )
            return
        try:
            if at_once:
                self._subscribe(self._client, Request("subscribe", "", {}))
            await self._look_at_key()
            async with asyncio.TaskGroup() as tasks:
                started = [
                    tasks.create_task(self._send(), name="feed out"),
                    tasks.create_task(self._watch(), name="feed key"),
                    tasks.create_task(self._receive(tasks), name="feed in"),
                ]
                await self._over.wait()
                for task in started:
                    task.cancel()
        finally:
            self._feeds.leaves(account, self._client)

    async def _send(self) -> None:
        try:
            await self._send_all()
        finally:
            self._over.set()

    async def _send_all(self) -> None:
        client = self._client
        try:
            while client.ended is None:
                self._news.clear()
                while client.queue:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        await self._websocket.send_text(client.take())
                if client.ended is None:
                    await self._wait()
        except TimeoutError:
            client.end(status.WS_1013_TRY_AGAIN_LATER, "SLOW_CONSUMER: a message was not taken")
        except WebSocketDisconnect:
            return
        code, reason = client.ended or (status.WS_1011_INTERNAL_ERROR, "")
        with suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._websocket.close(code, reason)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(BEAT_S):
                await self._news.wait()
        except TimeoutError:
            self._feeds.say(self._client, {"type": "beat"})

    async def _watch(self) -> None:
        """End the socket when its key ends, or the hub stops."""
        bus = self._hub.bus
        while not bus.closed:
            seen = {topic: bus.version(topic) for topic in (STOP_TOPIC, keys.CHANGED_TOPIC)}
            await self._look_at_key()
            if self._key_ended():
                self._client.end(
                    status.WS_1008_POLICY_VIOLATION, "KEY_ENDED: the key is not valid now"
                )
            await bus.wait_any(seen, self._until_key_ends_s())
        self._client.end(status.WS_1012_SERVICE_RESTART, "STOPPING: the hub is stopping")

    async def _look_at_key(self) -> None:
        with suppress(Unavailable):
            async with self._hub.database.reading() as connection:
                self._key = await keys.find(connection, self._principal.key_id)

    def _key_ended(self) -> bool:
        """Say whether the key, as it was read last, is good no more."""
        return self._key is not None and not self._key.valid_at(self._hub.clock.now_us())

    def _until_key_ends_s(self) -> float:
        """Return how long to wait until the key is looked at again."""
        if self._key is None or self._key.expires_us is None:
            return CHECK_KEY_S
        left_s = (self._key.expires_us - self._hub.clock.now_us()) / 1_000_000
        return CHECK_KEY_S if left_s <= 0 else min(CHECK_KEY_S, left_s)

    async def _receive(self, tasks: asyncio.TaskGroup) -> None:
        try:
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                text = message.get("text")
                if text is not None and len(text) > desks.MESSAGE_CHARACTERS_MAX:
                    self._client.end(
                        status.WS_1009_MESSAGE_TOO_BIG, "TOO_LARGE: the message is too long"
                    )
                    return
                await self._take(tasks, text)
        finally:
            if self._client.ended is None:
                self._over.set()

    async def _take(self, tasks: asyncio.TaskGroup, text: str | None) -> None:
        """Follow one message; what cannot be understood is answered, and changes nothing."""
        name = ""
        try:
            request = request_of(text or "")
            name = request.id
            if request.kind == "subscribe":
                self._subscribe(self._client, request)
                await asyncio.sleep(SUBSCRIBE_GAP_S)
                return
        except BadMessage as error:
            self._faults += 1
            name = error.id if isinstance(error, NotUnderstood) else name
            self._feeds.say(self._client, desks.refusal(name, "INVALID", str(error)))
            if self._faults >= FAULTS_MAX:
                self._client.end(
                    status.WS_1008_POLICY_VIOLATION, "BAD_MESSAGES: too many said nothing"
                )
            return
        await self._room.acquire()
        tasks.create_task(self._act(request), name="feed request")

    async def _act(self, request: Request) -> None:
        """Do what is asked and answer; requests are begun in the order in which they came."""
        who = self._principal
        try:
            if self._key_ended():  # before the watch comes to it: no order of a key that is over
                data = desks.refusal(request.id, "KEY_ENDED", "the key is not valid now")
            elif self._desk is None or not who.may(Role.TRADER, Scope.ORDERS_WRITE):
                data = desks.refusal(request.id, "FORBIDDEN", "no orders can be entered here")
            else:
                result = await self._desk.act(who, request.kind, request.body)
                data = desks.answer(request, result)
        except HubError as error:
            data = desks.refusal(request.id, error.code, str(error))
        finally:
            self._room.release()
        self._feeds.say(self._client, data, who.account)
