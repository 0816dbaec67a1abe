"""Alarms: raised and cleared by the box, acknowledged by a person anywhere. Pure.

An alarm is known by its id for as long as it lasts; the same trouble a second time is a new alarm.
Box and hub keep the same row because every change of it travels as the whole row with a `change`
number: the higher number replaces the lower, so a change that comes late or twice changes nothing.
"""

from dataclasses import dataclass

from wire import fields
from wire.fields import BadMessage, Document
from wire.sync import Severity, severity_of

ID_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One trouble, from its beginning to its end."""

    id: str
    """Random hexadecimal, given by the box when it was raised."""
    change: int
    """Counts the changes of this alarm from 1."""
    code: str
    """As in events: ``DEVICE_LOST``."""
    severity: Severity
    """WARNING or ALARM."""
    source: str
    """The device or part of the agent."""
    text: str
    raised_us: int
    cleared_us: int | None = None
    """None: it lasts."""
    acked_us: int | None = None
    acked_by: str = ""
    note: str = ""


def to_document(alarm: Alarm) -> dict[str, object]:
    return {
        "id": alarm.id,
        "change": alarm.change,
        "code": alarm.code,
        "severity": alarm.severity.name.lower(),
        "source": alarm.source,
        "text": fields.cut(alarm.text) or alarm.code,
        "raised_us": alarm.raised_us,
        "cleared_us": alarm.cleared_us,
        "acked_us": alarm.acked_us,
        "acked_by": alarm.acked_by,
        "note": fields.cut(alarm.note),
    }


def from_document(document: Document, path: str = "alarm") -> Alarm:
    identity = fields.text(document, "id", path)
    if len(identity) > ID_MAX:
        raise BadMessage(f"{path}.id", identity, f"at most {ID_MAX} characters are expected")
    return Alarm(
        id=identity,
        change=fields.integer(document, "change", path, low=1),
        code=fields.text(document, "code", path),
        severity=severity_of(document, path),
        source=fields.text(document, "source", path),
        text=fields.text(document, "text", path),
        raised_us=fields.instant(document, "raised_us", path),
        cleared_us=fields.instant_or_none(document, "cleared_us", path),
        acked_us=fields.instant_or_none(document, "acked_us", path),
        acked_by=fields.text(document, "acked_by", path, empty=True),
        note=fields.text(document, "note", path, empty=True),
    )
