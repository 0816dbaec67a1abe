"""drivers.modbus.pv: PV is held back where its map has a limit, and let go again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from drivers.base import PvLimiter, Rate
from drivers.errors import DeviceRefused, ProfileError
from drivers.modbus.open import maker
from drivers.modbus.pv import ModbusPv
from drivers.profile import load
from tests.drivers.modbus.test_dispatch import HEAD, REFRESHED, row
from tests.support.scripted_line import ScriptedLine
from wire.clock import SetClock

pytestmark = pytest.mark.virtual_time
LIMIT, POWER = 7, 8
POINTS = row("pv.limit_kw", LIMIT, "scale = 0.1\nmax = 100") + row("pv.power_kw", POWER)


def _made(folder: Path, text: str) -> tuple[Any, ScriptedLine]:
    path = folder / "maker.toml"
    path.write_text(HEAD + REFRESHED + text, encoding="utf-8")
    line = ScriptedLine()
    return maker(load(str(path)))(line, SetClock(0)), line


async def _writes(device: ModbusPv, line: ScriptedLine, limit_kw: float | None) -> list[int]:
    device.limit_pv(limit_kw)
    await device.read(Rate.SLOW)
    return [write.registers[0] for write in line.taken()]


async def test_a_pv_that_was_never_limited_is_never_written_to(tmp_path: Path) -> None:
    device, line = _made(tmp_path, POINTS)
    assert isinstance(device, ModbusPv)
    assert isinstance(device, PvLimiter)
    assert await _writes(device, line, None) == []


async def test_a_limit_is_written_with_the_next_reading_and_lifted_again(tmp_path: Path) -> None:
    device, line = _made(tmp_path, POINTS)
    assert await _writes(device, line, 40.0) == [400]
    assert await _writes(device, line, 40.2) == []
    assert await _writes(device, line, 45.0) == [450]
    assert await _writes(device, line, None) == [1000]
    assert await _writes(device, line, None) == []


async def test_a_limit_is_refreshed_though_it_does_not_change(tmp_path: Path) -> None:
    device, line = _made(tmp_path, POINTS)
    assert await _writes(device, line, 40.0) == [400]
    await asyncio.sleep(10)
    assert await _writes(device, line, 40.0) == [400]


async def test_a_limit_beyond_what_the_pv_can_do_is_what_it_can_do(tmp_path: Path) -> None:
    device, line = _made(tmp_path, POINTS)
    assert await _writes(device, line, 4_000.0) == [1000]
    assert await _writes(device, line, -5.0) == [0]


async def test_a_new_connection_is_told_the_limit_again(tmp_path: Path) -> None:
    device, line = _made(tmp_path, POINTS)
    assert await _writes(device, line, 40.0) == [400]
    line.break_off()
    assert await _writes(device, line, 40.0) == [400]


async def test_a_limit_that_the_device_does_not_keep_is_refused_aloud(tmp_path: Path) -> None:
    kept = row("pv.limit_kw", LIMIT, "scale = 0.1\nmax = 100\nreadback = true")
    device, line = _made(tmp_path, kept)
    line.keeps = False
    device.limit_pv(40.0)
    with pytest.raises(DeviceRefused, match=r"pv\.limit_kw"):
        await device.read(Rate.SLOW)


def test_a_limit_without_a_highest_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="max is missing"):
        _made(tmp_path, row("pv.limit_kw", LIMIT))
