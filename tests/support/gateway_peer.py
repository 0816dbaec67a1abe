"""A gateway for tests of control: connects where it listens, hears it and asks for power."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from agent import link
from agent.link import Hello, Item
from agent.status import Status
from tests.support.agents import SITE, LoneBox
from tests.support.system import read_registers, wait_until
from wire.block import Block
from wire.clock import SystemClock
from wire.schedule import Schedule, Slot
from wire.sync import Event

SETPOINT_REGISTER = 100
READ_HOLDING = 3
CONNECTS_AGAIN_S = 0.05


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
        await self.hand(Schedule(site=SITE, version=version, issued_us=now_us, slots=(slot,)))

    async def hand(self, schedule: Schedule) -> None:
        self._writer.write(link.encode(schedule))
        await self._writer.drain()


@asynccontextmanager
async def gateway(box: LoneBox, timeout_s: float = 30.0) -> AsyncIterator[Gateway]:
    async with asyncio.timeout(timeout_s):
        reader, writer = await _connected(box.socket_path)
        try:
            yield Gateway(reader, writer)
        finally:
            writer.close()


async def _connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the connection to control, which may have its socket and not listen yet."""
    while True:
        try:
            return await asyncio.open_unix_connection(path)
        except OSError:
            await asyncio.sleep(CONNECTS_AGAIN_S)


def held_kw(device_port: int) -> float:
    """Return the setpoint as the inverter holds it, in our sign."""
    words = read_registers(device_port, READ_HOLDING, SETPOINT_REGISTER, 2)
    raw = (words[0] << 16 | words[1]) - (1 << 32 if words[0] & 0x8000 else 0)
    return -raw / 1_000


async def register_kw(device_port: int) -> float:
    """Return the same to whom the loop must go on for."""
    return await asyncio.to_thread(held_kw, device_port)


async def until_told(power_kw: float, *device_ports: int) -> None:
    """Wait until the inverters hold `power_kw` together."""

    def told() -> bool:
        return sum(held_kw(port) for port in device_ports) == power_kw

    await asyncio.to_thread(wait_until, told, 20.0, f"the inverters are told {power_kw} kW")
