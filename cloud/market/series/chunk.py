"""Values of one day and document as bytes, exactly, and back. Pure.

A byte for the form, then zlib over the slots that are there (nothing where none is missing) and
over the values: whole numbers of 10⁻ᵏ where each value is one, else IEEE doubles, little endian.
A day of 96 prices takes some 150 to 250 bytes.
"""

import operator
import sys
import zlib
from array import array
from collections.abc import Sequence

_EXPONENTS = range(5)
_DOUBLES = 15
_WIDE = 0x10
_HOLES = 0x20
_INT32_MAX = 2**31 - 1
_EXACT_MAX = 2**53
_SLOTS_MAX = 1_500
"""25 hours of minutes; what one chunk may hold."""
_LEVEL = 6


class BadChunk(Exception):
    """The bytes are not what `pack` has made."""


def pack(starts_us: Sequence[int], values: Sequence[float], resolution_us: int) -> bytes:
    """Return the chunk of intervals that all lie on the grid of the first one.

    Raises:
        ValueError: a start off the grid, not ascending, or too many.
    """
    first_us = starts_us[0]
    slots = [(start_us - first_us) // resolution_us for start_us in starts_us]
    if [first_us + slot * resolution_us for slot in slots] != list(starts_us):
        raise ValueError("an interval is not on the grid of its series")
    if any(map(operator.le, slots[1:], slots)):
        raise ValueError("intervals must ascend")
    if slots[-1] >= _SLOTS_MAX:
        raise ValueError(f"{slots[-1] + 1} intervals in one chunk; {_SLOTS_MAX} are allowed")
    form, numbers = _numbers(values)
    holes = b""
    if slots[-1] + 1 != len(slots):
        form |= _HOLES
        mask = sum(1 << slot for slot in slots)
        width = slots[-1] // 8 + 1
        holes = width.to_bytes(2, "little") + mask.to_bytes(width, "little")
    return bytes([form]) + zlib.compress(holes + numbers, _LEVEL)


def unpack(
    chunk: bytes, first_us: int, resolution_us: int, count: int
) -> tuple[Sequence[int], list[float]]:
    """Return starts and values as `pack` was given them.

    Raises:
        BadChunk: these bytes were made by nobody.
    """
    try:
        form, body = chunk[0], zlib.decompress(chunk[1:])
        starts: Sequence[int] = range(first_us, first_us + count * resolution_us, resolution_us)
        if form & _HOLES:
            width = int.from_bytes(body[:2], "little")
            mask = int.from_bytes(body[2 : 2 + width], "little")
            body = body[2 + width :]
            starts = [first_us + slot * resolution_us for slot in _bits(mask)]
        values = _values(form, body)
    except (zlib.error, ValueError, IndexError) as error:
        raise BadChunk(f"a chunk of a series cannot be read: {error}") from error
    if not len(starts) == len(values) == count:
        raise BadChunk(f"a chunk of a series has {len(values)} values, {count} are expected")
    return starts, values


def _numbers(values: Sequence[float]) -> tuple[int, bytes]:
    largest = max(map(abs, values))
    negative_zero = 0.0 in values and "-0.0" in map(str, values)
    for exponent in _EXPONENTS:
        if negative_zero or largest * 10**exponent > _EXACT_MAX:
            break
        factor = 10**exponent
        if all(round(value * factor) / factor == value for value in values):
            whole = [round(value * factor) for value in values]
            wide = max(map(abs, whole)) > _INT32_MAX
            return exponent | (_WIDE if wide else 0), _bytes(array("q" if wide else "i", whole))
    return _DOUBLES, _bytes(array("d", values))


def _values(form: int, body: bytes) -> list[float]:
    exponent = form & 0x0F
    if exponent == _DOUBLES:
        return list(_array("d", body))
    factor = 10**exponent
    return [whole / factor for whole in _array("q" if form & _WIDE else "i", body)]


def _bytes(numbers: "array[int] | array[float]") -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _array(code: str, body: bytes) -> "array[float]":
    numbers: array[float] = array(code)
    numbers.frombytes(body)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _bits(mask: int) -> list[int]:
    return [slot for slot in range(mask.bit_length()) if mask >> slot & 1]
