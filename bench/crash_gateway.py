"""The gateway's buffer under kill -9: a writer, a hub that takes some of it, and the account.

The writer packs samples as the gateway does, into a buffer so small that it thins and drops all
the time; it says on a pipe what is stored. Killed at any moment, it must have kept all that: each
settlement value once, and of all others as many as were stored, what the gap ledger names
included. Writers are forked from a server process, so that hundreds of them start in no time.
"""

import asyncio
import random
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from agent.gateway import gaps
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.pack import Packer
from agent.gateway.rows import Cursor
from agent.link import Item
from wire import block as blocks
from wire import records
from wire.block import Quality, Reading
from wire.clock import SystemClock
from wire.gap import Gap
from wire.sync import Event, Frame, FrameClass, Severity

BYTES_MAX = 40_000
EVERYTHING = 64 * 1024**2
SAMPLES = 5
"""In a commit; an event comes with them."""
ITEMS = SAMPLES + 1
POINTS = 8
SETTLEMENT_POINT = "meter.import_kwh"
SECOND_US = 1_000_000
BEGIN_US = 1_790_000_000_000_000
BOOT = "boot"
CODE = "MODE"
TAKEN_AT = BYTES_MAX // 2
"""With so many bytes that must not be dropped, the hub takes everything; before, only a little."""
MESSAGES_MAX = 40
"""What a writer may say at most before it is killed: two for each commit."""


def items_of(commit: int) -> list[Item]:
    """Return what control sends between two commits."""
    found: list[Item] = []
    names = [SETTLEMENT_POINT, *(f"test.point_{p}" for p in range(POINTS))]
    for i in range(SAMPLES):
        number = commit * SAMPLES + i
        at_us = BEGIN_US + number * SECOND_US
        readings = [
            Reading(name, float((number * (p + 3)) % 1009), Quality.GOOD, at_us)
            for p, name in enumerate(names)
        ]
        content = blocks.sample("meter", BOOT, number, at_us, readings)
        found.append(Item(commit * ITEMS + i, content))
    said = Event(
        at_us=BEGIN_US, code=CODE, severity=Severity.INFO, source="control", text=f"{commit}"
    )
    return [*found, Item(commit * ITEMS + SAMPLES, said)]


def write(path: Path, pipe: Connection, acked: int) -> None:
    """Append until killed, after releasing what the hub has; a full buffer ends it sooner."""
    with suppress(BufferBlocked):
        asyncio.run(_write(path, pipe, acked))


async def _write(path: Path, pipe: Connection, acked: int) -> None:
    packer = Packer()
    async with open_buffer(path, SystemClock(), BYTES_MAX) as buffer:
        commit = _commits((await buffer.state()).cursor)
        await buffer.release(acked)
        while True:
            pipe.send((True, commit))
            items = items_of(commit)
            await buffer.append(packer.pack(items), Cursor(BOOT, items[-1].number))
            pipe.send((False, commit))
            commit += 1


def _commits(cursor: Cursor) -> int:
    return (cursor.number + 1) // ITEMS


@dataclass(slots=True)
class Trial:
    """One buffer through many kills, the hub's side of it, and what went wrong."""

    path: Path
    chance: random.Random
    kills: int = 0
    acknowledged: int = 0
    """Values and events that a writer called stored."""
    lost: int = 0
    duplicates: int = 0
    gaps: int = 0
    """Rows of the ledger: thinned or dropped, and said so."""
    acked: int = -1
    hub: dict[int, tuple[FrameClass, int, int]] = field(default_factory=dict)
    """What the hub has: class, CRC and the number of values of each frame."""
    wrong: list[str] = field(default_factory=list)
    _values: dict[FrameClass, set[object]] = field(
        default_factory=lambda: {kind: set() for kind in FrameClass}
    )

    def kill(self) -> None:
        """Let a writer work, kill it, and check what is left."""
        tried, stored = self._killed(self.chance.randint(1, MESSAGES_MAX))
        self.kills += 1
        asyncio.run(self._check(tried, stored))

    def _killed(self, messages: int) -> tuple[int, int]:
        """Return the last commit that was tried and the last that was called stored."""
        context = get_context("forkserver")
        context.set_forkserver_preload([__name__])
        mine, its = context.Pipe(duplex=False)
        process = context.Process(target=write, args=(self.path, its, self.acked), daemon=True)
        process.start()
        its.close()
        said: list[tuple[bool, int]] = []
        try:
            with suppress(EOFError):
                said += [mine.recv() for _ in range(messages)]
        finally:
            process.kill()
            process.join()
            process.close()
        with closing(mine), suppress(EOFError, OSError):
            while True:
                said.append(mine.recv())
        tried = max((commit for trying, commit in said if trying), default=-1)
        stored = max((commit for trying, commit in said if not trying), default=-1)
        return tried, stored

    async def _check(self, tried: int, stored: int) -> None:
        async with open_buffer(self.path, SystemClock(), BYTES_MAX) as buffer:
            commits = _commits((await buffer.state()).cursor)
            if not stored < commits <= max(tried, commits - 1) + 1 or (tried < 0 < stored):
                self.wrong.append(f"stored {stored}, tried {tried}, but {commits} are there")
            self.acknowledged = commits * SAMPLES * (POINTS + 1) + commits
            frames = await buffer.batch(-1, EVERYTHING)
            rows = await buffer.look_up(partial(gaps.ledger, most=100_000))
            self.gaps = len(rows)
            self._account(commits, frames, rows)
            await self._take(buffer)

    def _account(self, commits: int, frames: list[Frame], rows: list[Gap]) -> None:
        """Compare what the hub and the buffer have with what was stored."""
        found = {kind: set(values) for kind, values in self._values.items()}
        for frame in frames:
            had = self.hub.get(frame.seq)
            if had is None:
                self._add(found[frame.kind], frame)
            elif had != (frame.kind, frame.crc, len(_contents(frame))):
                self.wrong.append(f"frame {frame.seq} is not what the hub was given")
        missing = dict.fromkeys(FrameClass, 0)
        for row in rows:
            known = [
                count
                for seq, (kind, _, count) in self.hub.items()
                if kind is row.cls and (row.first_seq or 0) <= seq <= (row.last_seq or -1)
            ]
            missing[row.cls] += (row.n or 0) - sum(known)
        expected = {
            FrameClass.SETTLEMENT: commits * SAMPLES,
            FrameClass.EVENTS: commits,
            FrameClass.TELEMETRY: commits * SAMPLES * POINTS,
        }
        for kind, values in found.items():
            there = len(values) + missing[kind]
            self.lost += max(0, expected[kind] - there)
            self.duplicates += max(0, there - expected[kind])

    def _add(self, values: set[object], frame: Frame) -> None:
        contents = _contents(frame)
        before = len(values)
        values.update(contents)
        self.duplicates += before + len(contents) - len(values)

    async def _take(self, buffer: Buffer) -> None:
        """Have the hub take some of what it does not have; the next writer releases it."""
        frames = await buffer.batch(self.acked, EVERYTHING)
        if sum(len(f.payload) for f in frames if f.kind is not FrameClass.TELEMETRY) > TAKEN_AT:
            taken = frames
        else:
            taken = frames[: self.chance.randint(0, min(10, len(frames)))]
        for frame in taken:
            self.hub[frame.seq] = frame.kind, frame.crc, len(_contents(frame))
            self._add(self._values[frame.kind], frame)
            self.acked = frame.seq


def _contents(frame: Frame) -> list[object]:
    """Return what is in a frame, each value a thing of its own."""
    if frame.kind is FrameClass.EVENTS:
        said = records.decode(frame.payload).events
        return [event.text for event in said if event.code == CODE]
    block = blocks.decode(frame.payload)
    part = block.seq if block.step_us else None  # A minute may have two means.
    return [(point, part, at_us) for point in block.points for at_us in block.at_us]


def kills(folder: Path, count: int, seed: int) -> Trial:
    """Kill a writer `count` times and return what came of it."""
    trial = Trial(folder / "buffer.db", random.Random(seed))
    for _ in range(count):
        trial.kill()
    return trial
