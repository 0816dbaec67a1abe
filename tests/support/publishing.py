"""A status of control as the gateway has it; for tests of what is told about the plant."""

from collections.abc import Iterable, Mapping

from agent.status import DeviceState, Status
from wire.block import Reading


def status(
    at_us: int,
    readings: Iterable[tuple[str, Reading]],
    devices: Mapping[str, bool],
    setpoint_kw: float = -5.0,
) -> Status:
    """Return a picture; `devices` says which of them are connected."""
    return Status(
        at_us=at_us,
        mode="automatic",
        setpoint_kw=setpoint_kw,
        schedule_kw=0.0,
        response_kw=0.0,
        reasons=(),
        devices=tuple(
            DeviceState(device=name, connected=there, answered_us=at_us, trouble="")
            for name, there in devices.items()
        ),
        readings=tuple(readings),
        schedule_version=None,
        schedule_ends_us=None,
        beats=1,
        missed=0,
        kept_items=0,
        dropped_items=0,
    )
