"""`simulators.device`, `plant`: the profile of the driver, served and obeyed on the other side."""

import asyncio
from pathlib import Path

import pytest

from drivers import profile as profiles
from drivers.base import Rate
from drivers.modbus import codec
from drivers.modbus.config import ModbusTcpConfig
from drivers.modbus.inverter import ModbusInverter
from drivers.modbus.open import open_modbus
from drivers.point import Coding, Kind
from drivers.profile import Profile
from simulators import modbus_server
from simulators.battery import Rating
from simulators.device import Device
from simulators.frequency import Recording
from simulators.modbus_server import ExceptionCode, Refusal
from simulators.plant import Plant
from tests.support.profiles import REGISTER_MAPS
from wire.block import Quality
from wire.clock import SetClock

RATING = Rating(capacity_kwh=200.0, power_kw=100.0)
STEADY = Recording((0.0, 1.0), (49.987, 49.987))


class Bench:
    """A device on a table: a hand on its clock, and a probe on its registers."""

    def __init__(self, profile: Profile, *, soc_pct: float = 60.0, speed: float = 1.0) -> None:
        self.now_s = 1000.0
        self.profile = profile
        plant = Plant(RATING, soc_pct, STEADY, lambda: self.now_s, speed)
        self.device = Device(profile, plant)

    def value(self, name: str) -> float | None:
        point = self.profile.point(name)
        return codec.decode(point, self.device.read(point.kind, point.address, point.count))

    def write(self, name: str, value: float) -> None:
        point = self.profile.point(name)
        self.device.write(point.kind, point.address, codec.encode(point, value))

    def run_at(self, power_kw: float) -> None:
        """Command this power as an agent does: value first, then enable; and let it settle."""
        self.write("pcs.set_power_kw", power_kw)
        self.write("pcs.enable", 1)
        self.now_s += 1.0


@pytest.fixture
def bench() -> Bench:
    return Bench(profiles.load("reference-inverter"))


@pytest.mark.parametrize("name", REGISTER_MAPS)
def test_every_number_of_every_shipped_profile_is_served_with_a_value(name: str) -> None:
    bench = Bench(profiles.load(name))
    for point in bench.profile.points:
        if point.readable and point.coding is not Coding.STRING:
            assert bench.value(point.name) is not None, point.name


def test_measured_values_arrive_in_the_unit_and_sign_of_their_names(bench: Bench) -> None:
    bench.run_at(40.0)
    assert bench.value("battery.soc_pct") == pytest.approx(60.0, abs=0.05)
    assert bench.value("ac.power_kw") == 40.0
    assert bench.value("grid.frequency_hz") == 49.987
    assert bench.value("battery.capacity_kwh") == 200.0
    assert bench.value("battery.energy_kwh") == pytest.approx(120.0, abs=0.1)
    assert bench.value("battery.max_charge_kw") == 100.0
    assert bench.value("battery.max_discharge_kw") == 100.0
    assert bench.value("battery.temp_mean_c") == 22.0


def test_the_device_itself_counts_charging_positive(bench: Bench) -> None:
    bench.run_at(30.0)
    assert bench.device.read(Kind.HOLDING, 100, 2) == [0xFFFF, 0x8AD0]
    assert bench.device.read(Kind.INPUT, 0, 2) == [0xFFFF, 0x8AD0]


def test_it_starts_disabled_with_its_own_timeout_armed(bench: Bench) -> None:
    assert bench.value("pcs.timeout_s") == bench.profile.watchdog.timeout_s > 0
    assert bench.value("pcs.status") == 0
    bench.write("pcs.set_power_kw", 40.0)
    bench.now_s += 1.0
    assert bench.value("ac.power_kw") == 0.0


def test_without_writes_it_falls_to_zero_by_itself_and_says_so(bench: Bench) -> None:
    bench.write("pcs.timeout_s", 3)
    bench.run_at(40.0)
    bench.now_s += 1.9
    assert (bench.value("ac.power_kw"), bench.value("pcs.status")) == (40.0, 1)
    bench.now_s += 0.4
    assert (bench.value("ac.power_kw"), bench.value("pcs.status")) == (0.0, 2)
    bench.run_at(40.0)
    assert (bench.value("ac.power_kw"), bench.value("pcs.status")) == (40.0, 1)


def test_only_a_setpoint_keeps_the_watchdog_quiet(bench: Bench) -> None:
    bench.write("pcs.timeout_s", 3)
    bench.run_at(40.0)
    for _ in range(4):
        bench.now_s += 1.0
        bench.write("pcs.enable", 1)
        bench.value("ac.power_kw")
    assert bench.value("ac.power_kw") == 0.0


def test_it_falls_back_to_the_power_it_was_told(bench: Bench) -> None:
    bench.write("pcs.timeout_s", 3)
    bench.write("pcs.reversion_kw", -5.0)
    bench.run_at(40.0)
    bench.now_s += 10.0
    assert bench.value("ac.power_kw") == -5.0


def test_the_same_setpoint_written_again_keeps_it_running(bench: Bench) -> None:
    bench.write("pcs.timeout_s", 3)
    for _ in range(5):
        bench.run_at(40.0)
        bench.now_s += 1.0
    assert bench.value("ac.power_kw") == 40.0


def test_the_life_counter_counts_seconds(bench: Bench) -> None:
    first = bench.value("pcs.counter")
    bench.now_s += 7.0
    assert first is not None
    assert bench.value("pcs.counter") == first + 7


def test_status_tells_what_the_cells_allow() -> None:
    profile = profiles.load("reference-inverter")
    bench = Bench(profile, soc_pct=0.0)
    assert bench.value("battery.status") == 6
    bench.run_at(-50.0)
    bench.now_s += 8.0
    bench.run_at(-50.0)
    assert bench.value("ac.power_kw") == -50.0
    assert Bench(profile, soc_pct=100.0).value("battery.status") == 5
    assert Bench(profile).value("battery.status") == 3


def test_speed_fills_the_battery_faster() -> None:
    bench = Bench(profiles.load("reference-inverter"), soc_pct=50.0, speed=3600.0)
    bench.run_at(-10.0)
    assert bench.value("battery.energy_kwh") == pytest.approx(100.0 + 9.65, abs=1.5)


@pytest.mark.parametrize(
    ("start", "words", "code"),
    [
        (102, [2], ExceptionCode.ILLEGAL_VALUE),
        (100, [0x7FFF, 0xFFFF], ExceptionCode.ILLEGAL_VALUE),
        (103, [4000], ExceptionCode.ILLEGAL_VALUE),
        (106, [0], ExceptionCode.ILLEGAL_ADDRESS),
        (99, [0, 0], ExceptionCode.ILLEGAL_ADDRESS),
    ],
)
def test_a_write_that_the_map_forbids_changes_nothing(
    bench: Bench, start: int, words: list[int], code: ExceptionCode
) -> None:
    before = list(bench.device.read(Kind.HOLDING, 100, 6))
    with pytest.raises(Refusal) as caught:
        bench.device.write(Kind.HOLDING, start, words)
    assert caught.value.code is code
    assert bench.device.read(Kind.HOLDING, 100, 6) == before


def test_addresses_far_from_any_point_are_refused(bench: Bench) -> None:
    for start, count in ((7, 1), (0, 8), (26, 1), (90, 11), (65_535, 1)):
        with pytest.raises(Refusal):
            bench.device.read(Kind.INPUT, start, count)


def test_a_profile_with_gaps_bits_and_coils_is_served(tmp_path: Path) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(
        """
[profile]
id = "odd"
version = 1
source = "test"
[link]
protocol = "modbus"
unit = 1
port = 502
timeout_s = 0.5
max_registers = 120
gap_fill = 4
word_order = "little"
[watchdog]
kind = "none"
timeout_s = 0
reversion = "none"
waiver = "a test"
[[point]]
name = "battery.energy_kwh"
kind = "holding"
address = 10
type = "float32"
[[point]]
name = "pcs.alarm"
kind = "holding"
address = 16
type = "bool"
bit = 3
[[point]]
name = "pcs.cooling_c"
kind = "holding"
address = 17
type = "int16"
min = 5
max = 90
[[point]]
name = "pcs.door"
kind = "discrete"
address = 3
"""
    )
    bench = Bench(profiles.load(str(file)))
    assert bench.value("battery.energy_kwh") == pytest.approx(120.0)
    assert bench.value("pcs.alarm") == 0.0
    assert bench.value("pcs.cooling_c") == 5.0
    assert bench.value("pcs.door") == 0.0
    assert len(bench.device.read(Kind.HOLDING, 10, 8)) == 8
    with pytest.raises(Refusal):
        bench.device.write(Kind.HOLDING, 17, [1])


async def test_the_products_own_driver_reads_and_commands_it() -> None:
    bench = Bench(profiles.load("reference-inverter"))
    async with modbus_server.serve(bench.device) as port:
        config = ModbusTcpConfig(
            id="inverter", host="127.0.0.1", port=port, profile="reference-inverter"
        )
        async with asyncio.timeout(10.0), open_modbus(config, SetClock(0)) as driver:
            assert isinstance(driver, ModbusInverter)
            readings = [*await driver.read(Rate.FAST), *await driver.read(Rate.SLOW)]
            assert {reading.quality for reading in readings} == {Quality.GOOD}
            await driver.write_power_kw(-25.0)
            bench.now_s += 1.0
            values = {reading.point: reading.value for reading in await driver.read(Rate.FAST)}
    assert values["ac.power_kw"] == values["pcs.set_power_kw"] == -25.0
    assert values["pcs.status"] == 1
