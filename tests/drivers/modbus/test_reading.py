"""drivers.modbus.device: identities, bits and scale registers are read as the profile says."""

from pathlib import Path

import pytest

from drivers.base import Identified, Rate
from drivers.errors import DeviceUnreachable, ProfileError
from drivers.modbus.device import ModbusDevice
from drivers.point import Kind
from drivers.profile import load
from tests.support.scripted_line import ScriptedLine
from wire.block import Quality
from wire.clock import SetClock

READ = """
[profile]
id = "maker-model"
version = 1
source = "this test"
confirmed = true
[link]
protocol = "modbus"
timeout_s = 0.5
gap_fill = 4
fast_s = 2
[watchdog]
kind = "none"
[[point]]
name = "identity.maker"
kind = "holding"
address = 100
type = "string"
length = 4
[[point]]
name = "identity.firmware"
kind = "holding"
address = 104
type = "uint16"
rate = "once"
[[point]]
name = "identity.model"
kind = "holding"
address = 105
type = "uint16"
rate = "once"
enum = { 7 = "Tower" }
[[point]]
name = "pcs.status"
kind = "holding"
address = 1
type = "uint32"
sentinel = [0xFFFFFFFF]
bits = { trip = 17, alarm = 0 }
[[point]]
name = "battery.power_kw"
kind = "holding"
address = 3
type = "int16"
scale = -0.001
scale_register = 4
"""


def read_only(folder: Path) -> tuple[ModbusDevice, ScriptedLine]:
    path = folder / "maker.toml"
    path.write_text(READ, encoding="utf-8")
    line = ScriptedLine()
    return ModbusDevice(load(str(path)), line, SetClock(0)), line


async def test_a_device_says_who_it_is_once_on_each_connection(tmp_path: Path) -> None:
    device, line = read_only(tmp_path)
    maker = [0x534D, 0x4100, 0, 0]
    line.words |= {(Kind.HOLDING, 100 + step): word for step, word in enumerate(maker)}
    line.words |= {(Kind.HOLDING, 104): 12, (Kind.HOLDING, 105): 7}
    assert isinstance(device, Identified)
    assert device.identity == {}
    await device.read(Rate.SLOW)
    assert device.identity == {"maker": "SMA", "firmware": "12", "model": "Tower"}
    line.reads.clear()
    await device.read(Rate.SLOW)
    assert line.reads == [(Kind.HOLDING, 1, 4)]
    line.break_off()
    line.words[Kind.HOLDING, 104] = 13
    await device.read(Rate.SLOW)
    assert device.identity["firmware"] == "13"
    once = await device.read(Rate.ONCE)
    assert [reading.point for reading in once] == ["identity.firmware", "identity.model"]


async def test_bits_and_scaled_values_come_from_one_request(tmp_path: Path) -> None:
    device, line = read_only(tmp_path)
    line.words |= {(Kind.HOLDING, a): w for a, w in ((1, 2), (2, 0), (3, 1_234), (4, 1))}
    readings = {reading.point: reading for reading in await device.read(Rate.SLOW)}
    assert line.reads[0] == (Kind.HOLDING, 1, 4)
    assert readings["pcs.status"].value == 0x2_0000
    assert readings["pcs.status.trip"].value == 1.0
    assert readings["pcs.status.alarm"].value == 0.0
    assert readings["battery.power_kw"].value == -12.34
    line.words |= {(Kind.HOLDING, 1): 0xFFFF, (Kind.HOLDING, 2): 0xFFFF, (Kind.HOLDING, 4): 0x8000}
    readings = {reading.point: reading for reading in await device.read(Rate.SLOW)}
    assert {reading.quality for reading in readings.values()} == {Quality.BAD}


async def test_a_refused_scale_register_makes_its_point_bad_and_no_other(tmp_path: Path) -> None:
    device, line = read_only(tmp_path)
    line.refused.add((Kind.HOLDING, 4))
    readings = {reading.point: reading.quality for reading in await device.read(Rate.SLOW)}
    assert readings.pop("battery.power_kw") is Quality.BAD
    assert set(readings.values()) == {Quality.GOOD}


async def test_the_pace_is_the_profiles(tmp_path: Path) -> None:
    device, _ = read_only(tmp_path)
    assert (device.pace.fast_s, device.pace.slow_s) == (2.0, 1.0)
    assert (device.pace.stale_fast_s, device.pace.stale_slow_s) == (6.0, 5.0)


async def test_an_answer_of_another_length_is_no_answer(tmp_path: Path) -> None:
    device, line = read_only(tmp_path)
    line.fault = lambda answer: answer[:-1]
    with pytest.raises(DeviceUnreachable, match="an answer of another length"):
        await device.read(Rate.SLOW)


async def test_a_device_that_waits_for_a_word_of_the_site_is_not_made() -> None:
    with pytest.raises(ProfileError, match="in this site's override, is expected"):
        ModbusDevice(load("wstech-pcs"), ScriptedLine(), SetClock(0))
