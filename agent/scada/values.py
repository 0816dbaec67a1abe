"""What a SCADA is shown of the plant: one value for each point, with quality and time. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.status import Status
from wire.block import Quality
from wire.points import unit_of

SILENT_US_MAX = 3_000_000
"""Control tells its picture several times a second; an older one is no picture of now."""
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Shown:
    """One variable."""

    device: str
    point: str
    value: float | bool | None
    quality: Quality
    at_us: int
    """Its source time."""

    @property
    def node(self) -> str:
        """Return the identifier of its node, the same for ever."""
        return f"bess/{self.device}/{self.point}"

    @property
    def unit(self) -> str:
        return unit_of(self.point)


def shown(status: Status | None, *, linked: bool, now_us: int) -> Iterator[Shown]:
    """Yield everything that is known, nothing of which is fresh once control is silent."""
    if status is None:
        return
    silent = not linked or now_us - status.at_us > SILENT_US_MAX
    own = Quality.STALE if silent else Quality.GOOD
    for point, value in (
        ("control.setpoint_kw", status.setpoint_kw),
        ("control.schedule_kw", status.schedule_kw),
        ("control.response_kw", status.response_kw),
        ("control.automatic", status.mode == "automatic"),
    ):
        yield Shown(CONTROL, point, value, own, status.at_us)
    for device in status.devices:
        connected = device.connected and not silent
        yield Shown(device.device, "connected", connected, Quality.GOOD, status.at_us)
    for name, reading in status.readings:
        quality = reading.quality
        if silent and quality is Quality.GOOD:
            quality = Quality.STALE
        yield Shown(name, reading.point, reading.value, quality, reading.at_us)
