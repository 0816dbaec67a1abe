"""Reading JSON documents strictly: one clear line for what is wrong. Pure.

Every message of this package is parsed with these few functions, so that a bad message always
names the key, the value and what is allowed, and never raises anything but `BadMessage`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

TEXT_MAX = 500
"""Characters of a free text; longer ones are refused, not cut."""
INTEGER_MAX = 2**63 - 1
_SHOWN_MAX = 40

Document = Mapping[str, Any]


class BadMessage(ValueError):
    """A document that is not what it should be; the text names key, value and what is allowed."""

    def __init__(self, path: str, value: object, allowed: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= _SHOWN_MAX else shown[:_SHOWN_MAX] + "…"
        super().__init__(f"{path}: {shown} is not allowed; {allowed}")
        self.path = path
        self.allowed = allowed


def parse(text: str | bytes, path: str = "message") -> Document:
    """Return the JSON object in `text`; NaN and Infinity are refused like any other garbage."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadMessage(path, text, "a JSON object is expected") from error
    return as_document(document, path)


def compact(document: object) -> str:
    """Return the one JSON text that we write for `document`: no spaces, ASCII, no NaN."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def as_document(value: object, path: str) -> Document:
    if not isinstance(value, dict):
        raise BadMessage(path, value, "an object is expected")
    return cast("Document", value)


def version(document: Document, path: str, newest: int) -> int:
    """Return the ``v`` of a message: 1 up to what this program understands."""
    return integer(document, "v", path, low=1, high=newest)


def text(document: Document, key: str, path: str, *, empty: bool = False) -> str:
    value = document.get(key)
    if not isinstance(value, str) or len(value) > TEXT_MAX or not (value or empty):
        raise BadMessage(f"{path}.{key}", value, f"text of 1 to {TEXT_MAX} characters is expected")
    return value


def integer(
    document: Document, key: str, path: str, *, low: int = 0, high: int = INTEGER_MAX
) -> int:
    value = document.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadMessage(f"{path}.{key}", value, f"a whole number of {low} to {high} is expected")
    return value


def number(document: Document, key: str, path: str, *, low: float, high: float) -> float:
    value = document.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise BadMessage(f"{path}.{key}", value, f"a number of {low:g} to {high:g} is expected")
    return float(value)


def items(document: Document, key: str, path: str, *, most: int) -> Sequence[Any]:
    value = document.get(key)
    if not isinstance(value, list) or len(value) > most:
        raise BadMessage(f"{path}.{key}", value, f"a list of at most {most} entries is expected")
    return cast("Sequence[Any]", value)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")
