r"""Lines of text: ``50.012``, ``F=49.998Hz;U=230.1``, ``$FREQ,50.012,230.1*5C``. Pure.

Fields are known by their number from 0 and, where they have one, by their label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from drivers.serial.telegram import Damaged, Telegram, Value, number

LINE_BYTES_MAX = 1_024
FIELDS_MAX = 64


class Checksum(StrEnum):
    NONE = "none"
    NMEA = "nmea"
    """``*`` and the XOR of all letters between ``$`` and it, in two hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFormat:
    """How a line is written."""

    prefix: str = ""
    """Only lines that begin so are ours; the others are passed over."""
    separator: str = ""
    """Between fields; empty: white space."""
    decimal: str = "."
    checksum: Checksum = Checksum.NONE


class Lines:
    """A `drivers.serial.telegram.Framer`."""

    def __init__(self, form: LineFormat, *, from_the_middle: bool) -> None:
        """`from_the_middle`: the first line may have begun before we listened and is left out."""
        self._form = form
        self._begun = b""
        self._cut = from_the_middle

    def feed(self, data: bytes) -> Sequence[Telegram | Damaged]:
        *whole, rest = (self._begun + data.replace(b"\r", b"\n")).split(b"\n")
        if self._cut and whole:
            del whole[0]
            self._cut = False
        found = [said for line in whole if (said := self._line(line)) is not None]
        self._begun = rest
        if len(rest) > LINE_BYTES_MAX:
            self._begun = b""
            self._cut = True
            found.append(Damaged(f"a line of more than {LINE_BYTES_MAX} bytes"))
        return found

    def _line(self, line: bytes) -> Telegram | Damaged | None:
        form = self._form
        text = line.decode("ascii", "replace").strip()
        if not text or not text.startswith(form.prefix):
            return None
        if form.checksum is Checksum.NMEA:
            body, star, digits = text.rpartition("*")
            if not star or digits.upper() != nmea(body):
                return Damaged(f"the checksum of {text[:40]!a} is wrong")
            text = body
        fields = _fields(text.removeprefix(form.prefix), form)
        return fields or Damaged(f"there is no number in {text[:40]!a}")


def nmea(body: str) -> str:
    """Return the checksum of a sentence, its ``$`` not counted."""
    total = 0
    for byte in body.removeprefix("$").encode("ascii", "replace"):
        total ^= byte
    return f"{total:02X}"


def _fields(text: str, form: LineFormat) -> dict[str, Value]:
    parts = text.strip(form.separator or None).split(form.separator or None, FIELDS_MAX)
    fields: dict[str, Value] = {}
    for place, part in enumerate(parts[:FIELDS_MAX]):
        label, sign, rest = part.replace(":", "=", 1).partition("=")
        value = number((rest if sign else part).replace(form.decimal, "."))
        if value is not None:
            fields[str(place)] = value
            if sign:
                fields[label.strip()] = value
    return fields
