"""One point of a device: where it is and how it is coded.

``value = raw * scale + offset`` is in the unit and sign of the point's name (see `wire`); the
maker's own scale and sign end here. `drivers.row` reads it from a profile.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from drivers.base import Rate

ADDRESS_MAX = 65_535
SCALE_MIN = 1e-9
VALUE_MAX = 1e12
IDENTITY = "identity."
"""A point of this name says who the device is; see `drivers.base.Identified`."""


class Kind(StrEnum):
    """The four Modbus tables."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"

    of_bits: bool

    def __new__(cls, text: str) -> Self:
        kind = str.__new__(cls, text)
        kind._value_ = text
        kind.of_bits = text in ("coil", "discrete")
        return kind


class Coding(StrEnum):
    """How a raw number lies in its registers."""

    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    UINT64 = "uint64"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BOOL = "bool"
    STRING = "string"

    # What follows from a name is found out once: decoding asks for it thousands of times a second.
    bits: int
    """0: it varies, of a string."""
    words: int
    """Registers; a bool takes one bit or one register, a string's number varies."""
    signed: bool
    floating: bool
    whole: bool
    """An integer of one or more registers."""

    def __new__(cls, text: str) -> Self:
        coding = str.__new__(cls, text)
        coding._value_ = text
        match text:
            case "bool":
                coding.bits = 1
            case "string":
                coding.bits = 0
            case _:
                coding.bits = int(text[-2:])
        coding.words = max(1, coding.bits // 16)
        coding.signed = text.startswith("int")
        coding.floating = text.startswith("float")
        coding.whole = text.startswith(("int", "uint"))
        return coding


class Order(StrEnum):
    """Order of the words of a longer value, or of the two bytes of a word."""

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
    ASK = "ask"
    """Nobody knows yet: a site says it in its own changes before the device is opened."""


class RateName(StrEnum):
    FAST = "fast"
    SLOW = "slow"
    ONCE = "once"


class WriteMode(StrEnum):
    """Which functions write it: 05 and 06 carry one value, 15 and 16 several."""

    AUTO = "auto"
    SINGLE = "single"
    MULTIPLE = "multiple"


class Confidence(StrEnum):
    """How far a row of the map is to be believed."""

    CONFIRMED = "confirmed"
    SOURCE = "source"
    """From a source that others use; not yet proved at a device."""
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One named value: where it is and how it is coded."""

    name: str
    kind: Kind
    address: int
    """On the wire, base 0."""
    coding: Coding
    length: int = 0
    """Registers of a string."""
    scale: float = 1.0
    offset: float = 0.0
    scale_address: int | None = None
    """Register of an int16 power of ten by which the raw number is multiplied too."""
    word_order: Order = Order.BIG
    byte_order: Order = Order.BIG
    bit: int | None = None
    """Which bit of the raw number it is, 0 lowest; None: the number itself."""
    sentinels: frozenset[int] = frozenset()
    """Raw patterns, unsigned, that mean: not implemented, no value."""
    low: float | None = None
    high: float | None = None
    """A value outside ``[low, high]`` is no value."""
    resolution: float = 0.0
    rate: Rate = Rate.SLOW
    access: Access = Access.READ
    write: WriteMode = WriteMode.AUTO
    flash: bool = False
    """Kept in a memory that wears out: never written cyclically."""
    readback: bool = False
    """Read again after each write: a device that keeps something else has refused."""
    min_interval_s: float = 0.0
    """Least time between two writes."""
    stuck_check: bool = True
    confidence: Confidence = Confidence.CONFIRMED
    note: str = ""
    texts: tuple[tuple[int, str], ...] = ()
    """What numbers mean, for people."""
    sunspec: str = ""
    """Where a walk finds it, such as ``124.InWRte``; address and coding are then not known yet."""

    @property
    def count(self) -> int:
        """Return how many registers (or bits, of a coil or a discrete input) it takes."""
        if self.coding is Coding.STRING:
            return self.length
        return 1 if self.kind.of_bits else self.coding.words

    @property
    def span(self) -> range:
        """Return the addresses of one request for it: its own, and those up to its scale's."""
        end = self.address + self.count
        if self.scale_address is None:
            return range(self.address, end)
        return range(min(self.address, self.scale_address), max(end, self.scale_address + 1))

    @property
    def readable(self) -> bool:
        return self.access is not Access.WRITE

    @property
    def writable(self) -> bool:
        return self.access is not Access.READ

    @property
    def confirmed(self) -> bool:
        return self.confidence is not Confidence.UNCONFIRMED

    def text_of(self, value: float) -> str:
        """Return what the number means, where the profile says so."""
        return dict(self.texts).get(round(value), "")
