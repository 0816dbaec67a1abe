"""``sync``: a day of 1,000 points a second goes to the hub while somebody watches live values.

Real processes: a hub (SQLite) that grants its whole line, and a gateway whose buffer holds the
day. The other end of its link is here: a plant of 40 points that is measured on. A page's feed
watches; ten times a second the age of what it would show is noted. What arrived is judged by the
hub's own count of samples, and sample by sample in windows over the whole day.
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench import box, sync_site
from bench.options import Figures, Options
from bench.sync_site import (
    DEVICES,
    LIVE_DEVICE,
    POINTS_A_SECOND,
    SECOND_US,
    SITE,
    History,
    Plant,
    history,
)
from bench.sync_watch import Watcher
from simulators.processes import Child, Processes, running
from wire.clock import SystemClock, utc

DAY_S = 86_400
QUICK_S = 300
DRAIN_S_MAX = 3_600.0
SETTLED_S_MAX = 30
DOUBLED_S = 2.0
"""What is sent twice would be there by then."""
YOUNG_US = 60 * SECOND_US
"""The backlog is gone when the oldest that waits is younger."""
GRANT_BYTES_S = 1_000_000_000
WATCHED_S_MIN = 5.0
"""A short history is gone before anybody has watched for long."""
WINDOWS = 48
WINDOW_S = 10
CODE = "technician-1"
_COUNT = "phoenyra_hub_samples_total "


@dataclass(slots=True)
class Bench:
    """What runs."""

    folder: Path
    processes: Processes
    hub_port: int
    page_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}"

    @property
    def key(self) -> str:
        return (self.folder / "hub" / "admin.key").read_text().strip()

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def admin(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def start_hub(self) -> Child:
        environment = {
            **os.environ,
            "PHOENYRA_HUB_DATA_DIR": str(self.folder / "hub"),
            "PHOENYRA_HUB_PORT": str(self.hub_port),
            "PHOENYRA_HUB_BACKFILL_BYTES_S": str(GRANT_BYTES_S),
        }
        command = (sys.executable, "-m", "cloud.main", "serve")
        hub = await self.processes.start("hub", *command, environment=environment)
        await self.processes.until(self._is_up, box.START_S_MAX, hub)
        return hub

    async def _is_up(self) -> bool:
        """The first start makes the administrator's key, and listens before that."""
        return await box.is_there(self.folder / "hub" / "admin.key")

    async def start_gateway(self) -> Child:
        config = self.folder / "site.toml"
        async with self.admin() as client:
            await _post(client, "/api/v1/accounts", {"id": "bench", "name": "Bench"})
            site = {"id": SITE, "account": "bench", "power_kw": 100, "energy_kwh": 200}
            await _post(client, "/api/v1/sites", site)
            made = await _post(client, "/api/v1/gateways", {"site": SITE})
        config.touch(mode=0o600)
        config.write_text(self._settings(made))
        arguments = ("gateway", "--config", str(config))
        return await box.start(self.processes, "gateway", "agent.main", *arguments)

    async def backlog(self) -> tuple[int | None, int | None]:
        """Return the values that wait at the box (None: it does not know yet), and since when."""
        headers = {"Authorization": f"Bearer {CODE}"}
        url = f"http://127.0.0.1:{self.page_port}"
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            answer = await client.get("/api/picture")
            buffer = answer.raise_for_status().json()["buffer"]
        return buffer["unsent"], buffer["from_us"]

    async def samples_at_the_hub(self) -> int:
        """Return how many samples the hub has counted as new since its start."""
        async with self.admin() as client:
            text = (await client.get("/metrics")).raise_for_status().text
        (line,) = [line for line in text.splitlines() if line.startswith(_COUNT)]
        return round(float(line.split()[-1]))

    def _settings(self, made: dict[str, str]) -> str:
        return f"""
site = "{SITE}"
data_dir = "{self.data_dir}"
[hub]
url = "{self.url}"
gateway = "{made["gateway"]}"
key_id = "{made["key_id"]}"
secret = "{made["secret"]}"
[page]
port = {self.page_port}
access_code = "{CODE}"
[buffer]
bytes_max = {sync_site.BYTES_MAX}
[control]
discharge_kw_max = 100
charge_kw_max = 100
[[devices]]
id = "{LIVE_DEVICE}"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = 9
"""


def run(options: Options) -> Figures:
    """Return how long the day took, how old live values were, and what was lost or doubled."""
    return asyncio.run(_run(options))


async def _run(options: Options) -> Figures:
    seconds = QUICK_S if options.quick else DAY_S
    begin_us = SystemClock().now_us() - seconds * SECOND_US
    past = history(begin_us, seconds, options.seed)
    with TemporaryDirectory(prefix="phoenyra-bench-") as name:
        folder = Path(name)
        for child in ("hub", "data"):
            (folder / child).mkdir(mode=0o700)
        await sync_site.fill(folder / "data" / "buffer.db", past)
        buffer_bytes = (folder / "data" / "buffer.db").stat().st_size
        hub_port, page_port = box.free_ports(2)
        async with running(folder) as processes:
            bench = Bench(folder, processes, hub_port, page_port)
            figures = await _drain(bench, past, options.seed)
    return {
        "backlog_points": past.points,
        **figures,
        "buffer_bytes_per_point": round(buffer_bytes / past.points, 3),
        "mix": f"{DEVICES} devices, {POINTS_A_SECOND} points a second, blocks of 5 s",
    }


async def _drain(bench: Bench, past: History, seed: int) -> Figures:
    loop = asyncio.get_running_loop()
    hub = await bench.start_hub()
    async with sync_site.running_plant(bench.data_dir / "control.sock") as plant:
        began_s = loop.time()
        gateway = await bench.start_gateway()
        async with _watching(bench) as watcher:
            await bench.processes.until(lambda: _is_young(bench), DRAIN_S_MAX, gateway)
            drain_s = loop.time() - began_s
            await asyncio.sleep(max(0.0, WATCHED_S_MIN - drain_s))
            figures: Figures = {
                "drain_s": round(drain_s, 1),
                "live_p95_s": box.percentile(watcher.ages_s, 95),
                "live_max_s": box.percentile(watcher.ages_s, 100),
                "points_per_s": round(past.points / drain_s),
                "gateway_rss_mb": box.rss_mb(gateway),
                "gateway_cpu_s": round(box.cpu_s(gateway), 1),
                "hub_rss_mb": box.rss_mb(hub),
                "hub_cpu_s": round(box.cpu_s(hub), 1),
            }
        plant.stopped = True
        await bench.processes.until(lambda: _is_stored(plant), SETTLED_S_MAX, gateway)
        expected = past.samples + plant.samples
        there = await _counted(bench, expected)
    lost, duplicates = await _windows(bench, past, seed)
    return {
        **figures,
        "lost": lost + max(0, expected - there),
        "duplicates": duplicates + max(0, there - expected),
    }


@asynccontextmanager
async def _watching(bench: Bench) -> AsyncIterator[Watcher]:
    watcher = Watcher()
    async with asyncio.TaskGroup() as tasks:
        running_tasks = [
            tasks.create_task(watcher.follow(bench.url, bench.key)),
            tasks.create_task(watcher.note()),
        ]
        yield watcher
        for task in running_tasks:
            task.cancel()


async def _is_young(bench: Bench) -> bool:
    try:
        unsent, from_us = await bench.backlog()
    except httpx.TransportError:
        return False  # The page is not there yet.
    if unsent is None:
        return False
    return from_us is None or SystemClock().now_us() - from_us < YOUNG_US


async def _is_stored(plant: Plant) -> bool:
    return plant.stored == plant.samples - 1


async def _counted(bench: Bench, expected: int) -> int:
    """Return what the hub has counted, given time for the last uploads, and for any too many."""
    for _ in range(SETTLED_S_MAX):
        if await bench.samples_at_the_hub() >= expected:
            break
        await asyncio.sleep(1.0)
    await asyncio.sleep(DOUBLED_S)
    return await bench.samples_at_the_hub()


async def _windows(bench: Bench, past: History, seed: int) -> tuple[int, int]:
    """Compare windows over the whole day with the truth; return lost and doubled samples."""
    chance = random.Random(seed)
    lost = duplicates = 0
    async with bench.admin() as client:
        for window in range(WINDOWS):
            share = past.seconds // WINDOWS
            begin = window * share + chance.randrange(max(1, share - WINDOW_S))
            found = await _window(client, past, begin)
            for second in range(begin, min(begin + WINDOW_S, past.seconds)):
                at_us = past.begin_us + second * SECOND_US
                for device in range(DEVICES):
                    told = found.pop((f"device-{device}", at_us), [])
                    truth = past.values(device, second)
                    lost += any([point, value] not in told for point, value in truth.items())
                    duplicates += len(told) > len(truth)
            duplicates += len(found)
    return lost, duplicates


async def _window(
    client: httpx.AsyncClient, past: History, begin: int
) -> dict[tuple[str, int], list[list[object]]]:
    """Return what the hub tells of one window: point and value by device and instant."""
    from_us = past.begin_us + begin * SECOND_US
    until_us = min(from_us + WINDOW_S * SECOND_US, past.begin_us + past.seconds * SECOND_US)
    asked: dict[str, str | int] = {
        "from": utc(from_us).isoformat(),
        "to": utc(until_us).isoformat(),
        "limit": 50_000,
    }
    answer = await client.get(f"/api/v1/sites/{SITE}/telemetry", params=asked)
    found: dict[tuple[str, int], list[list[object]]] = {}
    for series in answer.raise_for_status().json()["points"]:
        if series["device"] == LIVE_DEVICE:
            continue
        for at_us, value, _ in series["samples"]:
            found.setdefault((series["device"], at_us), []).append([series["point"], value])
    return found


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, object]) -> dict[str, str]:
    answer = await client.post(path, json=body)
    made: dict[str, str] = answer.raise_for_status().json()
    return made
