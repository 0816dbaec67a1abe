"""A scripted control process: speaks `agent.link`, keeps its items until they are stored."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent import link
from agent.archive.trace import Trace
from agent.link import ClockVerdict, Hello, Item, Leave, Pushed, Steering, Stored
from agent.status import DeviceState, Reason, Status
from wire import block as blocks
from wire.block import Block, Quality, Reading
from wire.schedule import Schedule
from wire.sync import Event, Severity

PATIENCE_S = 60.0
"""Nothing is judged by it: on a busy machine a gateway takes long to start."""
SECOND_US = 1_000_000


@dataclass(slots=True)
class ControlPeer:
    """Listens where control listens; a new connection ends the one before it."""

    site: str = "werk-sued"
    boot: str = "boot-1"
    settings: str = ""
    """What it says of its settings file."""
    kept: list[Item] = field(default_factory=list)
    number: int = 0
    samples: int = 0
    stored: list[Stored] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    pushed: list[Pushed] = field(default_factory=list)
    wishes: list[Steering | ClockVerdict | Leave] = field(default_factory=list)
    others: list[link.Message] = field(default_factory=list)
    """What else a control is told: latches, resets, test frequencies, where it left off."""
    connections: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    writer: asyncio.StreamWriter | None = None
    offset_us: int | None = None
    """What the clock of the stamps is ahead of the monotonic one; None: it does not say."""
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def add(self, content: Block | Event | Trace) -> Item:
        """Keep an item, and send it if somebody listens."""
        item = Item(self.number, content, self.offset_us)
        self.number += 1
        self.kept.append(item)
        self.send(item)
        return item

    def sample(self, at_us: int, points: int = 3, *, noise: bool = False) -> Item:
        """Add the next sample: every value is the sample's own number, or cannot be compressed."""
        values = [self.chance.random() if noise else float(self.samples) for _ in range(points)]
        readings = [
            Reading(f"test.point_{p}", value, Quality.GOOD, at_us) for p, value in enumerate(values)
        ]
        item = self.add(blocks.sample("inverter", self.boot, self.samples, at_us, readings))
        self.samples += 1
        return item

    def event(self, at_us: int, code: str = "DEVICE_LOST") -> Item:
        return self.add(
            Event(at_us=at_us, code=code, severity=Severity.ALARM, source="inverter", text="gone")
        )

    def send(self, message: Item | Status) -> None:
        if self.writer is not None:
            self.writer.write(link.encode(message))

    def hang_up(self) -> None:
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None

    def restart(self, boot: str) -> None:
        """Die and come back: what was kept is gone."""
        self.hang_up()
        self.boot = boot
        self.kept.clear()
        self.number = self.samples = 0

    async def until(self, *, stored: int) -> None:
        """Wait until everything up to number `stored` of this boot is reported stored."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(
                lambda: any(s.boot == self.boot and s.number >= stored for s in self.stored)
            )

    async def until_scheduled(self, count: int = 1) -> Schedule:
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: len(self.schedules) >= count)
            return self.schedules[-1]

    async def until_wished(self, count: int) -> link.Message:
        """Return the newest of `count` words about the clock, operators or leaving."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: len(self.wishes) >= count)
            return self.wishes[-1]

    async def until_connected(self, count: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: self.connections >= count)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hang_up()
        writer.write(link.encode(Hello(self.boot, self.site, self.settings)))
        for item in self.kept:
            writer.write(link.encode(item))
        self.writer = writer
        with suppress(EOFError, OSError):
            async with self.changed:
                self.connections += 1
                self.changed.notify_all()
            while True:
                await self._hear(await link.receive(reader))
        writer.close()

    async def _hear(self, message: link.Message) -> None:
        async with self.changed:
            match message:
                case Stored():
                    self.stored.append(message)
                    if message.boot == self.boot:
                        self.kept = [item for item in self.kept if item.number > message.number]
                case Schedule():
                    self.schedules.append(message)
                case Pushed():
                    self.pushed.append(message)
                case Steering() | ClockVerdict() | Leave():
                    self.wishes.append(message)
                case Item() | Hello() | Status():
                    raise AssertionError(f"the gateway sent {message!r}")
                case _:
                    self.others.append(message)
            self.changed.notify_all()


@asynccontextmanager
async def control_peer(socket_path: Path) -> AsyncIterator[ControlPeer]:
    """Listen at `socket_path`."""
    peer = ControlPeer()
    server = await asyncio.start_unix_server(peer.converse, socket_path)
    try:
        yield peer
    finally:
        server.close()
        peer.hang_up()


def status(at_us: int, **changes: object) -> Status:
    """Return the picture of a site that discharges 30 kW."""

    def reading(point: str, value: float | None, age_us: int = 200_000) -> tuple[str, Reading]:
        quality = Quality.BAD if value is None else Quality.GOOD
        return "inverter", Reading(point, value, quality, at_us - age_us)

    values: dict[str, object] = {
        "at_us": at_us,
        "mode": "automatic",
        "setpoint_kw": 31.5,
        "schedule_kw": 30.0,
        "response_kw": 1.5,
        "reasons": (
            Reason("SCHEDULE", "version 7 asks for 30 kW from 14:00 to 14:15 UTC", 30.0),
            Reason("RESPONSE", "+1.5 kW for fcr_ce", 31.5),
        ),
        "devices": (
            DeviceState(device="inverter", connected=True, answered_us=at_us - 80_000, trouble=""),
        ),
        "readings": (
            reading("battery.soc_pct", 64.2),
            reading("battery.energy_kwh", 128.4),
            reading("battery.capacity_kwh", 200.0),
            reading("battery.temp_mean_c", 27.4),
            reading("battery.max_discharge_kw", 100.0),
            reading("battery.max_charge_kw", 90.0),
            reading("ac.power_kw", 31.2, 60_000),
            reading("grid.frequency_hz", 49.987, 60_000),
            reading("pcs.set_power_kw", 31.5, 60_000),
        ),
        "schedule_version": 7,
        "schedule_ends_us": at_us + 3_600 * SECOND_US,
        "beats": 36_000,
        "missed": 0,
        "kept_items": 2,
        "dropped_items": 0,
    }
    return Status(**{**values, **changes})  # type: ignore[arg-type] # a test's own keywords
