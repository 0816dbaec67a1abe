"""How a device on MQTT is dispatched: what is published, and how it is confirmed. Pure."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from drivers.control import Watchdog
from drivers.mqtt.topics import path_at, topic_at
from drivers.payload import BadPayload, parse
from drivers.point import VALUE_MAX, Access
from drivers.table import Table
from drivers.tag import Tag
from wire.clock import utc
from wire.points import unit_of

START_MAX = 10
TEMPLATE = (
    '{"value": {value}, "unit": "{unit}", "seq": {seq},'
    ' "valid_from": "{valid_from}", "valid_until": "{valid_until}"}'
)
_PLACE = re.compile(r"\{([a-z_]+)\}")
_VALID_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Where the device answers a command."""

    topic: str
    seq: str
    accepted: str
    """Path of true or false; empty: an answer is a yes."""
    reason: str
    value: str
    """Path of the value it took; empty: it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A message that is published at take-over."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How the device is dispatched."""

    setpoint: Tag
    topic: str
    template: str
    valid_s: float
    confirmation: Confirmation | None
    """None: it shows the set-point that it has, as a value."""
    confirm_s: float
    tolerance_kw: float
    start: tuple[Announcement, ...]
    refresh_s: float

    def payload(self, power_kw: float, seq: int, now_us: int) -> bytes:
        """Return the message that asks for `power_kw` from now on; KeyError: a strange place."""
        raw = self.setpoint.raw(power_kw)
        number = int(raw) if raw == int(raw) else raw
        until_us = now_us + round(self.valid_s * 1e6)
        places = {
            "value": json.dumps(number),
            "unit": self.setpoint.unit or unit_of(self.setpoint.name),
            "seq": str(seq),
            "valid_from": _iso(now_us),
            "valid_until": _iso(until_us),
            "valid_from_ms": str(now_us // 1_000),
            "valid_until_ms": str(until_us // 1_000),
        }
        return _PLACE.sub(lambda found: places[found[1]], self.template).encode()


def read_command(
    row: Table, tags: Mapping[str, Tag], shown: Collection[str], watchdog: Watchdog | None
) -> Command:
    """Return what ``[control]`` says; `shown` are the points that the device tells.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    name = row.text("setpoint")
    setpoint = tags.get(name)
    if setpoint is None or setpoint.access is Access.READ:
        raise row.wrong("setpoint", name, "a point with access write or read-write")
    if watchdog is None or not watchdog.answered:
        raise row.wrong("setpoint", name, "a [watchdog] with a timeout_s, or with a waiver,")
    confirmation = _confirmation(row.table("confirmation")) if row.has("confirmation") else None
    if confirmation is None and name not in shown:
        raise row.wrong(
            "setpoint", name, "a [control.confirmation], or a set-point that is read-write,"
        )
    template = row.text("template", TEMPLATE)
    command = Command(
        setpoint=setpoint,
        topic=topic_at(row, "topic"),
        template=template,
        valid_s=row.number("valid_s", 1.0, 3_600.0, watchdog.timeout_s or _VALID_S),
        confirmation=confirmation,
        confirm_s=row.number("confirm_s", 0.05, 1.5, 1.0),
        tolerance_kw=row.number("tolerance_kw", 0.0, VALUE_MAX, 0.1),
        start=_start(row),
        refresh_s=min(watchdog.refresh_s, row.number("refresh_s", 0.2, 60.0, 60.0)),
    )
    if confirmation is not None and "{seq}" not in template:
        raise row.wrong("template", template, "{seq}, which the confirmation repeats,")
    try:
        parse(command.payload(0.0, 1, 0))
    except (BadPayload, KeyError, ValueError) as error:
        places = "{value}, {unit}, {seq}, {valid_from}, {valid_until} and the last two with _ms"
        raise row.wrong("template", template, f"JSON with {places}") from error
    row.close()
    return command


def _confirmation(row: Table) -> Confirmation:
    found = Confirmation(
        topic=topic_at(row, "topic"),
        seq=path_at(row, "seq", "seq"),
        accepted=path_at(row, "accepted", ""),
        reason=path_at(row, "reason", ""),
        value=path_at(row, "value", ""),
    )
    row.close()
    return found


def _start(row: Table) -> tuple[Announcement, ...]:
    started = []
    for start in row.tables("start", START_MAX) if row.has("start") else ():
        payload = start.text("payload").encode()
        started.append(Announcement(topic=topic_at(start, "topic"), payload=payload))
        start.close()
    return tuple(started)


def _iso(at_us: int) -> str:
    return utc(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")
