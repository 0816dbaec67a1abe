"""The devices, asked directly: only where no control process runs that owns them."""

import asyncio
from collections.abc import Sequence

from agent.doctor.finding import Finding, bad, good, warning
from agent.settings import AgentSettings
from drivers.base import Rate
from drivers.errors import DriverError
from drivers.registry import DeviceConfig, open_driver
from wire.block import Quality, Reading
from wire.clock import Clock

DEVICE_S = 10.0
_SHOWN = 3


async def looked_at(settings: AgentSettings, clock: Clock) -> list[Finding]:
    """Read each device once, one after the other: they may share a line."""
    return [await _device(device, clock) for device in settings.devices]


async def _device(device: DeviceConfig, clock: Clock) -> Finding:
    subject = f"device {device.id}"
    try:
        async with open_driver(device, clock) as driver, asyncio.timeout(DEVICE_S):
            return _told(subject, await driver.read(Rate.FAST))
    except TimeoutError:
        return bad(subject, f"no answer within {DEVICE_S:g} s", "check power, cable and address")
    except DriverError as error:
        return bad(subject, str(error), "check power, cable, address and unit number")


def _told(subject: str, readings: Sequence[Reading]) -> Finding:
    usable = [r for r in readings if r.quality is Quality.GOOD]
    shown = ", ".join(f"{r.point} {r.value:g}" for r in usable[:_SHOWN] if r.value is not None)
    text = f"{len(usable)} of {len(readings)} points good: {shown or 'none'}"
    if len(usable) == len(readings):
        return good(subject, text)
    wrong = next(r.point for r in readings if r.quality is not Quality.GOOD)
    return warning(subject, text, f"{wrong} is not good: does the profile fit the device?")
