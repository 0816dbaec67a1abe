"""One life of one connection to an OPC UA server; whatever goes wrong, a new one is made.

Of the library neither its reconnection nor its watchdogs are used: a client object that has lost
packets may hang for ever. Every wait is bounded, and every failure is a `Lost`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties, load_certificate, load_private_key
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua.address import STANDARD_NAMESPACE, Address
from drivers.opcua.gate import Gate
from drivers.opcua.sample import Sample
from drivers.opcua.translate import (
    FAILURES,
    Node,
    NumberType,
    Watch,
    browse_path,
    monitored,
    node_id,
    number_type,
    sample,
    target,
    variant,
    words,
)

APPLICATION_URI = "urn:phoenyra:bess:agent"
CLOSE_S_MAX = 0.3
"""What a goodbye may take; the server forgets us by itself after `_SESSION_S`."""
NODES_PER_READ_MAX = 500
_CONNECT_TIMEOUTS = 2.0
_LIBRARY_GRACE_S = 1.0
"""The library's own time-outs are longer than ours, so that only ours decide."""
_SESSION_S = 30.0
_CHANNEL_S = 3_600.0
_RENEW_SHARE = 0.75
_KEEP_ALIVES = 2
"""A subscription without news says after this many periods that it is alive."""
_LIFETIMES = 60

# What the library has to say is in our errors already, told once.
logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)


class NotTold(Exception):
    """The server makes no subscription for us; the text says why."""


class Lost(Exception):
    """The connection is of no more use; the text says why."""


class Connection:
    """Open it, use it, close it; a second time takes a new one."""

    def __init__(self, access: Gate) -> None:
        self.broken = asyncio.Event()
        """The connection is gone, `why` says how; nothing will be told any more."""
        self.why = ""
        self.told_s = asyncio.get_running_loop().time()
        """The event loop's time of the subscription's last sign of life."""
        self._access = access
        self._client = client = Client(access.url, timeout=access.timeout_s + _LIBRARY_GRACE_S)
        client.name = client.description = "Phoenyra agent"
        client.application_uri = APPLICATION_URI
        client.session_timeout = int(_SESSION_S * 1_000)
        client.secure_channel_timeout = int(_CHANNEL_S * 1_000)
        self.renew_s = 0.0
        """The event loop's time at which `renew` is due."""

    async def open(self) -> None:
        """Connect and sign in.

        Raises:
            Lost: it did not work; the text says why.
        """
        async with self._limit(self._access.timeout_s * _CONNECT_TIMEOUTS):
            await self._secure()
            await self._client.connect_socket()
            protocol = self._client.uaclient.protocol
            assert protocol is not None, "a connected client has one"
            protocol.on_connection_lost = self._hung_up
            await self._client.send_hello()
            await self._client.open_secure_channel()
            await self._client.create_session()
            await self._client.activate_session(
                self._access.user or None, self._access.password, self._client.user_certificate
            )
        self._plan_renewal()

    async def renew(self) -> None:
        """Exchange the keys of the channel before they expire."""
        async with self._limit(self._access.timeout_s):
            await self._client.open_secure_channel(renew=True)
            self._client.uaclient.revolve_security_token()
        self._plan_renewal()

    async def resolve(self, addresses: Sequence[Address]) -> list[Node | None]:
        """Return where the addresses are now; None: a path that leads nowhere.

        Raises:
            Lost: a namespace is not on this server (yet).
        """
        async with self._limit(self._access.timeout_s):
            uris = await self._client.get_namespace_array()
            index = {uri: number for number, uri in enumerate(uris)}
            index.setdefault(STANDARD_NAMESPACE, 0)
            for uri in sorted(set().union(*(address.namespaces for address in addresses))):
                if uri not in index:
                    raise Lost(f"the server has no namespace {uri}")
            paths = [browse_path(address, index) for address in addresses if address.names]
            found: Iterator[Node | None] = iter(())
            if paths:
                results = await self._client.uaclient.translate_browsepaths_to_nodeids(paths)
                found = iter([target(result) for result in results])
            return [
                next(found, None) if address.names else node_id(address, index)
                for address in addresses
            ]

    async def read(self, nodes: Sequence[Node]) -> list[Sample]:
        """Return the values of nodes, in their order."""
        samples: list[Sample] = []
        for start in range(0, len(nodes), NODES_PER_READ_MAX):
            part = list(nodes[start : start + NODES_PER_READ_MAX])
            async with self._limit(self._access.timeout_s):
                values = await self._client.uaclient.read_attributes(part, AttributeIds.Value)
                if len(values) != len(part):
                    raise Lost(f"the server answered {len(values)} of {len(part)} values")
                samples += [sample(value) for value in values]
        return samples

    async def types(self, nodes: Sequence[Node]) -> list[NumberType]:
        """Return of what type a number for each node must be."""
        if not nodes:
            return []
        async with self._limit(self._access.timeout_s):
            read = self._client.uaclient.read_attributes
            declared = await read(list(nodes), AttributeIds.DataType)
            current = await read(list(nodes), AttributeIds.Value)
            return [number_type(*pair) for pair in zip(declared, current, strict=True)]

    async def write(self, node: Node, value: float, kind: NumberType) -> str:
        """Write a number; return what the server objects to, empty when it has taken it.

        Raises:
            Lost: whether the server has taken it is not known.
            ValueError: the type cannot carry the number.
        """
        data = ua.DataValue(variant(value, kind))
        async with self._limit(self._access.timeout_s):
            (status,) = await self._client.uaclient.write_attributes([node], [data])
            return "" if status.is_good() else status.name

    async def subscribe(
        self,
        watches: Sequence[Watch],
        period_s: float,
        told: Callable[[Sequence[tuple[int, Sample]]], None],
    ) -> frozenset[int]:
        """Let the server tell of changes; return the items that it will tell of.

        `told` is called with what changed, and with nothing as a sign of life.

        Raises:
            NotTold: the server does not; it can be read all the same.
            Lost: the connection is gone.
        """

        def published(result: ua.PublishResult) -> None:
            self.told_s = asyncio.get_running_loop().time()
            changes: list[tuple[int, Sample]] = []
            for news in result.NotificationMessage.NotificationData or ():
                if isinstance(news, ua.DataChangeNotification):
                    changes += [(i.ClientHandle, sample(i.Value)) for i in news.MonitoredItems]
                elif isinstance(news, ua.StatusChangeNotification):
                    self.give_up(f"the server ended the subscription: {news.Status.name}")
            told(changes)

        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=period_s * 1_000,
            RequestedLifetimeCount=_LIFETIMES,
            RequestedMaxKeepAliveCount=_KEEP_ALIVES,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
        )
        async with self._limit(self._access.timeout_s):
            session = self._client.uaclient.session
            try:
                made = await session.create_subscription(parameters, published)
            except UaStatusCodeError as error:
                raise NotTold(words(error)) from error
            taken = await self._monitor(made.SubscriptionId, watches, filtered=True)
            others = [watch for watch in watches if watch.item not in taken]
            if others:  # some servers know no filters
                taken |= await self._monitor(made.SubscriptionId, others, filtered=False)
            return frozenset(taken)

    def give_up(self, why: str) -> None:
        """Call the connection broken."""
        self.why = self.why or why
        self.broken.set()

    async def close(self) -> None:
        """Say goodbye, if that is quick, and let go; also while being cancelled."""
        uaclient = self._client.uaclient
        protocol = uaclient.protocol
        transport = None if protocol is None else protocol.transport
        giving_up = None
        if transport is not None:  # no asyncio.timeout here: see Python 3.11 and cancellation
            giving_up = asyncio.get_running_loop().call_later(CLOSE_S_MAX, transport.abort)
        try:
            await uaclient.close_session(delete_subscriptions=True)
            await uaclient.close_secure_channel()
        except FAILURES:
            return  # it is gone all the same
        finally:
            if giving_up is not None:
                giving_up.cancel()
            uaclient.disconnect_socket()
            if transport is not None:
                transport.abort()

    async def _secure(self) -> None:
        access, client = self._access, self._client
        if access.user_identity is not None:
            own = access.user_identity
            client.user_certificate = await load_certificate(own.certificate)
            client.user_private_key = await load_private_key(own.key)
        if access.identity is None:
            return
        server = next(iter(access.trusted))
        if len(access.trusted) > 1:
            offered = await client.connect_and_get_server_endpoints()
            known = [end.ServerCertificate for end in offered if end.ServerCertificate]
            server = next((der for der in known if der in access.trusted), b"")
            if not server:
                raise Lost("the server's certificate is none of those that are trusted")
        client.application_uri = access.identity.uri or APPLICATION_URI
        await client.set_security(
            security_policies.SecurityPolicyBasic256Sha256,
            CertProperties(access.identity.certificate),
            CertProperties(access.identity.key),
            server_certificate=CertProperties(server),
            mode=ua.MessageSecurityMode.SignAndEncrypt,
        )

    async def _monitor(
        self, subscription: int, watches: Sequence[Watch], *, filtered: bool
    ) -> set[int]:
        requests = [monitored(watch, filtered=filtered) for watch in watches]
        results = await self._client.uaclient.session.create_monitored_items(
            ua.CreateMonitoredItemsParameters(
                SubscriptionId=subscription,
                TimestampsToReturn=ua.TimestampsToReturn.Both,
                ItemsToCreate=requests,
            )
        )
        pairs = zip(watches, results, strict=True)
        return {watch.item for watch, result in pairs if result.StatusCode.is_good()}

    def _plan_renewal(self) -> None:
        lifetime_s = self._client.secure_channel_timeout / 1_000
        self.renew_s = asyncio.get_running_loop().time() + lifetime_s * _RENEW_SHARE

    def _hung_up(self, _error: Exception | None) -> None:
        self._client.uaclient.notify_transport_lost()
        self.give_up("the server closed the connection")

    @asynccontextmanager
    async def _limit(self, seconds: float) -> AsyncIterator[None]:
        """Bound a wait of the library in time, translate its failures, keep a cancellation."""
        task = asyncio.current_task()
        assert task is not None
        cancellations = task.cancelling()
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            self.give_up(f"no answer within {seconds:g} s")
            raise Lost(self.why) from error
        except FAILURES as error:
            self.give_up(words(error))
            raise Lost(self.why) from error
        finally:
            if task.cancelling() > cancellations:
                raise asyncio.CancelledError
