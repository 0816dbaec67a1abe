"""A box that writes down what it has measured, to be compared with what the hub tells.

Real buffer, real lanes, a real line: only control is missing. Every sample has its own instant and
its own value, so that a lost one, a doubled one and a changed one all show.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from agent.enrol.config import HubSettings
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.hub import open_hub
from agent.gateway.inlet import Inlet
from agent.gateway.lanes import Lanes
from agent.gateway.latest import Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.report import Facts
from agent.gateway.rows import Draft
from cloud.kernel.context import Hub
from tests.support.hub import Box, admin_key, client_of
from wire import block as blocks
from wire.block import Quality, Reading
from wire.clock import Clock, utc
from wire.sync import FrameClass

SITE = "werk-sued"
DEVICE = "inverter"
POINTS = ("battery.soc_pct", "ac.power_kw", "grid.frequency_hz")
ROOMY = 64 * 1024**2
Sample = tuple[str, int, float | None]
"""Point, instant in µs, value."""


@dataclass(slots=True)
class Measuring:
    """What the box has stored so far, and the truth about it."""

    buffer: Buffer
    latest: Latest
    clock: Clock
    truth: list[Sample] = field(default_factory=list)
    samples: int = 0

    async def measure(self, samples: int = 5) -> None:
        """Store a block of so many samples; when this returns the buffer has them."""
        parts = []
        for number in range(self.samples, self.samples + samples):
            at_us = self.clock.now_us() + number
            readings = [
                Reading(point, number + i / 8, Quality.GOOD, at_us)
                for i, point in enumerate(POINTS)
            ]
            parts.append(blocks.sample(DEVICE, "boot-1", number, at_us, readings))
            self.truth.extend((r.point, r.at_us, r.value) for r in readings)
        self.samples += samples
        drafts = [
            Draft(FrameClass.TELEMETRY, b.at_us[0], len(b.at_us) * len(POINTS), blocks.encode(b))
            for b in blocks.merge(parts)
        ]
        await self.buffer.append(drafts)

    async def until_acknowledged(self, timeout_s: float = 30) -> None:
        """Wait until the hub has said yes to all there is."""
        async with asyncio.timeout(timeout_s):
            while not await self._is_acknowledged():
                await self._a_moment()

    async def _is_acknowledged(self) -> bool:
        return (await self.buffer.state()).acked >= await self.buffer.newest_seq()

    async def _a_moment(self) -> None:
        await asyncio.sleep(0.02)


@asynccontextmanager
async def measuring(folder: Path, box: Box, port: int, clock: Clock) -> AsyncIterator[Measuring]:
    """Run an enrolled box's buffer and lanes; the hub is at `port`."""
    latest = Latest()
    facts = Facts(
        version="test",
        started_us=clock.now_us(),
        bytes_max=ROOMY,
        configuration="",
        data_dir=folder,
    )
    settings = HubSettings(poll_wait_s=5, backfill_bytes_s=10**9)
    way = Way(url=f"http://127.0.0.1:{port}")
    async with (
        open_buffer(folder / "buffer.db", clock, ROOMY) as buffer,
        open_hub(way, OneKey(box.key), clock) as hub,
        asyncio.TaskGroup() as tasks,
    ):
        inlet = Inlet(buffer, latest, clock, folder / "control.sock", SITE)
        lanes = Lanes(settings, SITE, facts, buffer, inlet, latest, clock)
        running = tasks.create_task(lanes.run(hub, box.gateway))
        yield Measuring(buffer, latest, clock)
        running.cancel()


async def told_by(hub: Hub, from_us: int) -> list[Sample]:
    """Return every sample of the site since `from_us` as the hub's query API tells it."""
    found: list[Sample] = []
    start: str | None = utc(from_us).isoformat()
    async with client_of(hub, admin_key(hub)) as client:
        while start is not None:
            document = await _page(client, start)
            found.extend(
                (series["point"], at_us, value)
                for series in document["points"]
                for at_us, value, _ in series["samples"]
            )
            start = document["next"]
    return found


async def _page(client: httpx.AsyncClient, start: str) -> dict[str, Any]:
    asked: dict[str, str | int] = {"from": start, "limit": 10_000, "points": ",".join(POINTS)}
    answer = await client.get(f"/api/v1/sites/{SITE}/telemetry", params=asked)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def differences(truth: list[Sample], told: list[Sample]) -> tuple[int, int]:
    """Return how many samples were lost and how many are there too often or were never measured."""
    lost = len(set(truth) - set(told))
    return lost, len(told) - len(set(told)) + len(set(told) - set(truth))
