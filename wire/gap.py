"""The gap ledger: what a box had and has no more, or has only thinned. Pure.

Every loss is a row, made in the transaction that causes it, and travels to the hub like any other
record. A row whose extent is not known says so; nothing is rounded down to "nothing was lost".
"""

from dataclasses import dataclass
from enum import StrEnum

from wire import fields
from wire.fields import Document
from wire.sync import FrameClass


class Cause(StrEnum):
    """Why something is missing."""

    THINNED = "thinned"
    """The buffer was full: samples were replaced by their 1-minute averages."""
    FULL = "full"
    """The buffer was full: dropped."""
    AGE = "age"
    """Older than the box may keep it."""
    CORRUPT = "corrupt"
    """A stored frame no longer had its CRC; it is in quarantine."""
    REFUSED = "refused"
    """The hub could not take a frame; it is in quarantine on the box."""
    DAMAGED = "damaged"
    """The buffer's file was set aside as a whole."""
    RING = "ring"
    """The gateway was away so long that control's memory ran over."""
    POWER = "power"
    """The box lost its power, and with it what was not yet committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One row of the ledger."""

    id: str
    """``<epoch>-<number>``, unique for a box for ever."""
    at_us: int
    """When it was noticed."""
    cause: Cause
    cls: FrameClass
    device: str
    """Empty: several, or not known."""
    from_us: int
    to_us: int
    """``[from_us, to_us)`` covers what is missing."""
    n: int | None
    """Values (telemetry, settlement) or events missing; None: not known."""
    first_seq: int | None = None
    last_seq: int | None = None
    """Frames of `cls` numbered in this range are the ones; what the hub has of them nevertheless
    (its answer was lost) is not missing, and the hub takes it off `n`."""
    text: str = ""


def to_document(gap: Gap) -> dict[str, object]:
    return {
        "id": gap.id,
        "at_us": gap.at_us,
        "cause": gap.cause.value,
        "class": int(gap.cls),
        "device": gap.device,
        "from_us": gap.from_us,
        "to_us": gap.to_us,
        "n": gap.n,
        "first_seq": gap.first_seq,
        "last_seq": gap.last_seq,
        "text": fields.cut(gap.text),
    }


def from_document(document: Document, path: str = "gap") -> Gap:
    return Gap(
        id=fields.text(document, "id", path),
        at_us=fields.instant(document, "at_us", path),
        cause=fields.choice(document, "cause", path, Cause),
        cls=FrameClass(fields.integer(document, "class", path, high=max(FrameClass))),
        device=fields.text(document, "device", path, empty=True),
        from_us=fields.instant(document, "from_us", path),
        to_us=fields.instant(document, "to_us", path),
        n=_count(document, "n", path),
        first_seq=_count(document, "first_seq", path),
        last_seq=_count(document, "last_seq", path),
        text=fields.text(document, "text", path, empty=True),
    )


def _count(document: Document, key: str, path: str) -> int | None:
    return None if document.get(key) is None else fields.integer(document, key, path)
