"""Registers to numbers and back. Pure: no sockets, no clock, no protocol library.

A register is an int from 0 to 65535; a coil or discrete input is 0 or 1. Values are in the unit
and sign of the point's name.
"""

import math
import struct
from collections.abc import Callable, Iterable, Sequence

from drivers.point import Coding, Order, Point

DECIMALS = 9
"""Values are rounded to this many, so that 3 * 0.1 is 0.3."""
EXPONENT_MAX = 10
"""Powers of ten of a scale register; devices.md, 3.1."""
_WORD = 1 << 16
_POWERS: tuple[int, ...] = tuple(10**power for power in range(EXPONENT_MAX + 1))
_WORDS = (Coding.UINT16, Coding.INT16)
_FLOATS = {Coding.FLOAT32: ">f", Coding.FLOAT64: ">d"}

Decoder = Callable[[Sequence[int], int, int | None], float | None]
"""From an answer, where the point begins in it, and the power of ten in its scale register."""


class NotEncodable(ValueError):
    """The point cannot carry the value; the text names point, value and what is allowed."""


def decode(point: Point, registers: Sequence[int], exponent: int | None = 0) -> float | None:
    """Return the value in `registers`; None: a sentinel, not a number, or out of range.

    Args:
        point: no string.
        registers: the point's own.
        exponent: what its scale register says; None: nothing usable, so neither is the value.
    """
    assert len(registers) == point.count, "the planner hands out a point's own registers"
    return decoder(point)(registers, 0, exponent)


def decoder(point: Point) -> Decoder:
    """Return what decodes the point again and again; the common kind of point costs least."""
    common = point.coding in _WORDS and point.bit is None and point.byte_order is Order.BIG
    return _word_decoder(point) if common else _any_decoder(point)


def _word_decoder(point: Point) -> Decoder:
    sentinels, scale, offset = point.sentinels, point.scale, point.offset
    low = -math.inf if point.low is None else point.low
    high = math.inf if point.high is None else point.high
    turn = _WORD >> 1 if point.coding.signed else _WORD

    def decoded(registers: Sequence[int], first: int, exponent: int | None) -> float | None:
        raw: float = registers[first]
        if raw in sentinels or exponent is None:
            return None
        if raw >= turn:
            raw -= _WORD
        if exponent:
            raw = _shifted(raw, exponent)
        value = round(raw * scale + offset, DECIMALS) + 0.0  # + 0.0: no negative zero
        return value if low <= value <= high else None

    return decoded


def _any_decoder(point: Point) -> Decoder:
    count = point.count

    def decoded(registers: Sequence[int], first: int, exponent: int | None) -> float | None:
        raw = _raw(point, registers[first : first + count])
        if raw is None or exponent is None or not math.isfinite(raw):
            return None
        value = round(_shifted(raw, exponent) * point.scale + point.offset, DECIMALS) + 0.0
        return value if math.isfinite(value) and _allowed(point, value) else None

    return decoded


def _shifted(raw: float, exponent: int) -> float:
    return raw * _POWERS[exponent] if exponent >= 0 else raw / _POWERS[-exponent]


def encode(point: Point, value: float, exponent: int = 0) -> list[int]:
    """Return the registers that carry `value`, to the nearest step of the point's scale.

    Args:
        point: no string.
        value: in the point's unit and sign.
        exponent: what its scale register says.

    Raises:
        NotEncodable: it is no number, outside the point's range, or does not fit its type.
    """
    if not math.isfinite(value) or not _allowed(point, value) or point.bit is not None:
        raise NotEncodable(f"{point.name}: {value!r} is not allowed; {_range(point)} is expected")
    raw = (value - point.offset) / point.scale
    raw = _shifted(raw, -exponent)
    pattern = _float_pattern(point, raw) if point.coding.floating else _pattern(point, raw)
    if pattern is None or pattern in point.sentinels:
        raise NotEncodable(
            f"{point.name}: {value!r} is not allowed; a value that fits {point.coding} is expected"
        )
    return words(point, pattern)


def words(point: Point, pattern: int) -> list[int]:
    """Return the registers in which a raw pattern lies, in the point's word and byte order."""
    little = [pattern >> shift & 0xFFFF for shift in range(0, 16 * point.count, 16)]
    return _ordered(point, little if point.word_order is Order.LITTLE else reversed(little))


def text(point: Point, registers: Sequence[int]) -> str:
    """Return the text of a string: up to its first NUL, without what cannot be printed."""
    raw = b"".join(word.to_bytes(2, "big") for word in _ordered(point, registers))
    letters = raw.split(b"\0", 1)[0].decode("utf-8", errors="ignore")
    return "".join(letter for letter in letters if letter.isprintable()).strip()


def exponent_in(register: int) -> int | None:
    """Return the power of ten in a scale register; None: not implemented, or none at all."""
    power = register - _WORD if register >= _WORD >> 1 else register
    return power if -EXPONENT_MAX <= power <= EXPONENT_MAX else None


def _ordered(point: Point, registers: Iterable[int]) -> list[int]:
    """Return the registers with their bytes in order, or out of it: the same step both ways."""
    if point.byte_order is Order.BIG or point.kind.of_bits:
        return list(registers)
    return [(word & 0xFF) << 8 | word >> 8 for word in registers]


def _raw(point: Point, registers: Sequence[int]) -> float | None:
    pattern = 0
    ordered = _ordered(point, registers)
    for word in ordered if point.word_order is Order.BIG else reversed(ordered):
        pattern = pattern * _WORD + word
    if point.coding is Coding.BOOL:
        flag = pattern != 0 if point.bit is None else pattern >> point.bit & 1
        return None if flag in point.sentinels else float(flag)
    if pattern in point.sentinels:
        return None
    if point.bit is not None:
        return float(pattern >> point.bit & 1)
    if point.coding.floating:
        size = 2 * point.count
        (number,) = struct.unpack(_FLOATS[point.coding], pattern.to_bytes(size, "big"))
        return float(number)
    negative = point.coding.signed and pattern >> point.coding.bits - 1
    return pattern - (1 << point.coding.bits) if negative else pattern


def _pattern(point: Point, raw: float) -> int | None:
    if not math.isfinite(raw):
        return None
    number = int(raw != 0) if point.coding is Coding.BOOL else round(raw)
    bits = point.coding.bits
    low = -(1 << bits - 1) if point.coding.signed else 0
    return number % (1 << bits) if low <= number < low + (1 << bits) else None


def _float_pattern(point: Point, raw: float) -> int | None:
    try:
        return int.from_bytes(struct.pack(_FLOATS[point.coding], raw), "big")
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
