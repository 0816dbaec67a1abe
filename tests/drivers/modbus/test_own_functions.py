"""What a device answers by itself, droop or a step: set, read back, looked after."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from drivers.errors import DeviceRefused, ProfileError
from drivers.modbus.inverter import ModbusInverter
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import load
from tests.support.scripted_line import ScriptedLine
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
[watchdog]
kind = "write-refresh"
timeout_s = 30
[control]
setpoint = "pcs.set_power_kw"
"""
KEPT = '\nkeep = [["droop.deadband_hz", 0.036], ["droop.share", 0.05]]\n'
ADOPTED = (
    KEPT
    + 'adopt = [["droop.next_deadband_hz", 0.036], ["droop.next_share", 0.05],'
    + ' ["droop.adopt", 2]]\n'
)
SETPOINT, ADOPT, DEADBAND, SHARE, NEXT_DEADBAND, NEXT_SHARE = 1, 2, 10, 11, 20, 21


def _row(name: str, address: int, scale: float = 1.0, access: str = "read-write") -> str:
    return (
        f'[[point]]\nname = "{name}"\nkind = "holding"\naddress = {address}\n'
        f'type = "uint16"\naccess = "{access}"\nscale = {scale}\n'
    )


def _points(active: str) -> str:
    """Return the rows of a droop as SunSpec model 711 has it: what holds, and what is to hold."""
    return (
        _row("pcs.set_power_kw", SETPOINT)
        + _row("droop.adopt", ADOPT)
        + _row("droop.deadband_hz", DEADBAND, 0.001, active)
        + _row("droop.share", SHARE, 0.001, active)
        + _row("droop.next_deadband_hz", NEXT_DEADBAND, 0.001)
        + _row("droop.next_share", NEXT_SHARE, 0.001)
    )


class DroopLine(ScriptedLine):
    """A device that takes the second set over into the first where it is asked to."""

    adopts_after_s = 0.5

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        refusal = await super().write(kind, start, registers, multiple)
        if start == ADOPT and registers[0] == 2:
            loop = asyncio.get_running_loop()
            loop.call_later(self.adopts_after_s, self._adopt)
        return refusal

    def _adopt(self) -> None:
        for held, wanted in ((DEADBAND, NEXT_DEADBAND), (SHARE, NEXT_SHARE)):
            self.words[(Kind.HOLDING, held)] = self.words[(Kind.HOLDING, wanted)]


def _device(folder: Path, control: str, active: str, line: ScriptedLine) -> ModbusInverter:
    path = folder / "maker.toml"
    path.write_text(HEAD + control + _points(active), encoding="utf-8")
    profile = load(str(path))
    assert profile.control is not None
    return ModbusInverter(profile, profile.control, line, SetClock(0))


async def test_own_functions_are_set_at_the_take_over_and_not_touched_where_they_are_right(
    tmp_path: Path,
) -> None:
    line = ScriptedLine()
    device = _device(tmp_path, KEPT, "read-write", line)
    await device.take_over()
    written = [(write.start, write.registers[0]) for write in line.taken()]
    assert written == [(DEADBAND, 36), (SHARE, 50)]
    assert len(await device.look_after()) == 2
    await device.take_over()
    assert line.taken() == []


async def test_a_drift_is_found_by_looking_after_put_right_and_told(tmp_path: Path) -> None:
    line = ScriptedLine()
    device = _device(tmp_path, KEPT, "read-write", line)
    await device.take_over()
    await device.look_after()
    line.words[(Kind.HOLDING, SHARE)] = 20
    told = await device.look_after()
    assert told == ("droop.share: 0.02 was found, 0.05 is kept now",)
    assert line.words[(Kind.HOLDING, SHARE)] == 50
    assert await device.look_after() == ()


async def test_a_set_that_has_to_be_adopted_is_written_adopted_and_read_back(
    tmp_path: Path,
) -> None:
    line = DroopLine()
    device = _device(tmp_path, ADOPTED, "read", line)
    await device.take_over()
    written = [(write.start, write.registers[0]) for write in line.taken()]
    assert written == [(NEXT_DEADBAND, 36), (NEXT_SHARE, 50), (ADOPT, 2)]
    assert line.words[(Kind.HOLDING, DEADBAND)] == 36
    line.words[(Kind.HOLDING, DEADBAND)] = 500
    assert len(await device.look_after()) == 3
    assert line.words[(Kind.HOLDING, DEADBAND)] == 36


async def test_a_device_that_never_adopts_is_refused(tmp_path: Path) -> None:
    line = DroopLine()
    line.adopts_after_s = 3_600.0
    device = _device(tmp_path, ADOPTED, "read", line)
    with pytest.raises(DeviceRefused, match=r"not taken over: droop\.deadband_hz"):
        await device.take_over()


def test_what_cannot_be_read_back_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="keep"):
        _device(tmp_path, KEPT, "write", ScriptedLine())
