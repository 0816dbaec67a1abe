"""An OPC UA device as its profile describes it: which nodes, how they are watched and set. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from drivers.base import Pace, Rate
from drivers.control import REFRESH_S_MAX
from drivers.document import Document, Head, Protocol
from drivers.opcua.address import Address, BadAddress, parse_node, parse_path
from drivers.point import VALUE_MAX, Access
from drivers.table import Table
from drivers.tag import Tag, read_tag

POINTS_MAX = 2_000
IDENTITY = "identity."
"""Points of this name are text, not numbers: who the device is."""
IDENTITY_KEYS = ("maker", "model", "serial", "firmware")
COUNTER_WRAP_MAX = 2**32
_REFRESHES_PER_TIMEOUT = 3
_STALE_FAST_S_MIN = 2.0
_STALE_SLOW_S_MIN = 5.0
_SLOW_S = 1.0


class WatchdogKind(StrEnum):
    """What keeps the device from falling back."""

    WRITE_REFRESH = "write-refresh"
    COUNTER = "counter"
    """A life counter that we advance with every setpoint."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One value of the server and the point that it is."""

    tag: Tag
    address: Address
    deadband: float = 0.0
    """The server need not tell of a smaller change; in the server's own unit."""


@dataclass(frozen=True, slots=True)
class Order:
    """A value for an item, in the point's unit and sign."""

    item: Item
    value: float


@dataclass(frozen=True, slots=True)
class Counter:
    """The life counter that we advance."""

    item: Item
    increment: int
    wrap: int
    """The counter goes from 0 to below this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How to talk to the server."""

    timeout_s: float
    publish_s: float
    """How often the server is to look at fast values and to tell of changes."""
    check_s: float
    """How often everything is read as well, in case the server has stopped to tell."""
    silence_s: float
    """Without a sign of life for this long the connection is given up."""
    subscribe: bool
    """False: this server is only read, every `publish_s`."""
    heartbeat: str
    """A point of the device that must keep changing; empty: the server's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How the device is dispatched."""

    setpoint: Item
    enable: Order | None
    settings: tuple[Order, ...]
    """Fall-back power and time-out: written at take-over, in this order, and read back."""
    counter: Counter | None
    timeout_s: float

    @property
    def refresh_s(self) -> float:
        """Return the time within which a setpoint must be written again."""
        if not self.timeout_s:
            return REFRESH_S_MAX
        return min(REFRESH_S_MAX, self.timeout_s / _REFRESHES_PER_TIMEOUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpcUaProfile:
    """One kind of device behind an OPC UA server."""

    head: Head
    link: Link
    items: tuple[Item, ...]
    texts: Mapping[str, Address]
    """Where the device says who it is: by ``maker``, ``model``, ``serial``, ``firmware``."""
    control: Control | None
    """None: the device is only read."""

    @property
    def pace(self) -> Pace:
        return Pace(
            slow_s=_SLOW_S,
            stale_fast_s=max(_STALE_FAST_S_MIN, 3 * self.link.publish_s),
            stale_slow_s=max(_STALE_SLOW_S_MIN, 3 * self.link.check_s),
        )

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        return self.head.power_share_max


def read_profile(document: Document) -> OpcUaProfile:
    """Return the profile in a document, and close its tables.

    Raises:
        ProfileError: it is wrong; one line names the key and what is allowed.
    """
    table, link = document.table, document.link
    if document.protocol is not Protocol.OPCUA:
        raise link.wrong("protocol", document.protocol, Protocol.OPCUA)
    namespace = link.text("namespace", "")
    items: dict[str, Item] = {}
    texts: dict[str, Address] = {}
    for row in table.tables("point", POINTS_MAX):
        tag = read_tag(row)
        address = _address(row, namespace)
        if tag.name in items or tag.name.removeprefix(IDENTITY) in texts:
            raise row.wrong("name", tag.name, "a name that no other point has")
        if tag.name.startswith(IDENTITY):
            texts[_identity(row, tag)] = address
        else:
            deadband = row.number("deadband", 0.0, VALUE_MAX, 0.0)
            items[tag.name] = Item(tag=tag, address=address, deadband=deadband)
        row.close()
    if not items:
        raise table.wrong("point", 0, "at least one point with a number")
    settings = _link(link, items)
    timeout_s, counter, reversible = _watchdog(table, items)
    control = None
    if table.has("control"):
        control = _control(table.table("control"), items, timeout_s, counter, reversible)
    table.close()
    return OpcUaProfile(
        head=document.head,
        link=settings,
        items=tuple(items.values()),
        texts=texts,
        control=control,
    )


def describe(document: Document) -> list[str]:
    """Return a line for each point, for people: name, node, unit, access, rate, confidence."""
    profile = read_profile(document)
    lines = [
        f"{item.tag.name:28}{_rights(item.tag):4}{item.tag.rate.value:6}"
        f"{'confirmed' if item.tag.confirmed else 'unconfirmed':13}{item.address}"
        for item in profile.items
    ]
    lines += [f"{IDENTITY + key:28}{'r':4}{'once':19}{at}" for key, at in profile.texts.items()]
    return lines


def _rights(tag: Tag) -> str:
    return {Access.READ: "r", Access.WRITE: "w", Access.READ_WRITE: "rw"}[tag.access]


def _address(row: Table, namespace: str) -> Address:
    key = "path" if row.has("path") else "node"
    text = row.text(key)
    try:
        return parse_path(text, namespace) if key == "path" else parse_node(text, namespace)
    except BadAddress as error:
        raise row.wrong(key, text, str(error)) from error


def _identity(row: Table, tag: Tag) -> str:
    key = tag.name.removeprefix(IDENTITY)
    if key not in IDENTITY_KEYS or tag.access is not Access.READ or tag.rate is Rate.SLOW:
        names = ", ".join(IDENTITY + key for key in IDENTITY_KEYS)
        raise row.wrong("name", tag.name, f"one of {names}, only read,")
    return key


def _link(table: Table, items: Mapping[str, Item]) -> Link:
    publish_s = table.number("publish_s", 0.05, 60.0, 0.5)
    link = Link(
        timeout_s=table.number("timeout_s", 0.1, 10.0, 2.0),
        publish_s=publish_s,
        check_s=table.number("check_s", 0.2, 60.0, max(2.0, publish_s)),
        silence_s=table.number("silence_s", 0.5, 300.0, max(3.0, 3 * publish_s)),
        subscribe=table.flag("subscribe", default=True),
        heartbeat=table.text("heartbeat", ""),
    )
    if link.silence_s < 2 * publish_s:
        raise table.wrong("silence_s", link.silence_s, f"at least twice publish_s {publish_s:g}")
    if link.heartbeat and link.heartbeat not in items:
        raise table.wrong("heartbeat", link.heartbeat, "the name of a point")
    table.close()
    return link


def _watchdog(table: Table, items: Mapping[str, Item]) -> tuple[float, Counter | None, str]:
    """Return the time-out, the counter and, where nothing protects the device, why not."""
    if not table.has("watchdog"):
        return 0.0, None, "there is no [watchdog]"
    inner = table.table("watchdog")
    kind = inner.choice("kind", WatchdogKind)
    timeout_s = inner.number("timeout_s", 0.0, 3_600.0, 0.0)
    measured_s = inner.number("measured_timeout_s", 0.0, 3_600.0, 0.0)
    inner.text("reversion", "")
    waiver = inner.text("waiver", "")
    if kind is WatchdogKind.WRITE_REFRESH and not timeout_s:
        raise inner.wrong("timeout_s", timeout_s, "more than 0, for write-refresh,")
    counter = None
    if kind is WatchdogKind.COUNTER:
        counter = Counter(
            _writable(inner, "point", items),
            inner.integer("increment_s", 1, COUNTER_WRAP_MAX - 1, 1),
            inner.integer("wrap", 2, COUNTER_WRAP_MAX, 65_536),
        )
    inner.close()
    unknown = kind is WatchdogKind.NONE or not timeout_s
    known_s = min(s for s in (timeout_s, measured_s or timeout_s))
    lacking = f"its watchdog is {kind.value}, {timeout_s:g} s" if unknown and not waiver else ""
    return (0.0 if kind is WatchdogKind.NONE else known_s), counter, lacking


def _control(
    table: Table,
    items: Mapping[str, Item],
    timeout_s: float,
    counter: Counter | None,
    lacking: str,
) -> Control:
    setpoint = _writable(table, "setpoint", items)
    if lacking:
        raise table.wrong(
            "setpoint",
            setpoint.tag.name,
            f"{lacking}: a watchdog with a time-out, or its waiver with the name of who answers"
            " for it,",
        )
    settings = []
    reversion = _order(table, "reversion", items)
    if reversion is not None:
        settings.append(reversion)
    if table.has("timeout"):
        settings.append(Order(_writable(table, "timeout", items), timeout_s))
    for order in settings:
        if order.item.tag.access is Access.WRITE:
            raise table.wrong("timeout", order.item.tag.name, "a point that can be read back")
    control = Control(
        setpoint=setpoint,
        enable=_order(table, "enable", items),
        settings=tuple(settings),
        counter=counter,
        timeout_s=timeout_s,
    )
    table.close()
    return control


def _order(table: Table, key: str, items: Mapping[str, Item]) -> Order | None:
    if not table.has(key):
        return None
    inner = table.table(key)
    item = _writable(inner, "point", items)
    low = -VALUE_MAX if item.tag.low is None else item.tag.low
    high = VALUE_MAX if item.tag.high is None else item.tag.high
    order = Order(item, inner.number("value", low, high))
    inner.close()
    return order


def _writable(table: Table, key: str, items: Mapping[str, Item]) -> Item:
    name = table.text(key)
    item = items.get(name)
    if item is None or item.tag.access is Access.READ:
        writable = ", ".join(n for n, i in items.items() if i.tag.access is not Access.READ)
        raise table.wrong(key, name, f"the name of a writable point: {writable or '(none yet)'}")
    return item
