"""The payload of an EVENTS frame: events, changes of alarms, rows of the gap ledger. Pure.

Whatever the box tells about itself travels in the same numbered frames as its samples, so an
outage changes neither order nor number. Version 1 had events only and still parses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wire import alarm as alarms
from wire import fields, sync
from wire import gap as gaps
from wire.alarm import Alarm
from wire.fields import Document
from wire.gap import Gap
from wire.sync import FRAMES_MAX, Event

VERSION = 1
_LISTS = ("events", "alarms", "gaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What one frame tells."""

    events: tuple[Event, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def __len__(self) -> int:
        return len(self.events) + len(self.alarms) + len(self.gaps)


def encode(records: Records) -> bytes:
    """Return the payload; lists without an entry are left out, but for events."""
    document: dict[str, object] = {
        "v": VERSION,
        "events": [sync.event_to_document(event) for event in records.events],
    }
    if records.alarms:
        document["alarms"] = [alarms.to_document(alarm) for alarm in records.alarms]
    if records.gaps:
        document["gaps"] = [gaps.to_document(gap) for gap in records.gaps]
    return fields.compact(document).encode("ascii")


def decode(payload: bytes) -> Records:
    """Return what is in the payload.

    Raises:
        BadMessage: it is no payload of an EVENTS frame.
    """
    document = fields.parse(payload, "records")
    fields.version(document, "records", VERSION)
    events, changes, losses = (_items(document, name) for name in _LISTS)
    return Records(
        events=tuple(sync.event_from_document(item, path) for item, path in events),
        alarms=tuple(alarms.from_document(item, path) for item, path in changes),
        gaps=tuple(gaps.from_document(item, path) for item, path in losses),
    )


def _items(document: Document, name: str) -> Sequence[tuple[Document, str]]:
    if name not in document:
        return []
    paths = f"records.{name}"
    return [
        (fields.as_document(item, f"{paths}[{i}]"), f"{paths}[{i}]")
        for i, item in enumerate(fields.items(document, name, "records", most=FRAMES_MAX))
    ]
