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
from simulators.faults import FaultSet
from simulators.frequency import Wander
from simulators.plant import Plant
from simulators.serial_meter import SerialMeter
from tests.support.virtual import VirtualClock


def plant_at_rest() -> Plant:
    rating = battery.Rating(capacity_kwh=200.0, power_kw=100.0)
    return Plant(rating, 60.0, Wander(1), lambda: 0.0)


def meter_of(profile: str, override: str | None = None, plant: Plant | None = None) -> SerialMeter:
    return SerialMeter(read_profile(open_document(profile, override)), plant or plant_at_rest())


@dataclass(slots=True)
class Line:
    """A meter and its reader."""

    meter: SerialMeter
    plant: Plant
    device: SerialDevice
    plug: AsyncExitStack
    """Close it to pull the meter's plug."""


@asynccontextmanager
async def reading(
    folder: Path,
    profile: str,
    override: str | None = None,
    *,
    period_s: float = 0.05,
    silent: bool = False,
) -> AsyncIterator[Line]:
    """Read a meter on a pty; a silent one is there and says nothing."""
    plant = plant_at_rest()
    plant.faults.set(FaultSet(drop=silent), {})
    meter = meter_of(profile, override, plant)
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
            yield Line(meter, plant, device, plug)
