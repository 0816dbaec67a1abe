"""One connection to an MQTT broker that is made again whenever it breaks.

The only file that imports aiomqtt. Its client object lives as long as one connection; the next
one gets a new object, a new will and all subscriptions again. Leaving never waits for the broker.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import cast

import aiomqtt
from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.errors import ProfileError
from drivers.mqtt import tls
from drivers.mqtt.party import Arrival, Message, NotSent, Party, Place
from drivers.payload import BYTES_MAX
from drivers.told import back_off_s

CONNECT_S = 4.0
"""For the line, for TLS, for the broker's yes, and for the subscriptions: each."""
INBOX_MESSAGES_MAX = 2_000
INBOX_BYTES_MAX = 8 * 1024 * 1024
"""Of messages that wait for us; more are dropped and counted."""
OUTBOX_MESSAGES_MAX = 200
_GOODBYE = bytes((0xE0, 0))
"""DISCONNECT, in both versions: MQTT 3.1.1, clause 3.14, and MQTT 5, clause 3.14.2.1."""
_properties = cast("Callable[[int], Properties]", Properties)
_PACKET_BYTES_MAX = BYTES_MAX + 64 * 1024
"""What a broker of version 5 may send us at once: a payload, a topic and their properties."""

_logger = logging.getLogger(__name__)
_library = logging.getLogger(f"{__name__}.library")
_library.setLevel(logging.CRITICAL + 1)  # what it has to say is in our own errors, told once


class Broker:
    """A connection to `place` on behalf of `party`, for as long as `run` runs."""

    def __init__(self, place: Place, party: Party) -> None:
        self.place = place
        self.connected = False
        self.connections = 0
        """How many there have been so far."""
        self.dropped = 0
        """Messages that came faster than they could be taken in."""
        self._party = party
        self._client: _Client | None = None

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        failures = 0
        while True:
            failures = 0 if await self._live() else failures + 1
            await asyncio.sleep(back_off_s(failures))

    async def publish(self, message: Message, timeout_s: float) -> None:
        """Hand a message to the broker; with QoS 1 it has it when this returns.

        Raises:
            NotSent: there is no connection, or no acknowledgement in time.
        """
        client = self._client
        if client is None:
            raise NotSent(f"{self.place}: there is no connection")
        try:
            with _cancellation_kept():
                await client.publish(
                    message.topic,
                    message.payload,
                    message.qos,
                    message.retained,
                    timeout=timeout_s,
                )
        except (aiomqtt.MqttError, ValueError) as error:
            raise NotSent(f"{self.place}: {message.topic} was not published: {error}") from error

    async def _live(self) -> bool:
        """Live through one connection to its end; say whether it stood."""
        stood = False
        client: _Client | None = None
        trouble = "the broker closed the connection"
        will = self._party.will()
        try:
            client = _Client(self.place, will, tls.context(self.place.tls))
            with _cancellation_kept():
                await client.open(self._party.subscriptions())
            self._client, self.connected, stood = client, True, True
            self.connections += 1
            await self._party.opened()
            async for message in client.messages:
                topic, payload = message.topic.value, bytes(message.payload)
                self._party.hear(Arrival(topic, payload, bool(message.retain)))
        except (aiomqtt.MqttError, NotSent, OSError, ProfileError) as error:
            trouble = _reason(error)
        finally:
            self._client, self.connected = None, False
            if client is not None:
                self._count_dropped(client)
                client.shut(quietly=will is None)
            self._party.lost(f"{self.place}: {trouble}")
        return stood

    def _count_dropped(self, client: "_Client") -> None:
        if client.inbox.dropped:
            self.dropped += client.inbox.dropped
            _logger.warning(
                "%s: %d messages came faster than they could be taken in",
                self.place,
                client.inbox.dropped,
            )


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What was heard and not yet taken in; bounded in number and in bytes."""

    def __init__(self) -> None:
        super().__init__(INBOX_MESSAGES_MAX)
        self.dropped = 0
        self._bytes = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.full() or self._bytes + _size(item) > INBOX_BYTES_MAX:
            self.dropped += 1
            raise asyncio.QueueFull
        super().put_nowait(item)

    def _put(self, item: aiomqtt.Message) -> None:
        self._bytes += _size(item)
        super()._put(item)

    def _get(self) -> aiomqtt.Message:
        item = super()._get()
        self._bytes -= _size(item)
        return item


class _Client(aiomqtt.Client):
    """The library's client, for one connection, that can be left at once at any time."""

    def __init__(self, place: Place, will: Message | None, context: ssl.SSLContext | None) -> None:
        properties = None
        if place.version_5:
            properties = _properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = _PACKET_BYTES_MAX
        version = aiomqtt.ProtocolVersion.V5 if place.version_5 else aiomqtt.ProtocolVersion.V311
        super().__init__(
            place.host,
            place.port,
            identifier=place.client_id,
            username=place.username,
            password=place.password,
            keepalive=place.keepalive_s,
            protocol=version,
            properties=properties,
            tls_context=context,
            will=None
            if will is None
            else aiomqtt.Will(will.topic, will.payload, will.qos, will.retained),
            timeout=CONNECT_S,
            max_queued_outgoing_messages=OUTBOX_MESSAGES_MAX,
            logger=_library,
        )
        self._client.connect_timeout = CONNECT_S
        self._queue = self.inbox = _Inbox()
        self.pending_calls_threshold = OUTBOX_MESSAGES_MAX
        self._shut = False
        self._said_goodbye = True

    async def open(self, subscriptions: Sequence[tuple[str, int]]) -> None:
        """Connect and subscribe.

        Raises:
            aiomqtt.MqttError: that failed.
        """
        await self.__aenter__()
        if not subscriptions:
            return
        codes = await self.subscribe(list(subscriptions))
        for (topic, _), code in zip(subscriptions, codes, strict=False):
            if getattr(code, "is_failure", False):
                raise aiomqtt.MqttError(f"the broker refuses the subscription to {topic}: {code}")

    def shut(self, *, quietly: bool) -> None:
        """End the connection without waiting for anyone; `quietly`: its will shall not be done."""
        self._shut, self._said_goodbye = True, quietly
        line = self._client.socket()
        if quietly and line is not None and self._connected.done():
            with suppress(OSError):
                line.send(_GOODBYE)
        if self._misc_task is not None:
            self._misc_task.cancel()
        self._loop.call_soon(self._close_line)  # behind what the library has begun on it

    def _close_line(self) -> None:
        line = self._client.socket()
        if line is not None and line.fileno() >= 0:
            self._loop.remove_reader(line.fileno())
            self._loop.remove_writer(line.fileno())
            line.close()
        for future in (self._connected, self._disconnected):
            if future.done() and not future.cancelled():
                future.exception()  # looked at, so that nobody complains that nobody did

    def _on_socket_register_write(
        self, client: mqtt.Client, userdata: object, sock: socket.socket
    ) -> None:
        """Write when the line takes it, if it is still ours then: its number may be another's."""

        def begin() -> None:
            if client.socket() is sock and sock.fileno() >= 0 and not self._shut:
                self._loop.add_writer(sock.fileno(), write)

        def write() -> None:
            try:
                client.loop_write()
            except OSError as error:
                if not self._disconnected.done():
                    self._disconnected.set_exception(error)

        self._loop.call_soon_threadsafe(begin)

    def _on_socket_unregister_write(
        self, client: mqtt.Client, userdata: object, sock: socket.socket
    ) -> None:
        """Forget the writer of a line that is open: the library asks it of one we closed, too."""
        if sock.fileno() >= 0:
            super()._on_socket_unregister_write(client, userdata, sock)

    def _on_disconnect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        """End also the wait for a broker that hangs up instead of answering."""
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("the broker hangs up on us"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _client_connect(self) -> None:
        """Connect, in a thread that cannot be cancelled; whoever left meanwhile finds it shut."""
        try:
            super()._client_connect()
        finally:
            self._loop.call_soon_threadsafe(self._shut_late)

    def _shut_late(self) -> None:
        if self._shut:
            self.shut(quietly=self._said_goodbye)


@contextmanager
def _cancellation_kept() -> Iterator[None]:
    """Keep a cancellation that the library loses.

    It waits with ``asyncio.wait_for``, which before Python 3.12 forgets a cancellation that comes
    in the same turn of the loop as the result, be that an answer or a failure.
    """
    task = asyncio.current_task()
    assert task is not None, "only tasks talk to a broker"
    cancellations = task.cancelling()
    try:
        yield
    finally:
        if task.cancelling() > cancellations:
            raise asyncio.CancelledError


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if text.isprintable() else ascii(text)


def _size(message: aiomqtt.Message) -> int:
    return len(message.payload)
