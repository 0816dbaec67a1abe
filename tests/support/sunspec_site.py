"""A simulated SunSpec device on real TCP and the driver at it, for tests of both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from drivers.base import Driver, Rate
from drivers.errors import DeviceUnreachable
from drivers.modbus.config import ModbusTcpConfig
from drivers.point import Kind
from drivers.registry import open_driver
from simulators import modbus_server
from simulators.battery import Rating
from simulators.frequency import Recording
from simulators.plant import Plant
from simulators.sunspec import SunSpecDevice, parts
from simulators.sunspec_image import Image, Part
from wire.block import Reading
from wire.clock import SetClock

NOW_US = 1_800_000_000_000_000
RATING = Rating(capacity_kwh=200.0, power_kw=100.0)
STEADY = Recording((0.0, 1.0), (49.987, 49.987))
RECOVERY_S = 10.0


class Site:
    """A device whose models may be exchanged while it runs; a hand on its clock."""

    def __init__(self, models: Sequence[Part], base: int = 40_000) -> None:
        self.now_s = 1000.0
        self.plant = Plant(RATING, 60.0, STEADY, lambda: self.now_s)
        self.device = self._made(models, base)
        self.requests: list[tuple[int, int]] = []
        self.port = 0
        self._server = AsyncExitStack()

    def become(self, models: Sequence[Part], base: int = 40_000) -> None:
        """Show other models from now on, without a word."""
        self.device = self._made(models, base)

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        self.requests.append((start, count))
        return self.device.read(kind, start, count)

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        self.device.write(kind, start, values)

    def value(self, name: str) -> float | None:
        """Return what the device shows at a point of the standard."""
        self.device.read(Kind.HOLDING, self.device.image.address(name), 1)
        return self.device.image.get(name)

    async def start(self, unit: int) -> None:
        server = modbus_server.serve(self, port=self.port, unit=unit)
        self.port = await self._server.enter_async_context(server)

    async def stop(self) -> None:
        await self._server.aclose()

    def _made(self, models: Sequence[Part], base: int) -> SunSpecDevice:
        return SunSpecDevice(Image(models, base), self.plant, RATING)


def of(*models: int) -> list[Part]:
    return parts(models)


@asynccontextmanager
async def serving(models: Sequence[Part], base: int = 40_000, unit: int = 1) -> AsyncIterator[Site]:
    site = Site(models, base)
    await site.start(unit)
    try:
        yield site
    finally:
        await site.stop()


@asynccontextmanager
async def driver_at(site: Site, profile: str, override: str | None = None) -> AsyncIterator[Driver]:
    config = ModbusTcpConfig(
        id="device", host="127.0.0.1", port=site.port, profile=profile, override=override
    )
    async with open_driver(config, SetClock(NOW_US)) as driver:
        yield driver


async def read(driver: Driver, rate: Rate) -> dict[str, Reading]:
    """Return the readings of a rate, waiting for a device that is on its way back."""
    async with asyncio.timeout(RECOVERY_S):
        while True:
            try:
                return {reading.point: reading for reading in await driver.read(rate)}
            except DeviceUnreachable:
                await asyncio.sleep(0.01)


async def values(driver: Driver, *rates: Rate) -> dict[str, float | None]:
    readings = [await read(driver, rate) for rate in rates]
    return {name: reading.value for part in readings for name, reading in part.items()}
