"""A real gateway process, and the settings it reads."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.hub_peer import GATEWAY, KEY
from tests.support.source import ROOT
from tests.support.system import free_port
from wire.clock import SHIFT_VARIABLE

SITE = "werk-sued"
CODE = "technician-42"
_LOOK_AGAIN_S = 0.02
AS_INSTALLED = ROOT / "tests/support/as_installed"
"""Hides what only developers have, so that the process is as large as on a box."""


@dataclass(slots=True)
class GatewayProcess:
    """Settings in `folder`; one process at a time."""

    folder: Path
    page_port: int
    process: asyncio.subprocess.Process | None = None
    shift_s: float = 0.0
    """How far its clock is ahead of the true time."""

    @property
    def config(self) -> Path:
        return self.folder / "site.toml"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def socket_path(self) -> Path:
        return self.data_dir / "control.sock"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def log(self) -> str:
        return (self.folder / "gateway.log").read_text()

    def write_settings(self, hub_port: int | None, commit_period_s: float = 0.1) -> None:
        hub = f"""
[hub]
url = "http://127.0.0.1:{hub_port}"
gateway = "{GATEWAY}"
key_id = "{KEY.key_id}"
secret = "{KEY.secret.hex()}"
poll_wait_s = 2
"""
        self.data_dir.mkdir(exist_ok=True)
        self.config.write_text(
            f"""
site = "{SITE}"
data_dir = "{self.data_dir}"
{hub if hub_port is not None else ""}
[page]
port = {self.page_port}
access_code = "{CODE}"

[buffer]
commit_period_s = {commit_period_s}

[control]
discharge_kw_max = 100
charge_kw_max = 100

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
"""
        )

    async def start(self) -> asyncio.subprocess.Process:
        """Start the process; it may not be ready yet."""
        with (self.folder / "gateway.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "agent.main", "gateway", "--config", str(self.config)),
                stderr=log,
                env={
                    **os.environ,
                    SHIFT_VARIABLE: str(self.shift_s),
                    "PYTHONPATH": str(AS_INSTALLED),
                },
            )
        return self.process

    async def until_healthy(self) -> None:
        """Wait until the page answers."""
        async with asyncio.timeout(20), httpx.AsyncClient(base_url=self.url) as client:
            while True:
                assert self.process is not None
                assert self.process.returncode is None, self.log
                try:
                    if (await client.get("/healthz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(_LOOK_AGAIN_S)

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """Ask it to end and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(10):
            return await self.process.wait()

    def resident_mb(self) -> float:
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024


@asynccontextmanager
async def gateway_process(folder: Path, hub_port: int | None) -> AsyncIterator[GatewayProcess]:
    """Give a gateway that is not started yet; it ends with the test."""
    gateway = GatewayProcess(folder, free_port())
    gateway.write_settings(hub_port)
    try:
        yield gateway
    finally:
        if gateway.process is not None and gateway.process.returncode is None:
            await gateway.kill()
