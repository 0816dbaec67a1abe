"""The OPC UA server itself: read-only nodes ``bess/DEVICE/POINT`` in one namespace of our own.

Loaded only where the settings ask for it. The thousands of nodes that the standard demands are
built once, by a process of their own, and kept in a file: read from it they cost a start neither
seconds nor a hundred megabytes.
"""

import asyncio
import hmac
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import cast

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.node import Node
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from asyncua.ua.status_codes import StatusCodes

from agent.scada.config import ScadaSettings
from agent.scada.values import Shown
from drivers.opcua.certificates import Identity, identity, make_missing, trusted
from drivers.opcua.config import Security
from wire.block import Quality
from wire.clock import Clock, utc

NAMESPACE = "urn:phoenyra:bess"
APPLICATION_URI = "urn:phoenyra:bess:scada"
PERIOD_S = 0.5
AGAIN_S = 30.0
"""How long to wait when the port is taken."""
CONNECTIONS_MAX = 20
SUBSCRIPTIONS_MAX = 50
QUEUE_MAX = 100
NODES_MAX = 10_000
MESSAGE_BYTES_MAX = 16 * 1024**2
_CHUNK_BYTES = 65_535
_UNITS = "http://www.opcfoundation.org/UA/units/un/cefact"
_UNIT_CODES = {
    "kW": "KWT",
    "MW": "MAW",
    "kWh": "KWH",
    "kvar": "KVR",
    "%": "P1",
    "Hz": "HTZ",
    "°C": "CEL",
    "V": "VLT",
    "A": "AMP",
    "s": "SEC",
    "kΩ": "B49",
}
"""UN/CEFACT recommendation 20; OPC 10000-8, clause 5.6.3."""
_STATUS = {
    Quality.GOOD: StatusCodes.Good,
    Quality.STALE: StatusCodes.UncertainLastUsableValue,
    Quality.BAD: StatusCodes.BadDeviceFailure,
    Quality.LOST: StatusCodes.BadNoCommunication,
}

_logger = logging.getLogger(__name__)
logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)


async def run(
    settings: ScadaSettings, folder: Path, clock: Clock, look: Callable[[], Iterable[Shown]]
) -> None:
    """Serve what `look` returns until cancelled; a port that is taken is tried again.

    Raises:
        ProfileError: a certificate cannot be used.
    """
    troubled = False
    guard = _Guard(settings)
    own = _identity(settings, folder, clock)
    while True:
        try:
            async with _serving(settings, folder, guard, own) as server:
                _logger.info("OPC UA server at opc.tcp://%s:%d", settings.host, settings.port)
                troubled = False
                await _show(server, look)
        except OSError as error:
            if not troubled:
                _logger.error(
                    "no OPC UA server on %s port %d: %s", settings.host, settings.port, error
                )
            troubled = True
        await asyncio.sleep(AGAIN_S)


@asynccontextmanager
async def _serving(
    settings: ScadaSettings, folder: Path, guard: "_Guard", own: Identity | None
) -> AsyncIterator[Server]:
    server = Server(user_manager=guard)
    await server.init(await _standard_nodes(folder))
    server.name = "Phoenyra BESS"
    await server.set_application_uri(APPLICATION_URI)
    server.set_endpoint(f"opc.tcp://{settings.host}:{settings.port}/phoenyra/")
    server.allow_remote_admin(False)
    server.limits = TransportLimits(
        _CHUNK_BYTES, _CHUNK_BYTES, MESSAGE_BYTES_MAX // _CHUNK_BYTES, MESSAGE_BYTES_MAX
    )
    inner = server.iserver
    inner.max_connections, inner.max_subscriptions = CONNECTIONS_MAX, SUBSCRIPTIONS_MAX
    inner.max_monitored_item_queue_size = QUEUE_MAX
    inner.max_unacked_messages_per_subscription = QUEUE_MAX
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    if own is not None:
        await server.load_certificate(own.certificate)
        await server.load_private_key(own.key)
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        server.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _show(server: Server, look: Callable[[], Iterable[Shown]]) -> None:
    """Keep the nodes as `look` says; new points get new nodes."""
    index = await server.register_namespace(NAMESPACE)
    root = await server.get_objects_node().add_folder(_node(index, "bess"), f"{index}:bess")
    folders: dict[str, Node] = {}
    nodes: dict[str, ua.NodeId] = {}
    before: dict[str, Shown] = {}
    while True:
        for value in look():
            if before.get(value.node) == value:
                continue
            if value.node not in nodes:
                if len(nodes) >= NODES_MAX:
                    continue
                if value.device not in folders:
                    at = _node(index, f"bess/{value.device}")
                    folders[value.device] = await root.add_folder(at, f"{index}:{value.device}")
                nodes[value.node] = await _added(folders[value.device], index, value)
            before[value.node] = value
            await server.write_attribute_value(nodes[value.node], _data(value))
        await asyncio.sleep(PERIOD_S)


async def _added(folder: Node, index: int, value: Shown) -> ua.NodeId:
    kind = ua.VariantType.Boolean if isinstance(value.value, bool) else ua.VariantType.Double
    start = False if kind is ua.VariantType.Boolean else 0.0
    variable = await folder.add_variable(
        _node(index, value.node), f"{index}:{value.point}", start, kind
    )
    code = _UNIT_CODES.get(value.unit)
    if code is not None:
        unit = ua.EUInformation(
            NamespaceUri=ua.String(_UNITS),
            UnitId=ua.Int32(int.from_bytes(code.encode("ascii"), "big")),
            DisplayName=ua.LocalizedText(value.unit),
        )
        at = _node(index, f"{value.node}#unit")
        await variable.add_property(at, "0:EngineeringUnits", unit)
    return variable.nodeid


def _data(value: Shown) -> ua.DataValue:
    if isinstance(value.value, bool):
        held = ua.Variant(value.value, ua.VariantType.Boolean)
    elif value.value is None:
        held = ua.Variant()
    else:
        held = ua.Variant(value.value, ua.VariantType.Double)
    at = cast("ua.DateTime", utc(value.at_us))
    status = ua.StatusCode(ua.UInt32(_STATUS[value.quality]))
    return ua.DataValue(held, status, SourceTimestamp=at, ServerTimestamp=at)


def _node(index: int, text: str) -> ua.NodeId:
    return ua.NodeId(ua.String(text), ua.Int16(index))


def _identity(settings: ScadaSettings, folder: Path, clock: Clock) -> Identity | None:
    if settings.security is Security.NONE:
        return None
    certificate, key = folder / "own.pem", folder / "own.key.pem"
    if settings.certificate is not None and settings.key is not None:
        certificate, key = Path(settings.certificate), Path(settings.key)
    if make_missing(certificate, key, APPLICATION_URI, clock.now_us(), "scada", server=True):
        _logger.info("made %s; the SCADA must be told to trust it", certificate)
    return identity(certificate, key, "scada")


class _Guard(UserManager):
    """Who may read; nobody may more."""

    def __init__(self, settings: ScadaSettings) -> None:
        self._open = settings.security is Security.NONE
        self._users = {user.name: user.password for user in settings.users}
        self._certificates: frozenset[bytes] = frozenset()
        if settings.trust is not None:
            self._certificates = trusted(Path(settings.trust), "scada.trust")

    def get_user(
        self,
        iserver: object,
        username: str | None = None,
        password: str | None = None,
        certificate: object = None,
    ) -> User | None:
        reader = User(UserRole.User, username or "scada")
        if self._open:
            return reader
        if username is None:
            return reader if certificate in self._certificates else None
        wanted = self._users.get(username)
        if wanted is None or password is None:
            return None
        same = hmac.compare_digest(wanted.get_secret_value().encode(), password.encode())
        return reader if same else None


async def _standard_nodes(folder: Path) -> Path:
    """Return the file of the standard's nodes, built by a process of its own if need be."""
    name = version("asyncua").replace(".", "-")
    there = folder / f"standard-{name}"
    if not await asyncio.to_thread(there.is_dir):
        builder = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.scada.standard", str(there)
        )
        try:
            await builder.wait()
        finally:
            if builder.returncode is None:
                builder.kill()
    return there / "nodes"
