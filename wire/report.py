"""How a box is doing: its own report to the hub, newest only, never kept as history. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from wire import fields
from wire.fields import Document

VERSION = 1
DEVICES_MAX = 100


class ClockState(StrEnum):
    """What is known about the box's clock."""

    UNKNOWN = "unknown"
    """Not synchronised, and nobody has confirmed it: samples wait before they are sent."""
    SYNCHRONISED = "synchronised"
    """The system says so (NTP, PTP)."""
    CONFIRMED = "confirmed"
    """Not synchronised, and the hub's clock agrees."""
    CORRECTED = "corrected"
    """Off; the agent counts by the hub's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    id: str
    connected: bool
    answered_us: int | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A box at one instant; None: not known."""

    at_us: int
    version: str
    started_us: int
    """Of the gateway process."""
    clock: ClockState
    clock_off_us: int
    """What the agent adds to the system's clock."""
    linked: bool
    """Control is connected to the gateway."""
    mode: str
    """Control's mode; empty: control is not connected."""
    missed_beats: int
    backlog_frames: int
    backlog_bytes: int
    backlog_bytes_max: int
    backlog_from_us: int | None
    """The oldest of what is not yet at the hub."""
    quarantined: int
    gaps: int
    """Rows in the ledger of this buffer."""
    disk_free_bytes: int
    disk_bytes: int
    written_bytes_day: int | None
    """What this process gave to the disk, extrapolated to a day; None: too early to say."""
    store_trouble: str
    configuration: str
    """The first 16 hexadecimal digits of the settings file's SHA-256."""
    devices: tuple[Device, ...] = ()


_WHOLE = ("missed_beats", "backlog_frames", "backlog_bytes", "backlog_bytes_max", "quarantined")
_WHOLE_TOO = ("gaps", "disk_free_bytes", "disk_bytes")


def to_document(report: Report) -> dict[str, object]:
    return {
        "v": VERSION,
        "at_us": report.at_us,
        "version": report.version,
        "started_us": report.started_us,
        "clock": report.clock.value,
        "clock_off_us": report.clock_off_us,
        "linked": report.linked,
        "mode": report.mode,
        **{name: getattr(report, name) for name in (*_WHOLE, *_WHOLE_TOO)},
        "backlog_from_us": report.backlog_from_us,
        "written_bytes_day": report.written_bytes_day,
        "store_trouble": fields.cut(report.store_trouble),
        "configuration": report.configuration,
        "devices": [
            [d.id, d.connected, d.answered_us, fields.cut(d.trouble)] for d in report.devices
        ],
    }


def from_document(document: Document) -> Report:
    """Return the report in `document`.

    Raises:
        BadMessage: a key is missing or wrong.
    """
    path = "report"
    fields.version(document, path, VERSION)
    rows = fields.rows(document, "devices", path, _DEVICE, most=DEVICES_MAX)
    written = document.get("written_bytes_day")
    whole = {name: fields.integer(document, name, path) for name in (*_WHOLE, *_WHOLE_TOO)}
    low = -fields.INSTANT_US_MAX
    return Report(
        at_us=fields.instant(document, "at_us", path),
        version=fields.text(document, "version", path),
        started_us=fields.instant(document, "started_us", path),
        clock=fields.choice(document, "clock", path, ClockState),
        clock_off_us=fields.integer(document, "clock_off_us", path, low=low, high=-low),
        linked=fields.boolean(document, "linked", path),
        mode=fields.text(document, "mode", path, empty=True),
        backlog_from_us=fields.instant_or_none(document, "backlog_from_us", path),
        written_bytes_day=None
        if written is None
        else fields.integer(document, "written_bytes_day", path),
        store_trouble=fields.text(document, "store_trouble", path, empty=True),
        configuration=fields.text(document, "configuration", path, empty=True),
        devices=tuple(_device(row, f"{path}.devices[{i}]") for i, row in enumerate(rows)),
        **whole,
    )


_DEVICE = ("id", "connected", "answered_us", "trouble")


def _device(row: Document, path: str) -> Device:
    return Device(
        id=fields.text(row, "id", path),
        connected=fields.boolean(row, "connected", path),
        answered_us=fields.instant_or_none(row, "answered_us", path),
        trouble=fields.text(row, "trouble", path, empty=True),
    )
