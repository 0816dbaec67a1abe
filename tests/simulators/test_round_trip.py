"""Every shipped map of registers, served by the simulator over TCP: read and dispatched."""

import asyncio
import math
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.base import Driver, Identified, PowerSetter, Rate
from drivers.control import WatchdogKind
from drivers.modbus.config import ModbusTcpConfig
from drivers.point import Coding, Kind, Order, Point
from drivers.profile import Profile
from drivers.registry import open_driver
from simulators import instruments, modbus_server
from simulators.battery import Command, Rating
from simulators.device import Device
from simulators.frequency import Recording
from simulators.plant import Plant
from tests.support.profiles import (
    REGISTER_MAPS,
    SETTERS,
    at_a_site,
    float_words,
    int_words,
    override_for,
)
from wire.block import Quality, Reading
from wire.clock import SetClock

RATING = Rating(capacity_kwh=20.0, power_kw=10.0)
STEADY = Recording((0.0, 1.0), (49.98, 49.98))
Write = tuple[int, tuple[int, ...]]


class Site:
    """A served device: a hand on its clock, a probe on its registers, and the driver at work."""

    def __init__(self, profile: Profile) -> None:
        self.now_s = 1000.0
        self.profile = profile
        self.plant = Plant(RATING, 60.0, STEADY, lambda: self.now_s)
        self.device = Device(profile, self.plant)
        self.forced: dict[tuple[Kind, int], int] = {}
        """Registers that answer something else."""
        self.written: list[Write] = []

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        words = self.device.read(kind, start, count)
        return [self.forced.get((kind, start + n), word) for n, word in enumerate(words)]

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        self.written.append((start, tuple(values)))
        self.device.write(kind, start, values)

    def force(self, point: Point, pattern: int) -> None:
        """Let the point's registers answer this raw number."""
        words = [pattern >> 16 * n & 0xFFFF for n in range(point.count)]
        ordered = words if point.word_order is Order.LITTLE else words[::-1]
        for offset, word in enumerate(ordered):
            self.forced[point.kind, point.address + offset] = word

    def shows(self) -> dict[str, float]:
        return dict(instruments.shown(self.plant.measure(), RATING))

    def power_after(self, seconds: float) -> float:
        self.now_s += seconds
        return round(self.plant.measure()["ac.power_kw"], 6)


@asynccontextmanager
async def served(name: str, folder: Path) -> AsyncIterator[tuple[Site, Driver]]:
    site = Site(at_a_site(name, folder))
    unit = site.profile.link.unit
    async with asyncio.timeout(20.0), modbus_server.serve(site, unit=unit) as port:
        config = ModbusTcpConfig(
            id="device",
            host="127.0.0.1",
            port=port,
            profile=name,
            override=override_for(name, folder),
        )
        async with open_driver(config, SetClock(0)) as driver:
            yield site, driver


async def readings_of(driver: Driver) -> dict[str, Reading]:
    return {reading.point: reading for rate in Rate for reading in await driver.read(rate)}


def numbers(profile: Profile) -> list[Point]:
    return [p for p in profile.points if p.readable and p.coding is not Coding.STRING]


def most(point: Point) -> float:
    """Return the largest value that fits: 655.35 V where the plant has 800 V."""
    if point.coding is not Coding.UINT16:
        return math.inf
    return point.offset + max(0.0, 65_535 * point.scale)


@pytest.mark.parametrize("name", REGISTER_MAPS)
async def test_every_value_of_a_charging_plant_arrives(name: str, tmp_path: Path) -> None:
    async with served(name, tmp_path) as (site, driver):
        site.plant.obey(Command(power_kw=-4.0, timeout_s=0.0), fresh=True)
        assert site.power_after(2.0) == -4.0
        readings = await readings_of(driver)
        expected = site.shows()
        sums = {each.name for each in site.profile.sums}
        assert set(readings) == sums | {point.name for point in numbers(site.profile)}
        for name_of_sum in sums:
            value = readings[name_of_sum].value
            assert value == pytest.approx(expected[name_of_sum], abs=0.01), name_of_sum
        for point in numbers(site.profile):
            reading = readings[point.name]
            assert reading.quality is Quality.GOOD, point.name
            if point.name in expected:
                value = min(expected[point.name], most(point))
                close = pytest.approx(value, abs=max(point.resolution, 1e-3))
                assert reading.value == close, point.name


@pytest.mark.parametrize("name", REGISTER_MAPS)
async def test_a_value_that_is_not_there_is_bad_and_spares_all_others(
    name: str, tmp_path: Path
) -> None:
    nan = {Coding.FLOAT32: 0x7FC0_0000, Coding.FLOAT64: 0x7FF8 << 48}
    async with served(name, tmp_path) as (site, driver):
        absent: set[str] = set()
        for point in numbers(site.profile):
            patterns = [*point.sentinels, *(nan[c] for c in nan if c is point.coding)]
            if patterns and point.bit is None:
                site.force(point, max(patterns))
                absent.add(point.name)
        for each in site.profile.sums:
            if absent.intersection((*each.plus, *each.minus)):
                absent.add(each.name)
        for reading in (await readings_of(driver)).values():
            wanted = Quality.BAD if reading.point in absent else Quality.GOOD
            assert (reading.quality, reading.value is None) == (wanted, wanted is Quality.BAD)


@pytest.mark.parametrize("name", SETTERS)
async def test_a_setpoint_is_followed_in_both_directions_and_through_zero(
    name: str, tmp_path: Path
) -> None:
    async with served(name, tmp_path) as (site, driver):
        assert isinstance(driver, PowerSetter)
        await driver.take_over()
        for power_kw in (4.0, -4.0, 0.0, -3.0, -2.5, 3.0, 3.5, 0.0):
            await driver.write_power_kw(power_kw)
            assert site.power_after(1.0) == power_kw
            measured = (await readings_of(driver)).get("ac.power_kw")
            assert measured is None or measured.value == pytest.approx(power_kw, abs=0.01)


VECTORS: dict[str, tuple[list[Write], list[Write]]] = {
    "huawei-luna": (
        [(47_100, (0,)), (47_249, (0, 0)), (47_247, (0, 4_000)), (47_100, (1,))],
        [(47_100, (0,)), (47_247, (0, 0)), (47_249, (0, 3_000)), (47_100, (2,))],
    ),
    "kostal-plenticore": (
        [(1_034, float_words(-4_000.0)[::-1])],
        [(1_034, float_words(3_000.0)[::-1])],
    ),
    "openems-modbus-api": (
        [(706, float_words(-4_000.0))],
        [(706, float_words(3_000.0))],
    ),
    "reference-inverter": ([(100, int_words(4_000))], [(100, int_words(-3_000))]),
    "sma-storage": ([(40_149, int_words(-4_000))], [(40_149, int_words(3_000))]),
    "sma-sunny-island": ([(40_149, int_words(-4_000))], [(40_149, int_words(3_000))]),
    "sungrow-sh": (
        [(13_050, (0xCC,)), (13_051, (4_000,)), (13_050, (0xAA,))],
        [(13_050, (0xCC,)), (13_051, (3_000,)), (13_050, (0xBB,))],
    ),
    "victron-gx": ([(2_716, int_words(4_000))], [(2_716, int_words(-3_000))]),
    "victron-multi": ([(96, int_words(4_000))], [(96, int_words(-3_000))]),
    "wstech-pcs": ([(40_010, int_words(-4_000))], [(40_010, int_words(3_000))]),
}
"""What is written for 4 kW of charging, and then for 3 kW of discharging."""


def test_every_setter_has_its_vectors() -> None:
    assert set(VECTORS) == set(SETTERS)


@pytest.mark.parametrize("name", SETTERS)
async def test_the_setpoint_arrives_in_the_makers_registers_and_sign(
    name: str, tmp_path: Path
) -> None:
    charging, discharging = VECTORS[name]
    addresses = {address for address, _ in (*charging, *discharging)}
    async with served(name, tmp_path) as (site, driver):
        assert isinstance(driver, PowerSetter)
        await driver.take_over()
        for power_kw, expected in ((-4.0, charging), (3.0, discharging)):
            site.written.clear()
            await driver.write_power_kw(power_kw)
            assert [w for w in site.written if w[0] in addresses] == expected


@pytest.mark.parametrize("name", SETTERS)
async def test_a_device_that_hears_nothing_falls_back_and_comes_back(
    name: str, tmp_path: Path
) -> None:
    async with served(name, tmp_path) as (site, driver):
        assert isinstance(driver, PowerSetter)
        watchdog = site.profile.watchdog
        await driver.take_over()
        await driver.write_power_kw(4.0)
        assert site.power_after(1.0) == 4.0
        if watchdog.kind is WatchdogKind.NONE:
            assert site.power_after(3_600.0) > 0.0, "nothing ends it: that is what is waived"
            return
        assert watchdog.timeout_s > 0.0
        assert site.power_after(watchdog.timeout_s * 0.8) == 4.0
        assert site.power_after(watchdog.timeout_s * 0.4) == 0.0
        if watchdog.kind is WatchdogKind.WRITE_REFRESH:  # what the others write has its own time
            await driver.write_power_kw(4.0)
            assert site.power_after(1.0) == 4.0


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("huawei-luna", {"model": "SUN2000", "serial": "SIM-huawei-luna"}),
        ("kostal-plenticore", {"model": "PLENTICORE", "serial": "SIM-kostal-plent"}),
        ("sungrow-sh", {"serial": "SIM-sungrow-sh"}),
    ],
)
async def test_a_device_says_who_it_is(name: str, identity: dict[str, str], tmp_path: Path) -> None:
    async with served(name, tmp_path) as (_, driver):
        await readings_of(driver)
        assert isinstance(driver, Identified)
        assert driver.identity == identity


def test_floats_of_the_vectors_are_those_of_ieee_754() -> None:
    assert float_words(-4_000.0) == struct.unpack(">HH", bytes.fromhex("c57a0000"))
