"""A driver on a broker, waited for; for tests of devices on MQTT."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pydantic import TypeAdapter

from drivers.base import Driver, Rate
from drivers.errors import DeviceUnreachable
from drivers.registry import DeviceConfig, open_driver
from wire.block import Reading
from wire.clock import SystemClock

CONFIG: TypeAdapter[DeviceConfig] = TypeAdapter(DeviceConfig)
CLOCK = SystemClock()


@asynccontextmanager
async def driver_at(port: int, **settings: object) -> AsyncIterator[Driver]:
    """Open a device called b1 on the broker at `port`."""
    known = {"id": "b1", "host": "127.0.0.1", "port": port, **settings}
    async with open_driver(CONFIG.validate_python(known), CLOCK) as driver:
        yield driver


async def reading(driver: Driver, point: str, rate: Rate = Rate.FAST) -> Reading:
    return next(reading for reading in await driver.read(rate) if reading.point == point)


async def until(happened: Callable[[], Awaitable[bool]], timeout_s: float = 10.0) -> None:
    """Return as soon as `happened()` is true; TimeoutError when it does not become so."""
    async with asyncio.timeout(timeout_s):
        while not await happened():
            await _a_moment()


async def value_is(
    driver: Driver, point: str, fits: Callable[[float | None], bool], rate: Rate = Rate.FAST
) -> None:
    """Wait until the device shows a value that fits."""

    async def shows() -> bool:
        try:
            return fits((await reading(driver, point, rate)).value)
        except DeviceUnreachable:
            return False

    await until(shows)


async def power_is(driver: Driver, power_kw: float) -> None:
    """Wait until the device shows this power."""
    await value_is(
        driver, "ac.power_kw", lambda value: value is not None and abs(value - power_kw) < 0.01
    )


async def trouble_of(driver: Driver) -> str:
    """Wait until the device cannot be read, and return why."""
    said = ""

    async def fails() -> bool:
        nonlocal said
        try:
            await driver.read(Rate.FAST)
        except DeviceUnreachable as error:
            said = str(error)
        return bool(said)

    await until(fails)
    return said


async def _a_moment() -> None:
    await asyncio.sleep(0.005)
