"""``edge-store``: how much the gateway's buffer takes, and what a point costs disk and line.

Samples go the gateway's own way: grouped, encoded, committed with ``synchronous=FULL``, uploaded
in encoded form, released. A process of its own does it, so that its memory and the bytes that the
system counts for it are the buffer's. The samples are a random walk of 40 points a device, ten of
them constant, rounded as devices round; nothing is slept: a day of a site passes in seconds.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.pack import pack
from agent.gateway.rows import Cursor
from agent.link import Item
from bench import edge_backlog
from bench.options import Figures, Options
from wire import block as blocks
from wire import sync
from wire.block import Quality, Reading
from wire.clock import SetClock
from wire.sync import Upload

SECONDS = 20.0
QUICK_SECONDS = 3.0
POINTS_A_DEVICE = 40
CONSTANT_POINTS = 10
DECIMALS = (0, 1, 1, 2, 3)
SECOND_US = 1_000_000
BEGIN_US = 1_790_000_000_000_000
BYTES_MAX = 2 * 1024**3
PREPARED = 20
"""Commits whose samples are made before the clock runs, and used again and again."""
_DAY_S = 86_400
_PROCESS_S_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """A site: so many devices, sampled once a second, so many seconds in a commit."""

    devices: int
    commit_s: int
    change: float = 3.0
    """How far a value moves in a second: the deviation in units of its last digit."""

    @property
    def points_a_second(self) -> int:
        return self.devices * POINTS_A_DEVICE

    def __str__(self) -> str:
        return (
            f"{self.devices} devices of {POINTS_A_DEVICE} points at 1 Hz, {CONSTANT_POINTS} of them"
            f" constant, the rest random walks of {self.change:g} last digits a second; a commit"
            f" every {self.commit_s} s"
        )


LARGE = Mix(devices=25, commit_s=5)
SMALL = Mix(devices=1, commit_s=5)
SLOW = Mix(devices=25, commit_s=5, change=0.3)


def run(options: Options) -> Figures:
    """Return the figures of a large site, of a small one (``small_…``) and of a full buffer."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    large, small, slow = (_in_a_process(mix, seconds, options.seed) for mix in (LARGE, SMALL, SLOW))
    backlog = edge_backlog.run(options.quick, options.seed)
    return {
        **large,
        **{f"small_{key}": value for key, value in small.items()},
        **{f"slow_{key}": slow[key] for key in ("wire_bytes_per_point", "mix")},
        **backlog,
    }


def _in_a_process(mix: Mix, seconds: float, seed: int) -> Figures:
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        done = subprocess.run(
            [
                sys.executable,
                *("-m", "bench.edge_store", folder, str(seconds), str(seed)),
                json.dumps(asdict(mix)),
            ],
            check=True,
            capture_output=True,
            timeout=_PROCESS_S_MAX,
        )
    figures: Figures = json.loads(done.stdout)
    return figures


async def _measure(folder: Path, seconds: float, seed: int, mix: Mix) -> Figures:
    prepared = list(_groups(mix, seed))
    commit_s: list[float] = []
    uploaded = 0
    async with open_buffer(folder / "buffer.db", SetClock(BEGIN_US), BYTES_MAX) as buffer:
        disk_before = _written()
        began_s = time.perf_counter()
        while (spent_s := time.perf_counter() - began_s) < seconds:
            items = prepared[len(commit_s) % PREPARED]
            before_s = time.perf_counter()
            await buffer.append(pack(items), Cursor("bench", len(commit_s)))
            commit_s.append(time.perf_counter() - before_s)
            uploaded += await _upload(buffer)
        disk = _written() - disk_before
    points = len(commit_s) * mix.points_a_second * mix.commit_s
    disk_a_point = disk / points if disk else None
    figures: Figures = {
        "durable_points_per_s": round(points / sum(commit_s)),
        "with_upload_points_per_s": round(points / spent_s),
        "disk_bytes_per_point": _rounded(disk_a_point),
        "disk_gb_per_day": _rounded(
            None if disk_a_point is None else disk_a_point * mix.points_a_second * _DAY_S / 1e9
        ),
        "wire_bytes_per_point": _rounded(uploaded / points),
        "commits": len(commit_s),
        "commit_p50_ms": _rounded(1e3 * sorted(commit_s)[len(commit_s) // 2]),
        "commit_p99_ms": _rounded(1e3 * sorted(commit_s)[len(commit_s) * 99 // 100]),
        "rss_mb": _rounded(_resident_mb()),
        "mix": str(mix),
    }
    if disk_a_point is None:
        figures["notes"] = "the temporary folder is no disk: the system counts no bytes for it"
    return figures


async def _upload(buffer: Buffer) -> int:
    """Encode what is new as the uplink does, and release it as if the hub had said yes."""
    state = await buffer.state()
    frames = await buffer.batch(state.acked, sync.UPLOAD_BYTES_MAX // 4)
    body = sync.encode_upload(Upload("bench", state.epoch, tuple(frames), after=state.acked))
    await buffer.release(frames[-1].seq)
    return len(body)


def _groups(mix: Mix, seed: int) -> Iterator[list[Item]]:
    """Yield the items of one commit after the other."""
    chance = random.Random(seed)
    values = [[100.0 * chance.random() for _ in range(POINTS_A_DEVICE)] for _ in range(mix.devices)]
    for group in range(PREPARED):
        items: list[Item] = []
        for second in range(group * mix.commit_s, (group + 1) * mix.commit_s):
            at_us = BEGIN_US + second * SECOND_US
            for device in range(mix.devices):
                readings = _step(values[device], chance, at_us, mix.change)
                block = blocks.sample(f"device-{device}", "bench", second, at_us, readings)
                items.append(Item(len(items), block))
        yield items


def _step(values: list[float], chance: random.Random, at_us: int, change: float) -> list[Reading]:
    for point in range(CONSTANT_POINTS, POINTS_A_DEVICE):
        decimals = DECIMALS[point % len(DECIMALS)]
        values[point] += chance.gauss(0, change * 10.0**-decimals)
    return [
        Reading(
            f"test.point_{point}",
            round(value, DECIMALS[point % len(DECIMALS)]),
            Quality.GOOD,
            at_us,
        )
        for point, value in enumerate(values)
    ]


def _written() -> int:
    """Return the bytes that this process has had written to a disk, as the system counts them."""
    for line in Path("/proc/self/io").read_text().splitlines():
        key, _, value = line.partition(": ")
        if key == "write_bytes":
            return int(value)
    raise AssertionError("/proc/self/io has no write_bytes")


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024**2


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


if __name__ == "__main__":
    where, how_long, with_seed, what = sys.argv[1:]
    print(
        json.dumps(
            asyncio.run(
                _measure(Path(where), float(how_long), int(with_seed), Mix(**json.loads(what)))
            )
        )
    )
