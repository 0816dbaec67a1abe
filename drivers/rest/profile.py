"""The profile of a device with an HTTP API: where each value lies, how it is dispatched. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from drivers.base import Pace, Rate
from drivers.control import REFRESH_S_MAX, Watchdog, WatchdogKind
from drivers.document import Document, Head, Protocol
from drivers.payload import BadPayload, parse, steps_of
from drivers.point import VALUE_MAX, Access
from drivers.table import Mistakes, Table
from drivers.tag import Tag, described, read_tag

POINTS_MAX = 500
RESOURCES_MAX = 20
RESOURCE_LETTERS_MAX = 200
START_MAX = 10
PLACE = "{value}"
"""Where a set-point's body carries the number."""


class Times(StrEnum):
    """Which time a value has."""

    ARRIVAL = "arrival"
    SOURCE = "source"
    """What the device states at `timestamp`."""


class Method(StrEnum):
    PUT = "PUT"
    POST = "POST"
    PATCH = "PATCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One point and where it lies."""

    tag: Tag
    resource: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request that changes something in the device."""

    method: Method
    resource: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How the device is dispatched."""

    setpoint: Tag
    order: Order
    """Its body carries `PLACE`."""
    readback: Item | None
    """Where the device shows which set-point it has; None: its answer is all there is."""
    tolerance_kw: float
    confirm_s: float
    """How long the device may take to show it."""
    start: tuple[Order, ...]
    """Sent at take-over, in this order."""
    refresh_s: float

    def body(self, power_kw: float) -> bytes:
        """Return the body that asks for `power_kw`."""
        raw = self.setpoint.raw(power_kw)
        number = int(raw) if raw == int(raw) else raw
        return self.order.body.replace(PLACE, json.dumps(number)).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class RestProfile:
    """One kind of device."""

    head: Head
    resource: str
    """Where a point lies that names no resource of its own; empty: each names one."""
    timeout_s: float
    fast_s: float
    slow_s: float
    times: Times
    timestamp: str
    texts: bool
    """The device writes its numbers as texts."""
    items: tuple[Item, ...]
    """What is polled."""
    control: Control | None

    @property
    def pace(self) -> Pace:
        return Pace(
            fast_s=self.fast_s / 2,
            slow_s=self.slow_s / 2,
            stale_fast_s=max(2.0, 3 * self.fast_s),
            stale_slow_s=max(5.0, 3 * self.slow_s),
        )

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        return self.head.power_share_max

    @property
    def periods_s(self) -> Mapping[str, float]:
        """Return how often each resource is polled: as its fastest point wants."""
        periods: dict[str, float] = {}
        for item in self.items:
            own_s = self.fast_s if item.tag.rate is Rate.FAST else self.slow_s
            periods[item.resource] = min(own_s, periods.get(item.resource, own_s))
        return periods


def read_profile(document: Document) -> RestProfile:
    """Return the rest of a profile whose protocol is ``rest``.

    Raises:
        ProfileError: a key is missing, unknown or wrong; its `lines` are every mistake.
    """
    table, mistakes = document.table, Mistakes()
    profile: RestProfile | None = None
    items: dict[str, Item] = {}
    watchdog: Watchdog | None = None
    control: Control | None = None
    with mistakes.caught():
        profile = _link(document)
    usual = "/" if profile is None else profile.resource  # a mistake there is none here
    with mistakes.caught():
        for row in table.tables("point", POINTS_MAX):
            with mistakes.caught():
                _add_item(row, usual, items)
    with mistakes.caught():
        watchdog = _watchdog(table)
    with mistakes.caught():
        if table.has("control"):
            row = table.table("control")
            if not mistakes.lines:  # what it names may be wrong elsewhere
                control = _control(row, items, watchdog)
        table.close()
    read = tuple(item for item in items.values() if item.tag.access is not Access.WRITE)
    with mistakes.caught():
        if len({item.resource for item in read}) > RESOURCES_MAX:
            raise document.link.wrong("resource", len(read), f"at most {RESOURCES_MAX} different")
    mistakes.tell()
    assert profile is not None, "no mistake, so it was read"
    return replace(profile, items=read, control=control)


def _link(document: Document) -> RestProfile:
    link = document.link
    if document.protocol is not Protocol.REST:
        raise link.wrong("protocol", document.protocol, Protocol.REST)
    times = link.choice("timestamps", Times, Times.ARRIVAL)
    fast_s = link.number("fast_s", 0.1, 3_600.0, 1.0)
    profile = RestProfile(
        head=document.head,
        resource=_resource(link, "resource") if link.has("resource") else "",
        timeout_s=link.number("timeout_s", 0.1, 30.0, 2.0),
        fast_s=fast_s,
        slow_s=link.number("slow_s", fast_s, 86_400.0, max(10.0, fast_s)),
        times=times,
        timestamp=_path(link, "timestamp") if times is Times.SOURCE else "",
        texts=link.flag("texts", default=False),
        items=(),
        control=None,
    )
    link.close()
    return profile


def describe(document: Document) -> list[str]:
    """Return one line for each point, for people; raises like `read_profile`."""
    profile = read_profile(document)
    lines = [described(item.tag, f"{item.resource} {item.path}") for item in profile.items]
    if profile.control is not None:
        order = profile.control.order
        lines.append(f"{profile.control.setpoint.name}: {order.method} {order.resource}")
    return lines


def _add_item(row: Table, usual: str, items: dict[str, Item]) -> None:
    tag = read_tag(row)
    if tag.name in items:
        raise row.wrong("name", tag.name, "each point once")
    path = resource = ""
    if tag.access is not Access.WRITE:
        path = _path(row, "path")
        resource = _resource(row, "resource") if row.has("resource") or not usual else usual
    row.close()
    items[tag.name] = Item(tag=tag, resource=resource, path=path)


def _watchdog(table: Table) -> Watchdog | None:
    if not table.has("watchdog"):
        return None
    row = table.table("watchdog")
    kind = row.choice("kind", WatchdogKind)
    if kind not in (WatchdogKind.WRITE_REFRESH, WatchdogKind.NONE):
        raise row.wrong("kind", kind, "write-refresh or none, for a device with an HTTP API,")
    measured = row.has("measured_timeout_s")
    watchdog = Watchdog(
        kind=kind,
        timeout_s=row.number("timeout_s", 0.0, 86_400.0, 0.0),
        measured_timeout_s=row.number("measured_timeout_s", 0.1, 86_400.0) if measured else None,
        reversion=row.text("reversion", ""),
        waiver=row.text("waiver", ""),
    )
    row.close()
    return watchdog


def _control(row: Table, items: Mapping[str, Item], watchdog: Watchdog | None) -> Control:
    setpoint = _named(row, "setpoint", items)
    if setpoint.tag.access is Access.READ:
        raise row.wrong("setpoint", setpoint.tag.name, "a point with access write or read-write")
    readback = _named(row, "readback", items) if row.has("readback") else None
    if readback is None and setpoint.tag.access is Access.READ_WRITE:
        readback = setpoint
    if readback is not None and readback.tag.access is Access.WRITE:
        raise row.wrong("readback", readback.tag.name, "a point that can be read")
    unguarded = watchdog is None or watchdog.kind is WatchdogKind.NONE or not watchdog.timeout_s
    if unguarded and (watchdog is None or not watchdog.waiver):
        raise row.wrong(
            "setpoint", setpoint.tag.name, "a [watchdog] with a timeout_s, or with a waiver,"
        )
    control = Control(
        setpoint=setpoint.tag,
        order=_order(row, place=True),
        readback=readback,
        tolerance_kw=row.number("tolerance_kw", 0.0, VALUE_MAX, 0.1),
        confirm_s=row.number("confirm_s", 0.0, 1.5, 1.0),
        start=_start(row),
        refresh_s=REFRESH_S_MAX if unguarded or watchdog is None else watchdog.refresh_s,
    )
    row.close()
    return control


def _start(row: Table) -> tuple[Order, ...]:
    orders: list[Order] = []
    for start in row.tables("start", START_MAX) if row.has("start") else ():
        orders.append(_order(start, place=False))
        start.close()
    return tuple(orders)


def _order(row: Table, *, place: bool) -> Order:
    body = row.text("body")
    if body.count(PLACE) != int(place):
        count = f"exactly one {PLACE}" if place else f"no {PLACE}"
        raise row.wrong("body", body, f"JSON with {count}")
    try:
        parse(body.replace(PLACE, "1").encode())
    except BadPayload as error:
        raise row.wrong("body", body, f"JSON ({error})") from error
    return Order(
        method=row.choice("method", Method, Method.PUT),
        resource=_resource(row, "resource"),
        body=body,
    )


def _named(row: Table, key: str, items: Mapping[str, Item]) -> Item:
    name = row.text(key)
    if name not in items:
        raise row.wrong(key, name, "the name of a [[point]]")
    return items[name]


def _resource(row: Table, key: str) -> str:
    text = row.text(key)
    plain = text.isascii() and text.isprintable() and " " not in text and "#" not in text
    if not text.startswith("/") or not plain or len(text) > RESOURCE_LETTERS_MAX:
        raise row.wrong(key, text, "a path such as '/api/status', perhaps with a query,")
    return text


def _path(row: Table, key: str) -> str:
    path = row.text(key)
    try:
        steps_of(path)
    except ValueError as error:
        raise row.wrong(key, path, str(error)) from error
    return path
