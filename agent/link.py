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
from dataclasses import dataclass

from agent import clock_verdict as verdicts
from agent import injection as injections
from agent import latches, recall, status
from agent.archive import trace as traces
from agent.archive.trace import Trace
from agent.clock_verdict import ClockVerdict as ClockVerdict
from agent.injection import Injection as Injection
from agent.latches import Kept as Kept
from agent.latches import Reset as Reset
from agent.recall import Recall as Recall
from agent.status import READING, READINGS_MAX, Status
from agent.steering import Override as Override
from agent.steering import Steering as Steering
from wire import block as blocks
from wire import fields, sync
from wire import schedule as schedules
from wire.block import Block, Reading
from wire.fields import INSTANT_US_MAX, BadMessage, Document
from wire.order import Mode
from wire.schedule import POWER_KW_MAX, Schedule
from wire.sync import Event

FRAME_BYTES_MAX = 4 * 1024 * 1024
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Hello:
    """Control's first word on every connection."""

    boot: str
    """Random, new for each run of the control process."""
    site: str
    settings: str = ""
    """Fingerprint of the settings file that this run was started with; empty: not known."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be kept: samples, an event or a trace. Numbers rise by one within a boot."""

    number: int
    content: Block | Event | Trace
    offset_us: int | None = None
    """What control's clock was ahead of the machine's monotonic clock when this was stamped, so
    that a stamp of a wrong clock can be put right; None: from a control that did not say."""


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


@dataclass(frozen=True, slots=True)
class Leave:
    """The gateway asks control to end in good order, to be started again."""

    reason: str


Message = (
    Hello
    | Item
    | Status
    | Stored
    | Schedule
    | Pushed
    | Steering
    | Injection
    | ClockVerdict
    | Leave
    | Kept
    | Recall
    | Reset
)


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
            return _hello_to_document(message)
        case Item():
            return {"type": "item", **_item_to_document(message)}
        case Status():
            return {"type": "status", **status.to_document(message)}
    return _word_to_document(message)


def _word_to_document(message: Message) -> dict[str, object]:
    """Return what the gateway says."""
    match message:
        case Stored():
            return {"type": "stored", "boot": message.boot, "n": message.number}
        case Schedule():
            return {"type": "schedule", "schedule": schedules.to_document(message)}
        case Pushed(device, readings):
            rows = [[r.point, r.value, int(r.quality), r.at_us] for r in readings]
            return {"type": "pushed", "device": device, "readings": rows}
        case Steering(mode, override):
            held = None if override is None else [override.id, override.power_kw, override.until_us]
            return {"type": "steering", "mode": mode.value, "override": held}
        case Injection():
            return {"type": "injection", **injections.to_document(message)}
        case ClockVerdict():
            return {"type": "clock", **verdicts.to_document(message)}
        case Kept() | Recall() | Reset():
            return _held_to_document(message)
        case Leave(reason):
            return {"type": "leave", "reason": fields.cut(reason)}
    raise AssertionError(f"no such message: {message!r}")


def _from_document(document: Document) -> Message:
    match document.get("type"):
        case "hello":
            return _hello(document)
        case "item":
            return _item(document)
        case "status":
            return status.from_document(document)
        case _:
            return _word(document)


def _word(document: Document) -> Message:
    """Return what the gateway says."""
    match document.get("type"):
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
            rows = fields.rows(document, "readings", "pushed", READING, most=READINGS_MAX)
            device = fields.text(document, "device", "pushed")
            return Pushed(device, tuple(status.reading(row, "pushed.readings") for row in rows))
        case "steering":
            return _steering(document)
        case "injection":
            return injections.from_document(document)
        case "clock":
            return verdicts.from_document(document)
        case "kept" | "recall" | "reset":
            return _held(document)
        case "leave":
            return Leave(fields.text(document, "reason", "link", empty=True))
        case other:
            raise BadMessage("link.type", other, "one of the messages of this version")


def _held_to_document(message: Kept | Recall | Reset) -> dict[str, object]:
    """Return what the gateway holds for control, or lets go."""
    match message:
        case Kept():
            return {"type": "kept", **latches.to_document(message)}
        case Recall():
            return {"type": "recall", **recall.to_document(message)}
        case Reset(code):
            return {"type": "reset", "code": code}


def _held(document: Document) -> Kept | Recall | Reset:
    match document["type"]:
        case "kept":
            return latches.from_document(document)
        case "recall":
            return recall.from_document(document)
    return Reset(fields.text(document, "code", "link"))


def _hello_to_document(hello: Hello) -> dict[str, object]:
    document: dict[str, object] = {"type": "hello", "boot": hello.boot, "site": hello.site}
    if hello.settings:
        document["settings"] = hello.settings
    return document


def _hello(document: Document) -> Hello:
    boot, site = fields.text(document, "boot", "link"), fields.text(document, "site", "link")
    if document.get("settings") is None:  # from a control that does not say
        return Hello(boot, site)
    return Hello(boot, site, fields.text(document, "settings", "link"))


def _item_to_document(item: Item) -> dict[str, object]:
    document: dict[str, object] = {"n": item.number}
    if isinstance(item.content, Block):
        document["block"] = blocks.to_json(item.content)
    elif isinstance(item.content, Trace):
        document["trace"] = traces.to_document(item.content)
    else:
        document["event"] = sync.event_to_document(item.content)
    if item.offset_us is not None:
        document["off"] = item.offset_us
    return document


def _item(document: Document) -> Item:
    offset_us = None if document.get("off") is None else _signed(document, "off")
    return Item(fields.integer(document, "n", "link"), _content(document), offset_us)


def _signed(document: Document, key: str) -> int:
    return fields.integer(document, key, "link", low=-INSTANT_US_MAX, high=INSTANT_US_MAX)


def _steering(document: Document) -> Steering:
    mode = fields.choice(document, "mode", "steering", Mode)
    held = document.get("override")
    if held is None:
        return Steering(mode, None)
    if not isinstance(held, list) or len(held) != len(_OVERRIDE):
        raise BadMessage("steering.override", held, f"[{', '.join(_OVERRIDE)}] is expected")
    row, path = dict(zip(_OVERRIDE, held, strict=True)), "steering.override"
    power_kw = fields.number(row, "power_kw", path, low=-POWER_KW_MAX, high=POWER_KW_MAX)
    override = Override(
        fields.text(row, "id", path), power_kw, fields.instant(row, "until_us", path)
    )
    return Steering(mode, override)


_OVERRIDE = ("id", "power_kw", "until_us")


def _content(document: Document) -> Block | Event | Trace:
    if "trace" in document:
        return traces.from_document(fields.as_document(document["trace"], "link.trace"))
    if "event" in document:
        return sync.event_from_document(fields.as_document(document["event"], "link.event"))
    text = document.get("block")
    if not isinstance(text, str):
        raise BadMessage("link.block", text, "an encoded block or an event is expected")
    return blocks.from_json(text)
