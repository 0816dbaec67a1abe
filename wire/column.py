"""One column of numbers or of codes, made small before it is deflated. Pure.

Numbers become whole ones at the fewest decimals that keep each exactly, then steps from one to the
next; codes become one code, or runs of equal ones.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby

from wire.fields import BadMessage

DECIMALS_MAX = 9
_EXACT_MAX = 2**53
_FLOAT_MAX = sys.float_info.max


def pack_numbers(values: Sequence[float | None]) -> tuple[int | None, list[float | int | None]]:
    """Return the decimals and the steps at that scale, or None and the values as they are."""
    known = [value for value in values if value is not None]
    for decimals in range(DECIMALS_MAX + 1):
        scale = 10.0**decimals
        if all(abs(v * scale) < _EXACT_MAX and round(v * scale) / scale == v for v in known):
            return decimals, _steps([None if v is None else round(v * scale) for v in values])
    return None, list(values)


def unpack_numbers(
    decimals: object, numbers: object, samples: int, path: str
) -> tuple[float | None, ...]:
    """Return what `pack_numbers` was given.

    Raises:
        BadMessage: not `samples` numbers, or one that is not finite.
    """
    if not isinstance(numbers, list) or len(numbers) != samples:
        raise BadMessage(path, numbers, f"a list of {samples} values is expected")
    if decimals is None:
        return tuple(_plain(number, path) for number in numbers)
    if type(decimals) is not int or not 0 <= decimals <= DECIMALS_MAX:
        raise BadMessage(path, decimals, f"decimals of 0 to {DECIMALS_MAX} or null are expected")
    scale = 10.0**decimals
    last = 0
    values: list[float | None] = []
    for step in numbers:
        if step is None:
            values.append(None)
            continue
        if type(step) is not int or abs(step) > 2 * _EXACT_MAX:
            raise BadMessage(path, step, "whole numbers or null are expected")
        last += step
        values.append(last / scale)
    return tuple(values)


def pack_codes(codes: Sequence[int]) -> int | list[list[int]]:
    """Return the only code, or ``[[code, run]…]``; `codes` is not empty."""
    runs = [[int(code), len(list(group))] for code, group in groupby(codes)]
    return runs[0][0] if len(runs) == 1 else runs


def unpack_codes(packed: object, samples: int, highest: int, path: str) -> list[int]:
    """Return `samples` codes of 0 to `highest`.

    Raises:
        BadMessage: another shape, another code, or runs of another length.
    """
    runs = [[packed, samples]] if isinstance(packed, int) else packed
    codes: list[int] = []
    for run in runs if isinstance(runs, list) else [runs]:
        if not isinstance(run, list) or len(run) != 2 or not all(type(n) is int for n in run):
            raise BadMessage(path, run, "quality is a code or a list of [code, run]")
        code, count = run
        if not 0 <= code <= highest or not 1 <= count <= samples - len(codes):
            raise BadMessage(path, run, f"codes 0 to {highest} in runs of {samples} in all")
        codes.extend([code] * count)
    if len(codes) != samples:
        raise BadMessage(path, packed, f"a quality for each of {samples} samples is expected")
    return codes


def _steps(numbers: Iterable[int | None]) -> list[float | int | None]:
    last = 0
    steps: list[float | int | None] = []
    for number in numbers:
        steps.append(None if number is None else number - last)
        last = last if number is None else number
    return steps


def _plain(number: object, path: str) -> float | None:
    if number is None:
        return None
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise BadMessage(path, number, "numbers or null are expected")
    if not -_FLOAT_MAX <= number <= _FLOAT_MAX:
        raise BadMessage(path, number, "a finite number is expected")
    return float(number)
