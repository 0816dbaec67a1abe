"""agent.gateway.main: the real process: killed, stopped, started wrongly, and weighed."""

import asyncio
import random
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from agent.gateway.buffer import open_buffer
from tests.support.control_peer import SECOND_US, control_peer, status
from tests.support.gateway_process import CODE, SITE, GatewayProcess, gateway_process
from tests.support.hub_peer import HubPeer, hub_peer
from wire.clock import SystemClock
from wire.schedule import Schedule

NOON_US = 1_790_000_000_000_000
RESIDENT_MB_MAX = 80
KILLS = 6
SAMPLES_A_LIFE = 60

pytestmark = pytest.mark.slow


@pytest.fixture
async def hub() -> AsyncIterator[HubPeer]:
    async with hub_peer() as peer:
        yield peer


@pytest.fixture
async def gateway(tmp_path: Path, hub: HubPeer) -> AsyncIterator[GatewayProcess]:
    async with gateway_process(tmp_path, hub.port) as process:
        yield process


async def test_a_gateway_killed_again_and_again_loses_and_doubles_no_sample(
    hub: HubPeer, gateway: GatewayProcess
) -> None:
    chance = random.Random(20_261_121)
    hub.lose_answers = 4
    async with control_peer(gateway.socket_path) as control:
        for life in range(KILLS):
            await gateway.start()
            await control.until_connected(life + 1)
            for _ in range(SAMPLES_A_LIFE):
                control.sample(NOON_US + control.samples * SECOND_US)
                await asyncio.sleep(chance.random() * 0.02)
            await gateway.kill()
        await gateway.start()
        expected = [("boot-1", i) for i in range(KILLS * SAMPLES_A_LIFE)]
        await hub.until(lambda: len(hub.samples()) >= len(expected), timeout_s=30)
        assert hub.samples() == expected
        await control.until(stored=len(expected) - 1)
        assert control.kept == []
    assert await gateway.end() == 0


async def test_schedule_and_status_pass_through_the_process_and_reach_the_page(
    hub: HubPeer, gateway: GatewayProcess
) -> None:
    schedule = Schedule(site=SITE, version=4, issued_us=NOON_US, slots=())
    await hub.publish(schedule)
    async with control_peer(gateway.socket_path) as control:
        await gateway.start()
        assert await control.until_scheduled() == schedule
        control.send(status(SystemClock().now_us()))
        control.sample(NOON_US)
        await control.until(stored=0)
        headers = {"Authorization": f"Bearer {CODE}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
            picture = (await client.get("/api/picture")).json()
        assert picture["linked"]
        assert picture["schedule"]["version"] == 4
        assert picture["control"]["setpoint_kw"] == 31.5


async def test_a_stop_is_quick_and_good_though_a_page_is_open(gateway: GatewayProcess) -> None:
    await gateway.start()
    await gateway.until_healthy()
    headers = {"Authorization": f"Bearer {CODE}"}
    async with (
        httpx.AsyncClient(base_url=gateway.url, headers=headers) as client,
        client.stream("GET", "/api/stream") as stream,
    ):
        assert stream.status_code == 200
        assert await gateway.end() == 0
    assert "Traceback" not in gateway.log
    assert "ERROR" not in gateway.log


async def test_the_process_stays_small_with_a_backlog_and_pages_served(
    hub: HubPeer, gateway: GatewayProcess
) -> None:
    async with control_peer(gateway.socket_path) as control:
        await gateway.start()
        await control.until_connected()
        for _ in range(2_000):
            control.sample(NOON_US + control.samples * SECOND_US, points=40, noise=True)
        control.send(status(SystemClock().now_us()))
        await control.until(stored=1_999)
        await hub.until(lambda: len(hub.samples()) == 2_000)
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            await client.post("/login", data={"code": CODE})
            for _ in range(50):
                assert (await client.get("/")).status_code == 200
                assert (await client.get("/api/picture")).status_code == 200
        assert gateway.resident_mb() <= RESIDENT_MB_MAX


async def test_a_box_without_a_hub_keeps_everything(tmp_path: Path) -> None:
    async with gateway_process(tmp_path, None) as gateway:
        async with control_peer(gateway.socket_path) as control:
            await gateway.start()
            await control.until_connected()
            control.sample(NOON_US)
            await control.until(stored=0)
            await gateway.until_healthy()
        assert await gateway.end() == 0
        async with open_buffer(gateway.data_dir / "buffer.db", SystemClock(), 1024**3) as buffer:
            assert (await buffer.state()).n == 3


async def one_line_and_code(gateway: GatewayProcess) -> tuple[str, int]:
    """Start a gateway that cannot start; return what it says last, and its exit code."""
    process = await gateway.start()
    async with asyncio.timeout(20):
        code = await process.wait()
    assert "Traceback" not in gateway.log
    return gateway.log.splitlines()[-1], code


async def test_a_taken_port_is_one_line_and_exit_code_2(gateway: GatewayProcess) -> None:
    with socket.create_server(("127.0.0.1", gateway.page_port)):
        line, code = await one_line_and_code(gateway)
    assert line == (
        f"phoenyra-agent: page: cannot listen on 127.0.0.1 port {gateway.page_port}:"
        " Address already in use"
    )
    assert code == 2


async def test_a_second_gateway_on_the_folder_is_one_line_and_exit_code_2(
    gateway: GatewayProcess,
) -> None:
    async with open_buffer(gateway.data_dir / "buffer.db", SystemClock(), 1024**3):
        line, code = await one_line_and_code(gateway)
    assert "another process has it open; one gateway a folder is allowed" in line
    assert code == 2


async def test_a_folder_that_cannot_be_made_is_one_line_and_exit_code_2(
    gateway: GatewayProcess,
) -> None:
    gateway.data_dir.rmdir()
    gateway.data_dir.write_text("a file in the way")
    line, code = await one_line_and_code(gateway)
    assert line.startswith("phoenyra-agent: data_dir: ")
    assert code == 2


async def test_a_damaged_buffer_does_not_keep_the_gateway_from_starting(
    hub: HubPeer, gateway: GatewayProcess
) -> None:
    (gateway.data_dir / "buffer.db").write_bytes(b"not what it was" * 5_000)
    await gateway.start()
    await hub.until(lambda: [e.code for e in hub.events()] == ["BUFFER_DAMAGED"])


def test_the_gateway_loads_neither_a_database_toolkit_nor_a_device_driver() -> None:
    heavy = "{'sqlalchemy', 'alembic', 'numpy', 'pymodbus', 'websockets', 'agent.control.cycle'}"
    code = f"import sys, agent.gateway.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
