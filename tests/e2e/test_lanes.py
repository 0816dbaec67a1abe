"""The lanes of a box against a real hub: who watches, what is granted, how the box is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from cloud.fleet.live import LiveValues
from cloud.kernel.context import Hub
from tests.support.control_peer import status
from tests.support.hub import add_site, admin_key, client_of, enrolled_box, opened_hub, serving
from tests.support.patience import eventually
from tests.support.truth import SITE, Measuring, measuring
from wire.block import Quality, Reading

SOC, POWER = "battery.soc_pct", "ac.power_kw"


@dataclass(slots=True)
class Pair:
    """A hub and a box that reaches it."""

    hub: Hub
    box: Measuring

    def tell(self, soc_pct: float) -> None:
        """Have control say something new."""
        now_us = self.hub.clock.now_us()
        readings = (
            ("inverter", Reading(SOC, soc_pct, Quality.GOOD, now_us)),
            ("inverter", Reading(POWER, 10.0, Quality.GOOD, now_us)),
        )
        self.box.latest.status = replace(status(now_us), readings=readings)
        self.box.latest.linked = True

    def live(self) -> dict[str, float | None]:
        """Return what the hub has of live values."""
        return {each.point: each.value for each in self.hub.service(LiveValues).newest(SITE)}


@asynccontextmanager
async def paired(folder: Path) -> AsyncIterator[Pair]:
    for name in ("hub", "box"):
        (folder / name).mkdir()
    async with opened_hub(folder / "hub") as hub:
        await add_site(hub, SITE)
        async with serving(hub) as url, enrolled_box(hub, SITE) as enrolled:
            port = urlsplit(url).port
            assert port is not None
            async with measuring(folder / "box", enrolled, port, hub.clock) as box:
                yield Pair(hub, box)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with paired(tmp_path) as opened:
        yield opened


async def test_somebody_who_begins_to_watch_sees_live_values_within_two_seconds(
    pair: Pair,
) -> None:
    pair.tell(50.0)
    watch = pair.hub.service(LiveValues)
    assert pair.live() == {}
    watch.watch(SITE, [SOC])
    await eventually(lambda: pair.live() == {SOC: 50.0}, timeout_s=2)
    pair.tell(51.0)
    await eventually(lambda: pair.live() == {SOC: 51.0}, timeout_s=2)


async def test_live_values_are_never_history(pair: Pair) -> None:
    pair.tell(50.0)
    pair.hub.service(LiveValues).watch(SITE)
    await eventually(lambda: pair.live() == {SOC: 50.0, POWER: 10.0})
    async with client_of(pair.hub, admin_key(pair.hub)) as client:
        answer = await client.get(f"/api/v1/sites/{SITE}/telemetry/newest")
    assert answer.json()["values"] == []


async def test_the_hub_knows_the_version_and_the_clock_of_the_box(pair: Pair) -> None:
    pair.tell(50.0)
    async with client_of(pair.hub, admin_key(pair.hub)) as client, asyncio.timeout(10):
        told = None
        while told is None:
            told = (await _only_box(client))["report"]
    assert told["version"] == "test"
    assert "unknown" in str(told)


async def _only_box(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/v1/fleet")
    assert answer.status_code == 200, answer.text
    (box,) = answer.json()["fleet"]
    assert isinstance(box, dict)
    return box
