"""The profile of a meter on a serial port: its format, and where each value is in it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from drivers.document import Document, Protocol
from drivers.point import Access
from drivers.serial.iec62056 import Blocks, Telegrams, request
from drivers.serial.lines import Checksum, LineFormat, Lines
from drivers.serial.sml import Frames
from drivers.serial.telegram import Framer, obis
from drivers.table import Mistakes, Table
from drivers.tag import Tag, described, read_tag

POINTS_MAX = 200
SEPARATORS = (" ", ",", ";", "\t", "|")


class Format(StrEnum):
    LINES = "lines"
    IEC62056 = "iec62056"
    SML = "sml"


class Mode(StrEnum):
    """Of IEC 62056-21."""

    A = "A"
    """It answers a request."""
    C = "C"
    """It answers a request, and then once more at a speed that both agree on."""
    D = "D"
    """It speaks by itself."""


class Parity(StrEnum):
    NONE = "none"
    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """How a port is set."""

    baud: int = 9_600
    bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialProfile:
    """One kind of meter."""

    format: Format
    character: Character
    lines: LineFormat
    mode: Mode
    request: bytes
    """What makes the meter speak; empty: it does by itself."""
    period_s: float
    """How often it is asked."""
    timeout_s: float
    """For one whole answer, or for a word of a meter that speaks by itself."""
    stale_s: float
    tags: tuple[Tag, ...]
    keys: Mapping[str, str]
    """Which value of a telegram each point is, by the point's name."""

    def framer(self) -> Framer:
        """Return a new framer for a new connection."""
        match self.format:
            case Format.LINES:
                return Lines(self.lines, from_the_middle=not self.request)
            case Format.IEC62056:
                return Telegrams() if self.mode is Mode.D else Blocks()
            case Format.SML:
                return Frames()


def read_profile(document: Document) -> SerialProfile:
    """Return the rest of a profile whose protocol is ``serial``.

    Raises:
        ProfileError: a key is missing, unknown or wrong; its `lines` are every mistake.
    """
    table, mistakes = document.table, Mistakes()
    profile: SerialProfile | None = None
    tags: list[Tag] = []
    keys: dict[str, str] = {}
    with mistakes.caught():
        profile = _link(document)
    with mistakes.caught():
        for row in table.tables("point", POINTS_MAX):
            with mistakes.caught():
                tag, key = _point(row, profile)
                if tag.name in keys:
                    raise row.wrong("name", tag.name, "each point once")
                keys[tag.name] = key
                tags.append(tag)
        table.close()
    mistakes.tell()
    assert profile is not None, "no mistake, so it was read"
    return replace(profile, tags=tuple(tags), keys=keys)


def describe(document: Document) -> list[str]:
    """Return one line for each point, for people; raises like `read_profile`."""
    profile = read_profile(document)
    return [described(tag, profile.keys[tag.name]) for tag in profile.tags]


def _link(document: Document) -> SerialProfile:
    link = document.link
    if document.protocol is not Protocol.SERIAL:
        raise link.wrong("protocol", document.protocol, Protocol.SERIAL)
    form = link.choice("format", Format)
    iec = form is Format.IEC62056
    mode = link.choice("mode", Mode, Mode.D) if iec else Mode.D
    asked = _request(link, form, mode)
    period_s = link.number("period_s", 0.05, 3_600.0, 15.0 if iec else 1.0)
    if not asked:
        period_s = 0.0
    profile = SerialProfile(
        format=form,
        character=_character(link, seven=iec and mode is not Mode.D),
        lines=_lines(link) if form is Format.LINES else LineFormat(),
        mode=mode,
        request=asked,
        period_s=period_s,
        timeout_s=link.number("timeout_s", 0.1, 600.0, 60.0 if iec else 10.0),
        stale_s=link.number("stale_s", 0.1, 86_400.0, 2.0 + 3.0 * max(period_s, 1.0)),
        tags=(),
        keys={},
    )
    link.close()
    return profile


def _character(link: Table, *, seven: bool) -> Character:
    return Character(
        baud=link.integer("baud", 300, 921_600, 300 if seven else 9_600),
        bits=link.integer("bits", 7, 8, 7 if seven else 8),
        parity=link.choice("parity", Parity, Parity.EVEN if seven else Parity.NONE),
        stop_bits=link.integer("stop_bits", 1, 2, 1),
    )


def _request(link: Table, form: Format, mode: Mode) -> bytes:
    if form is Format.IEC62056 and mode is not Mode.D:
        address = link.text("address", "")
        if len(address) > 32 or not (address.isascii() and (address.isalnum() or not address)):
            raise link.wrong("address", address, "at most 32 letters and digits")
        return request(address)
    if form is not Format.LINES:
        return b""
    text = link.text("request", "")
    if len(text) > 64 or not text.isascii():
        raise link.wrong("request", text, "at most 64 ASCII letters")
    return text.encode("ascii")


def _lines(link: Table) -> LineFormat:
    prefix, separator = link.text("prefix", ""), link.text("separator", "")
    decimal = link.text("decimal", ".")
    if separator and separator not in SEPARATORS:
        shown = ", ".join(repr(one) for one in SEPARATORS)
        raise link.wrong("separator", separator, f"one of {shown}, or none for white space,")
    if decimal not in (".", ",") or decimal == separator:
        raise link.wrong("decimal", decimal, "'.' or ',', and another than separator,")
    if len(prefix) > 32:
        raise link.wrong("prefix", prefix, "at most 32 letters")
    checksum = link.choice("checksum", Checksum, Checksum.NONE)
    return LineFormat(prefix=prefix, separator=separator, decimal=decimal, checksum=checksum)


def _point(row: Table, profile: SerialProfile | None) -> tuple[Tag, str]:
    tag = read_tag(row)
    if tag.access is not Access.READ:
        raise row.wrong("access", tag.access, "read, for a meter,")
    if profile is None:
        return tag, ""  # of which format it must be is not known
    key = _field(row) if profile.format is Format.LINES else _code(row)
    row.close()
    return tag, key


def _field(row: Table) -> str:
    if row.has("label"):
        return row.text("label")
    return str(row.integer("field", 0, 63))


def _code(row: Table) -> str:
    code = row.text("obis")
    parts = obis(code)
    if parts is None:
        raise row.wrong("obis", code, "a code such as '1-0:16.7.0' or '16.7.0'")
    medium, short = parts
    return f"{medium}:{short}" if medium else short
