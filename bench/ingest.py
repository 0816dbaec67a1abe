"""``ingest``: how many points a second the hub takes in, and how long questions take.

Encoded uploads, as boxes send them, are decoded, checked and committed by the hub's own `ingest`,
four gateways at a time; then everything is rolled up. The uploads are made beforehand and lie in
files, so that neither their making nor their memory is counted. Blocks last 5 s; a large site is
one device of 1,000 points, a small one has 40 points; an upload has one block (as a box sends
them while all is well) or a minute of them (as one sends that catches up). A process of its own
for each database, SQLite and PostgreSQL, both with the durability that they are shipped with.

Memory is read before anything was sent, once the first kind of uploads was taken in and rolled up
(from then on everything is warm), and at the end: what grows after the warm-up would go on growing.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.options import Figures, Options
from cloud.fleet import service, store
from cloud.fleet.model import Gateway, Site
from cloud.fleet.telemetry import queries, roller, rollups
from cloud.fleet.telemetry.ingest import ingest
from cloud.fleet.telemetry.queries import Step
from cloud.fleet.telemetry.rolls import DAY_US, MINUTE_US, Rolls
from cloud.fleet.telemetry.series import SeriesBook
from cloud.kernel.context import Hub
from tests.support import postgres
from tests.support.hub import NOON_US, add_key, clock_of, opened_hub
from wire import block as blocks
from wire import sync
from wire.block import Block, Quality
from wire.sync import Frame, FrameClass, Upload

BLOCK_S = 5
BLOCKS_A_MINUTE = 12
GATEWAYS = 4
MANY_GATEWAYS = 64
SITES = 1_000
ASKED = ("battery.soc_pct", "ac.power_kw")
REPEATS = 5
_PROCESS_S_MAX = 900
_EPOCH = "bench"
_ACCOUNT = "stadtwerk"


@dataclass(frozen=True, slots=True)
class Mix:
    """Uploads of one kind: so many points a device, so many blocks an upload."""

    name: str
    points: int
    blocks: int
    uploads: int
    """Of each gateway, for a full run."""
    gateways: int = GATEWAYS
    """That send at the same time."""

    @property
    def points_of_upload(self) -> int:
        return self.blocks * self.points * BLOCK_S


MIXES = (
    Mix("", 1_000, BLOCKS_A_MINUTE, 40),
    Mix("live_", 1_000, 1, 200),
    Mix("small_", 40, BLOCKS_A_MINUTE, 250),
    Mix("small_live_", 40, 1, 250),
    Mix("many_small_live_", 40, 1, 60, MANY_GATEWAYS),
)
AGAIN = Mix("again_", 1_000, BLOCKS_A_MINUTE, 80)
"""Once more at the end of a full run, for the memory."""


def run(options: Options) -> Figures:
    """Return the figures on SQLite, and those on PostgreSQL under ``postgresql_…``."""
    figures: Figures = {"engine": "sqlite", **_in_a_process("", options)}
    where = postgres.programs()
    if where is None:
        return figures | {"postgresql_points_per_s": None, "notes": "PostgreSQL is not installed"}
    with postgres.running(where, durable=True) as server:
        others = _in_a_process(server.new_database(), options)
    return figures | {f"postgresql_{key}": value for key, value in others.items()}


def _in_a_process(url: str, options: Options) -> Figures:
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        share = "0.15" if options.quick else "1"
        done = subprocess.run(
            [sys.executable, "-m", "bench.ingest", folder, url, share, str(options.seed)],
            check=True,
            stdout=subprocess.PIPE,
            timeout=_PROCESS_S_MAX,
        )
    figures: Figures = json.loads(done.stdout)
    return figures


async def _measure(folder: Path, url: str, share: float, seed: int) -> Figures:
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(opened_hub(folder, url or None))
        await add_key(hub, _ACCOUNT)
        figures: Figures = {"rss_cold_mb": _resident_mb()}
        points = 0
        for mix in MIXES if share < 1 else (*MIXES, AGAIN):
            count = max(4, round(mix.uploads * share))
            figures |= await _throughput(hub, folder, mix, count, seed)
            if "rss_start_mb" not in figures:
                figures["rss_start_mb"] = _resident_mb()
            else:
                points += mix.gateways * count * mix.points_of_upload
        figures |= {"rss_end_mb": _resident_mb(), "rss_points": points}
        figures |= await _questions(hub, share, seed)
    return figures


async def _throughput(hub: Hub, folder: Path, mix: Mix, count: int, seed: int) -> Figures:
    """Ingest what a few gateways send, then roll it all up."""
    name = mix.name.replace("_", "-")
    gateways = await _enrolled(hub, [f"{name}site-{i}" for i in range(mix.gateways)])
    _write(folder, gateways, mix, count, seed)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as tasks:
        for gateway in gateways:
            tasks.create_task(_send(hub, folder, gateway, count))
    ingested_s = time.perf_counter() - began_s
    cpu_s = time.process_time() - began_cpu_s
    clock_of(hub).at_us += roller.ROLL_AFTER_US
    began_s = time.perf_counter()
    await roller.turn(hub, SeriesBook(hub.database), "bench")
    rolled_s = time.perf_counter() - began_s
    uploads = mix.gateways * count
    points = uploads * mix.points_of_upload
    return {
        f"{mix.name}points_per_s": round(points / ingested_s),
        f"{mix.name}points_per_cpu_s": round(points / cpu_s),
        f"{mix.name}uploads_per_s": round(uploads / ingested_s),
        f"{mix.name}with_rollups_points_per_s": round(points / (ingested_s + rolled_s)),
    }


async def _enrolled(hub: Hub, sites: Sequence[str]) -> list[Gateway]:
    now_us = hub.clock.now_us()
    found = []
    async with hub.database.transaction() as connection:
        for name in sites:
            site = Site(
                id=name,
                name=name,
                account=_ACCOUNT,
                power_kw=100,
                energy_kwh=200,
                fcr_kw=0,
            )
            await store.add_site(connection, site, now_us)
            found.append(await service.add_gateway(connection, name, None, now_us))
    return found


async def _send(hub: Hub, folder: Path, gateway: Gateway, count: int) -> None:
    for number in range(count):
        body = (folder / f"{gateway.id}-{number}").read_bytes()
        await ingest(hub, gateway, sync.decode_upload(body))


def _write(folder: Path, gateways: Sequence[Gateway], mix: Mix, count: int, seed: int) -> None:
    """Write the uploads: all gateways send the same, a few shapes of blocks at later times."""
    shapes = [_shape(mix.points, random.Random(seed + i)) for i in range(4)]
    for number in range(count):
        first = number * mix.blocks
        frames = tuple(
            _frame(shapes[seq % len(shapes)], seq) for seq in range(first, first + mix.blocks)
        )
        for gateway in gateways:
            upload = Upload(gateway.id, _EPOCH, frames, first - 1)
            (folder / f"{gateway.id}-{number}").write_bytes(sync.encode_upload(upload))


def _shape(points: int, chance: random.Random) -> str:
    """Return a block's text; a quarter of its points is constant, the others walk."""
    columns = []
    for point in range(points):
        value = 100 * chance.random()
        step = 0.0 if point % 4 == 0 else 0.3
        columns.append(tuple(round(value + chance.gauss(0, step), 1) for _ in range(BLOCK_S)))
    names = (*ASKED, *(f"battery.cell_{i:04d}_v" for i in range(points - len(ASKED))))
    block = Block(
        device="battery",
        boot="bench",
        seq=0,
        at_us=tuple(NOON_US + i * 1_000_000 for i in range(BLOCK_S)),
        points=names,
        values=tuple(columns),
        quality=((Quality.GOOD,) * BLOCK_S,) * points,
    )
    return blocks.to_json(block)


def _frame(text: str, seq: int) -> Frame:
    at_us = NOON_US - DAY_US + seq * BLOCK_S * 1_000_000
    moved = text.replace(f'"t0":{NOON_US}', f'"t0":{at_us}').replace('"seq":0', f'"seq":{5 * seq}')
    return Frame(seq, FrameClass.TELEMETRY, zlib.compress(moved.encode(), 6))


async def _questions(hub: Hub, share: float, seed: int) -> Figures:
    """Fill the store with a thousand sites and a month of one of them, and ask."""
    frame = _frame(_shape(40, random.Random(seed)), 0)
    count = round(SITES * max(share, 0.15))
    async with asyncio.TaskGroup() as tasks:
        for gateway in await _enrolled(hub, [f"fleet-{number}" for number in range(count)]):
            upload = Upload(gateway.id, _EPOCH, (frame,), -1)
            tasks.create_task(ingest(hub, gateway, upload))
    clock_of(hub).at_us += roller.ROLL_AFTER_US
    await roller.turn(hub, SeriesBook(hub.database), "bench")
    await _fill_month(hub, "fleet-0", 40, 31 if share == 1 else 2)
    end_us = NOON_US - DAY_US

    async def newest() -> int:
        async with hub.database.reading() as connection:
            return len(await service.newest_of_sites(connection, None, ASKED))

    async def asked(span_us: int, step: Step) -> int:
        async with hub.database.reading() as connection:
            found = await queries.ask(
                connection, "fleet-0", ASKED[:1], end_us - span_us, end_us, step
            )
        return len(found.rolls)

    newest_ms = await _best_ms(newest)
    whole = share == 1
    figures: Figures = {
        "newest_sites": await newest(),
        "newest_1000_sites_ms": newest_ms if whole else None,
        "day_values": await asked(DAY_US, Step.AUTO),
        "day_query_ms": await _best_ms(lambda: asked(DAY_US, Step.AUTO)),
        "month_values": await asked(31 * DAY_US, Step.QUARTER),
        "month_query_ms": await _best_ms(lambda: asked(31 * DAY_US, Step.QUARTER)),
    }
    if not whole:
        figures["notes"] = (
            f"quick: {figures['newest_sites']} sites, newest in {newest_ms} ms; no month"
        )
        figures["month_query_ms"] = None
    return figures


async def _fill_month(hub: Hub, site: str, points: int, days: int) -> None:
    names = [*ASKED, *(f"battery.cell_{i:04d}_v" for i in range(points - len(ASKED)))]
    numbers = await SeriesBook(hub.database).numbers(site, "battery", names)
    for day in range(days):
        begin_us = NOON_US - DAY_US * (day + 2)
        starts = np.arange(begin_us, begin_us + DAY_US, MINUTE_US)
        count = len(numbers) * len(starts)
        level = np.full(count, 50.0)
        rolls = Rolls(
            series=np.repeat(numbers, len(starts)),
            start_us=np.tile(starts, len(numbers)),
            n=np.full(count, 60),
            good=np.full(count, 60),
            total=60 * level,
            low=level,
            high=level,
            last=level,
            last_us=np.tile(starts, len(numbers)),
            quality=np.zeros(count, dtype=np.uint8),
        )
        async with hub.database.transaction() as connection:
            await rollups.add(connection, rolls)


async def _best_ms(ask: Callable[[], Awaitable[int]]) -> float:
    times = []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        await ask()
        times.append(time.perf_counter() - began_s)
    # The best of a few: what the machine does besides is none of the question's time.
    return round(1e3 * min(times), 2)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * 4096 / 1024**2, 1)


if __name__ == "__main__":
    where, database, part, with_seed = sys.argv[1:]
    print(json.dumps(asyncio.run(_measure(Path(where), database, float(part), int(with_seed)))))
