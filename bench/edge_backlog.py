"""Half of ``edge-store``: the buffer with a week's backlog, its memory and its full file.

Two processes: one fills a file to its bound with real blocks; the other, with everything loaded
that the gateway loads, opens it, hands out batches, and goes on storing while the file is full,
so that every commit has to thin and to drop.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.gateway.buffer import open_buffer
from agent.gateway.rows import ROW_BYTES, Draft
from bench.options import Figures
from wire import block as blocks
from wire.block import Block, Quality
from wire.clock import SetClock
from wire.sync import FrameClass

BYTES = 1024**3
QUICK_BYTES = 48 * 1024**2
BEGIN_US = 1_790_000_000_000_000
SECOND_US = 1_000_000
DEVICES = 25
POINTS = 40
SAMPLES = 5
GROUPS = 180
A_COMMIT = 2_000
COMMITS = 100
BATCHES = 50
BATCH_BYTES = 1024**2
_PROCESS_S_MAX = 900


def run(quick: bool, seed: int) -> Figures:
    """Return memory and commit times of a buffer that is full."""
    size = QUICK_BYTES if quick else BYTES
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        _in_a_process("fill", folder, size, seed)
        figures = _in_a_process("serve", folder, size, seed)
    return {"backlog_bytes": size, **figures}


def _in_a_process(verb: str, folder: str, size: int, seed: int) -> Figures:
    done = subprocess.run(
        [sys.executable, "-m", "bench.edge_backlog", verb, folder, str(size), str(seed)],
        check=True,
        capture_output=True,
        timeout=_PROCESS_S_MAX,
    )
    figures: Figures = json.loads(done.stdout)
    return figures


async def _fill(folder: Path, size: int, seed: int) -> Figures:
    drafts = _drafts(seed)
    room = size
    async with open_buffer(folder / "buffer.db", SetClock(BEGIN_US), 2 * size) as buffer:
        number = 0
        while room > 0:
            group = [drafts(number + i) for i in range(A_COMMIT)]
            number += A_COMMIT
            room -= sum(len(draft.payload) + ROW_BYTES for draft in group)
            await buffer.append(group)
    return {}


async def _serve(folder: Path, size: int, seed: int) -> Figures:
    import_module("agent.gateway.main")  # The gateway's memory is asked for, not the buffer's.
    before_mb = _resident_mb()
    drafts = _drafts(seed)
    begun_s = time.perf_counter()
    async with open_buffer(folder / "buffer.db", SetClock(BEGIN_US), size) as buffer:
        open_s = time.perf_counter() - begun_s
        after = -1
        for _ in range(BATCHES):
            after = (await buffer.batch(after, BATCH_BYTES))[-1].seq
        serving_mb = _resident_mb()
        number = await buffer.newest_seq() + 1
        commit_s = []
        for _ in range(COMMITS):
            group = [drafts(number + i) for i in range(DEVICES)]
            number += DEVICES
            begun_s = time.perf_counter()
            await buffer.append(group)
            commit_s.append(time.perf_counter() - begun_s)
        state = await buffer.state()
        full_mb = _resident_mb()
    return {
        "backlog_open_s": round(open_s, 3),
        "backlog_start_rss_mb": round(before_mb, 1),
        "backlog_rss_mb": round(serving_mb, 1),
        "full_rss_mb": round(full_mb, 1),
        "full_commit_p50_ms": round(1e3 * sorted(commit_s)[len(commit_s) // 2], 2),
        "full_commit_p99_ms": round(1e3 * sorted(commit_s)[len(commit_s) * 99 // 100], 2),
        "full_points_per_commit": DEVICES * POINTS * SAMPLES,
        "full_dropped": state.dropped,
    }


def _drafts(seed: int) -> "_Source":
    return _Source(random.Random(seed))


class _Source:
    """Blocks of 5 s of an hour's quarter; the next quarter says the same again."""

    def __init__(self, chance: random.Random) -> None:
        self._shapes = [self._shape(chance, f"device-{device}") for device in range(DEVICES)]
        self._drafts = [self._draft(number) for number in range(DEVICES * GROUPS)]

    def __call__(self, number: int) -> Draft:
        return self._drafts[number % len(self._drafts)]

    def _draft(self, number: int) -> Draft:
        group, device = divmod(number, DEVICES)
        begin_us = BEGIN_US + group * SAMPLES * SECOND_US
        at_us = tuple(begin_us + second * SECOND_US for second in range(SAMPLES))
        block = replace(self._shapes[device], seq=group * SAMPLES, at_us=at_us)
        n = POINTS * SAMPLES
        payload = blocks.encode(block)
        return Draft(FrameClass.TELEMETRY, at_us[0], n, payload, t1_us=at_us[-1])

    def _shape(self, chance: random.Random, device: str) -> Block:
        columns = []
        for _ in range(POINTS):
            value, column = 1000 * chance.random(), []
            for _ in range(SAMPLES):
                value += chance.gauss(0, 0.3)
                column.append(round(value, 1))
            columns.append(tuple(column))
        return Block(
            device=device,
            boot="bench",
            seq=0,
            at_us=tuple(range(SAMPLES)),
            points=tuple(f"test.point_{point}" for point in range(POINTS)),
            values=tuple(columns),
            quality=((Quality.GOOD,) * SAMPLES,) * POINTS,
        )


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024**2


if __name__ == "__main__":
    verb, where, how_much, with_seed = sys.argv[1:]
    work = _fill if verb == "fill" else _serve
    print(json.dumps(asyncio.run(work(Path(where), int(how_much), int(with_seed)))))
