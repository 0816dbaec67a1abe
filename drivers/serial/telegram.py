"""What every serial format has in common: bytes in any pieces become whole telegrams. Pure.

A telegram is the values that it carries, by the name under which the format knows them: a field's
number or label, an OBIS code. What does not add up is `Damaged` and costs that telegram only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

TELEGRAM_BYTES_MAX = 16 * 1024
"""Of any meter; an end that does not come costs no more memory than this."""
_OBIS = re.compile(
    r"(?:(\d{1,3})-(\d{1,3}):)?([\dA-Z]{1,3}\.\d{1,3}(?:\.\d{1,3})?)(?:[*&]\d{1,3})?"
)
_NUMBER = re.compile(
    r"\s*([+-]?\d{1,20}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,2})?)\s*(\D{0,8}?)\s*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Value:
    """A number and the unit that came with it, empty for none."""

    number: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Damaged:
    """Something that was no telegram; the reason is one line."""

    reason: str


Telegram = Mapping[str, Value]


class Framer(Protocol):
    """Finds telegrams in a stream of bytes."""

    def feed(self, data: bytes) -> Sequence[Telegram | Damaged]:
        """Return what `data` completed."""
        ...


def number(text: str) -> Value | None:
    """Return ``49.98``, ``49.98 Hz`` as a value; None: this is no number."""
    found = _NUMBER.fullmatch(text)
    return None if found is None else Value(float(found[1]), found[2])


def obis(text: str) -> tuple[str, str] | None:
    """Return medium and channel, ``1-0`` or nothing, and value, ``1.8.0``, of an OBIS code."""
    found = _OBIS.fullmatch(text)
    if found is None:
        return None
    return ("" if found[1] is None else f"{found[1]}-{found[2]}", found[3])


def by_obis(values: Sequence[tuple[str, Value]]) -> Telegram:
    """Return values by full and by short code; a short one that two meters share is left out."""
    telegram: dict[str, Value] = {}
    shared: set[str] = set()
    for code, value in values:
        parts = obis(code)
        if parts is None:
            continue
        medium, short = parts
        if medium:
            telegram[f"{medium}:{short}"] = value
        if short in telegram and telegram[short] != value:
            shared.add(short)
        telegram[short] = value
    return {code: value for code, value in telegram.items() if code not in shared}
