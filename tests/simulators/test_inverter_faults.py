"""Inverters that misbehave, over a real socket: what the driver finds, and what the device does."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers import profile as profiles
from drivers.base import Rate
from drivers.control import Watchdog, WatchdogKind
from drivers.errors import DeviceRefused
from drivers.modbus import codec
from drivers.modbus.config import ModbusTcpConfig
from drivers.modbus.inverter import ModbusInverter
from drivers.modbus.open import open_modbus
from simulators import modbus_server
from simulators.battery import Rating
from simulators.device import Device
from simulators.faults import FaultSet
from simulators.frequency import Recording
from simulators.plant import Plant
from tests.support.profiles import REGISTER_MAPS
from wire.clock import SetClock

RATING = Rating(capacity_kwh=200.0, power_kw=100.0)
STEADY = Recording((0.0, 1.0), (50.0, 50.0))
TIME_OUT_S = 10.0
SPLIT = [name for name in REGISTER_MAPS if (c := profiles.load(name).control) and c.split]


@dataclass(slots=True)
class Bench:
    """A simulated inverter with a clock of its own, served on a socket."""

    name: str = "reference-inverter"
    now_s: float = 1_000.0
    plant: Plant = field(init=False)
    device: Device = field(init=False)

    def __post_init__(self) -> None:
        self.plant = Plant(RATING, 60.0, STEADY, lambda: self.now_s)
        self.device = Device(profiles.load(self.name), self.plant)

    def suffers(self, faults: FaultSet) -> None:
        self.plant.faults.set(faults, {})

    def after(self, seconds: float) -> float:
        """Return the power that flows so much later."""
        self.now_s += seconds
        return self.plant.measure()["ac.power_kw"]

    def register(self, point_name: str) -> float | None:
        point = profiles.load(self.name).point(point_name)
        return codec.decode(point, self.device.read(point.kind, point.address, point.count))

    def script(self, point_name: str, value: float) -> None:
        """Write a register as somebody else does."""
        point = profiles.load(self.name).point(point_name)
        self.device.write(point.kind, point.address, codec.encode(point, value))


@asynccontextmanager
async def driven(bench: Bench, override: Path | None = None) -> AsyncIterator[ModbusInverter]:
    link = profiles.load(bench.name).link
    async with modbus_server.serve(bench.device, unit=link.unit) as port:
        config = ModbusTcpConfig(
            id="pcs",
            host="127.0.0.1",
            port=port,
            profile=bench.name,
            override=None if override is None else str(override),
        )
        async with asyncio.timeout(20.0), open_modbus(config, SetClock(0)) as driver:
            assert isinstance(driver, ModbusInverter)
            yield driver


async def test_peer_defect_4_a_time_out_that_a_script_once_stored_is_overwritten_and_told() -> None:
    bench = Bench()
    bench.script("pcs.timeout_s", 3_600)
    bench.script("pcs.reversion_kw", 30.0)
    async with driven(bench) as driver:
        await driver.take_over()
        found = await driver.look_after()
    assert [sentence.split(":")[0] for sentence in found] == ["pcs.reversion_kw", "pcs.timeout_s"]
    assert "3600 was found, 10 is kept now" in found[1]
    assert (bench.register("pcs.timeout_s"), bench.register("pcs.reversion_kw")) == (10.0, 0.0)


async def test_peer_defect_4_a_device_that_does_not_keep_our_time_out_is_not_taken_over() -> None:
    bench = Bench()
    bench.script("pcs.timeout_s", 3_600)
    bench.suffers(FaultSet(deaf=True))
    async with driven(bench) as driver:
        with pytest.raises(DeviceRefused, match="10 was written, but 3600"):
            await driver.take_over()


async def test_peer_defect_4_what_was_changed_meanwhile_is_put_right_when_looked_after() -> None:
    bench = Bench()
    async with driven(bench) as driver:
        await driver.take_over()
        await driver.look_after()
        bench.script("pcs.timeout_s", 0)
        assert len(await driver.look_after()) == 1
        assert await driver.look_after() == ()
    assert bench.register("pcs.timeout_s") == TIME_OUT_S


@pytest.mark.parametrize("name", SPLIT)
async def test_peer_defect_5_no_register_of_the_mode_before_is_left_behind(
    name: str, tmp_path: Path
) -> None:
    waiver = tmp_path / "waiver.toml"
    waiver.write_text('[watchdog]\nwaiver = "a test"\n')
    control = profiles.load(name).control
    assert control is not None
    assert control.split is not None
    split = control.split
    powers_kw = (0.0, 4.0, -3.0)
    bench = Bench(name)
    async with driven(bench, waiver) as driver:
        await driver.take_over()
        for before_kw, after_kw in itertools.permutations(powers_kw, 2):
            await driver.write_power_kw(before_kw)
            await driver.write_power_kw(after_kw)
            direction = {0.0: split.zero, 4.0: split.discharge, -3.0: split.charge}[after_kw]
            assert bench.register(direction.point.name) == direction.value
            if split.charge_magnitude != split.discharge_magnitude:
                assert bench.register(split.charge_magnitude.name) == max(0.0, -after_kw)
                assert bench.register(split.discharge_magnitude.name) == max(0.0, after_kw)


@pytest.mark.parametrize(("factor", "stands_kw"), [(1.0, 0.0), (1.35, 0.0), (0.0, -40.0)])
async def test_peer_defect_6_a_device_may_fall_back_later_than_it_says_or_never(
    factor: float, stands_kw: float
) -> None:
    bench = Bench()
    async with driven(bench) as driver:
        bench.suffers(FaultSet(timeout_factor=factor))
        await driver.write_power_kw(-40.0)
    assert bench.after(TIME_OUT_S * max(factor, 1.0) - 0.5) == pytest.approx(-40.0)
    assert bench.after(1.5) == pytest.approx(stands_kw)


def test_peer_defect_6_the_longer_of_said_and_measured_counts_and_refreshes_hold_both() -> None:
    watchdog = Watchdog(
        kind=WatchdogKind.WRITE_REFRESH,
        timeout_s=9.0,
        measured_timeout_s=12.0,
        reversion="0 kW",
        waiver="",
    )
    assert (watchdog.fallback_s, watchdog.refresh_s) == (12.0, 3.0)


async def test_peer_defect_9_what_is_acknowledged_and_ignored_shows_in_the_read_back() -> None:
    bench = Bench()
    async with driven(bench) as driver:
        await driver.write_power_kw(10.0)
        bench.suffers(FaultSet(deaf=True))
        await driver.write_power_kw(40.0)
        shown = {reading.point: reading.value for reading in await driver.read(Rate.FAST)}
    assert shown["pcs.set_power_kw"] == 10.0


async def test_peer_defect_9_what_is_shown_and_not_done_shows_in_the_power() -> None:
    bench = Bench()
    async with driven(bench) as driver:
        bench.suffers(FaultSet(idle=True))
        await driver.write_power_kw(40.0)
        bench.now_s += 2.0
        shown = {reading.point: reading.value for reading in await driver.read(Rate.FAST)}
    assert (shown["pcs.set_power_kw"], shown["ac.power_kw"]) == (40.0, 0.0)


async def test_peer_defect_11_an_inverter_that_starts_drops_setpoints_and_says_so() -> None:
    bench = Bench()
    bench.plant.faults.start_s = 112.0
    bench.device.power_up()
    async with driven(bench) as driver:
        await driver.write_power_kw(40.0)
        assert (bench.register("pcs.status"), bench.after(60.0)) == (4.0, 0.0)
        bench.now_s += 53.0
        await driver.write_power_kw(40.0)
        assert bench.after(1.0) == pytest.approx(40.0)
