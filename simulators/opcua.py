"""A simulated device behind an OPC UA server, from the profile that the driver uses.

Every point of the profile is a variable at its node, in the device's unit and sign, with a status
and a source time. Written values command the plant at once; one out of range is refused with
BadOutOfRange. Namespaces are numbered as `Manners` says, so that an index can move.

Of the faults of the line it knows two: down, and an exception, which is a bad status on every
value; those of the instruments are the plant's.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AttributeService
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from drivers.opcua.certificates import Identity
from drivers.opcua.profile import Item, OpcUaProfile
from drivers.point import Access
from simulators.battery import Command
from simulators.opcua_line import spoil
from simulators.opcua_users import Users
from simulators.plant import Plant
from wire.clock import Clock, utc

PERIOD_S = 0.1
APPLICATION_URI = "urn:phoenyra:bess:simulator"
_DOUBLE = ua.VariantType.Double
_PATH = "/phoenyra/"
_ADMIN = User(UserRole.Admin)

logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the server presents itself."""

    host: str = "127.0.0.1"
    port: int = 4840
    strangers: int = 0
    """Namespaces that are numbered before the device's."""
    identity: Identity | None = None
    """With one, only signed and encrypted connections are taken."""
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Passwords by name; empty: everybody."""
    user_certificates: frozenset[bytes] = frozenset()
    subscriptions_max: int = 1_000
    cache: Path | None = None
    """Where the standard's own nodes may be kept, for a quicker start."""


class SimulatedServer:
    """A running server; `step` shows what the instruments show."""

    def __init__(self, profile: OpcUaProfile, plant: Plant, clock: Clock) -> None:
        self.server = Server()
        self.bad: set[str] = set()
        """Points that have a bad status."""
        self.stopped: set[str] = set()
        """Points that are not told of any more: value and source time stand still."""
        self.refused: set[str] = set()
        """Points that no client may write."""
        self.nodes: dict[str, ua.NodeId] = {}
        self._profile = profile
        self._plant = plant
        self._clock = clock
        self._down = False
        self._written: dict[str, float] = {}

    async def start(self, manners: Manners) -> None:
        """Build the nodes and listen.

        Raises:
            OSError: the port is taken.
        """
        server = self.server = Server(user_manager=Users(manners.users, manners.user_certificates))
        with _uncollected():
            await server.init(manners.cache)
        if manners.cache is not None:
            manners.cache.touch()  # the library looks for this name; Python may have appended to it
        server.name = "Phoenyra simulator"
        await server.set_application_uri(APPLICATION_URI)
        server.set_endpoint(f"opc.tcp://{manners.host}:{manners.port}{_PATH}")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        if manners.identity is not None:
            await server.load_certificate(manners.identity.certificate)
            await server.load_private_key(manners.identity.key)
            server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        if manners.users or manners.user_certificates:
            server.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])
        attributes = _Attributes(self, server)
        server.iserver.attribute_service = attributes
        server.iserver.max_subscriptions = manners.subscriptions_max
        for number in range(manners.strangers):
            await server.register_namespace(f"urn:stranger:{number}")
        await self._build()
        self.power_up()
        await self.step()
        await server.start()

    async def step(self) -> None:
        """Write what is measured now into the nodes."""
        measured = self._plant.measure()
        now = cast("ua.DateTime", utc(self._clock.now_us()))
        for item in self._profile.items:
            name = item.tag.name
            if name in self.stopped:
                continue
            value = measured.get(name, self._written.get(name, 0.0))
            if name in self._written:
                value = self._written[name]
            data = ua.DataValue(
                ua.Variant(item.tag.raw(value), _DOUBLE), SourceTimestamp=now, ServerTimestamp=now
            )
            if name in self.bad or self._plant.faults.current.exception:
                data.StatusCode = ua.StatusCode(ua.UInt32(StatusCodes.BadNotConnected))
            await self.server.write_attribute_value(self.nodes[name], data)

    def power_up(self) -> None:
        """Start as a device does: its own time-out armed, not enabled, no setpoint."""
        control = self._profile.control
        self._written = {i.tag.name: 0.0 for i in self._profile.items if _writable(i)}
        if control is not None:
            for order in control.settings:
                self._written[order.item.tag.name] = order.value
            self._plant.obey(self._command(), fresh=False)

    async def hang_up_or_listen(self) -> None:
        """Be there or not, as the faults say."""
        listener, down = self.server.bserver, self._plant.faults.down
        assert listener is not None, "called only while the server runs"
        if down and not self._down:
            await listener.stop()
        elif self._down and not down:
            self.power_up()
            await listener.start()
        self._down = down
        spoil(self.server.iserver.asyncio_transports, self._plant.faults)

    def forget_items(self) -> None:
        """Tell of nothing any more, without a word; subscriptions go on, empty."""
        for subscription in self.server.iserver.subscription_service.subscriptions.values():
            subscription.monitored_item_srv.delete_all_monitored_items()

    async def fall_silent(self) -> None:
        """Answer what is asked, and never again what is to be told."""
        for subscription in self.server.iserver.subscription_service.subscriptions.values():
            await subscription.stop()

    def refuses(self, node: ua.NodeId, raw: object) -> bool:
        """Say whether a value that a client writes is out of range; unknown nodes are not ours."""
        item = self._item(node)
        if item is None:
            return False
        if item.tag.name in self.refused or not isinstance(raw, int | float):
            return True
        return item.tag.value(float(raw)) is None

    def written(self, node: ua.NodeId, raw: float) -> None:
        """Obey what a client has written."""
        item, control = self._item(node), self._profile.control
        value = None if item is None else item.tag.value(float(raw))
        if item is None or value is None:
            return
        self._written[item.tag.name] = value
        if control is not None:
            self._plant.obey(self._command(), fresh=item is control.setpoint)

    def _item(self, node: ua.NodeId) -> Item | None:
        return next(
            (item for item in self._profile.items if self.nodes.get(item.tag.name) == node), None
        )

    def _command(self) -> Command:
        control = self._profile.control
        assert control is not None, "called only with one"
        enable, held = control.enable, self._written
        enabled = enable is None or held[enable.item.tag.name] == enable.value
        settings = {order.item.tag.name: held[order.item.tag.name] for order in control.settings}
        return Command(
            power_kw=held[control.setpoint.tag.name],
            enabled=enabled,
            timeout_s=next((v for n, v in settings.items() if n.endswith("_s")), control.timeout_s),
            reversion_kw=next((v for n, v in settings.items() if n.endswith("_kw")), 0.0),
        )

    async def _build(self) -> None:
        objects = self.server.get_objects_node()
        texts = {f"identity.{key}": address for key, address in self._profile.texts.items()}
        named = [(item.tag.name, item.address) for item in self._profile.items]
        for name, address in [*named, *texts.items()]:
            index = await self.server.register_namespace(address.namespace)
            parent = objects
            for uri, step in address.names[:-1]:
                number = await self.server.register_namespace(uri)
                path = ua.QualifiedName(step, ua.UInt16(number))
                children = [
                    c for c in await parent.get_children() if await c.read_browse_name() == path
                ]
                parent = children[0] if children else await parent.add_object(number, step)
            text = name in texts
            value: str | float = f"simulated {name.partition('.')[2]}" if text else 0.0
            kind = ua.VariantType.String if text else _DOUBLE
            if address.names:
                at: ua.NodeId | int = index
                shown = address.names[-1][1]
            else:
                at = ua.NodeId.from_string(f"ns={index};{address.identifier}")
                shown = name
            variable = await parent.add_variable(
                at, ua.QualifiedName(shown, ua.UInt16(index)), value, kind
            )
            self.nodes[name] = variable.nodeid
            if any(item.tag.name == name and _writable(item) for item in self._profile.items):
                await variable.set_writable()


@asynccontextmanager
async def serving(simulated: SimulatedServer, manners: Manners) -> AsyncIterator[SimulatedServer]:
    """Serve until the block ends; the instruments are shown every `PERIOD_S`.

    Raises:
        OSError: the port is taken.
    """
    await simulated.start(manners)
    try:
        async with asyncio.TaskGroup() as tasks:
            showing = tasks.create_task(_show(simulated), name="instruments")
            try:
                yield simulated
            finally:
                showing.cancel()
    finally:
        await simulated.server.stop()


async def _show(simulated: SimulatedServer) -> None:
    while True:
        await simulated.step()
        await simulated.hang_up_or_listen()
        await asyncio.sleep(PERIOD_S)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage in the block: in the standard's nodes is none, and they are many."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _writable(item: Item) -> bool:
    return item.tag.access is not Access.READ


class _Attributes(AttributeService):
    """The library's attribute service, which refuses what the device refuses."""

    def __init__(self, simulated: SimulatedServer, server: Server) -> None:
        super().__init__(server.iserver.aspace)
        self._simulated = simulated

    async def write(self, params: ua.WriteParameters, user: User = _ADMIN) -> list[ua.StatusCode]:
        results: list[ua.StatusCode] = []
        for wish in params.NodesToWrite:
            raw = None if wish.Value.Value is None else wish.Value.Value.Value
            if wish.AttributeId != AttributeIds.Value:
                raw = None
            elif self._simulated.refuses(wish.NodeId, raw):
                results.append(ua.StatusCode(ua.UInt32(StatusCodes.BadOutOfRange)))
                continue
            (status,) = await super().write(ua.WriteParameters([wish]), user)
            if status.is_good() and isinstance(raw, int | float):
                self._simulated.written(wish.NodeId, float(raw))
            results.append(status)
        return results
