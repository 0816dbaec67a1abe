"""A buffer and an inlet that runs on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.gateway import gaps
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from wire import block as blocks
from wire import records
from wire.clock import SetClock
from wire.gap import Gap
from wire.sync import FrameClass

NOON_US = 1_790_000_000_000_000
ROOMY = 64 * 1024**2
SITE = "werk-sued"


class Bench:
    """A buffer and an inlet that runs on it."""

    def __init__(self, buffer: Buffer, inlet: Inlet, latest: Latest) -> None:
        self.buffer = buffer
        self.inlet = inlet
        self.latest = latest

    async def samples(self) -> list[tuple[str, int]]:
        """Return (boot, number) of every stored sample, in order."""
        return [
            (block.boot, block.seq + i)
            for frame in await self.buffer.batch(-1, ROOMY)
            if frame.kind is FrameClass.TELEMETRY
            for block in [blocks.decode(frame.payload)]
            for i in range(len(block.at_us))
        ]

    async def gaps(self) -> list[Gap]:
        """Return the rows of the box's own ledger."""
        return await self.buffer.look_up(lambda database: gaps.ledger(database, 100))

    async def told(self) -> list[Gap]:
        """Return the rows that the frames tell the hub of."""
        return [
            gap
            for frame in await self.buffer.batch(-1, ROOMY)
            if frame.kind is FrameClass.EVENTS
            for gap in records.decode(frame.payload).gaps
        ]

    async def codes(self) -> list[str]:
        return [
            event.code
            for frame in await self.buffer.batch(-1, ROOMY)
            if frame.kind is FrameClass.EVENTS
            for event in records.decode(frame.payload).events
        ]


@asynccontextmanager
async def running(folder: Path, period_s: float = 0.05) -> AsyncIterator[Bench]:
    latest = Latest()
    clock = SetClock(NOON_US)
    async with open_buffer(folder / "buffer.db", clock, ROOMY) as buffer:
        inlet = Inlet(buffer, latest, clock, folder / "control.sock", SITE)
        async with asyncio.TaskGroup() as tasks:
            started = [
                tasks.create_task(inlet.receive()),
                tasks.create_task(inlet.commit(period_s)),
            ]
            yield Bench(buffer, inlet, latest)
            for task in started:
                task.cancel()
        await inlet.finish()
