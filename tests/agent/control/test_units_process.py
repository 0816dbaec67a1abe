"""The real control process over real simulated inverters: one is killed, or control is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.status import Status
from tests.support.agents import LoneBox, lone_box
from tests.support.gateway_peer import Gateway, gateway, register_kw, until_told
from tests.support.system import free_port

pytestmark = pytest.mark.slow

_SECOND = """
[[control.units]]
inverter = "inverter"
discharge_kw_max = 100
charge_kw_max = 100

[[control.units]]
inverter = "second"
discharge_kw_max = 100
charge_kw_max = 100

[[devices]]
id = "second"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {port}
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


def _with_two_units(box: LoneBox) -> int:
    """Give the box a second inverter; return its port."""
    port = free_port()
    settings = box.config.read_text()
    plain = "discharge_kw_max = 100\ncharge_kw_max = 100\n"
    assert plain in settings
    box.config.write_text(
        settings.replace(plain, "ramp_pct_per_s = 50\n") + _SECOND.format(port=port)
    )
    return port


async def _at(peer: Gateway, power_kw: float) -> Status:
    return await peer.status(lambda s: s.setpoint_kw == power_kw and s.mode == "automatic")


async def test_of_two_real_inverters_one_is_killed_and_the_other_does_its_work_at_once(
    box: LoneBox,
) -> None:
    second = _with_two_units(box)
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.system.start_device, "second", second)
    await asyncio.to_thread(box.start_control)
    async with gateway(box, 60.0) as peer:
        await peer.ask_for(80.0)
        await _at(peer, 80.0)
        await until_told(80.0, box.device_port, second)
        box.system.kill("second")
        lost = await peer.status(lambda s: any(r.code == "UNIT_BLOCKED" for r in s.reasons))
        assert lost.setpoint_kw == 80.0
        await until_told(80.0, box.device_port)
        await asyncio.to_thread(box.system.start_device, "second", second)
        back = await peer.status(lambda s: not any(r.code == "UNIT_BLOCKED" for r in s.reasons))
        assert back.setpoint_kw == 80.0


async def test_a_control_that_is_killed_at_work_is_no_step_at_the_inverter(box: LoneBox) -> None:
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(50.0)
        await _at(peer, 50.0)
    await until_told(50.0, box.device_port)
    box.system.kill("control")
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        status = await peer.status(lambda s: bool(s.reasons) and s.reasons[0].code == "OBSERVING")
        assert abs(status.setpoint_kw - 50.0) <= 1.0  # 2 % of what it was at
        assert abs(await register_kw(box.device_port) - 50.0) <= 1.0
        await peer.ask_for(50.0, version=2)
        await _at(peer, 50.0)


async def test_an_end_that_is_ordered_brings_the_power_to_zero_and_gives_the_inverter_back(
    box: LoneBox,
) -> None:
    settings = box.config.read_text()
    box.config.write_text(settings.replace("[control]\n", "[control]\nleave_s = 10\n"))
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(20.0)
        await _at(peer, 20.0)
    assert await asyncio.to_thread(box.system.stop, "control") == 0
    assert await register_kw(box.device_port) == 0.0
    assert "given back to its own mode" in box.system.log("control")
