"""What control and gateway say to each other over their Unix socket, and its framing.

Control numbers every `Item` (samples and events) from 0 and keeps it until a `Stored` names its
number: the gateway has committed it. After a reconnection control sends everything it still
keeps, and the gateway drops what it has; so a killed gateway costs nothing, and nothing is kept
twice. `Status` is the newest picture for the technician's page and is never stored. `Pushed` is
what a device told the gateway's page; one that finds no control is lost, like a missed reading.

A frame is a length (u32, big-endian) and that many bytes of JSON, an object with a ``type``.
"""

import asyncio
import struct
import sys
from dataclasses import dataclass

from wire import block as blocks
from wire import fields, sync
from wire import schedule as schedules
from wire.block import Block, Quality, Reading
from wire.fields import BadMessage, Document
from wire.schedule import Schedule
from wire.sync import Event

FRAME_BYTES_MAX = 4 * 1024 * 1024
_READINGS_MAX = 10_000
_DEVICES_MAX = 100
_REASONS_MAX = 50
_FLOAT_MAX = sys.float_info.max
_LENGTH = struct.Struct(">I")
_REASON = ("code", "text", "power_kw")
_DEVICE = ("device", "connected", "answered_us", "trouble")
_PUSHED = ("point", "value", "quality", "at_us")
_READING = ("device", *_PUSHED)


@dataclass(frozen=True, slots=True)
class Hello:
    """Control's first word on every connection."""

    boot: str
    """Random, new for each run of the control process."""
    site: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be kept: samples or an event. Numbers rise by one within a boot."""

    number: int
    content: Block | Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """How one device is doing."""

    device: str
    connected: bool
    answered_us: int | None
    """When it last answered; None: never since the start."""
    trouble: str
    """What is wrong, in one sentence; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the setpoint is what it is: who asked or cut, in the order it happened."""

    code: str
    text: str
    power_kw: float
    """The value after this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The newest picture of the plant and of the last decision."""

    at_us: int
    mode: str
    """``starting``, ``automatic``, ``safe`` (ramped to 0 because something is missing)."""
    setpoint_kw: float
    schedule_kw: float
    response_kw: float
    reasons: tuple[Reason, ...]
    devices: tuple[DeviceState, ...]
    readings: tuple[tuple[str, Reading], ...]
    """(device, newest reading), aged values marked STALE; on the link only what is new since the
    frame before it on the same connection, in portions."""
    schedule_version: int | None
    schedule_ends_us: int | None
    beats: int
    missed: int
    """Beats that could not start on time since the start of control."""
    kept_items: int
    dropped_items: int


@dataclass(frozen=True, slots=True)
class Stored:
    """The gateway has committed every item of this boot up to `number`."""

    boot: str
    number: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a device told unasked over HTTP, from the gateway to control."""

    device: str
    readings: tuple[Reading, ...]


Message = Hello | Item | Status | Stored | Schedule | Pushed


def encode(message: Message) -> bytes:
    """Return the frame of `message`, its length first."""
    body = fields.compact(_to_document(message)).encode("ascii")
    return _LENGTH.pack(len(body)) + body


async def receive(reader: asyncio.StreamReader) -> Message:
    """Return the next message.

    Raises:
        EOFError: the other side closed the connection, also in the middle of a frame.
        BadMessage: the frame is too long or is not a message; the connection is of no more use.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > FRAME_BYTES_MAX:
            raise BadMessage("link", length, f"frames of at most {FRAME_BYTES_MAX} are expected")
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError("the link was closed") from error
    return _from_document(fields.parse(body, "link"))


def _to_document(message: Message) -> dict[str, object]:
    match message:
        case Hello():
            return {"type": "hello", "boot": message.boot, "site": message.site}
        case Item(number, Block() as block):
            return {"type": "item", "n": number, "block": blocks.to_json(block)}
        case Item(number, Event() as event):
            return {"type": "item", "n": number, "event": sync.event_to_document(event)}
        case Status():
            return {"type": "status", **_status_to_document(message)}
        case Stored():
            return {"type": "stored", "boot": message.boot, "n": message.number}
        case Schedule():
            return {"type": "schedule", "schedule": schedules.to_document(message)}
        case Pushed(device, readings):
            rows = [[r.point, r.value, int(r.quality), r.at_us] for r in readings]
            return {"type": "pushed", "device": device, "readings": rows}
    raise AssertionError(f"no such message: {message!r}")


def _from_document(document: Document) -> Message:
    match document.get("type"):
        case "hello":
            return Hello(
                fields.text(document, "boot", "link"), fields.text(document, "site", "link")
            )
        case "item":
            return Item(fields.integer(document, "n", "link"), _content(document))
        case "status":
            return _status_from_document(document)
        case "stored":
            return Stored(
                fields.text(document, "boot", "link"),
                fields.integer(document, "n", "link", low=-1),
            )
        case "schedule":
            return schedules.from_document(
                fields.as_document(document.get("schedule"), "link.schedule"), "link.schedule"
            )
        case "pushed":
            rows = _rows(document, "readings", _PUSHED, _READINGS_MAX, "pushed")
            device = fields.text(document, "device", "pushed")
            return Pushed(device, tuple(_reading(row, "pushed.readings") for row in rows))
        case other:
            raise BadMessage("link.type", other, "one of the messages of this version")


def _content(document: Document) -> Block | Event:
    if "event" in document:
        return sync.event_from_document(fields.as_document(document["event"], "link.event"))
    text = document.get("block")
    if not isinstance(text, str):
        raise BadMessage("link.block", text, "an encoded block or an event is expected")
    return blocks.from_json(text)


def _status_to_document(status: Status) -> dict[str, object]:
    return {
        "at_us": status.at_us,
        "mode": status.mode,
        "setpoint_kw": status.setpoint_kw,
        "schedule_kw": status.schedule_kw,
        "response_kw": status.response_kw,
        "reasons": [[r.code, fields.cut(r.text), r.power_kw] for r in status.reasons],
        "devices": [
            [d.device, d.connected, d.answered_us, fields.cut(d.trouble)] for d in status.devices
        ],
        "readings": [
            [device, r.point, r.value, int(r.quality), r.at_us] for device, r in status.readings
        ],
        "schedule_version": status.schedule_version,
        "schedule_ends_us": status.schedule_ends_us,
        "beats": status.beats,
        "missed": status.missed,
        "kept_items": status.kept_items,
        "dropped_items": status.dropped_items,
    }


def _status_from_document(document: Document) -> Status:
    path = "status"
    low, high = -schedules.POWER_KW_MAX, schedules.POWER_KW_MAX
    version, ends_us = document.get("schedule_version"), document.get("schedule_ends_us")
    return Status(
        at_us=fields.instant(document, "at_us", path),
        mode=fields.text(document, "mode", path),
        setpoint_kw=fields.number(document, "setpoint_kw", path, low=low, high=high),
        schedule_kw=fields.number(document, "schedule_kw", path, low=low, high=high),
        response_kw=fields.number(document, "response_kw", path, low=low, high=high),
        reasons=tuple(_reason(row) for row in _rows(document, "reasons", _REASON, _REASONS_MAX)),
        devices=tuple(_device(row) for row in _rows(document, "devices", _DEVICE, _DEVICES_MAX)),
        readings=tuple(
            (fields.text(row, "device", "status.readings"), _reading(row))
            for row in _rows(document, "readings", _READING, _READINGS_MAX)
        ),
        schedule_version=None if version is None else _whole(document, "schedule_version"),
        schedule_ends_us=None
        if ends_us is None
        else fields.instant(document, "schedule_ends_us", path),
        beats=_whole(document, "beats"),
        missed=_whole(document, "missed"),
        kept_items=_whole(document, "kept_items"),
        dropped_items=_whole(document, "dropped_items"),
    )


def _rows(
    document: Document, key: str, names: tuple[str, ...], most: int, path: str = "status"
) -> list[Document]:
    rows = fields.items(document, key, path, most=most)
    for row in rows:
        if not isinstance(row, list) or len(row) != len(names):
            raise BadMessage(f"{path}.{key}", row, f"[{', '.join(names)}] is expected")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _whole(document: Document, key: str) -> int:
    return fields.integer(document, key, "status")


def _reason(row: Document) -> Reason:
    path = "status.reasons"
    low, high = -schedules.POWER_KW_MAX, schedules.POWER_KW_MAX
    return Reason(
        fields.text(row, "code", path),
        fields.text(row, "text", path, empty=True),
        fields.number(row, "power_kw", path, low=low, high=high),
    )


def _device(row: Document) -> DeviceState:
    path = "status.devices"
    if not isinstance(row["connected"], bool):
        raise BadMessage(f"{path}.connected", row["connected"], "true or false is expected")
    return DeviceState(
        device=fields.text(row, "device", path),
        connected=row["connected"],
        answered_us=None
        if row["answered_us"] is None
        else fields.instant(row, "answered_us", path),
        trouble=fields.text(row, "trouble", path, empty=True),
    )


def _reading(row: Document, path: str = "status.readings") -> Reading:
    value = row["value"]
    return Reading(
        fields.text(row, "point", path),
        None
        if value is None
        else fields.number(row, "value", path, low=-_FLOAT_MAX, high=_FLOAT_MAX),
        Quality(fields.integer(row, "quality", path, high=max(Quality))),
        fields.instant(row, "at_us", path),
    )
