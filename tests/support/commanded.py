"""A whole box under command: simulated inverter, both processes under their supervisor, a hub."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.commands import command
from tests.support.gateway_process import CODE, SITE
from tests.support.hub_peer import GATEWAY, KEY, HubPeer, hub_peer
from tests.support.system import System, free_port
from wire.clock import SystemClock
from wire.command import Command, CommandResult
from wire.order import Order

SETPOINT_ADDRESS = 100
_WRITE_SEVERAL = 16


@dataclass(slots=True)
class Tap:
    """A Modbus TCP line that notes every write of the setpoint on its way to the device."""

    target_port: int
    port: int = 0
    writes: list[tuple[int, ...]] = field(default_factory=list)
    written: asyncio.Condition = field(default_factory=asyncio.Condition)

    def changes(self) -> list[float]:
        """Return the setpoints in kW as they were written, one for each change of value."""
        values = [
            -struct.unpack(">i", struct.pack(">HH", *words))[0] / 1_000 for words in self.writes
        ]
        return [kw for i, kw in enumerate(values) if i == 0 or values[i - 1] != kw]

    async def until(self, happened: Callable[[], bool], timeout_s: float = 30) -> None:
        """Wait for a write with which something `happened`."""
        async with asyncio.timeout(timeout_s), self.written:
            await self.written.wait_for(happened)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(_copy(back, writer))
                await self._requests(reader, forth)
                task.cancel()
        finally:
            forth.close()
            writer.close()

    async def _requests(self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(6)
                body = await reader.readexactly(struct.unpack(">H", head[4:])[0])
                if body[1] == _WRITE_SEVERAL:
                    address, count = struct.unpack(">HH", body[2:6])
                    if address == SETPOINT_ADDRESS:
                        async with self.written:
                            words = struct.unpack(f">{count}H", body[7 : 7 + 2 * count])
                            self.writes.append(words)
                            self.written.notify_all()
                forth.write(head + body)
                await forth.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(4_096):
            writer.write(part)
            await writer.drain()
    writer.close()


@dataclass(slots=True)
class CommandedBox:
    """See the module."""

    system: System
    hub: HubPeer
    tap: Tap
    page_port: int = field(default_factory=free_port)

    @property
    def config(self) -> Path:
        return self.system.folder / "site.toml"

    @property
    def buffer(self) -> Path:
        return self.system.folder / "data" / "buffer.db"

    def settings(self, *, more: str = "", ramp_pct_per_s: float = 100.0, port: int = 0) -> str:
        """Return the text of good settings."""
        return f"""\
site = "{SITE}"
data_dir = "{self.system.folder / "data"}"
{more}
[hub]
url = "{self.hub.url}"
gateway = "{GATEWAY}"
key_id = "{KEY.key_id}"
secret = "{KEY.secret.hex()}"
poll_wait_s = 2

[page]
port = {self.page_port}
access_code = "{CODE}"

[control]
discharge_kw_max = 100
charge_kw_max = 100
ramp_pct_per_s = {ramp_pct_per_s}

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {port or self.tap.port}
"""

    def masked(self, **changes: float) -> str:
        """Return settings as the hub would send them: it does not know the box's secrets."""
        text = self.settings(ramp_pct_per_s=changes.get("ramp_pct_per_s", 100.0))
        return text.replace(KEY.secret.hex(), "***").replace(CODE, "***")

    async def start(self) -> None:
        """Start inverter and agent; the box is linked and has reached the hub when it returns."""
        self.config.write_text(self.settings())
        self.config.chmod(0o600)
        await asyncio.to_thread(self.system.start_device, "inverter", self.tap.target_port)
        self.start_agent()
        await self.ready()

    def start_agent(self) -> None:
        self.system.start("agent", "agent.main", "run", "--config", str(self.config))

    async def ready(self) -> None:
        def well() -> bool:
            newest = self.hub.reports[-1:]
            return any(
                report.linked
                and report.mode in ("automatic", "manual", "standby")
                and all(device.connected for device in report.devices)
                for report in newest
            )

        await self.hub.until(well, timeout_s=40)

    def ordered(self, identity: str, order: Order) -> Command:
        return command(identity, order, SystemClock().now_us())

    async def ask(self, identity: str, order: Order, timeout_s: float = 60) -> CommandResult:
        """Send a command and return its end."""
        await self.hub.send(self.ordered(identity, order))
        return await self.hub.result(identity, timeout_s)


@asynccontextmanager
async def commanded_box(folder: Path) -> AsyncIterator[CommandedBox]:
    """Give a box that is not started yet; its processes end with the test."""
    tap = Tap(free_port())
    server = await asyncio.start_server(tap.serve, "127.0.0.1", 0)
    async with server:
        tap.port = server.sockets[0].getsockname()[1]
        async with hub_peer() as hub:
            system = System(folder)
            try:
                yield CommandedBox(system, hub, tap)
            finally:
                for process in system.processes.values():
                    process.terminate()
                for process in system.processes.values():
                    process.kill()
                    await asyncio.to_thread(process.wait)
