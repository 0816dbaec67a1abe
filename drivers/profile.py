"""Profiles of registers: a device is data, in a TOML file that a technician can read.

A profile names the points of a device (see `drivers.point`), says how to talk to it, what it does
when we fall silent, and how it is dispatched. Nothing is guessed: an unknown key is a mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from drivers.base import Pace
from drivers.control import UNKNOWN, Control, Watchdog, renamed
from drivers.dispatch import Points, read_control, read_watchdog
from drivers.document import UNCONFIRMED_SHARE, Document, Head, Protocol, open_document
from drivers.errors import ProfileError
from drivers.identify import Mark, read_marks
from drivers.point import Notation, Order, Point
from drivers.row import Rules, read_points
from drivers.sums import SUMS_MAX, Sum, read_sum
from drivers.table import Mistakes, Table

_Named = TypeVar("_Named", Point, Sum)
POINTS_MAX = 2_000
REGISTERS_MAX = 125
"""Registers of one read; Modbus application protocol 1.1b3, clause 6.3."""
BITS_MAX = 2_000
"""Bits of one read; clause 6.1."""
SLOW_S_MAX = 3_600.0
_STALE_FAST_S_MIN = 2.0
_STALE_SLOW_S_MIN = 5.0
_MISSED_POLLS = 3
"""So many polls may fail before a value is old; devices.md, 5.6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How to talk to the device."""

    unit: int
    port: int
    timeout_s: float
    """For a connection as for a request."""
    connect_delay_s: float
    """The device wants this silence after a connection."""
    turnaround_s: float
    """The device wants this silence between an answer and the next request."""
    max_clients: int
    max_registers: int
    max_bits: int
    gap_fill: int
    """Unnamed registers between two points that are read along rather than asked around."""
    single_writes: bool
    """The device takes function 6 instead of 16, hence only one register at a time."""
    notation: Notation
    fast_s: float
    """0: at every beat."""
    slow_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of device."""

    head: Head
    protocol: Protocol
    link: Link
    watchdog: Watchdog
    points: tuple[Point, ...]
    control: Control | None
    """None: the device is only read."""
    identify: tuple[Mark, ...] = ()
    """All of them hold at a device of this kind."""
    sums: tuple[Sum, ...] = ()
    """What is made of several points."""

    def point(self, name: str) -> Point:
        """Return the point called `name`; KeyError when there is none."""
        for point in self.points:
            if point.name == name:
                return point
        raise KeyError(name)

    @property
    def pace(self) -> Pace:
        fast_s, slow_s = self.link.fast_s, self.link.slow_s
        return Pace(
            fast_s=fast_s,
            slow_s=slow_s,
            stale_fast_s=max(_STALE_FAST_S_MIN, _MISSED_POLLS * fast_s),
            stale_slow_s=max(_STALE_SLOW_S_MIN, _MISSED_POLLS * slow_s),
        )

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that may be asked for."""
        proved = self.head.confirmed and (
            self.control is None or all(point.confirmed for point in self.control.cyclic)
        )
        return 1.0 if proved else UNCONFIRMED_SHARE

    @property
    def refresh_s(self) -> float:
        """Return the time within which a setpoint must be written again."""
        return self.watchdog.refresh_s

    def usable(self) -> None:
        """Refuse a profile that cannot be opened at a device without a site's own word.

        Raises:
            ProfileError: nobody has said yet how its addresses are counted, or who answers for
                dispatching it without a known time-out.
        """
        if self.link.notation is Notation.ASK:
            raise ProfileError(
                f"{self.head.id}: link.notation: 'ask' is not allowed; wire0 or modicon, in this"
                " site's override, is expected"
            )
        if self.control is not None and not self.watchdog.answered:
            raise ProfileError(
                f"{self.head.id}: watchdog.waiver: '' is not allowed; a watchdog of known time, or"
                " the name of who answers for dispatching without, or [control] with"
                " remove = true for a device that is only read, in this site's override, is"
                " expected"
            )

    def resolved(self, found: Mapping[str, Point]) -> "Profile":
        """Return the profile with the points that a walk through the device's models found.

        Args:
            found: by name; points that are not in here are left out.

        Raises:
            ProfileError: `[control]` or `[watchdog]` needs a point that is not there.
        """

        def of(point: Point) -> Point:
            if point.name not in found:
                raise ProfileError(f"{self.head.id}: {point.name}: the device does not have it")
            return found[point.name]

        control, watchdog = self.control, self.watchdog
        if control is not None:
            control, watchdog = renamed(control, watchdog, of)
        points = tuple(found[point.name] for point in self.points if point.name in found)
        return replace(self, points=points, control=control, watchdog=watchdog)


def load(name_or_path: str, override: str | None = None) -> Profile:
    """Return a shipped profile by its name, or the one in a ``.toml`` file, changed by `override`.

    Raises:
        ProfileError: there is none, or it is wrong; one line names the key and what is allowed.
    """
    document = open_document(name_or_path, override)
    if document.protocol not in (Protocol.MODBUS, Protocol.SUNSPEC):
        raise document.link.wrong("protocol", document.protocol, "modbus or sunspec")
    return read_profile(document)


def read_profile(document: Document) -> Profile:
    """Return the profile in a document of registers, and close its tables.

    Raises:
        ProfileError: it is wrong; its `lines` are every mistake, one for each part.
    """
    table, mistakes = document.table, Mistakes()
    rules, link = _rules(document, mistakes), None
    with mistakes.caught():
        link = _link(document.link, rules.notation)
        rules = replace(rules, max_registers=link.max_registers, single_writes=link.single_writes)
    found: dict[str, Point] = {}
    wrong: set[str] = set()
    with mistakes.caught():
        for row in table.tables("point", POINTS_MAX):
            with mistakes.caught():
                wrong.add(row.named)
                _add(found, row, read_points(row, rules))
                wrong.discard(row.named)
    points = Points(found.values(), wrong)
    watchdog = control = None
    marks: tuple[Mark, ...] = ()
    with mistakes.caught():
        watchdog = read_watchdog(table.table("watchdog"), points)
    with mistakes.caught():
        marks = read_marks(table, points)
    sums: dict[str, Sum] = {}
    if table.has("sum"):
        with mistakes.caught():
            for row in table.tables("sum", SUMS_MAX):
                with mistakes.caught():
                    _add(sums, row, (read_sum(row, points),))
    if table.has("control"):
        with mistakes.caught():
            control = read_control(table.table("control"), points, watchdog or UNKNOWN)
    with mistakes.caught():
        table.close()
    mistakes.tell()
    assert link is not None, "no mistake, so it was read"
    assert watchdog is not None, "no mistake, so it was read"
    return Profile(
        head=document.head,
        protocol=document.protocol,
        link=link,
        watchdog=watchdog,
        points=tuple(found.values()),
        control=control,
        identify=marks,
        sums=tuple(sums.values()),
    )


def _rules(document: Document, mistakes: Mistakes) -> Rules:
    """Return what holds for the rows even where the rest of the link is wrong."""
    link = document.link
    notation, word_order, byte_order = Notation.WIRE0, Order.BIG, Order.BIG
    with mistakes.caught():
        notation = link.choice("notation", Notation, notation)
    with mistakes.caught():
        word_order = link.choice("word_order", Order, word_order)
    with mistakes.caught():
        byte_order = link.choice("byte_order", Order, byte_order)
    return Rules(
        notation=notation,
        word_order=word_order,
        byte_order=byte_order,
        max_registers=REGISTERS_MAX,
        single_writes=False,
        sunspec=document.protocol is Protocol.SUNSPEC,
    )


def _add(found: dict[str, _Named], row: Table, points: tuple[_Named, ...]) -> None:
    for point in points:
        if point.name in found:
            raise row.wrong("name", point.name, "a name that no other point has")
        found[point.name] = point


def _link(table: Table, notation: Notation) -> Link:
    link = Link(
        unit=table.integer("unit", 0, 255, 1),
        port=table.integer("port", 1, 65_535, 502),
        timeout_s=table.number("timeout_s", 0.01, 30.0),
        connect_delay_s=table.number("connect_delay_s", 0.0, 30.0, 0.0),
        turnaround_s=table.number("turnaround_s", 0.0, 5.0, 0.0),
        max_clients=table.integer("max_clients", 1, 1_000, 1),
        max_registers=table.integer("max_registers", 4, REGISTERS_MAX, 120),
        max_bits=table.integer("max_bits", 1, BITS_MAX, BITS_MAX),
        gap_fill=table.integer("gap_fill", 0, REGISTERS_MAX, 0),
        single_writes=table.flag("single_writes", default=False),
        notation=notation,
        fast_s=table.number("fast_s", 0.0, 60.0, 0.0),
        slow_s=table.number("slow_s", 0.1, SLOW_S_MAX, 1.0),
    )
    table.close()
    return link
