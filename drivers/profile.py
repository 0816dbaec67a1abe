"""Device profiles: a device is data, in a TOML file that a technician can read.

A profile names the points of a device (see `drivers.point`), says how to talk to it, what it does
when we fall silent, and how it is dispatched. Nothing is guessed: an unknown key is a mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from drivers.base import Pace
from drivers.document import Document, Head, Protocol, open_document
from drivers.point import VALUE_MAX, Notation, Point, WordOrder, read_point
from drivers.table import Table

POINTS_MAX = 2_000
REGISTERS_MAX = 125
"""Registers of one read; Modbus application protocol 1.1b3, clause 6.3."""
REFRESH_S_MAX = 60.0
"""A setpoint is refreshed at least this often, also by a device without a time-out."""
UNCONFIRMED_SHARE = 0.1
"""Of the rated power: all that is asked of a device whose map nobody has proved."""
_REFRESHES_PER_TIMEOUT = 3


class WatchdogKind(StrEnum):
    """What keeps the device from falling back."""

    WRITE_REFRESH = "write-refresh"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for a point, in the point's unit and sign."""

    point: Point
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How to talk to the device."""

    unit: int
    port: int
    timeout_s: float
    """For a connection as for a request."""
    connect_delay_s: float
    """The device wants this silence after a connection."""
    max_clients: int
    max_registers: int
    gap_fill: int
    """Unnamed registers between two points that are read along rather than asked around."""
    single_writes: bool
    """The device takes function 6 instead of 16, hence only one register at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """What the device does on its own when we fall silent: the last safety."""

    kind: WatchdogKind
    timeout_s: float
    measured_timeout_s: float | None
    reversion: str
    """For people: what the device falls back to."""
    waiver: str
    """Who answers for dispatching a device without a time-out; empty: nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How the device is dispatched."""

    setpoint: Point
    enable: Setting | None
    timeout: Setting | None
    """The register of the device's own time-out and its value in seconds."""
    reversion: Setting | None
    """The register of the power the device falls back to, and its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of device."""

    head: Head
    link: Link
    watchdog: Watchdog
    points: tuple[Point, ...]
    control: Control | None
    """None: the device is only read."""

    def point(self, name: str) -> Point:
        """Return the point called `name`; KeyError when there is none."""
        for point in self.points:
            if point.name == name:
                return point
        raise KeyError(name)

    @property
    def pace(self) -> Pace:
        return Pace()

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        return 1.0 if self.head.confirmed else UNCONFIRMED_SHARE

    @property
    def refresh_s(self) -> float:
        """Return the time within which a setpoint must be written again."""
        known = (self.watchdog.timeout_s, self.watchdog.measured_timeout_s)
        timeouts_s = [timeout_s for timeout_s in known if timeout_s]
        if self.watchdog.kind is WatchdogKind.NONE or not timeouts_s:
            return REFRESH_S_MAX
        return min(REFRESH_S_MAX, min(timeouts_s) / _REFRESHES_PER_TIMEOUT)


def load(name_or_path: str, override: str | None = None) -> Profile:
    """Return a shipped profile by its name, or the one in a ``.toml`` file, changed by `override`.

    Raises:
        ProfileError: there is none, or it is wrong; one line names the key and what is allowed.
    """
    document = open_document(name_or_path, override)
    if document.protocol is not Protocol.MODBUS:
        raise document.link.wrong("protocol", document.protocol, Protocol.MODBUS)
    return read_profile(document)


def read_profile(document: Document) -> Profile:
    """Return the profile in a document of registers, and close its tables."""
    table, link = document.table, document.link
    watchdog = _watchdog(table.table("watchdog"))
    notation = link.choice("notation", Notation, Notation.WIRE0)
    word_order = link.choice("word_order", WordOrder, WordOrder.BIG)
    settings = _link(link)
    points: dict[str, Point] = {}
    for row in table.tables("point", POINTS_MAX):
        point = read_point(row, notation, word_order)
        if point.name in points:
            raise row.wrong("name", point.name, "a name that no other point has")
        points[point.name] = point
        if settings.single_writes and point.writable and point.count > 1:
            raise row.wrong("type", point.coding, "one register, with link.single_writes,")
    control = _control(table.table("control"), points, watchdog) if table.has("control") else None
    table.close()
    return Profile(
        head=document.head,
        link=settings,
        watchdog=watchdog,
        points=tuple(points.values()),
        control=control,
    )


def _link(table: Table) -> Link:
    link = Link(
        unit=table.integer("unit", 0, 255, 1),
        port=table.integer("port", 1, 65_535, 502),
        timeout_s=table.number("timeout_s", 0.01, 30.0),
        connect_delay_s=table.number("connect_delay_s", 0.0, 30.0, 0.0),
        max_clients=table.integer("max_clients", 1, 1_000, 1),
        max_registers=table.integer("max_registers", 4, REGISTERS_MAX, 120),
        gap_fill=table.integer("gap_fill", 0, REGISTERS_MAX, 0),
        single_writes=table.flag("single_writes", default=False),
    )
    table.close()
    return link


def _watchdog(table: Table) -> Watchdog:
    measured = table.has("measured_timeout_s")
    watchdog = Watchdog(
        kind=table.choice("kind", WatchdogKind),
        timeout_s=table.number("timeout_s", 0.0, 3_600.0, 0.0),
        measured_timeout_s=table.number("measured_timeout_s", 0.1, 3_600.0) if measured else None,
        reversion=table.text("reversion", ""),
        waiver=table.text("waiver", ""),
    )
    if watchdog.kind is WatchdogKind.WRITE_REFRESH and not watchdog.timeout_s:
        raise table.wrong("timeout_s", watchdog.timeout_s, "more than 0, for write-refresh,")
    table.close()
    return watchdog


def _control(table: Table, points: Mapping[str, Point], watchdog: Watchdog) -> Control:
    if watchdog.kind is WatchdogKind.NONE and not watchdog.waiver:
        raise table.wrong(
            "setpoint",
            table.text("setpoint"),
            "a watchdog other than none, or its waiver with the name of who answers for it,",
        )
    timeout = _named(table, "timeout", points) if table.has("timeout") else None
    control = Control(
        setpoint=_named(table, "setpoint", points),
        enable=_setting(table, "enable", points),
        timeout=None if timeout is None else Setting(timeout, watchdog.timeout_s),
        reversion=_setting(table, "reversion", points),
    )
    cyclic = (control.setpoint, control.enable.point if control.enable else control.setpoint)
    for point in cyclic:
        if point.flash:
            raise table.wrong("setpoint", point.name, "a point without flash = true")
    for once in (control.timeout, control.reversion):
        if once is not None and not once.point.readable:
            raise table.wrong("timeout", once.point.name, "a point that can be read back")
    table.close()
    return control


def _setting(table: Table, key: str, points: Mapping[str, Point]) -> Setting | None:
    if not table.has(key):
        return None
    inner = table.table(key)
    point = _named(inner, "point", points)
    low = -VALUE_MAX if point.low is None else point.low
    high = VALUE_MAX if point.high is None else point.high
    setting = Setting(point, inner.number("value", low, high))
    inner.close()
    return setting


def _named(table: Table, key: str, points: Mapping[str, Point]) -> Point:
    name = table.text(key)
    point = points.get(name)
    if point is None or not point.writable:
        writable = ", ".join(p.name for p in points.values() if p.writable) or "(none yet)"
        raise table.wrong(key, name, f"the name of a writable point: {writable}")
    return point
