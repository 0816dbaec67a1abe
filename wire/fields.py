"""Reading JSON documents strictly: one clear line for what is wrong. Pure.

Every message of this package is parsed with these few functions, so that a bad message always
names the key, the value and what is allowed, and never raises anything but `BadMessage`.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast

TEXT_MAX = 500
"""Characters of a free text; longer ones are refused, not cut."""
INTEGER_MAX = 2**63 - 1
INSTANT_US_MAX = 253_402_300_799_999_999
"""The last microsecond of the year 9999: every instant up to here is a `datetime`."""
_SHOWN_MAX = 40

Document = Mapping[str, Any]
Chosen = TypeVar("Chosen", bound=StrEnum)


class BadMessage(ValueError):
    """A document that is not what it should be; the text names key, value and what is allowed."""

    def __init__(self, path: str, value: object, allowed: str) -> None:
        super().__init__(f"{path}: {_shown(value)} is not allowed; {allowed}")
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


def cut(text: str, most: int = TEXT_MAX) -> str:
    """Return `text` as `text()` on the other side takes it: one line, cut, storable.

    For sentences that may quote a device or an exception: no quotation may hold up the queue.
    """
    line = " ".join(text.replace("\0", " ").split())
    return line.encode("utf-8", "replace").decode("utf-8")[:most]


def as_document(value: object, path: str) -> Document:
    if not isinstance(value, dict):
        raise BadMessage(path, value, "an object is expected")
    return cast("Document", value)


def version(document: Document, path: str, newest: int) -> int:
    """Return the ``v`` of a message: 1 up to what this program understands."""
    return integer(document, "v", path, low=1, high=newest)


def text(document: Document, key: str, path: str, *, empty: bool = False) -> str:
    value = document.get(key)
    least = 0 if empty else 1
    if not isinstance(value, str) or not least <= len(value) <= TEXT_MAX or not _storable(value):
        allowed = f"text of {least} to {TEXT_MAX} characters is expected"
        raise BadMessage(f"{path}.{key}", value, allowed)
    return value


def integer(
    document: Document, key: str, path: str, *, low: int = 0, high: int = INTEGER_MAX
) -> int:
    value = document.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadMessage(f"{path}.{key}", value, f"a whole number of {low} to {high} is expected")
    return value


def instant(document: Document, key: str, path: str) -> int:
    """Return a time in microseconds since 1970."""
    return integer(document, key, path, high=INSTANT_US_MAX)


def instant_or_none(document: Document, key: str, path: str) -> int | None:
    return None if document.get(key) is None else instant(document, key, path)


def boolean(document: Document, key: str, path: str) -> bool:
    value = document.get(key)
    if not isinstance(value, bool):
        raise BadMessage(f"{path}.{key}", value, "true or false is expected")
    return value


def choice(document: Document, key: str, path: str, kind: type[Chosen]) -> Chosen:
    """Return the member of a text enumeration that `key` names by its value."""
    value = document.get(key)
    allowed = [member.value for member in kind]
    if not isinstance(value, str) or value not in allowed:
        raise BadMessage(f"{path}.{key}", value, f"one of {', '.join(allowed)} is expected")
    return kind(value)


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


def rows(
    document: Document, key: str, path: str, names: Sequence[str], *, most: int
) -> list[Document]:
    """Return the rows of a table: lists with a cell for each of `names`."""
    found = items(document, key, path, most=most)
    for row in found:
        if not isinstance(row, list) or len(row) != len(names):
            raise BadMessage(f"{path}.{key}", row, f"[{', '.join(names)}] is expected")
    return [dict(zip(names, row, strict=True)) for row in found]


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _storable(value: str) -> bool:
    """Say whether every database takes the text: no NUL, and no half of a surrogate pair."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _shown(value: object) -> str:
    """Return a few characters of the value, however large or deep it is."""
    match value:
        case list() | dict():
            return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
        case str() | bytes():
            shown = repr(value[: _SHOWN_MAX + 1])
        case int() if value.bit_length() > 8 * _SHOWN_MAX:
            return "a number beyond all limits"
        case _:
            shown = repr(value)
    return shown if len(shown) <= _SHOWN_MAX else shown[:_SHOWN_MAX] + "…"
