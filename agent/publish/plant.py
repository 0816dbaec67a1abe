"""The plant as others are told of it: each device with its newest readings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.status import Status
from wire.block import Quality, Reading

SILENT_US_MAX = 5_000_000
"""Control tells its picture several times a second; an older one is no picture of now."""
CONTROL = "control"
"""What control itself decided is told as a device of this name."""


@dataclass(slots=True)
class Member:
    """One device."""

    there: bool
    readings: dict[str, Reading] = field(default_factory=dict)
    """By point; none of them is good once control is silent."""


Plant = Mapping[str, Member]


def plant(status: Status | None, now_us: int) -> Plant:
    """Return what is known of the plant; nothing before control has told anything."""
    if status is None:
        return {}
    silent = abs(now_us - status.at_us) > SILENT_US_MAX  # a clock may also be set back
    members = {state.device: Member(state.connected) for state in status.devices}
    for device, reading in (*status.readings, *_decided(status)):
        member = members.setdefault(device, Member(there=True))
        member.readings[reading.point] = _aged(reading) if silent else reading
    return members


def _aged(reading: Reading) -> Reading:
    if reading.quality is not Quality.GOOD:
        return reading
    return replace(reading, quality=Quality.STALE)


def _decided(status: Status) -> list[tuple[str, Reading]]:
    return [
        (CONTROL, Reading(point, value, Quality.GOOD, status.at_us))
        for point, value in (
            ("control.setpoint_kw", status.setpoint_kw),
            ("control.schedule_kw", status.schedule_kw),
            ("control.response_kw", status.response_kw),
        )
    ]
