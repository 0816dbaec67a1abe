"""A whole device on a serial line: the simulated inverter as a process, our driver at its pty."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from drivers.base import Driver, PowerSetter, Rate
from drivers.errors import DeviceUnreachable
from drivers.modbus.config import ModbusRtuConfig
from drivers.registry import open_driver
from tests.support.simulators import simulator
from wire.clock import SystemClock

SETPOINT_KW = -20.0


async def test_an_inverter_on_a_serial_line_is_read_and_dispatched(tmp_path: Path) -> None:
    port = tmp_path / "ttyS0"
    config = ModbusRtuConfig(
        id="inverter", kind="modbus_rtu", profile="reference-inverter", serial=str(port)
    )
    async with (
        asyncio.timeout(30.0),
        open_driver(config, SystemClock()) as driver,
        simulator("device", "reference-inverter", "--pty", str(port)),
    ):
        assert isinstance(driver, PowerSetter)
        await _read_until(driver, lambda values: "ac.power_kw" in values)
        await driver.take_over()
        await driver.write_power_kw(SETPOINT_KW)
        await _read_until(
            driver, lambda values: abs(values.get("ac.power_kw", 0.0) - SETPOINT_KW) < 1.0
        )


async def _read_until(driver: Driver, holds: Callable[[Mapping[str, float]], bool]) -> None:
    while True:
        if holds(await _values(driver)):
            return
        await asyncio.sleep(0.05)


async def _values(driver: Driver) -> dict[str, float]:
    """Return what the device says, nothing where it does not answer."""
    try:
        readings = await driver.read(Rate.FAST)
    except DeviceUnreachable:
        return {}
    return {reading.point: reading.value for reading in readings if reading.value is not None}
