"""A buffer in a temporary folder, and short ways to fill and to look into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.rows import Draft
from wire import records
from wire.clock import SetClock
from wire.sync import FrameClass

NOON_US = 1_790_000_000_000_000
ROOMY = 64 * 1024**2
BATCH = 1024**2


@asynccontextmanager
async def opened(folder: Path, bytes_max: int = ROOMY) -> AsyncIterator[Buffer]:
    async with open_buffer(folder / "buffer.db", SetClock(NOON_US), bytes_max) as buffer:
        yield buffer


def draft(text: str, kind: FrameClass = FrameClass.TELEMETRY, n: int = 1) -> Draft:
    return Draft(kind, NOON_US, n, text.encode())


async def texts(buffer: Buffer, after: int = -1) -> list[str]:
    return [frame.payload.decode() for frame in await buffer.batch(after, BATCH)]


async def codes(buffer: Buffer) -> list[str]:
    """Return the codes of all events that are kept."""
    return [
        event.code
        for frame in await buffer.batch(-1, BATCH)
        if frame.kind is FrameClass.EVENTS
        for event in records.decode(frame.payload).events
    ]
