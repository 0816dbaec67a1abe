"""Reading one ``[[point]]`` of a map of registers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.base import Rate
from drivers.point import (
    ADDRESS_MAX,
    IDENTITY,
    SCALE_MIN,
    VALUE_MAX,
    Access,
    Coding,
    Confidence,
    Kind,
    Notation,
    Order,
    Point,
    RateName,
    WriteMode,
)
from drivers.table import Table
from wire.points import is_point_name

SENTINELS_MAX = 16
STRING_REGISTERS_MAX = 64
TEXTS_MAX = 256
INTERVAL_S_MAX = 3_600.0
_MODICON_BASES = {"coil": 1, "discrete": 10_001, "input": 30_001, "holding": 40_001}
_MODICON_LONG_BASES = {"coil": 1, "discrete": 100_001, "input": 300_001, "holding": 400_001}
_NAME = "a dotted name in lower case such as 'battery.soc_pct'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the link says for all rows."""

    notation: Notation
    word_order: Order
    byte_order: Order
    max_registers: int
    single_writes: bool
    sunspec: bool
    """Rows may name a point of a SunSpec model instead of an address."""


def read_points(row: Table, rules: Rules) -> tuple[Point, ...]:
    """Return the point in one row, and behind it one more for each of its ``bits``.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    name = row.text("name")
    if not is_point_name(name):
        raise row.wrong("name", name, _NAME)
    point = _sunspec(row, name) if row.has("sunspec") else _register(row, name, rules)
    if row.has("sunspec") and not rules.sunspec:
        raise row.wrong("sunspec", point.sunspec, 'an address, unless link.protocol is "sunspec",')
    point = _traits(row, _values(row, point))
    _check_write(row, point, rules)
    bits = _bits(row, point)
    row.close()
    return (point, *bits)


def _sunspec(row: Table, name: str) -> Point:
    """Return a point that a walk has yet to find; until then it is one register at 0."""
    where = row.text("sunspec")
    model, _, rest = where.partition(".")
    if not rest or not all(part.isdecimal() for part in model.split("|")):
        raise row.wrong("sunspec", where, "a model and its point, such as '124.InWRte',")
    coding = Coding.STRING if name.startswith(IDENTITY) else Coding.UINT16
    return Point(
        name=name, kind=Kind.HOLDING, address=0, coding=coding, length=1, sunspec=where,
        access=row.choice("access", Access, Access.READ),
    )  # fmt: skip


def _register(row: Table, name: str, rules: Rules) -> Point:
    kind = row.choice("kind", Kind)
    coding = row.choice("type", Coding, Coding.BOOL if kind.of_bits else None)
    if kind.of_bits and coding is not Coding.BOOL:
        raise row.wrong("type", coding, f"bool, for a point of kind {kind}")
    access = row.choice("access", Access, Access.READ)
    if access is not Access.READ and kind in (Kind.INPUT, Kind.DISCRETE):
        raise row.wrong("access", access, f"read, for a point of kind {kind}")
    if coding is Coding.STRING and not name.startswith(IDENTITY):
        raise row.wrong("type", coding, f"a number, unless the name begins with {IDENTITY!r},")
    length = row.integer("length", 1, STRING_REGISTERS_MAX) if coding is Coding.STRING else 0
    width = 1 if kind.of_bits else length or coding.words
    point = Point(
        name=name,
        kind=kind,
        address=_address(row, "address", kind, width, rules.notation),
        coding=coding,
        length=length,
        scale_address=_scale_address(row, kind, coding, rules.notation),
        word_order=row.choice("word_order", Order, rules.word_order),
        byte_order=row.choice("byte_order", Order, rules.byte_order),
        bit=_bit(row, kind, coding, access),
        sentinels=_sentinels(row, coding),
        access=access,
    )
    if len(point.span) > rules.max_registers:
        raise row.wrong(
            "scale_register" if point.scale_address is not None else "length",
            len(point.span),
            f"at most link.max_registers, {rules.max_registers}, in one request",
        )
    return point


def _values(row: Table, point: Point) -> Point:
    """Add how the number becomes a value."""
    scale = row.number("scale", -VALUE_MAX, VALUE_MAX, 1.0)
    offset = row.number("offset", -VALUE_MAX, VALUE_MAX, 0.0)
    if abs(scale) < SCALE_MIN:
        raise row.wrong("scale", scale, f"a number other than 0, at least {SCALE_MIN:g} in size,")
    if point.coding in (Coding.BOOL, Coding.STRING) and (scale, offset) != (1.0, 0.0):
        raise row.wrong("scale", scale, f"no scale and no offset, for a {point.coding},")
    low = row.number("min", -VALUE_MAX, VALUE_MAX) if row.has("min") else None
    high = row.number("max", -VALUE_MAX, VALUE_MAX) if row.has("max") else None
    if low is not None and high is not None and low > high:
        raise row.wrong("min", low, f"a number up to max {high:g}")
    resolution = row.number("resolution", 0.0, VALUE_MAX, abs(scale))
    return replace(point, scale=scale, offset=offset, low=low, high=high, resolution=resolution)


def _traits(row: Table, point: Point) -> Point:
    """Add how it is treated, and what people are told about it."""
    text = point.coding is Coding.STRING
    rate = row.choice("rate", RateName, RateName.ONCE if text else RateName.SLOW)
    if text and rate is not RateName.ONCE:
        raise row.wrong("rate", rate, "once, for a string,")
    return replace(
        point,
        rate=Rate(rate.value),
        write=row.choice("write", WriteMode, WriteMode.AUTO),
        flash=row.flag("flash", default=False),
        readback=row.flag("readback", default=False),
        min_interval_s=row.number("min_interval_s", 0.0, INTERVAL_S_MAX, 0.0),
        stuck_check=row.flag("stuck_check", default=True),
        confidence=_confidence(row),
        note=row.text("note", ""),
        texts=_texts(row),
    )


def _check_write(row: Table, point: Point, rules: Rules) -> None:
    if point.coding is Coding.STRING and point.writable:
        raise row.wrong("access", point.access, "read, for a string,")
    if not point.writable and point.write is not WriteMode.AUTO:
        raise row.wrong("write", point.write, "auto, for a point that is only read,")
    if point.readback and point.access is not Access.READ_WRITE:
        raise row.wrong("readback", True, "false, unless access is read-write,")
    single = rules.single_writes and point.write is WriteMode.AUTO
    single = single or point.write is WriteMode.SINGLE
    if point.writable and single and point.count > 1:
        raise row.wrong("type", point.coding, "one register, with link.single_writes,")


def _confidence(row: Table) -> Confidence:
    allowed = 'true, false or "source"'
    value = row.raw("confirmed", allowed, default=True)
    if isinstance(value, bool):
        return Confidence.CONFIRMED if value else Confidence.UNCONFIRMED
    if value != "source":
        raise row.wrong("confirmed", value, allowed)
    return Confidence.SOURCE


def _texts(row: Table) -> tuple[tuple[int, str], ...]:
    allowed = 'a table such as { 0 = "init" }'
    value = row.raw("enum", allowed, default={})
    if not isinstance(value, dict) or len(value) > TEXTS_MAX:
        raise row.wrong("enum", value, allowed)
    for number, text in value.items():
        if not number.isdecimal() or len(number) > 10 or not isinstance(text, str):
            raise row.wrong("enum", {number: text}, allowed)
    return tuple((int(number), text) for number, text in value.items())


def _bits(row: Table, point: Point) -> Sequence[Point]:
    """Return a point for each named bit, of the same registers and rate."""
    allowed = "a table such as { trip = 2 }, of a whole number that is read,"
    value = row.raw("bits", allowed, default={})
    if not isinstance(value, Mapping) or (value and not _of_bits(point)):
        raise row.wrong("bits", value, allowed)
    points = []
    most = 63 if point.sunspec else point.coding.bits - 1
    for name, bit in value.items():
        whole = f"{point.name}.{name}"
        if type(bit) is not int or not 0 <= bit <= most:
            raise row.wrong("bits", {name: bit}, f"a bit from 0 to {most}")
        if not is_point_name(whole):
            raise row.wrong("bits", whole, _NAME)
        points.append(
            replace(
                point, name=whole, bit=bit, scale=1.0, offset=0.0, low=None, high=None,
                resolution=1.0, access=Access.READ, write=WriteMode.AUTO, flash=False,
                readback=False, min_interval_s=0.0, stuck_check=False, texts=(),
                scale_address=None,
            )
        )  # fmt: skip
    return points


def _of_bits(point: Point) -> bool:
    return point.coding.whole and point.bit is None and point.readable


def _address(row: Table, key: str, kind: Kind, width: int, notation: Notation) -> int:
    if notation is not Notation.MODICON:
        return row.integer(key, 0, ADDRESS_MAX + 1 - width)
    number = row.integer(key, 1, 500_000)
    for bases in (_MODICON_BASES, _MODICON_LONG_BASES):
        wire = number - bases[kind]
        if 0 <= wire < 10_000 or (
            bases is _MODICON_LONG_BASES and 0 <= wire <= ADDRESS_MAX + 1 - width
        ):
            return wire
    raise row.wrong(key, number, f"a Modicon number from {_MODICON_BASES[kind]}, for kind {kind},")


def _scale_address(row: Table, kind: Kind, coding: Coding, notation: Notation) -> int | None:
    if not row.has("scale_register"):
        return None
    address = _address(row, "scale_register", kind, 1, notation)
    if not coding.whole:
        raise row.wrong("scale_register", address, "no scale register, unless it is an integer,")
    return address


def _bit(row: Table, kind: Kind, coding: Coding, access: Access) -> int | None:
    if not row.has("bit"):
        return None
    bit = row.integer("bit", 0, 15)
    if coding is not Coding.BOOL or kind.of_bits or access is not Access.READ:
        raise row.wrong("bit", bit, "a bit only for a bool that is read from a register")
    return bit


def _sentinels(row: Table, coding: Coding) -> frozenset[int]:
    if not coding.bits:
        return frozenset()
    values = row.integers(
        "sentinel", -(1 << coding.bits - 1), (1 << coding.bits) - 1, SENTINELS_MAX
    )
    return frozenset(value % (1 << coding.bits) for value in values)
