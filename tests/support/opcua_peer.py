"""A simulated OPC UA server in the test's own loop, on a free port, and a driver beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.base import Driver, Rate
from drivers.document import open_document
from drivers.errors import DeviceUnreachable
from drivers.opcua.config import OpcUaConfig
from drivers.opcua.device import OpcUaDevice
from drivers.opcua.profile import OpcUaProfile, read_profile
from drivers.registry import open_driver
from simulators import battery
from simulators.opcua import Manners, SimulatedServer, serving
from simulators.plant import Plant
from tests.support.system import free_port
from wire.block import Quality, Reading
from wire.clock import SystemClock

PROFILE = "opcua-battery"
RATING = battery.Rating(capacity_kwh=200.0, power_kw=100.0)


class Level:
    """A grid frequency that moves only when it is told to."""

    frequency_hz = 49.987

    def at(self, elapsed_s: float) -> float:
        return self.frequency_hz


def profile(override: str | None = None) -> OpcUaProfile:
    return read_profile(open_document(PROFILE, override))


class Peer:
    """A server that can be stopped and started again on its port."""

    def __init__(self, cache: Path, override: str | None = None) -> None:
        self.port = free_port()
        self.grid = Level()
        self.plant = Plant(RATING, 60.0, self.grid, asyncio.get_running_loop().time)
        self.clock = SystemClock()
        self.profile = profile(override)
        self.server = SimulatedServer(self.profile, self.plant, self.clock)
        self.cache = cache
        self.override = override

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}"

    @property
    def manners(self) -> Manners:
        return Manners(port=self.port, cache=self.cache)

    @asynccontextmanager
    async def serving(self, manners: Manners | None = None) -> AsyncIterator[SimulatedServer]:
        """Serve; the server of an earlier time is replaced by a new one."""
        self.server = SimulatedServer(self.profile, self.plant, self.clock)
        async with serving(self.server, manners or self.manners):
            yield self.server

    @asynccontextmanager
    async def driver(self, **settings: object) -> AsyncIterator[Driver]:
        config = OpcUaConfig.model_validate(
            {"id": "battery", "kind": "opcua", "profile": PROFILE, "url": self.url}
            | {"security": "none"}
            | ({} if self.override is None else {"override": self.override})
            | settings
        )
        async with open_driver(config, self.clock) as driver:
            yield driver


async def readings(driver: Driver, timeout_s: float = 10.0) -> dict[str, Reading]:
    """Return what the device says, as soon as it says something."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                return {r.point: r for rate in Rate for r in await driver.read(rate)}
            except DeviceUnreachable:
                await asyncio.sleep(0.01)


async def value_is(driver: Driver, point: str, wanted: float, timeout_s: float = 10.0) -> Reading:
    """Return the reading as soon as its value is `wanted`."""
    async with asyncio.timeout(timeout_s):
        while True:
            reading = (await readings(driver, timeout_s))[point]
            if reading.quality is Quality.GOOD and reading.value == wanted:
                return reading
            await asyncio.sleep(0.01)


async def quality_is(driver: Driver, point: str, wanted: Quality) -> Reading:
    """Return the reading as soon as its quality is `wanted`."""
    async with asyncio.timeout(10.0):
        while True:
            reading = (await readings(driver))[point]
            if reading.quality is wanted:
                return reading
            await asyncio.sleep(0.01)


async def unreachable(driver: Driver, because: str = "", timeout_s: float = 10.0) -> str:
    """Return what the driver says as soon as it could not reach the device, for this reason."""
    async with asyncio.timeout(timeout_s):
        while True:
            if because and isinstance(driver, OpcUaDevice) and because in driver.why:
                return driver.why  # it may be back already
            try:
                await driver.read(Rate.FAST)
            except DeviceUnreachable as error:
                if because in str(error):
                    return str(error)
            await asyncio.sleep(0.01)


QUICK = """
[link]
publish_s = 0.05
check_s = 0.2
silence_s = 0.5
timeout_s = 0.5
heartbeat = ""
"""
"""A site's override: everything ten times as fast, for tests of what happens again and again."""


def overriding(folder: Path, text: str = QUICK) -> str:
    """Return the path of a site's override of the profile."""
    path = folder / "site.toml"
    path.write_text(text)
    return str(path)
