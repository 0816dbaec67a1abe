"""One value of a Sparkplug message, and what its type makes of it. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from drivers.payload import BadPayload, shown


class DataType(IntEnum):
    """How a metric's number is meant; others than these are known, but no numbers of ours."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    """Milliseconds since 1970."""
    TEXT = 14


BITS = {
    DataType.INT8: 8,
    DataType.INT16: 16,
    DataType.INT32: 32,
    DataType.INT64: 64,
    DataType.UINT8: 8,
    DataType.UINT16: 16,
    DataType.UINT32: 32,
    DataType.UINT64: 64,
    DataType.DATETIME: 64,
}
_SIGNED = frozenset({DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64})
TEXTS = frozenset({DataType.STRING, DataType.TEXT})

Raw = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One value as a message carries it."""

    name: str = ""
    """Empty where only the alias is sent."""
    alias: int | None = None
    kind: int = 0
    """A `DataType`, or a number of a type that is not ours; 0: not said, as at birth."""
    value: Raw | None = None
    """None: null, or of a type that is not ours. Integers as `typed` makes them."""
    at_ms: int | None = None
    historical: bool = False
    """A value of the past, told late: it never counts as live."""
    quality: int | None = None
    """Property ``Quality``: 0 bad, 192 good, 500 stale."""
    unit: str = ""
    """Property ``engUnit``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One message's content."""

    at_ms: int | None = None
    seq: int | None = None
    metrics: Sequence[Metric] = ()


def typed(value: Raw, kind: int) -> Raw | None:
    """Return a raw value as its type says: a negative integer comes as two's complement.

    None is what this type cannot be, or a type that is not ours.
    """
    if kind in BITS:
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        data_type = DataType(kind)
        bits = BITS[data_type]
        value &= (1 << bits) - 1
        negative = data_type in _SIGNED and value >> (bits - 1)
        return value - (1 << bits) if negative else value
    if kind in (DataType.FLOAT, DataType.DOUBLE):
        return value if isinstance(value, float) else None
    if kind == DataType.BOOLEAN:
        return value if isinstance(value, bool) else None
    return value if kind in TEXTS and isinstance(value, str) else None


def number(value: Raw) -> float:
    """Return the number of a typed value; a boolean, whose type says so, is 0 or 1.

    Raises:
        BadPayload: it is a text or not finite.
    """
    if isinstance(value, str) or not math.isfinite(value):
        raise BadPayload(f"{shown(value)} is no number")
    return float(value)
