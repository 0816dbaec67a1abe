"""``fleet``: many boxes on one hub for a minute, a tenth of them watched, each told something once.

The hub is a real process; the boxes are those of ``phoenyra-sim fleet``, all in this process, which
shares the machine with the hub: what the loop here is late by is told beside the hub's figures.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import box
from bench.fleet_watch import Pages
from bench.options import Figures, Options
from simulators import fleet
from simulators.fleet import Fleet
from simulators.processes import Child, Processes, running
from tests.support import postgres
from wire.clock import SystemClock

GATEWAYS, SECONDS = 200, 60.0
QUICK_GATEWAYS, QUICK_SECONDS = 20, 10.0
WATCHED_SHARE = 10
"""A page is open for every tenth site."""
SETTLED_S = 3.0
_LOOK_S = 0.05
_PERCENTS = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
_NAMES = ("upload", "live", "command", "wake-up", "report", "result")


@dataclass(frozen=True, slots=True)
class Load:
    """How much of it."""

    gateways: int = GATEWAYS
    seconds: float = SECONDS
    seed: int = 1
    fleet_page: bool = False
    """Somebody also looks at the whole fleet, which watches up to 200 sites."""


def run(options: Options) -> Figures:
    """Return what failed, how long things took, what was lost, and what it cost the hub."""
    load = Load(
        options.gateways or (QUICK_GATEWAYS if options.quick else GATEWAYS),
        options.seconds or (QUICK_SECONDS if options.quick else SECONDS),
        options.seed,
    )
    with _database(options.postgres) as url:
        figures = asyncio.run(measure(load, url))
    return {"engine": "postgresql" if options.postgres else "sqlite", **figures}


@contextmanager
def _database(wanted: bool) -> Iterator[str | None]:
    """Yield the URL of a fresh PostgreSQL, if it is wanted; None: the hub's own file."""
    if not wanted:
        yield None
        return
    where = postgres.programs()
    if where is None:
        raise SystemExit("bench: --postgres: PostgreSQL is not installed")
    with postgres.running(where, durable=True) as server:
        yield server.new_database()


async def measure(load: Load, database_url: str | None) -> Figures:
    """Run the load against a hub of its own."""
    with TemporaryDirectory(prefix="phoenyra-bench-") as name:
        folder = Path(name)
        (folder / "hub").mkdir(mode=0o700)
        async with running(folder) as processes:
            (port,) = box.free_ports(1)
            hub = await _start_hub(processes, folder, port, database_url)
            key = (folder / "hub" / "admin.key").read_text().strip()
            boxes = await fleet.found(f"http://127.0.0.1:{port}", key, load.gateways, SystemClock())
            return await _under_load(load, boxes, hub)


async def _start_hub(
    processes: Processes, folder: Path, port: int, database_url: str | None
) -> Child:
    environment = {
        **os.environ,
        "PHOENYRA_HUB_DATA_DIR": str(folder / "hub"),
        "PHOENYRA_HUB_PORT": str(port),
    }
    if database_url is not None:
        environment["PHOENYRA_HUB_DATABASE_URL"] = database_url
    command = (sys.executable, "-m", "cloud.main", "serve")
    hub = await processes.start("hub", *command, environment=environment)

    async def is_up() -> bool:
        return await box.is_there(folder / "hub" / "admin.key") and await box.answers(port)

    await processes.until(is_up, box.START_S_MAX, hub)
    return hub


async def _under_load(load: Load, boxes: Fleet, hub: Child) -> Figures:
    loop = asyncio.get_running_loop()
    pages = Pages(boxes.url, boxes.key, boxes.tally)
    sites = [each.account.site for each in boxes.boxes[::WATCHED_SHARE]]
    late_s: list[float] = []
    rss_start_mb, cpu_start_s, own_cpu_s = box.rss_mb(hub), box.cpu_s(hub), _own_cpu_s()
    began_s = loop.time()
    async with _beside(pages, sites, load, late_s):
        await boxes.run(load.seconds, load.seed)
        took_s = loop.time() - began_s
        hub_cpu_s = box.cpu_s(hub) - cpu_start_s
        rss_mb = box.rss_mb(hub)
        own_cpu_s = _own_cpu_s() - own_cpu_s
    await asyncio.sleep(SETTLED_S)
    undone = await boxes.undone()
    compared = await boxes.compared()
    said = _complaints(hub)
    return {
        "gateways": load.gateways,
        "errors": boxes.tally.errors.total() + said,
        "errors_by_kind": dict(boxes.tally.errors) | ({"hub's log": said} if said else {}),
        **_latencies(boxes),
        "shown_p95_ms": _ms(box.percentile(pages.ages_s, 95)),
        "shown_max_ms": _ms(box.percentile(pages.ages_s, 100)),
        "watched_sites": len(sites),
        "page_messages": pages.messages,
        "requests_per_s": round(sum(map(len, boxes.tally.took_s.values())) / took_s, 1),
        "commands": len(boxes.issued_s),
        "commands_undone": undone,
        "values": compared.values,
        "lost": compared.lost,
        "duplicates": compared.duplicates,
        "hub_rss_start_mb": rss_start_mb,
        "hub_rss_mb": rss_mb,
        "hub_cpu_pct": round(100 * hub_cpu_s / took_s, 1),
        "load_cpu_pct": round(100 * own_cpu_s / took_s, 1),
        "load_late_p95_ms": _ms(box.percentile(late_s, 95)),
        "load_late_max_ms": _ms(box.percentile(late_s, 100)),
        "loadavg_end": round(os.getloadavg()[0], 2),
    }


@asynccontextmanager
async def _beside(
    pages: Pages, sites: list[str], load: Load, late_s: list[float]
) -> AsyncIterator[None]:
    """Keep pages open, and note how late this process itself is."""
    async with asyncio.TaskGroup() as tasks:
        others = [
            tasks.create_task(pages.show(sites, load.fleet_page)),
            tasks.create_task(_note_lateness(late_s)),
        ]
        yield
        for task in others:
            task.cancel()


async def _note_lateness(late_s: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + _LOOK_S
        await asyncio.sleep(_LOOK_S)
        late_s.append(loop.time() - due_s)


def _latencies(boxes: Fleet) -> Figures:
    """Return percentiles of each kind; None: there was none of it."""
    times_s = boxes.times_s()
    return {
        f"{name.replace('-', '_')}_{label}_ms": _ms(box.percentile(times_s.get(name, []), percent))
        for name in _NAMES
        for label, percent in _PERCENTS.items()
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1e3 * seconds, 1)


def _own_cpu_s() -> float:
    times = os.times()
    return times.user + times.system


def _complaints(hub: Child) -> int:
    """Return how many lines of its log are warnings, errors or traces."""
    lines = hub.log.read_text(errors="replace").splitlines()
    bad = [line for line in lines if any(word in line for word in _BAD)]
    for line in bad[:20]:
        print(line, file=sys.stderr)
    return len(bad)


_BAD = (" WARNING ", " ERROR ", " CRITICAL ", "Traceback")
