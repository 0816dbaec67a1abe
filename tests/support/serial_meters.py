"""Simulated meters on a pty and the driver that reads them; for tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.document import open_document
from drivers.serial.config import SerialConfig
from drivers.serial.device import SerialDevice, open_serial_device
from drivers.serial.profile import read_profile
from simulators import battery, serial_meter
from simulators.frequency import Wander
from simulators.plant import Plant
from simulators.serial_meter import SerialMeter
from tests.support.virtual import VirtualClock


def meter_of(profile: str, override: str | None = None) -> SerialMeter:
    rating = battery.Rating(capacity_kwh=200.0, power_kw=100.0)
    plant = Plant(rating, 60.0, Wander(1), lambda: 0.0)
    return SerialMeter(read_profile(open_document(profile, override)), plant)


@dataclass(slots=True)
class Line:
    """A meter and its reader."""

    meter: SerialMeter
    device: SerialDevice
    plug: AsyncExitStack
    """Close it to pull the meter's plug."""


@asynccontextmanager
async def reading(
    folder: Path, profile: str, override: str | None = None, *, period_s: float = 0.05
) -> AsyncIterator[Line]:
    meter = meter_of(profile, override)
    path = folder / "tty"
    config = SerialConfig.model_validate(
        {
            "kind": "serial",
            "id": "meter",
            "profile": profile,
            "override": override,
            "serial": str(path),
        }
    )
    async with AsyncExitStack() as plug:
        await plug.enter_async_context(serial_meter.serve(meter, path, period_s=period_s))
        async with open_serial_device(config, VirtualClock()) as device:
            assert isinstance(device, SerialDevice)
            yield Line(meter, device, plug)
