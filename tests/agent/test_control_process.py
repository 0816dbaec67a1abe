"""The real control process against the real simulated inverter: it heals whatever is killed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.status import Status
from tests.support.agents import LoneBox, lone_box
from tests.support.gateway_peer import gateway, register_kw
from tests.support.system import wait_until


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


def automatic(status: Status) -> bool:
    return status.mode == "automatic"


async def test_a_schedule_becomes_a_register_of_the_inverter(box: LoneBox) -> None:
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(-20.0)
        status = await peer.status(lambda s: s.setpoint_kw == -20.0)
        assert [reason.code for reason in status.reasons] == ["SCHEDULE"]
        block = await peer.block("inverter")
        assert "ac.power_kw" in block.points
        assert await register_kw(box.device_port) == -20.0


async def test_an_unplugged_inverter_is_reported_within_three_seconds_and_comes_back(
    box: LoneBox,
) -> None:
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.ask_for(10.0)
        await peer.status(lambda s: s.setpoint_kw == 10.0)
        box.system.kill("inverter")
        async with asyncio.timeout(3):
            lost = await peer.event("DEVICE_LOST")
            status = await peer.status(lambda s: not s.devices[0].connected)
        assert (lost.source, status.mode) == ("inverter", "safe")
        await asyncio.to_thread(box.start_inverter)
        await peer.event("DEVICE_BACK")
        await peer.status(lambda s: automatic(s) and s.setpoint_kw == 10.0)


async def test_control_that_is_killed_starts_again_as_another_run_and_takes_over(
    box: LoneBox,
) -> None:
    await asyncio.to_thread(box.start_inverter)
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        before = await peer.boot()
        await peer.ask_for(15.0)
        await peer.status(lambda s: s.setpoint_kw == 15.0)
    box.system.kill("control")
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        assert await peer.boot() != before
        status = await peer.status(automatic)
        assert abs(status.setpoint_kw) <= 15.0
        await peer.ask_for(15.0)
        await peer.status(lambda s: s.setpoint_kw == 15.0)


async def test_control_starts_without_its_inverter_and_waits_for_it(box: LoneBox) -> None:
    await asyncio.to_thread(box.start_control)
    async with gateway(box) as peer:
        await peer.event("DEVICE_LOST")
        status = await peer.status(lambda s: s.beats > 0)
        assert status.mode == "starting"
        await asyncio.to_thread(box.start_inverter)
        await peer.event("DEVICE_BACK")
        await peer.status(automatic)


def test_a_signal_ends_control_well_and_removes_its_socket(box: LoneBox) -> None:
    box.start_control()
    assert box.system.stop("control") == 0
    assert not box.socket_path.exists()
    assert "Traceback" not in box.system.log("control")


def test_a_second_control_process_on_the_same_folder_is_turned_away_in_one_line(
    box: LoneBox,
) -> None:
    box.start_control()
    second = box.system.start("second", "agent.main", "control", "--config", str(box.config))
    assert wait_until(lambda: second.poll() is not None, 15, "the second one ends")
    assert second.returncode == 2
    lines = box.system.log("second").strip().splitlines()
    assert len(lines) == 1
    assert "data_dir" in lines[0]
    assert box.socket_path.exists()
