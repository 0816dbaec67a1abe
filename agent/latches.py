"""What waits for a reset, and what was proved: kept by the gateway, told to control. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from wire import fields
from wire.fields import BadMessage, Document

LATCHES_MAX = 200
PROVED_MAX = 100
_LATCH = ("code", "unit", "source", "text")


@dataclass(frozen=True, slots=True, order=True)
class Latch:
    """One interlock that waits for a reset."""

    code: str
    unit: str
    """Empty: the whole plant."""
    source: str
    """What it came from: a point, or a word of the interlock."""
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.code, self.unit, self.source


@dataclass(frozen=True, slots=True)
class Kept:
    """What the gateway has kept for control: latches of runs before, and passed self-tests."""

    latches: tuple[Latch, ...] = ()
    proved: tuple[str, ...] = ()
    """Fingerprints."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Somebody resets every latch of this code; said once, never again to another control."""

    code: str


def to_rows(latches: Iterable[Latch]) -> list[list[str]]:
    return [[latch.code, latch.unit, latch.source, fields.cut(latch.text)] for latch in latches]


def from_rows(document: Document, key: str, path: str) -> tuple[Latch, ...]:
    """Return the latches in the list at `key`.

    Raises:
        BadMessage: it is no such list.
    """
    rows = fields.rows(document, key, path, _LATCH, most=LATCHES_MAX)
    where = f"{path}.{key}"
    return tuple(
        Latch(
            fields.text(row, "code", where),
            fields.text(row, "unit", where, empty=True),
            fields.text(row, "source", where, empty=True),
            fields.text(row, "text", where, empty=True),
        )
        for row in rows
    )


def to_document(kept: Kept) -> dict[str, object]:
    return {"latches": to_rows(kept.latches), "proved": list(kept.proved)}


def since(document: Document, path: str = "kept") -> dict[tuple[str, str, str], int]:
    """Return by key when each latch was first seen; a document without it knows none.

    Raises:
        BadMessage: it is no such table.
    """
    if "since" not in document:
        return {}
    rows = fields.rows(document, "since", path, (*_LATCH[:3], "at_us"), most=LATCHES_MAX)
    where = f"{path}.since"
    return {
        (
            fields.text(row, "code", where),
            fields.text(row, "unit", where, empty=True),
            fields.text(row, "source", where, empty=True),
        ): fields.instant(row, "at_us", where)
        for row in rows
    }


def from_document(document: Document, path: str = "kept") -> Kept:
    """Return what was kept.

    Raises:
        BadMessage: a key is missing or wrong.
    """
    proved = document.get("proved")
    if not isinstance(proved, list) or len(proved) > PROVED_MAX:
        raise BadMessage(f"{path}.proved", proved, f"at most {PROVED_MAX} texts are expected")
    found = tuple(fields.text({"it": one}, "it", f"{path}.proved") for one in proved)
    return Kept(from_rows(document, "latches", path), found)
