"""A site for the benchmark ``sync``: a day of history on its disk, and a plant that goes on.

The history is made of real blocks as the gateway packs them, 5 s of a device each. Their values
repeat after `SHAPES` blocks, their times and numbers never do, so that a day is made in a minute
and every single sample can be told from every other.
"""

import asyncio
import json
import random
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent import link
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.rows import Draft
from agent.link import Hello, Item, Stored
from agent.status import DeviceState, Status
from wire import block as blocks
from wire.block import Block, Quality, Reading
from wire.clock import SystemClock
from wire.sync import FrameClass

SITE = "bench"
DEVICES = 10
POINTS_A_DEVICE = 100
POINTS_A_SECOND = DEVICES * POINTS_A_DEVICE
BLOCK_S = 5
SHAPES = 24
SECOND_US = 1_000_000
BYTES_MAX = 8 * 1024**3
LIVE_DEVICE = "plant"
LIVE_POINTS = 40
STATUS_PERIOD_S = 0.2
_FRAMES_AN_APPEND = 2_000
_BOOT = "bench"


@dataclass(frozen=True, slots=True)
class History:
    """A day of samples, known without being kept."""

    begin_us: int
    seconds: int
    shapes: tuple[tuple[Block, ...], ...]
    """One block of 5 s for each shape and device; times and numbers from 0."""

    @property
    def samples(self) -> int:
        """Of all devices together: one has a value of each of its points."""
        return self.seconds * DEVICES

    @property
    def points(self) -> int:
        return self.seconds * POINTS_A_SECOND

    def values(self, device: int, second: int) -> dict[str, float | None]:
        """Return the truth about one sample."""
        shape = self.shapes[second // BLOCK_S % SHAPES][device]
        at = second % BLOCK_S
        return {p: column[at] for p, column in zip(shape.points, shape.values, strict=True)}

    def drafts(self) -> Iterator[Draft]:
        """Yield the frames in the order in which a gateway would have stored them."""
        texts = [[_open_text(block) for block in row] for row in self.shapes]
        for group in range(self.seconds // BLOCK_S):
            t0_us = self.begin_us + group * BLOCK_S * SECOND_US
            t1_us = t0_us + (BLOCK_S - 1) * SECOND_US
            for before, after in texts[group % SHAPES]:
                text = f'{before}"seq":{group * BLOCK_S},"t0":{t0_us}{after}'
                payload = zlib.compress(text.encode("ascii"), 6)
                n = BLOCK_S * POINTS_A_DEVICE
                yield Draft(FrameClass.TELEMETRY, t0_us, n, payload, t1_us)


def history(begin_us: int, seconds: int, seed: int) -> History:
    """Return random walks, a third of them constant, rounded as devices round."""
    chance = random.Random(seed)
    shapes = tuple(
        tuple(_shape(device, chance) for device in range(DEVICES)) for _ in range(SHAPES)
    )
    return History(begin_us, seconds - seconds % BLOCK_S, shapes)


async def fill(path: Path, past: History) -> None:
    """Store `past` in the buffer's file at `path`, as if no hub had been there for a day."""
    async with open_buffer(path, SystemClock(), BYTES_MAX) as buffer:
        await _fill(buffer, past)


async def _fill(buffer: Buffer, past: History) -> None:
    waiting: list[Draft] = []
    for draft in past.drafts():
        waiting.append(draft)
        if len(waiting) == _FRAMES_AN_APPEND:
            await buffer.append(waiting)
            waiting = []
    if waiting:
        await buffer.append(waiting)


def _shape(device: int, chance: random.Random) -> Block:
    columns = []
    for point in range(POINTS_A_DEVICE):
        value, decimals = 100 * chance.random(), point % 3
        step = 0.0 if point % 3 == 0 else 3 * 10.0**-decimals
        column = [round(value := value + chance.gauss(0, step), decimals) for _ in range(BLOCK_S)]
        columns.append(tuple(column))
    return Block(
        device=f"device-{device}",
        boot=_BOOT,
        seq=0,
        at_us=tuple(i * SECOND_US for i in range(BLOCK_S)),
        points=tuple(f"test.point_{point}" for point in range(POINTS_A_DEVICE)),
        values=tuple(columns),
        quality=((Quality.GOOD,) * BLOCK_S,) * POINTS_A_DEVICE,
    )


def _open_text(block: Block) -> tuple[str, str]:
    """Return what stands before and after number and time in the block's envelope."""
    text = blocks.to_json(block)
    before, mark, after = text.partition('"seq":0,"t0":0')
    assert mark, "the envelope has number and time side by side"
    assert json.loads(text)["seq"] == 0
    return before, after


@dataclass(slots=True)
class Plant:
    """A control process that measures once a second, keeps, and tells: the link's other end."""

    stopped: bool = False
    kept: list[Item] = field(default_factory=list)
    samples: int = 0
    """Made so far."""
    stored: int = -1
    """Number of the last one that the gateway has stored."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(EOFError, OSError):
            writer.write(link.encode(Hello(_BOOT, SITE)))
            for item in self.kept:
                writer.write(link.encode(item))
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell(writer))
                await self._hear(reader)
                telling.cancel()
        writer.close()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with suppress(EOFError, OSError):
            while True:
                message = await link.receive(reader)
                if isinstance(message, Stored):
                    self.stored = message.number
                    self.kept = [item for item in self.kept if item.number > message.number]

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        clock, beats = SystemClock(), 0
        readings: list[Reading] = []
        while True:
            now_us = clock.now_us()
            if beats % round(1 / STATUS_PERIOD_S) == 0 and not self.stopped:
                readings = _readings(self.samples, now_us)
                block = blocks.sample(LIVE_DEVICE, _BOOT, self.samples, now_us, readings)
                item = Item(self.samples, block)
                self.samples += 1
                self.kept.append(item)
                writer.write(link.encode(item))
                writer.write(link.encode(_status(now_us, readings)))
            else:
                writer.write(link.encode(_status(now_us, [])))
            with suppress(OSError):
                await writer.drain()
            beats += 1
            await asyncio.sleep(STATUS_PERIOD_S)


@asynccontextmanager
async def running_plant(socket_path: Path) -> AsyncIterator[Plant]:
    """Listen where the gateway looks for control."""
    plant = Plant()
    server = await asyncio.start_unix_server(plant.serve, socket_path)
    try:
        yield plant
    finally:
        server.close()


def _readings(sample: int, at_us: int) -> list[Reading]:
    return [
        Reading(f"test.point_{p}", float(sample * LIVE_POINTS + p), Quality.GOOD, at_us)
        for p in range(LIVE_POINTS)
    ]


def _status(at_us: int, readings: list[Reading]) -> Status:
    plant = DeviceState(device=LIVE_DEVICE, connected=True, answered_us=at_us, trouble="")
    return Status(
        at_us=at_us,
        mode="automatic",
        setpoint_kw=0.0,
        schedule_kw=0.0,
        response_kw=0.0,
        reasons=(),
        devices=(plant,),
        readings=tuple((LIVE_DEVICE, reading) for reading in readings),
        schedule_version=None,
        schedule_ends_us=None,
        beats=0,
        missed=0,
        kept_items=0,
        dropped_items=0,
    )
