"""``forecast-service``: what a forecast of tomorrow costs a hub, the first and the next; its reads.

The market is simulated, the database SQLite; requests go through the whole application, without a
socket between. CPU seconds are those of the computing process.
"""

import asyncio
import os
import resource
import tempfile
import time
from pathlib import Path

import httpx

from bench.options import Figures, Options
from cloud.forecast.service.jobs import Jobs
from cloud.kernel.context import Hub
from cloud.main import create_app, open_hub
from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.simulated import Simulated
from cloud.market.series.archive import Archive
from cloud.market.series.model import Kind
from cloud.settings import HubSettings
from wire.clock import SetClock

_MORNING_US = 1_795_253_400_000_000
"""2026-11-21T09:30Z."""
_DAY_US = 86_400_000_000
_KINDS = (Kind.PRICE_DAY_AHEAD, Kind.LOAD_FORECAST, Kind.GENERATION_FORECAST, Kind.LOAD_ACTUAL)
_READS = 500
_ASK_S = 0.02
"""Between two questions while the first forecast is computed."""
_TARGET_MS = 50.0
_TARGET_MB = 400.0


def run(options: Options) -> Figures:
    return asyncio.run(_run(95 if options.quick else 1_600))


async def _run(days: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        settings = HubSettings(data_dir=Path(folder), port=0)
        clock = SetClock(_MORNING_US)
        async with open_hub(settings, clock) as hub:
            await _fill(hub, days)
            jobs = Jobs(hub)
            key = (settings.data_dir / "admin.key").read_text().strip()
            transport = httpx.ASGITransport(app=create_app(hub))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://hub", headers={"X-API-Key": key}
            ) as client:
                first_s, asked_ms, together_mb = await _first(client, jobs)
                next_s = await _computed(client, jobs, 60)
                await _fill(hub, 2)
                clock.at_us += _DAY_US
                await _fill(hub, 3)
                day_s = await _computed(client, jobs, 15)
                reads_ms = await _reads(client)
            await jobs.workshop.close()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    p95_ms = _p95(reads_ms)
    worker_mb = used.ru_maxrss / 1024
    hub_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{days} days of history: first forecast {first_s:.1f} s, again {next_s:.2f} s")
    print(f"a day later {day_s:.2f} s")
    print(f"status read in {_p95(asked_ms):.1f} ms at the 95th of 100 while it was computed")
    print(f"newest forecast read in {p95_ms:.1f} ms at the 95th of 100 (target {_TARGET_MS:g} ms)")
    print(
        f"memory at most: hub {hub_mb:.0f} MB, computing process {worker_mb:.0f} MB,"
        f" both at once {together_mb:.0f} (target {_TARGET_MB:g})"
    )
    return {
        "days": days,
        "first_s": round(first_s, 2),
        "next_s": round(next_s, 3),
        "day_later_s": round(day_s, 3),
        "asked_meanwhile": len(asked_ms),
        "asked_p95_ms": round(_p95(asked_ms), 2),
        "read_p50_ms": round(reads_ms[len(reads_ms) // 2], 2),
        "read_p95_ms": round(p95_ms, 2),
        "hub_mb": round(hub_mb),
        "worker_mb": round(worker_mb),
        "together_mb": round(together_mb),
        "worker_cpu_s": round(used.ru_utime + used.ru_stime, 1),
    }


async def _fill(hub: Hub, days: int) -> None:
    archive = Archive(hub.database, catalogue.load())
    now_us = hub.clock.now_us()
    feed = Simulated(1, archive.areas, hub.clock)
    for kind in _KINDS:
        wish = Wish(
            kind=kind,
            area="AT",
            detail="",
            start_us=now_us - days * _DAY_US,
            end_us=now_us + 2 * _DAY_US,
            history=True,
        )
        await archive.append([batch async for batch in feed.fetch(wish)])


async def _computed(client: httpx.AsyncClient, jobs: Jobs, granularity_min: int) -> float:
    begun = time.perf_counter()
    body = {"area": "AT", "granularity_min": granularity_min}
    answer = await client.post("/api/forecast/dayahead", json=body)
    assert answer.status_code == 202, answer.text
    assert await jobs.next()
    done = await client.get(answer.headers["location"])
    assert done.json()["status"] == "done", done.text
    return time.perf_counter() - begun


async def _first(client: httpx.AsyncClient, jobs: Jobs) -> tuple[float, list[float], float]:
    """Return what the first forecast took, each question meanwhile, ms, and the memory, MB.

    That is the most that hub and computing process have had resident at one moment.
    """
    asked_ms: list[float] = []
    together_mb = 0.0
    async with asyncio.TaskGroup() as tasks:
        computing = tasks.create_task(_computed(client, jobs, 15))
        while not computing.done():
            asked_ms.append(await _timed_ms(client, "/api/forecast/jobs"))
            pids = filter(None, (os.getpid(), jobs.workshop.pid))
            together_mb = max(together_mb, sum(map(_resident_mb, pids)))
            await asyncio.sleep(_ASK_S)
    return computing.result(), sorted(asked_ms), together_mb


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024**2


async def _timed_ms(client: httpx.AsyncClient, address: str) -> float:
    begun = time.perf_counter()
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - begun) * 1_000


def _p95(sorted_ms: list[float]) -> float:
    return sorted_ms[int(len(sorted_ms) * 0.95)]


async def _reads(client: httpx.AsyncClient) -> list[float]:
    address = "/api/forecast/newest?area=AT"
    return sorted([await _timed_ms(client, address) for _ in range(_READS)])
