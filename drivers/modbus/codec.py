"""Registers to numbers and back. Pure: no sockets, no clock, no protocol library.

A register is an int from 0 to 65535; a coil or discrete input is 0 or 1. Values are in the unit
and sign of the point's name.
"""

import math
import struct
from collections.abc import Sequence

from drivers.point import Coding, Point, WordOrder

DECIMALS = 9
"""Values are rounded to this many, so that 3 * 0.1 is 0.3."""
_WORD = 1 << 16


class NotEncodable(ValueError):
    """The point cannot carry the value; the text names point, value and what is allowed."""


def decode(point: Point, registers: Sequence[int]) -> float | None:
    """Return the value in `registers`; None: a sentinel, not a number, or out of range."""
    raw = _raw(point, registers)
    if raw is None or not math.isfinite(raw):
        return None
    value = round(raw * point.scale + point.offset, DECIMALS) + 0.0  # + 0.0: no negative zero
    return value if _allowed(point, value) else None


def encode(point: Point, value: float) -> list[int]:
    """Return the registers that carry `value`, to the nearest step of the point's scale.

    Raises:
        NotEncodable: it is no number, outside the point's range, or does not fit its type.
    """
    if not math.isfinite(value) or not _allowed(point, value) or point.bit is not None:
        raise NotEncodable(f"{point.name}: {value!r} is not allowed; {_range(point)} is expected")
    raw = (value - point.offset) / point.scale
    pattern = _float_pattern(raw) if point.coding is Coding.FLOAT32 else _pattern(point, raw)
    if pattern is None or pattern in point.sentinels:
        raise NotEncodable(
            f"{point.name}: {value!r} is not allowed; a value that fits {point.coding} is expected"
        )
    words = [pattern >> shift & 0xFFFF for shift in range(0, 16 * point.count, 16)]
    return words if point.word_order is WordOrder.LITTLE else words[::-1]


def _raw(point: Point, registers: Sequence[int]) -> float | None:
    assert len(registers) == point.count, "the planner hands out a point's own registers"
    if point.coding is Coding.BOOL:
        pattern = registers[0] if point.bit is None else registers[0] >> point.bit & 1
        return None if pattern in point.sentinels else float(pattern != 0)
    pattern = 0
    for word in registers if point.word_order is WordOrder.BIG else reversed(registers):
        pattern = pattern * _WORD + word
    if pattern in point.sentinels:
        return None
    if point.coding is Coding.FLOAT32:
        (number,) = struct.unpack(">f", pattern.to_bytes(4, "big"))
        return float(number)
    negative = point.coding.signed and pattern >> point.coding.bits - 1
    return pattern - (1 << point.coding.bits) if negative else pattern


def _pattern(point: Point, raw: float) -> int | None:
    number = int(raw != 0) if point.coding is Coding.BOOL else round(raw)
    bits = point.coding.bits
    low = -(1 << bits - 1) if point.coding.signed else 0
    return number % (1 << bits) if low <= number < low + (1 << bits) else None


def _float_pattern(raw: float) -> int | None:
    try:
        return int.from_bytes(struct.pack(">f", raw), "big")
    except OverflowError:
        return None


def _allowed(point: Point, value: float) -> bool:
    return (point.low is None or value >= point.low) and (point.high is None or value <= point.high)


def _range(point: Point) -> str:
    if point.bit is not None:
        return "nothing, because a single bit is only read,"
    low = "any low" if point.low is None else f"{point.low:g}"
    high = "any high" if point.high is None else f"{point.high:g}"
    return f"a number from {low} to {high}"
