"""The messages of the sync API, version 1. Pure.

The agent always dials out. It posts an `Upload` of numbered frames and may forget them once an
`Ack` names their number: the hub has committed them. It asks for a `Downlink` and is kept
waiting until there is news.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from wire import command as commands
from wire import fields, live
from wire import schedule as schedules
from wire.command import Command, CommandResult
from wire.fields import BadMessage, Document
from wire.schedule import Schedule

VERSION = 1
UPLOAD_PATH = "/sync/v1/uploads"
DOWNLINK_PATH = "/sync/v1/downlink"
RESULTS_PATH = "/sync/v1/results"
LIVE_PATH = "/sync/v1/live"
REPORT_PATH = "/sync/v1/report"
GAPS_PATH = "/sync/v1/gaps"
TIME_PATH = "/sync/v1/time"
KEYS_PATH = "/sync/v1/keys"
ENROL_PATH = "/sync/v1/enrolments"
BUNDLES_PATH = "/sync/v1/bundles"
"""Followed by the id of the command that asked for the bundle."""
UPLOAD_BYTES_MAX = 4 * 1024 * 1024
FRAMES_MAX = 2_000
EVENT_TEXT_MAX = 300
_FRAME = struct.Struct("<QBII")
"""Sequence, class, payload length, CRC-32 of the payload."""


class FrameClass(IntEnum):
    """What a frame carries; a lower number is kept longer when space runs out."""

    SETTLEMENT = 0
    EVENTS = 1
    TELEMETRY = 2


class Severity(IntEnum):
    """How much an event matters: for the record, for attention, for a person now."""

    INFO = 0
    WARNING = 1
    ALARM = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One stored unit of the agent: an encoded `wire.block.Block`, or an encoded event."""

    seq: int
    """Rises by one for each frame of a (gateway, epoch)."""
    kind: FrameClass
    payload: bytes

    @property
    def crc(self) -> int:
        return zlib.crc32(self.payload)


@dataclass(frozen=True, slots=True)
class Upload:
    """Frames of one gateway in the order of their numbers.

    An epoch is the life of one buffer file: numbers start again only under a new one.
    """

    gateway: str
    epoch: str
    frames: tuple[Frame, ...]
    after: int | None = None
    """These are all the frames that the gateway still has between this number and the last one:
    numbers left out are gone (dropped from a full buffer, set aside) and not to be waited for.
    None: nothing is said about numbers left out; the hub waits for them."""


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to `seq` is committed by the hub; -1: nothing yet."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened once and is worth a line: an alarm, a mode change, a loss."""

    at_us: int
    code: str
    """Stable, for machines: ``DEVICE_LOST``."""
    severity: Severity
    source: str
    """The device or the part of the agent that says so."""
    text: str
    """One line for people, in English; pages translate by code. What is longer is cut."""


@dataclass(frozen=True, slots=True)
class Downlink:
    """The hub's answer to a long poll."""

    server_us: int
    schedule: Schedule | None = None
    """None: the box has the newest."""
    commands: tuple[Command, ...] = ()
    """Those whose reception the box has not confirmed yet, by priority and age."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """(id, why) of commands that this version cannot read, for the box to refuse; not sent."""
    watch: tuple[str, ...] = ()
    """Points that somebody watches now; ``*``: all; none: no live frames are wanted."""
    grant_bytes_s: int | None = None
    """What the hub grants for history that is older than a minute; None: the box's own share."""


def encode_upload(upload: Upload) -> bytes:
    """Return the request body: one line of JSON, then each frame's head and payload."""
    head: dict[str, object] = {
        "v": VERSION,
        "gateway": upload.gateway,
        "epoch": upload.epoch,
        "frames": len(upload.frames),
    }
    if upload.after is not None:
        head["after"] = upload.after
    parts = [fields.compact(head).encode("ascii"), b"\n"]
    for frame in upload.frames:
        parts.append(_FRAME.pack(frame.seq, frame.kind, len(frame.payload), frame.crc))
        parts.append(frame.payload)
    return b"".join(parts)


def decode_upload(body: bytes) -> Upload:
    """Return the upload in `body`, each frame's CRC checked.

    Raises:
        BadMessage: too large, cut short, a wrong CRC, or numbers that do not rise.
    """
    if len(body) > UPLOAD_BYTES_MAX:
        raise BadMessage("upload", len(body), f"at most {UPLOAD_BYTES_MAX} bytes are allowed")
    line, _, rest = body.partition(b"\n")
    head = fields.parse(line, "upload")
    fields.version(head, "upload", VERSION)
    count = fields.integer(head, "frames", "upload", high=FRAMES_MAX)
    frames = _frames(rest, count)
    return Upload(
        gateway=fields.text(head, "gateway", "upload"),
        epoch=fields.text(head, "epoch", "upload"),
        frames=frames,
        after=_after(head, frames),
    )


def ack_to_document(ack: Ack) -> dict[str, object]:
    return {"v": VERSION, "epoch": ack.epoch, "seq": ack.seq}


def ack_from_document(document: Document) -> Ack:
    fields.version(document, "ack", VERSION)
    return Ack(
        epoch=fields.text(document, "epoch", "ack"),
        seq=fields.integer(document, "seq", "ack", low=-1),
    )


def event_to_document(event: Event) -> dict[str, object]:
    return {
        "at_us": event.at_us,
        "code": event.code,
        "severity": event.severity.name.lower(),
        "source": event.source,
        "text": fields.cut(event.text, EVENT_TEXT_MAX) or event.code,
    }


def event_from_document(document: Document, path: str = "event") -> Event:
    return Event(
        at_us=fields.instant(document, "at_us", path),
        code=fields.text(document, "code", path),
        severity=severity_of(document, path),
        source=fields.text(document, "source", path),
        text=fields.text(document, "text", path),
    )


def severity_of(document: Document, path: str) -> Severity:
    name = fields.text(document, "severity", path)
    if name.upper() not in Severity.__members__:
        raise BadMessage(f"{path}.severity", name, "info, warning or alarm is expected")
    return Severity[name.upper()]


def downlink_to_document(downlink: Downlink) -> dict[str, object]:
    schedule = downlink.schedule
    document: dict[str, object] = {
        "v": VERSION,
        "server_us": downlink.server_us,
        "schedule": None if schedule is None else schedules.to_document(schedule),
    }
    if downlink.commands:
        document["commands"] = [commands.to_document(command) for command in downlink.commands]
    if downlink.watch:
        document["watch"] = list(downlink.watch)
    if downlink.grant_bytes_s is not None:
        document["grant_bytes_s"] = downlink.grant_bytes_s
    return document


def downlink_from_document(document: Document) -> Downlink:
    """Return the answer; what a hub of before commands leaves out is none of it."""
    path = "downlink"
    fields.version(document, path, VERSION)
    schedule = document.get("schedule")
    grant = document.get("grant_bytes_s")
    readable, unreadable = _commands(document) if "commands" in document else ((), ())
    return Downlink(
        server_us=fields.instant(document, "server_us", path),
        schedule=None
        if schedule is None
        else schedules.from_document(
            fields.as_document(schedule, f"{path}.schedule"), f"{path}.schedule"
        ),
        commands=readable,
        unreadable=unreadable,
        watch=live.watch_from_document(document, path) if "watch" in document else (),
        grant_bytes_s=None if grant is None else fields.integer(document, "grant_bytes_s", path),
    )


def results_to_document(results: Sequence[CommandResult]) -> dict[str, object]:
    """Return the body of a post to `RESULTS_PATH`."""
    return {"v": VERSION, "results": [commands.result_to_document(result) for result in results]}


def results_from_document(document: Document) -> tuple[CommandResult, ...]:
    fields.version(document, "results", VERSION)
    rows = fields.items(document, "results", "results", most=commands.COMMANDS_MAX)
    return tuple(
        commands.result_from_document(fields.as_document(row, f"results[{i}]"), f"results[{i}]")
        for i, row in enumerate(rows)
    )


def _commands(
    document: Document,
) -> tuple[tuple[Command, ...], tuple[tuple[str, str], ...]]:
    """Return the commands, and of those that cannot be read at least the id: one of a newer kind
    must not hide the others."""
    readable: list[Command] = []
    unreadable: list[tuple[str, str]] = []
    rows = fields.items(document, "commands", "downlink", most=commands.COMMANDS_MAX)
    for i, row in enumerate(rows):
        path = f"downlink.commands[{i}]"
        item = fields.as_document(row, path)
        try:
            readable.append(commands.from_document(item, path))
        except BadMessage as error:
            unreadable.append((commands.id_of(item, path), str(error)))
    return tuple(readable), tuple(unreadable)


def _after(head: Document, frames: tuple[Frame, ...]) -> int | None:
    if head.get("after") is None:
        return None
    high = frames[0].seq - 1 if frames else fields.INTEGER_MAX
    return fields.integer(head, "after", "upload", low=-1, high=high)


def _frames(rest: bytes, count: int) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    offset = 0
    for index in range(count):
        path = f"upload.frames[{index}]"
        if offset + _FRAME.size > len(rest):
            raise BadMessage(path, len(rest), "the body ends too early")
        seq, kind, length, crc = _FRAME.unpack_from(rest, offset)
        offset += _FRAME.size
        payload = rest[offset : offset + length]
        offset += length
        if len(payload) != length or zlib.crc32(payload) != crc:
            raise BadMessage(path, crc, "the payload is cut or changed: its CRC does not match")
        if seq > fields.INTEGER_MAX:
            raise BadMessage(path, seq, f"numbers of at most {fields.INTEGER_MAX} are expected")
        if kind not in FrameClass.__members__.values():
            raise BadMessage(path, kind, "class 0 settlement, 1 events or 2 telemetry is expected")
        if frames and seq <= frames[-1].seq:
            raise BadMessage(path, seq, "rising numbers are expected")
        frames.append(Frame(seq, FrameClass(kind), payload))
    if offset != len(rest):
        raise BadMessage("upload", len(rest) - offset, "nothing may follow the last frame")
    return tuple(frames)
