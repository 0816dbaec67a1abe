"""The text of a message that Python and JavaScript write alike, so that both can sign it. Pure.

A client reads the message, writes its ``data`` again without spaces and compares the signature.
That works only for what both languages write with the same characters: printable ASCII texts,
whole numbers as integers of up to 53 bits, other numbers between 10⁻⁴ and 10¹⁵, and keys that
JavaScript does not sort as array positions. Anything else is a programmer's error here, and is
refused before it is signed.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache

INTEGER_MAX = 2**53 - 1
FLOAT_MIN = 1e-4
FLOAT_MAX = 1e15
DEPTH_MAX = 8
KEYS_KEPT = 1_000
"""Keys that were looked at and are remembered."""
_TEXT = re.compile(r"[ -~]*")
_KEY = re.compile(r"(?!\d+$)[ -~]+")


class Unsignable(ValueError):
    """Data that two languages would not write alike; the text names the place."""


def text_of(data: Mapping[str, object]) -> str:
    """Return the one text of `data`, keys in sending order.

    Raises:
        Unsignable: something in it would be written in two ways.
    """
    _check(data, "data", 0)
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def ratio(count: int, by: int) -> int | float:
    """Return ``count / by`` as it may be signed: whole numbers as integers."""
    whole, rest = divmod(count, by)
    return count / by if rest else whole


def ascii_or_none(text: str) -> str | None:
    """Return the text if it may be signed as it is, else None: it is left out, never changed."""
    return text if _TEXT.fullmatch(text) else None


def _check(value: object, path: str, depth: int) -> None:
    if isinstance(value, dict | list | tuple):
        if depth >= DEPTH_MAX:
            raise Unsignable(f"{path}: nested deeper than {DEPTH_MAX}")
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in inside:
            if isinstance(value, dict) and not _signable_key(key):
                raise Unsignable(f"{path}: the key {key!r} is not allowed")
            _check(inner, f"{path}.{key}", depth + 1)
    elif value is not None and not isinstance(value, bool):
        fault = _fault(value)
        if fault is not None:
            raise Unsignable(f"{path}: {fault}")


def _fault(value: object) -> str | None:
    match value:
        case str():
            return None if _TEXT.fullmatch(value) else "only printable ASCII is allowed"
        case int():
            return None if -INTEGER_MAX <= value <= INTEGER_MAX else f"{value} is beyond 53 bits"
        case float():
            if FLOAT_MIN <= abs(value) <= FLOAT_MAX and not value.is_integer():
                return None
            return f"{value!r} is not allowed; an integer, or 0.0001 to 10^15, is expected"
        case _:
            return f"{type(value).__name__} is not allowed"


@lru_cache(maxsize=KEYS_KEPT)
def _signable_key(key: object) -> bool:
    return isinstance(key, str) and _KEY.fullmatch(key) is not None
