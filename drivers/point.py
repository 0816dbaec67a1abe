"""One point of a device: where it is, how it is coded, and its row in a profile.

``value = raw * scale + offset`` is in the unit and sign of the point's name (see `wire`); the
maker's own scale and sign end here.
"""

from dataclasses import dataclass
from enum import StrEnum

from drivers.base import Rate
from drivers.table import Table
from wire.points import is_point_name

ADDRESS_MAX = 65_535
SENTINELS_MAX = 16
VALUE_MAX = 1e12
SCALE_MIN = 1e-9
_MODICON_BASES = {"coil": 1, "discrete": 10_001, "input": 30_001, "holding": 40_001}
_MODICON_LONG_BASES = {"coil": 1, "discrete": 100_001, "input": 300_001, "holding": 400_001}


class Kind(StrEnum):
    """The four Modbus tables."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"

    @property
    def of_bits(self) -> bool:
        return self in (Kind.COIL, Kind.DISCRETE)


class Coding(StrEnum):
    """How a raw number lies in its registers."""

    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def words(self) -> int:
        """Return the number of registers; a bool takes one bit or one register."""
        return max(1, self.bits // 16)

    @property
    def bits(self) -> int:
        return 1 if self is Coding.BOOL else int(self.value[-2:])

    @property
    def signed(self) -> bool:
        return self in (Coding.INT16, Coding.INT32, Coding.INT64)


class WordOrder(StrEnum):
    """Order of the 16-bit words of a longer value."""

    BIG = "big"
    LITTLE = "little"


class Access(StrEnum):
    READ = "read"
    WRITE = "write"
    READ_WRITE = "read-write"


class Notation(StrEnum):
    """How the file writes addresses."""

    WIRE0 = "wire0"
    MODICON = "modicon"
    """40001 is holding register 0, 30001 input register 0; five or six digits."""


class RateName(StrEnum):
    FAST = "fast"
    SLOW = "slow"
    ONCE = "once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One named value: where it is and how it is coded."""

    name: str
    kind: Kind
    address: int
    """On the wire, base 0."""
    coding: Coding
    scale: float = 1.0
    offset: float = 0.0
    word_order: WordOrder = WordOrder.BIG
    bit: int | None = None
    """Which bit of a register a bool is, 0 lowest; None: the whole register, non-zero is true."""
    sentinels: frozenset[int] = frozenset()
    """Raw patterns, unsigned, that mean: not implemented, no value."""
    low: float | None = None
    high: float | None = None
    """A value outside ``[low, high]`` is no value."""
    resolution: float = 0.0
    rate: Rate = Rate.SLOW
    access: Access = Access.READ
    flash: bool = False
    """Kept in a memory that wears out: never written cyclically."""
    stuck_check: bool = True
    confirmed: bool = True

    @property
    def count(self) -> int:
        """Return how many registers (or bits, of a coil or a discrete input) it takes."""
        return 1 if self.kind.of_bits else self.coding.words

    @property
    def readable(self) -> bool:
        return self.access is not Access.WRITE

    @property
    def writable(self) -> bool:
        return self.access is not Access.READ


def read_point(row: Table, notation: Notation, word_order: WordOrder) -> Point:
    """Return the point in one ``[[point]]`` of a profile; `word_order` is what the link says.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    name = row.text("name")
    if not is_point_name(name):
        raise row.wrong("name", name, "a dotted name in lower case such as 'battery.soc_pct'")
    kind = row.choice("kind", Kind)
    coding = row.choice("type", Coding, Coding.BOOL if kind.of_bits else None)
    if kind.of_bits and coding is not Coding.BOOL:
        raise row.wrong("type", coding, f"bool, for a point of kind {kind}")
    access = row.choice("access", Access, Access.READ)
    if access is not Access.READ and kind in (Kind.INPUT, Kind.DISCRETE):
        raise row.wrong("access", access, f"read, for a point of kind {kind}")
    scale = row.number("scale", -VALUE_MAX, VALUE_MAX, 1.0)
    if abs(scale) < SCALE_MIN:
        raise row.wrong("scale", scale, f"a number other than 0, at least {SCALE_MIN:g} in size,")
    low, high = _range(row)
    point = Point(
        name=name,
        kind=kind,
        address=_address(row, kind, coding, notation),
        coding=coding,
        scale=scale,
        offset=row.number("offset", -VALUE_MAX, VALUE_MAX, 0.0),
        word_order=row.choice("word_order", WordOrder, word_order),
        bit=_bit(row, kind, coding, access),
        sentinels=_sentinels(row, coding),
        low=low,
        high=high,
        resolution=row.number("resolution", 0.0, VALUE_MAX, abs(scale)),
        rate=Rate(row.choice("rate", RateName, RateName.SLOW).value),
        access=access,
        flash=row.flag("flash", default=False),
        stuck_check=row.flag("stuck_check", default=True),
        confirmed=row.flag("confirmed", default=True),
    )
    if coding is Coding.BOOL and (point.scale, point.offset) != (1.0, 0.0):
        raise row.wrong("scale", scale, "no scale and no offset, for a bool,")
    row.close()
    return point


def _address(row: Table, kind: Kind, coding: Coding, notation: Notation) -> int:
    width = 1 if kind.of_bits else coding.words
    if notation is Notation.WIRE0:
        return row.integer("address", 0, ADDRESS_MAX + 1 - width)
    number = row.integer("address", 1, 500_000)
    for bases in (_MODICON_BASES, _MODICON_LONG_BASES):
        wire = number - bases[kind]
        if 0 <= wire < 10_000 or (
            bases is _MODICON_LONG_BASES and 0 <= wire <= ADDRESS_MAX + 1 - width
        ):
            return wire
    raise row.wrong(
        "address", number, f"a Modicon number from {_MODICON_BASES[kind]}, for kind {kind},"
    )


def _bit(row: Table, kind: Kind, coding: Coding, access: Access) -> int | None:
    if not row.has("bit"):
        return None
    bit = row.integer("bit", 0, 15)
    if coding is not Coding.BOOL or kind.of_bits or access is not Access.READ:
        raise row.wrong("bit", bit, "a bit only for a bool that is read from a register")
    return bit


def _sentinels(row: Table, coding: Coding) -> frozenset[int]:
    values = row.integers(
        "sentinel", -(1 << coding.bits - 1), (1 << coding.bits) - 1, SENTINELS_MAX
    )
    return frozenset(value % (1 << coding.bits) for value in values)


def _range(row: Table) -> tuple[float | None, float | None]:
    low = row.number("min", -VALUE_MAX, VALUE_MAX) if row.has("min") else None
    high = row.number("max", -VALUE_MAX, VALUE_MAX) if row.has("max") else None
    if low is not None and high is not None and low > high:
        raise row.wrong("min", low, f"a number up to max {high:g}")
    return low, high
