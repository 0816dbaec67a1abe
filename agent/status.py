"""The newest picture of the plant and of the last decision, and how it is written. Pure."""

import sys
from dataclasses import dataclass

from agent import insight, latches, recall
from agent.insight import Insight
from agent.latches import Latch
from wire import fields
from wire import schedule as schedules
from wire.block import Quality, Reading
from wire.fields import BadMessage, Document

READING = ("point", "value", "quality", "at_us")
READINGS_MAX = 10_000
_DEVICES_MAX = 100
_REASONS_MAX = 50
_CLASS_MAX = 4
_FLOAT_MAX = sys.float_info.max
_REASON = ("code", "text", "power_kw", "source", "cls", "asked_kw")
_NOBODY = ("", None, None)
_SHORT = len(_REASON) - len(_NOBODY)
_DEVICE = ("device", "connected", "answered_us", "trouble")
_READING = ("device", *READING)


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
    source: str = ""
    """Who asked or cut: ``schedule``, ``operator``, ``self_consumption``, a unit, a product."""
    cls: int | None = None
    """Priority class of the source, 0 (safety, grid operator) to 4 (local strategies)."""
    asked_kw: float | None = None
    """What the source asked for before anybody cut it; None: it only sets bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The newest picture of the plant and of the last decision."""

    at_us: int
    mode: str
    """``starting``, ``automatic``, ``standby`` and ``manual`` (an operator asked for it), ``safe``
    (ramped to 0 because something is missing)."""
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
    steering: str = ""
    """The id of the operator's override that the setpoint follows or is cut from; empty: none."""
    latches: tuple[Latch, ...] = ()
    """What waits for a reset."""
    blocked: tuple[str, ...] = ()
    """Units that do not do what they are told."""
    recall: str = ""
    """What control wants held in case it is started again; empty: nothing."""
    proofs: tuple[tuple[str, str], ...] = ()
    """(unit, fingerprint) of what a sign self-test would be passed with now; empty: not known."""
    insight: Insight | None = None
    """Parts, units, products and frequency of the decision; None: it is not told."""


def to_document(status: Status) -> dict[str, object]:
    return {
        "at_us": status.at_us,
        "mode": status.mode,
        "setpoint_kw": status.setpoint_kw,
        "schedule_kw": status.schedule_kw,
        "response_kw": status.response_kw,
        "reasons": [reason_row(reason) for reason in status.reasons],
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
        **({"steering": status.steering} if status.steering else {}),
        **({"latches": latches.to_rows(status.latches)} if status.latches else {}),
        **({"recall": status.recall} if status.recall else {}),
        **({"blocked": list(status.blocked)} if status.blocked else {}),
        **({"proofs": [list(proof) for proof in status.proofs]} if status.proofs else {}),
        **({"insight": insight.to_document(status.insight)} if status.insight else {}),
    }


def from_document(document: Document) -> Status:
    path = "status"
    low, high = -schedules.POWER_KW_MAX, schedules.POWER_KW_MAX
    version, ends_us = document.get("schedule_version"), document.get("schedule_ends_us")
    return Status(
        at_us=fields.instant(document, "at_us", path),
        mode=fields.text(document, "mode", path),
        setpoint_kw=fields.number(document, "setpoint_kw", path, low=low, high=high),
        schedule_kw=fields.number(document, "schedule_kw", path, low=low, high=high),
        response_kw=fields.number(document, "response_kw", path, low=low, high=high),
        reasons=reasons(document, path),
        devices=tuple(
            _device(row)
            for row in fields.rows(document, "devices", path, _DEVICE, most=_DEVICES_MAX)
        ),
        readings=tuple(
            (fields.text(row, "device", "status.readings"), reading(row))
            for row in fields.rows(document, "readings", path, _READING, most=READINGS_MAX)
        ),
        schedule_version=None if version is None else _whole(document, "schedule_version"),
        schedule_ends_us=None
        if ends_us is None
        else fields.instant(document, "schedule_ends_us", path),
        beats=_whole(document, "beats"),
        missed=_whole(document, "missed"),
        kept_items=_whole(document, "kept_items"),
        dropped_items=_whole(document, "dropped_items"),
        steering=fields.text(document, "steering", path, empty=True)
        if "steering" in document
        else "",
        latches=latches.from_rows(document, "latches", path) if "latches" in document else (),
        recall=recall.text(document, "recall", path),
        blocked=_names(document, "blocked"),
        proofs=_proofs(document),
        insight=_insight(document),
    )


def _insight(document: Document) -> Insight | None:
    if "insight" not in document:
        return None
    path = "status.insight"
    return insight.from_document(fields.as_document(document["insight"], path), path)


def _names(document: Document, key: str) -> tuple[str, ...]:
    names = document.get(key, [])
    if not isinstance(names, list) or len(names) > _DEVICES_MAX:
        raise BadMessage(f"status.{key}", names, "a list of names is expected")
    return tuple(fields.text({"name": name}, "name", f"status.{key}") for name in names)


def _proofs(document: Document) -> tuple[tuple[str, str], ...]:
    if "proofs" not in document:
        return ()
    path = "status.proofs"
    rows = fields.rows(document, "proofs", path, ("unit", "fingerprint"), most=_DEVICES_MAX)
    return tuple(
        (fields.text(row, "unit", path), fields.text(row, "fingerprint", path, empty=True))
        for row in rows
    )


def _whole(document: Document, key: str) -> int:
    return fields.integer(document, key, "status")


def reason_row(reason: Reason) -> list[object]:
    """Return a reason as a row of a document; short where nobody is known to have asked."""
    r = reason
    row = [r.code, fields.cut(r.text), r.power_kw]
    return row if r == Reason(r.code, r.text, r.power_kw) else [*row, r.source, r.cls, r.asked_kw]


def reasons(document: Document, path: str) -> tuple[Reason, ...]:
    """Return the rows under ``reasons``, long and short ones."""
    found = fields.items(document, "reasons", path, most=_REASONS_MAX)
    longer = [
        [*row, *_NOBODY] if isinstance(row, list) and len(row) == _SHORT else row for row in found
    ]
    rows = fields.rows({"reasons": longer}, "reasons", path, _REASON, most=_REASONS_MAX)
    return tuple(_reason(row) for row in rows)


def _reason(row: Document) -> Reason:
    path = "status.reasons"
    low, high = -schedules.POWER_KW_MAX, schedules.POWER_KW_MAX
    return Reason(
        fields.text(row, "code", path),
        fields.text(row, "text", path, empty=True),
        fields.number(row, "power_kw", path, low=low, high=high),
        fields.text(row, "source", path, empty=True),
        None if row["cls"] is None else fields.integer(row, "cls", path, high=_CLASS_MAX),
        None
        if row["asked_kw"] is None
        else fields.number(row, "asked_kw", path, low=low, high=high),
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


def reading(row: Document, path: str = "status.readings") -> Reading:
    value = row["value"]
    return Reading(
        fields.text(row, "point", path),
        None
        if value is None
        else fields.number(row, "value", path, low=-_FLOAT_MAX, high=_FLOAT_MAX),
        Quality(fields.integer(row, "quality", path, high=max(Quality))),
        fields.instant(row, "at_us", path),
    )
