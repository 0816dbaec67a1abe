"""drivers.modbus.device: every manner of dispatching arrives as the profile says it."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.base import Rate
from drivers.errors import DeviceRefused
from drivers.modbus.inverter import ModbusInverter
from drivers.point import Kind
from drivers.profile import Profile, load
from tests.support.scripted_line import ScriptedLine, Write
from wire.clock import SetClock

pytestmark = pytest.mark.virtual_time

HEAD = """
[profile]
id = "maker-model"
version = 1
source = "this test"
confirmed = true
[link]
protocol = "modbus"
timeout_s = 0.5
"""
REFRESHED = '[watchdog]\nkind = "write-refresh"\ntimeout_s = 30\n'
SPLIT = """
[control.split]
charge_magnitude = "pcs.charge_kw"
discharge_magnitude = "pcs.discharge_kw"
direction = "pcs.direction"
charge = 1
discharge = 2
zero = 0
"""
ENABLE, DIRECTION, CHARGE, DISCHARGE, KEEP_ALIVE, SETPOINT, SCALE, RATED = 1, 2, 3, 4, 5, 6, 7, 8


def row(name: str, address: int, extra: str = "", coding: str = "uint16") -> str:
    return (
        f'[[point]]\nname = "{name}"\nkind = "holding"\naddress = {address}\n'
        f'type = "{coding}"\naccess = "read-write"\n{extra}\n'
    )


POINTS = (
    row("pcs.enable", ENABLE)
    + row("pcs.direction", DIRECTION)
    + row("pcs.charge_kw", CHARGE, "scale = 0.1")
    + row("pcs.discharge_kw", DISCHARGE, "scale = 0.1")
    + row("pcs.keep_alive", KEEP_ALIVE)
    + row("pcs.set_power_kw", SETPOINT, "scale = -0.1", "int16")
)


class Site:
    """One inverter of a profile on a line in memory."""

    def __init__(self, folder: Path, text: str) -> None:
        path = folder / "maker.toml"
        path.write_text(text, encoding="utf-8")
        self.profile: Profile = load(str(path))
        self.line = ScriptedLine()
        control = self.profile.control
        assert control is not None
        self.device = ModbusInverter(self.profile, control, self.line, SetClock(0))

    async def writes(self, power_kw: float) -> list[tuple[int, int]]:
        """Write a setpoint; return the addresses and first registers that were written."""
        await self.device.write_power_kw(power_kw)
        return [(write.start, write.registers[0]) for write in self.line.taken()]


async def test_a_split_setter_is_told_magnitude_first_and_direction_behind_it(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path, HEAD + REFRESHED + SPLIT + POINTS)
    await site.writes(5.0)
    assert await site.writes(7.5) == [(DISCHARGE, 75), (DIRECTION, 2)]


async def test_a_split_setter_stands_still_before_it_turns(tmp_path: Path) -> None:
    site = Site(tmp_path, HEAD + REFRESHED + SPLIT + POINTS)
    discharging = [(DIRECTION, 0), (CHARGE, 0), (DISCHARGE, 50), (DIRECTION, 2)]
    assert await site.writes(5.0) == discharging
    charging = [(DIRECTION, 0), (DISCHARGE, 0), (CHARGE, 25), (DIRECTION, 1)]
    assert await site.writes(-2.5) == charging
    assert await site.writes(0.0) == [(DIRECTION, 0), (CHARGE, 0), (DISCHARGE, 0)]
    assert await site.writes(-1.0) == [(CHARGE, 10), (DIRECTION, 1)]


async def test_a_turn_that_failed_half_way_begins_with_standing_still_again(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path, HEAD + REFRESHED + SPLIT + POINTS)
    await site.writes(5.0)
    site.line.refused.add((Kind.HOLDING, CHARGE))
    with pytest.raises(DeviceRefused, match=r"pcs\.charge_kw: the device refused 2: Modbus exc"):
        await site.writes(-2.0)
    site.line.refused.clear()
    site.line.taken()
    discharging = [(DIRECTION, 0), (CHARGE, 0), (DISCHARGE, 50), (DIRECTION, 2)]
    assert await site.writes(5.0) == discharging


async def test_one_magnitude_serves_both_directions(tmp_path: Path) -> None:
    split = SPLIT.replace("charge_magnitude", "magnitude", 1)
    split = split.replace('discharge_magnitude = "pcs.discharge_kw"\n', "")
    site = Site(tmp_path, HEAD + REFRESHED + split + POINTS)
    await site.writes(5.0)
    assert await site.writes(-5.0) == [(DIRECTION, 0), (CHARGE, 50), (DIRECTION, 1)]
    assert await site.writes(0.0) == [(DIRECTION, 0), (CHARGE, 0)]


async def test_a_setpoint_in_percent_follows_the_rated_power_that_the_device_says(
    tmp_path: Path,
) -> None:
    control = '[control]\nsetpoint = "pcs.set_pct"\npercent_of = "pcs.rated_kw"\n'
    points = row("pcs.set_pct", SETPOINT, f"scale = 1\nscale_register = {SCALE}", "int16")
    points += row("pcs.rated_kw", RATED, 'scale = 0.1\nrate = "slow"')
    site = Site(tmp_path, HEAD + REFRESHED + control + points)
    site.line.words |= {(Kind.HOLDING, RATED): 2_000, (Kind.HOLDING, SCALE): 0xFFFE}
    assert await site.writes(50.0) == [(SETPOINT, 2_500)]
    assert await site.writes(-500.0) == [(SETPOINT, 0x10000 - 10_000)], "no more than 100 %"
    site.line.words[Kind.HOLDING, RATED] = 1_000
    site.line.words[Kind.HOLDING, SCALE] = 0xFFFF
    await site.device.read(Rate.SLOW)
    assert await site.writes(50.0) == [(SETPOINT, 500)]
    site.line.words[Kind.HOLDING, RATED] = 0
    site.line.break_off()
    with pytest.raises(DeviceRefused, match=r"pcs\.rated_kw: the device does not say it"):
        await site.writes(50.0)


async def test_nothing_is_written_by_a_scale_that_the_device_does_not_say(tmp_path: Path) -> None:
    control = '[control]\nsetpoint = "pcs.set_power_kw"\n'
    points = row("pcs.set_power_kw", SETPOINT, f"scale_register = {SCALE}", "int16")
    site = Site(tmp_path, HEAD + REFRESHED + control + points)
    site.line.words[Kind.HOLDING, SCALE] = 0x8000
    with pytest.raises(DeviceRefused, match=r"pcs\.set_power_kw: the device says no scale for it"):
        await site.writes(5.0)
    assert site.line.taken() == []


async def test_a_scale_is_read_again_when_the_last_look_is_old(tmp_path: Path) -> None:
    control = '[control]\nsetpoint = "pcs.set_power_kw"\n'
    points = row("pcs.set_power_kw", SETPOINT, f"scale_register = {SCALE}", "int16")
    site = Site(tmp_path, HEAD + REFRESHED + control + points)
    assert await site.writes(5.0) == [(SETPOINT, 5)]
    site.line.words[Kind.HOLDING, SCALE] = 1
    await asyncio.sleep(10.0)
    assert await site.writes(50.0) == [(SETPOINT, 5)]


async def test_a_life_counter_goes_on_by_one_at_its_own_pace_and_wraps(tmp_path: Path) -> None:
    watchdog = '[watchdog]\nkind = "counter"\npoint = "pcs.keep_alive"\nincrement_s = 5\nwrap = 100'
    watchdog += '\nwaiver = "A. Person"\n[control]\nsetpoint = "pcs.set_power_kw"\n'
    site = Site(tmp_path, HEAD + watchdog + POINTS)
    site.line.words[Kind.HOLDING, KEEP_ALIVE] = 98
    counted: list[tuple[float, int]] = []
    setpoints = 0
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert site.device.refresh_s == 1.25
    for _ in range(34):
        for address, register in await site.writes(5.0):
            if address == KEEP_ALIVE:
                counted.append((loop.time() - began_s, register))
            setpoints += address == SETPOINT
        await asyncio.sleep(0.75)
    assert [register for _, register in counted] == [99, 0, 1, 2, 3, 4]
    times_s = [at_s for at_s, _ in counted]
    assert all(4.5 <= b - a <= 5.5 for a, b in pairwise(times_s))
    assert setpoints == 1, "an unchanged setpoint is not what keeps this device going"


async def test_a_timer_register_is_written_before_the_setpoint_and_often_enough(
    tmp_path: Path,
) -> None:
    watchdog = '[watchdog]\nkind = "timer-register"\npoint = "pcs.keep_alive"\nvalue = 60\n'
    site = Site(tmp_path, HEAD + watchdog + '[control]\nsetpoint = "pcs.set_power_kw"\n' + POINTS)
    assert site.device.refresh_s == 10.0
    assert await site.writes(5.0) == [(KEEP_ALIVE, 60), (SETPOINT, 0x10000 - 50)]
    assert await site.writes(6.0) == [(SETPOINT, 0x10000 - 60)]
    await asyncio.sleep(9.5)
    assert await site.writes(6.0) == [(KEEP_ALIVE, 60), (SETPOINT, 0x10000 - 60)]


async def test_taking_over_writes_the_mode_in_its_order_and_worn_memory_only_to_change_it(
    tmp_path: Path,
) -> None:
    control = '[control]\nsetpoint = "pcs.set_power_kw"\n'
    control += 'start = [["pcs.enable", 3], ["pcs.mode", 4], ["pcs.direction", 5]]\n'
    points = POINTS + row("pcs.mode", 20, "flash = true")
    site = Site(tmp_path, HEAD + REFRESHED + control + points)
    await site.device.take_over()
    assert [write.start for write in site.line.taken()] == [ENABLE, 20, DIRECTION]
    await site.device.take_over()
    assert [write.start for write in site.line.taken()] == [ENABLE, DIRECTION]
    assert await site.writes(1.0) == [(SETPOINT, 0x10000 - 10)]
    site.line.break_off()
    assert [start for start, _ in await site.writes(1.0)] == [ENABLE, DIRECTION, SETPOINT]


async def test_a_setpoint_too_early_waits_for_its_turn_and_only_the_newest_is_written(
    tmp_path: Path,
) -> None:
    points = POINTS.replace("scale = -0.1", "scale = -0.1\nmin_interval_s = 2")
    site = Site(tmp_path, HEAD + REFRESHED + '[control]\nsetpoint = "pcs.set_power_kw"\n' + points)
    assert await site.writes(1.0) == [(SETPOINT, 0x10000 - 10)]
    assert await site.writes(2.0) == []
    await asyncio.sleep(1.0)
    assert await site.writes(3.0) == []
    await site.device.read(Rate.FAST)
    assert site.line.taken() == []
    await asyncio.sleep(1.1)
    await site.device.read(Rate.FAST)
    assert [write.registers for write in site.line.taken()] == [(0x10000 - 30,)]
    await asyncio.sleep(5.0)
    await site.device.read(Rate.FAST)
    assert site.line.taken() == []


async def test_a_stop_never_waits_for_its_turn(tmp_path: Path) -> None:
    points = POINTS.replace("scale = -0.1", "scale = -0.1\nmin_interval_s = 2")
    site = Site(tmp_path, HEAD + REFRESHED + '[control]\nsetpoint = "pcs.set_power_kw"\n' + points)
    assert await site.writes(1.0) == [(SETPOINT, 0x10000 - 10)]
    assert await site.writes(2.0) == []
    assert await site.writes(0.0) == [(SETPOINT, 0)]
    assert await site.writes(3.0) == []


async def test_a_waiting_setpoint_does_not_outlive_its_connection(tmp_path: Path) -> None:
    points = POINTS.replace("scale = -0.1", "scale = -0.1\nmin_interval_s = 2")
    site = Site(tmp_path, HEAD + REFRESHED + '[control]\nsetpoint = "pcs.set_power_kw"\n' + points)
    await site.writes(1.0)
    assert await site.writes(2.0) == []
    site.line.break_off()
    await asyncio.sleep(3.0)
    await site.device.read(Rate.FAST)
    assert site.line.taken() == []


async def test_a_value_that_the_device_does_not_keep_is_refused_where_it_is_read_back(
    tmp_path: Path,
) -> None:
    points = POINTS.replace("scale = -0.1", "scale = -0.1\nreadback = true")
    site = Site(tmp_path, HEAD + REFRESHED + '[control]\nsetpoint = "pcs.set_power_kw"\n' + points)
    await site.writes(1.0)
    site.line.keeps = False
    with pytest.raises(DeviceRefused, match=r"power_kw: 2 was written, but 1\.0 is what the dev"):
        await site.writes(2.0)


@pytest.mark.parametrize(
    ("extra", "multiple"),
    [("", None), ('write = "single"', False), ('write = "multiple"', True)],
)
async def test_the_profile_says_by_which_function_a_point_is_written(
    tmp_path: Path, extra: str, multiple: bool | None
) -> None:
    points = row("pcs.set_power_kw", SETPOINT, extra)
    site = Site(tmp_path, HEAD + REFRESHED + '[control]\nsetpoint = "pcs.set_power_kw"\n' + points)
    await site.device.write_power_kw(7.0)
    assert site.line.taken() == [Write(Kind.HOLDING, SETPOINT, (7,), multiple)]


async def test_power_is_limited_while_any_point_that_carries_it_is_unconfirmed(
    tmp_path: Path,
) -> None:
    assert Site(tmp_path, HEAD + REFRESHED + SPLIT + POINTS).device.power_share_max == 1.0
    doubted = POINTS.replace(f"address = {DIRECTION}", f"address = {DIRECTION}\nconfirmed = false")
    assert Site(tmp_path, HEAD + REFRESHED + SPLIT + doubted).device.power_share_max == 0.1
