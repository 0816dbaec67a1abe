"""The real control process against the real simulated inverter: it heals whatever is killed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent import link
from agent.link import Hello, Item
from agent.status import Status
from tests.support.agents import SITE, LoneBox, lone_box
from tests.support.system import read_registers, wait_until
from wire.block import Block
from wire.clock import SystemClock
from wire.schedule import Schedule, Slot
from wire.sync import Event

SETPOINT_REGISTER = 100
READ_HOLDING = 3


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


class Gateway:
    """Connects where the gateway would and listens."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def boot(self) -> str:
        hello = await link.receive(self._reader)
        assert isinstance(hello, Hello)
        return hello.boot

    async def event(self, code: str) -> Event:
        while True:
            match await link.receive(self._reader):
                case Item(_, Event() as event) if event.code == code:
                    return event

    async def block(self, device: str) -> Block:
        while True:
            match await link.receive(self._reader):
                case Item(_, Block() as block) if block.device == device:
                    return block

    async def status(self, wanted: Callable[[Status], bool]) -> Status:
        while True:
            message = await link.receive(self._reader)
            if isinstance(message, Status) and wanted(message):
                return message

    async def ask_for(self, power_kw: float, version: int = 1) -> None:
        now_us = SystemClock().now_us()
        slot = Slot(now_us - 1_000_000, now_us + 600_000_000, power_kw)
        schedule = Schedule(site=SITE, version=version, issued_us=now_us, slots=(slot,))
        self._writer.write(link.encode(schedule))
        await self._writer.drain()


@asynccontextmanager
async def gateway(box: LoneBox, timeout_s: float = 30.0) -> AsyncIterator[Gateway]:
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_unix_connection(box.socket_path)
        try:
            yield Gateway(reader, writer)
        finally:
            writer.close()


async def register_kw(box: LoneBox) -> float:
    """Return the setpoint as the inverter holds it, in our sign."""
    words = await asyncio.to_thread(
        read_registers, box.device_port, READ_HOLDING, SETPOINT_REGISTER, 2
    )
    raw = (words[0] << 16 | words[1]) - (1 << 32 if words[0] & 0x8000 else 0)
    return -raw / 1_000


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
        assert await register_kw(box) == -20.0


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
