"""``phoenyra-sim mqtt`` as a process with a broker of its own: read and set through the driver."""

from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.base import Driver, PowerSetter, Rate
from simulators.main import main
from tests.support.mqtt_site import driver_at, power_is, value_is
from tests.support.simulators import ended, simulator
from wire.block import Quality

SPARKPLUG = {
    "kind": "sparkplug",
    "profile": "generic-sparkplug",
    "group": "plant",
    "node": "edge",
    "device": "battery",
}
JSON = {"kind": "mqtt", "profile": "generic-mqtt", "prefix": "plant/b1"}


@asynccontextmanager
async def driver_of(*arguments: str, **settings: object) -> AsyncIterator[Driver]:
    """Run a device, and a driver for it."""
    async with (
        simulator("mqtt", *arguments) as process,
        driver_at(await port_of(process), **settings) as driver,
    ):
        yield driver


async def port_of(process: Process) -> int:
    """Wait until the device can be connected to."""
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("listening on mqtt://127.0.0.1:"), line
    return int(line.rpartition(":")[2])


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("generic-mqtt", "--prefix", "plant/b1"), JSON),
        (("generic-sparkplug",), SPARKPLUG),
    ],
)
async def test_a_device_is_read_and_set_in_both_directions(
    arguments: tuple[str, ...], settings: dict[str, object]
) -> None:
    async with driver_of(*arguments, "--soc", "55", **settings) as driver:
        await value_is(driver, "battery.soc_pct", lambda soc: soc == 55.0)
        found = {one.point: one for one in await driver.read(Rate.SLOW)}
        assert found["battery.max_discharge_kw"].value == 100.0
        assert found["pcs.status"].value == 0.0
        assert {one.quality for one in found.values()} == {Quality.GOOD}
        assert isinstance(driver, PowerSetter)
        await driver.take_over()
        for power_kw in (25.0, -25.0):
            await driver.write_power_kw(power_kw)
            await power_is(driver, power_kw)
        await value_is(driver, "pcs.status", lambda status: status == 1.0, Rate.SLOW)


def _is_room_warm(temperature_c: float | None) -> bool:
    return temperature_c == pytest.approx(22.0, abs=0.5)


async def test_the_seeds_topics_are_served_as_the_seed_said_them() -> None:
    async with driver_of("seed-mqtt", "--soc", "55", kind="mqtt", profile="seed-mqtt") as driver:
        await value_is(driver, "battery.soc_pct", lambda soc: soc == 55.0)
        await power_is(driver, 0.0)
        await value_is(driver, "battery.temp_mean_c", _is_room_warm, Rate.SLOW)


async def test_without_a_set_point_an_inverter_falls_back_by_itself() -> None:
    async with driver_of("generic-sparkplug", "--watchdog-s", "1", **SPARKPLUG) as driver:
        await value_is(driver, "battery.soc_pct", lambda soc: soc is not None)
        assert isinstance(driver, PowerSetter)
        await driver.write_power_kw(25.0)
        await power_is(driver, 25.0)
        await power_is(driver, 0.0)
        await value_is(driver, "pcs.status", lambda status: status == 2.0, Rate.SLOW)


def test_a_mistake_on_the_command_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = ended(capsys, main, "mqtt", "generic-mqtt", "--join")
    assert said.startswith("phoenyra-sim: --port: 0 is not allowed")
    assert said.count("\n") == 1
    assert code == 2
