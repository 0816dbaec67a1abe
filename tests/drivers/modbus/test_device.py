"""drivers.modbus.device: one reading for each point, one setpoint with the maker's sign."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from drivers.base import Driver, PowerSetter, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.modbus.backoff import BACK_OFF_S_MAX
from drivers.modbus.bus import line_to
from drivers.modbus.codec import encode
from drivers.modbus.config import ModbusTcpConfig
from drivers.modbus.device import ModbusDevice
from drivers.modbus.endpoint import TcpEndpoint
from drivers.modbus.inverter import ModbusInverter
from drivers.point import Coding, Kind, Point
from drivers.profile import Profile, load
from drivers.registry import open_driver
from tests.support import modbus_peer
from tests.support.modbus_peer import ModbusPeer
from wire.block import Quality, Reading
from wire.clock import SetClock

NOW_US = 1_800_000_000_000_000
REFERENCE = load("reference-inverter")
SETPOINT, ENABLE, TIMEOUT_REGISTER, REVERSION = 100, 102, 103, 104


def hold(peer: ModbusPeer, name: str, value: float) -> None:
    """Put a value of the reference inverter into the peer."""
    point = REFERENCE.point(name)
    for offset, word in enumerate(encode(point, value)):
        peer.tables[point.kind][point.address + offset] = word


def by_name(readings: Sequence[Reading]) -> dict[str, Reading]:
    return {reading.point: reading for reading in readings}


def with_points(points: Sequence[Point]) -> Profile:
    link = replace(REFERENCE.link, timeout_s=0.2)
    return replace(REFERENCE, points=tuple(points), control=None, link=link)


@asynccontextmanager
async def device_at(peer: ModbusPeer, profile: Profile) -> AsyncIterator[ModbusDevice]:
    with line_to(TcpEndpoint("127.0.0.1", peer.port), 1, profile.link) as line:
        yield ModbusDevice(profile, line, SetClock(NOW_US))
    await asyncio.sleep(0)


@asynccontextmanager
async def inverter_at(peer: ModbusPeer) -> AsyncIterator[ModbusInverter]:
    config = ModbusTcpConfig(
        id="inverter", host="127.0.0.1", port=peer.port, profile="reference-inverter"
    )
    async with open_driver(config, SetClock(NOW_US)) as driver:
        assert isinstance(driver, ModbusInverter)
        yield driver


def registers(addresses: Sequence[int]) -> list[Point]:
    return [
        Point(name=f"test.at_{a}", kind=Kind.INPUT, address=a, coding=Coding.UINT16)
        for a in addresses
    ]


async def test_the_reference_inverter_is_read_in_our_units_and_our_sign() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        peer.tables[Kind.INPUT] |= {0: 0, 1: 30_000}  # 30 kW of charging, as the maker counts
        hold(peer, "grid.frequency_hz", 49.987)
        hold(peer, "battery.soc_pct", 55.25)
        readings = await driver.read(Rate.FAST)
        names = [p.name for p in REFERENCE.points if p.rate is Rate.FAST]
        assert [reading.point for reading in readings] == names
        assert by_name(readings)["ac.power_kw"].value == -30.0
        assert by_name(readings)["grid.frequency_hz"].value == 49.987
        assert by_name(readings)["battery.soc_pct"].value == 55.25
        assert {(reading.quality, reading.at_us) for reading in readings} == {
            (Quality.GOOD, NOW_US)
        }
        assert len(peer.requests) == 2


async def test_a_sentinel_is_a_bad_reading_and_spares_the_others() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        hold(peer, "grid.frequency_hz", 50.0)
        peer.tables[Kind.INPUT][3] = 0xFFFF
        readings = by_name(await driver.read(Rate.FAST))
        assert readings["battery.soc_pct"] == Reading("battery.soc_pct", None, Quality.BAD, NOW_US)
        assert readings["grid.frequency_hz"].quality is Quality.GOOD


async def test_entering_succeeds_while_the_device_is_off_and_reading_says_so() -> None:
    async with ModbusPeer.listening() as peer:
        await peer.stop()
        async with inverter_at(peer) as driver:
            with pytest.raises(DeviceUnreachable, match="no connection"):
                await driver.read(Rate.FAST)
            await peer.start()
            async with asyncio.timeout(BACK_OFF_S_MAX + 1.0):
                assert await _first_readings(driver)


async def _first_readings(driver: Driver) -> Sequence[Reading]:
    while True:
        try:
            return await driver.read(Rate.FAST)
        except DeviceUnreachable:
            await asyncio.sleep(0.01)


async def test_a_hung_device_is_unreachable_and_a_cancelled_read_ends_at_once() -> None:
    loop = asyncio.get_running_loop()
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        peer.tricks.append(modbus_peer.hang)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(driver.read(Rate.FAST))
            await peer.asked.wait()
            started_s = loop.time()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        assert loop.time() - started_s < 1.0


async def test_a_refused_register_costs_its_own_point_and_is_not_asked_for_again() -> None:
    async with (
        ModbusPeer.listening() as peer,
        device_at(peer, with_points(registers(range(16)))) as device,
    ):
        peer.refused.add((Kind.INPUT, 11))
        peer.tables[Kind.INPUT] |= {a: 1_000 + a for a in range(16)}
        readings = await device.read(Rate.SLOW)
        assert [r.value for r in readings] == [None if a == 11 else 1_000 + a for a in range(16)]
        assert readings[11].quality is Quality.BAD
        assert len(peer.requests) <= 1 + 2 * 4
        peer.requests.clear()
        assert await device.read(Rate.SLOW) == readings
        assert peer.requests == [(4, 0, 11), (4, 12, 4)]


async def test_a_refused_gap_costs_no_point_and_is_not_read_along_again() -> None:
    async with (
        ModbusPeer.listening() as peer,
        device_at(peer, with_points(registers([0, 1, 2, 6, 7]))) as device,
    ):
        peer.refused.add((Kind.INPUT, 4))
        assert {r.quality for r in await device.read(Rate.SLOW)} == {Quality.GOOD}
        peer.requests.clear()
        assert {r.quality for r in await device.read(Rate.SLOW)} == {Quality.GOOD}
        assert peer.requests == [(4, 0, 3), (4, 6, 2)]


async def test_no_value_ever_comes_under_a_wrong_name_whatever_the_device_refuses() -> None:
    random_ = random.Random(20_261_121)
    async with ModbusPeer.listening() as peer:
        peer.tables[Kind.INPUT] |= {a: 10_000 + a for a in range(120)}
        for _ in range(150):
            addresses = random_.sample(range(120), 30)
            refused = set(random_.sample(range(120), random_.randrange(12)))
            peer.refused = {(Kind.INPUT, a) for a in refused}
            async with device_at(peer, with_points(registers(addresses))) as device:
                for _ in range(2):
                    readings = await device.read(Rate.SLOW)
                    assert [r.value for r in readings] == [
                        None if a in refused else 10_000 + a for a in addresses
                    ]


async def test_a_setpoint_arrives_with_the_makers_sign_value_first_and_enable_last() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        assert isinstance(driver, PowerSetter)
        await driver.write_power_kw(30.0)
        holding = peer.tables[Kind.HOLDING]
        assert (holding[SETPOINT], holding[SETPOINT + 1]) == (0xFFFF, 0x10000 - 30_000)
        assert holding[ENABLE] == 1
        assert holding[TIMEOUT_REGISTER] == 10
        writes = [start for function, start, _ in peer.requests if function == 16]
        assert writes == [TIMEOUT_REGISTER, SETPOINT, ENABLE]
        assert driver.refresh_s == pytest.approx(10.0 / 3)


async def test_enable_is_written_once_a_refresh_period_and_again_after_a_new_connection() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        await driver.write_power_kw(1.0)
        peer.requests.clear()
        await driver.write_power_kw(2.0)
        assert [start for _, start, _ in peer.requests] == [SETPOINT]
        await peer.stop()
        peer.tables[Kind.HOLDING].clear()  # the device restarted and forgot everything
        await peer.start()
        await driver.read(Rate.FAST)
        await driver.write_power_kw(3.0)
        assert peer.tables[Kind.HOLDING][ENABLE] == 1
        assert peer.tables[Kind.HOLDING][TIMEOUT_REGISTER] == 10


async def test_taking_over_writes_memory_that_wears_out_only_to_change_it() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        hold(peer, "pcs.reversion_kw", -7.0)
        await driver.take_over()
        assert [start for function, start, _ in peer.requests if function == 16] == [
            REVERSION,
            TIMEOUT_REGISTER,
        ]
        peer.requests.clear()
        await driver.take_over()
        assert {function for function, _, _ in peer.requests} == {3}


async def test_a_time_out_that_the_device_does_not_keep_is_reported() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        peer.tricks.extend([_honest, _honest, _swallowed(peer)])
        with pytest.raises(DeviceRefused, match=r"pcs\.timeout_s: 10 was written, but 0\.0 is"):
            await driver.take_over()


def _honest(answer: bytes) -> Sequence[modbus_peer.Part]:
    return (answer,)


def _swallowed(peer: ModbusPeer) -> modbus_peer.Trick:
    """Acknowledge a write without keeping it."""

    def forget(answer: bytes) -> Sequence[modbus_peer.Part]:
        peer.tables[Kind.HOLDING].pop(TIMEOUT_REGISTER)
        return (answer,)

    return forget


async def test_a_refused_setpoint_names_the_point_the_value_and_the_exception() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        peer.refused.add((Kind.HOLDING, SETPOINT))
        with pytest.raises(
            DeviceRefused,
            match=r"pcs\.set_power_kw: the device refused 5: Modbus exception 2 \(illegal addr",
        ):
            await driver.write_power_kw(5.0)


async def test_a_setpoint_beyond_the_profile_is_our_own_mistake() -> None:
    async with ModbusPeer.listening() as peer, inverter_at(peer) as driver:
        with pytest.raises(ProfileError, match=r"pcs\.set_power_kw: 20000\.0 is not allowed"):
            await driver.write_power_kw(20_000.0)


async def test_a_profile_without_control_gives_a_device_that_takes_no_power() -> None:
    async with ModbusPeer.listening() as peer, device_at(peer, with_points([])) as device:
        assert not isinstance(device, PowerSetter)
