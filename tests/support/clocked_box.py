"""A machine whose clock is anything but right, its control, its gateway, and a hub that knows."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from agent.gateway.backoff import Backoff
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.hub import open_hub
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.machine import Machine
from agent.gateway.meter import Meter
from agent.gateway.outage import Outage
from agent.gateway.rows import Doubt
from agent.gateway.timekeeper import Timekeeper
from agent.gateway.uplink import Uplink
from agent.timekeeping import SteadyClock
from tests.support.control_peer import ControlPeer
from tests.support.hub_peer import GATEWAY, KEY, HubPeer
from tests.support.virtual import MovedClock
from wire import records
from wire.gap import Gap
from wire.sync import Event, FrameClass

NOON_US = 1_790_000_000_000_000
HOUR_US = 3_600_000_000
NEAR_US = 50_000
"""How right a stamp has to be in the end."""
ROOMY = 64 * 1024**2


@dataclass(slots=True)
class Box:
    """A machine, its control and its gateway; the gateway starts and dies in `gateway`."""

    folder: Path
    hub: HubPeer
    control: ControlPeer
    system: MovedClock
    boot_id: str = "run-1"
    synchronised: bool = False
    kept_to_us: int | None = None
    """What the time service says that it keeps the clock to."""
    true_us: dict[tuple[str, int], int] = field(default_factory=dict)
    """When each sample was really taken."""

    @property
    def off_us(self) -> int:
        """Return how far the system's clock is behind the true time."""
        assert isinstance(self.hub.clock, MovedClock)
        return self.hub.clock.start_us - self.system.start_us

    @property
    def now_us(self) -> int:
        """The true time, which is the hub's."""
        return self.hub.clock.now_us()

    def sample(self, count: int = 1) -> None:
        """Have control sample, with its own clock, which is the system's."""
        for _ in range(count):
            self.true_us[self.control.boot, self.control.samples] = self.now_us
            self.control.offset_us = self.system.start_us
            self.control.sample(self.system.now_us())

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator["Gateway"]:
        clock = SteadyClock(self.system, asyncio.get_running_loop().time)
        latest = Latest()
        machine = Machine(
            boot_id=self.boot_id, synchronised=self.kept, error_us=lambda: self.kept_to_us
        )
        doubt = None if self.synchronised else Doubt(self.boot_id, clock.offset_us)
        async with (
            open_buffer(
                self.folder / "buffer.db", clock, ROOMY, boot_id=self.boot_id, doubt=doubt
            ) as buffer,
            open_hub(Way(url=self.hub.url), OneKey(KEY), clock) as hub,
        ):
            keeper = Timekeeper(clock, buffer, latest, machine)
            path = self.folder / "control.sock"
            inlet = Inlet(buffer, latest, clock, path, self.control.site, keeper)
            await keeper.begin(inlet.say)
            outage = Outage("up", clock, Backoff(lambda low, _high: low), lambda _lane: None)
            meter = Meter(own_bytes_s=None)
            uplink = Uplink(
                buffer, hub, GATEWAY, outage, clock=clock, meter=meter, ready=keeper.ready
            )
            async with asyncio.TaskGroup() as tasks:
                work = [
                    tasks.create_task(part)
                    for part in (
                        keeper.watch(),
                        keeper.mend(),
                        keeper.inquire(hub),
                        inlet.receive(),
                        inlet.commit(0.05),
                        uplink.run(),
                    )
                ]
                try:
                    yield Gateway(buffer, latest)
                finally:
                    for task in work:
                        task.cancel()

    def kept(self) -> bool:
        return self.synchronised

    async def until_uploaded(self, count: int) -> None:
        await self.hub.until(lambda: len(self.hub.samples()) >= count)

    def worst_us(self) -> int:
        """Return how far the stamps at the hub are from the truth, at most.

        Every sample has to be there, once, in order.
        """
        assert self.hub.samples() == list(self.true_us)
        stamps = [at_us for block in self.hub.blocks() for at_us in block.at_us]
        return max(
            abs(at_us - true_us)
            for at_us, true_us in zip(stamps, self.true_us.values(), strict=True)
        )

    def gaps(self) -> list[Gap]:
        """Return the rows of the gap ledger that the hub was told."""
        return [
            gap
            for _, frame in sorted(self.hub.frames.items())
            if frame.kind is FrameClass.EVENTS
            for gap in records.decode(frame.payload).gaps
        ]

    def cut_power(self) -> None:
        """Have the file say that its last run did not end in good order."""
        with closing(sqlite3.connect(self.folder / "buffer.db")) as database:
            database.execute("UPDATE state SET in_order = 0")
            database.commit()

    def told(self, code: str) -> list[Event]:
        return [event for event in self.hub.events() if event.code == code]


@dataclass(slots=True)
class Gateway:
    buffer: Buffer
    latest: Latest
