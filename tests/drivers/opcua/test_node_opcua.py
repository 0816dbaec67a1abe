"""drivers.opcua against a server that shares no code with us: node-opcua, from the npm registry."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.base import Driver, PowerSetter
from drivers.errors import DeviceRefused
from drivers.opcua import certificates
from drivers.opcua.config import OpcUaConfig
from drivers.registry import open_driver
from tests.support.npm import fetched, needs_node
from tests.support.opcua_peer import readings, unreachable, value_is
from tests.support.system import free_port
from wire.clock import SystemClock

PACKAGE = "node-opcua-server@2.182.2"
SERVER = Path(__file__).with_name("node_opcua_server.js")
PROFILE = """
[profile]
id = "node"
version = 1
source = "node-opcua"
confirmed = true
[link]
protocol = "opcua"
namespace = "urn:phoenyra:bess"
publish_s = 0.1
heartbeat = "pcs.counter"
[watchdog]
kind = "write-refresh"
timeout_s = 10
[control]
setpoint = "pcs.set_power_kw"
[[point]]
name = "battery.soc_pct"
node = "s=battery.soc_pct"
[[point]]
name = "pcs.counter"
node = "i=77"
[[point]]
name = "pcs.set_power_kw"
path = "/Battery/pcs.set_power_kw"
access = "read-write"
"""

pytestmark = [pytest.mark.slow, needs_node]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the peer's library, fetched as npm fetches it."""
    return fetched(PACKAGE, tmp_path_factory.mktemp("node")) / "node_modules"


@asynccontextmanager
async def node_server(modules: Path, folder: Path, port: int) -> AsyncIterator[None]:
    files = folder / "server.pem", folder / "server.key.pem"
    now_us = SystemClock().now_us()
    certificates.make_missing(*files, "urn:node:opcua:server", now_us, "server", server=True)
    process = await asyncio.create_subprocess_exec(
        *("node", str(SERVER), str(port), *map(str, files), str(folder / "pki")),
        env={**os.environ, "NODE_PATH": str(modules)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while await process.stdout.readline() not in (b"ready\n", b""):
                pass
        assert process.returncode is None
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def driver_of(folder: Path, port: int, **settings: object) -> AsyncIterator[Driver]:
    (folder / "node.toml").write_text(PROFILE)
    base = {"id": "node", "kind": "opcua", "profile": str(folder / "node.toml")}
    url = {"url": f"opc.tcp://127.0.0.1:{port}", "security": "none"}
    config = OpcUaConfig.model_validate(base | url | settings)
    async with open_driver(config, SystemClock()) as driver:
        yield driver


async def dispatched(driver: Driver) -> None:
    """Read and write, back and forth."""
    assert (await readings(driver, 20))["battery.soc_pct"].value == 60.0
    assert isinstance(driver, PowerSetter)
    for power_kw in (-12.5, 25.25):
        await driver.write_power_kw(power_kw)
        await value_is(driver, "pcs.set_power_kw", power_kw)
    with pytest.raises(DeviceRefused, match="BadOutOfRange"):
        await driver.write_power_kw(101.0)


async def test_node_opcua_is_read_and_dispatched_open_and_secured_and_after_its_death(
    modules: Path, tmp_path: Path
) -> None:
    port = free_port()
    secured = {
        "security": "Basic256Sha256",
        "certificate": str(tmp_path / "own.pem"),
        "key": str(tmp_path / "own.key.pem"),
        "trust": str(tmp_path / "server.pem"),
        "user": "box",
        "password": "not-ours-at-all",
    }
    async with driver_of(tmp_path, port) as driver:
        async with node_server(modules, tmp_path, port):
            await dispatched(driver)
        await unreachable(driver)
        async with node_server(modules, tmp_path, port):
            await dispatched(driver)
            async with driver_of(tmp_path, port, **secured) as signed:
                await dispatched(signed)
        await unreachable(driver)
