"""What one cycle decided, and why. Pure.

The numbers of a record travel as the points of a device called ``control``, the words as an event
whenever the mode changes; both are kept like any measurement, beside what was seen and what the
inverter says it was told.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.control.decide import AUTOMATIC, MANUAL, STANDBY, Decision
from wire.block import Quality, Reading
from wire.sync import EVENT_TEXT_MAX, Event, Severity

DEVICE = "control"
_WANTED = (AUTOMATIC, STANDBY, MANUAL)
"""Modes that somebody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The evidence of one cycle."""

    at_us: int
    decision: Decision


def readings(record: Record) -> tuple[Reading, ...]:
    """Return the record's numbers as points."""
    decision = record.decision
    values = (
        ("control.setpoint_kw", decision.setpoint_kw),
        ("control.schedule_kw", decision.schedule_kw),
        ("control.response_kw", decision.response_kw),
    )
    return tuple(Reading(point, value, Quality.GOOD, record.at_us) for point, value in values)


def identity_text(identity: Mapping[str, str]) -> str:
    """Return who a device says it is, in one line."""
    return ", ".join(f"{key} {value}" for key, value in identity.items())


def mode_changed(before: str, record: Record) -> Event:
    """Return the event that says which mode holds now, and why."""
    decision = record.decision
    why = "; ".join(f"{reason.code}: {reason.text}" for reason in decision.reasons)
    text = f"{before} → {decision.mode} ({why})" if why else f"{before} → {decision.mode}"
    return Event(
        at_us=record.at_us,
        code="MODE_CHANGED",
        severity=Severity.INFO if decision.mode in _WANTED else Severity.WARNING,
        source=DEVICE,
        text=text if len(text) <= EVENT_TEXT_MAX else text[: EVENT_TEXT_MAX - 1] + "…",
    )


def kept(reading: Reading) -> Reading:
    """Return the reading as the record keeps it: an old value is not measured again."""
    if reading.quality is Quality.STALE:
        return Reading(reading.point, None, Quality.LOST, reading.at_us)
    return reading
