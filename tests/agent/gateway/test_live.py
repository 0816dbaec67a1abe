"""agent.gateway.live: what somebody watches is at the hub while it is fresh, and only then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from agent.gateway.hub import open_hub
from agent.gateway.latest import Latest
from agent.gateway.line import OneKey, Way
from agent.gateway.live import FAILURES_MAX, LiveLane
from tests.support.control_peer import status
from tests.support.hub_peer import KEY, HubPeer, hub_peer, refusal
from tests.support.patience import eventually
from wire.block import Quality, Reading
from wire.clock import SystemClock

NOON_US = 1_790_000_000_000_000
SOC, POWER = "battery.soc_pct", "ac.power_kw"


@pytest.fixture
async def hub() -> AsyncIterator[HubPeer]:
    async with hub_peer() as peer:
        yield peer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.gateway.live.PERIOD_S", 0.02)
    monkeypatch.setattr("agent.gateway.live.LOOK_S", 0.01)


class Plant:
    """What the lane sends, and the lane."""

    def __init__(self, latest: Latest, lane: LiveLane) -> None:
        self.latest = latest
        self.lane = lane
        self.values: dict[str, Reading] = {}

    def tell(self, point: str, value: float, at_us: int = NOON_US) -> None:
        self.values[point] = Reading(point, value, Quality.GOOD, at_us)
        readings = tuple(("inverter", reading) for reading in self.values.values())
        self.latest.status = replace(status(NOON_US), readings=readings)


@asynccontextmanager
async def telling(port: int) -> AsyncIterator[Plant]:
    clock, latest = SystemClock(), Latest()
    lane = LiveLane(latest, clock)
    way = Way(url=f"http://127.0.0.1:{port}")
    async with open_hub(way, OneKey(KEY), clock) as opened, asyncio.TaskGroup() as tasks:
        task = tasks.create_task(lane.run(opened))
        yield Plant(latest, lane)
        task.cancel()


def sent(hub: HubPeer) -> list[tuple[str, float | None]]:
    return [(r.point, r.value) for frame in hub.lives for _, r in frame.values]


async def test_nothing_is_sent_while_nobody_watches(hub: HubPeer) -> None:
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        await asyncio.sleep(0.1)
    assert hub.lives == []


async def test_what_is_watched_is_sent_and_nothing_else(hub: HubPeer) -> None:
    hub.watch = (SOC,)
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.tell(POWER, 10.0)
        plant.lane.watch((SOC,))
        await hub.until(lambda: len(hub.lives) == 1)
        plant.tell(POWER, 11.0)
        plant.tell(SOC, 51.0)
        await hub.until(lambda: len(hub.lives) == 2)
    assert sent(hub) == [(SOC, 50.0), (SOC, 51.0)]


async def test_a_star_watches_everything(hub: HubPeer) -> None:
    hub.watch = ("*",)
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.tell(POWER, 10.0)
        plant.lane.watch(("*",))
        await hub.until(lambda: len(hub.lives) == 1)
    assert sent(hub) == [(SOC, 50.0), (POWER, 10.0)]


async def test_a_value_that_grows_stale_is_told_too(hub: HubPeer) -> None:
    hub.watch = ("*",)
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.lane.watch(("*",))
        await hub.until(lambda: len(hub.lives) == 1)
        stale = Reading(SOC, 50.0, Quality.STALE, NOON_US)
        plant.latest.status = replace(status(NOON_US), readings=(("inverter", stale),))
        await hub.until(lambda: len(hub.lives) == 2)
    assert [r.quality for frame in hub.lives for _, r in frame.values] == [
        Quality.GOOD,
        Quality.STALE,
    ]


async def test_every_now_and_then_all_of_it_is_told_again(
    hub: HubPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.gateway.live.WHOLE_S", 0.1)
    hub.watch = ("*",)
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.lane.watch(("*",))
        await hub.until(lambda: len(hub.lives) >= 3)
    assert set(sent(hub)) == {(SOC, 50.0)}


async def test_the_lane_is_silent_as_soon_as_the_hub_says_that_nobody_watches(
    hub: HubPeer,
) -> None:
    hub.watch = ()
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.lane.watch((SOC,))
        await hub.until(lambda: len(hub.lives) == 1)
        await eventually(lambda: plant.latest.watch == ())
        plant.tell(SOC, 51.0)
        await asyncio.sleep(0.1)
    assert len(hub.lives) == 1


async def test_what_could_not_be_sent_is_replaced_by_what_is_newer(hub: HubPeer) -> None:
    hub.watch = ("*",)
    hub.live_trouble = refusal(503, "BUSY")
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.lane.watch(("*",))
        for value in range(51, 61):
            plant.tell(SOC, float(value))
        await eventually(lambda: len(hub.nonces) == 2)
        hub.live_trouble = None
        await hub.until(lambda: len(hub.lives) == 1)
    assert sent(hub) == [(SOC, 60.0)]


async def test_a_lane_that_fails_again_and_again_rests_until_the_long_poll_speaks(
    hub: HubPeer,
) -> None:
    hub.watch = ("*",)
    hub.live_trouble = refusal(503, "BUSY")
    async with telling(hub.port) as plant:
        plant.tell(SOC, 50.0)
        plant.lane.watch(("*",))
        await eventually(lambda: len(hub.nonces) == FAILURES_MAX)
        await asyncio.sleep(0.1)
        assert len(hub.nonces) == FAILURES_MAX
        hub.live_trouble = None
        plant.lane.watch(("*",))
        await hub.until(lambda: len(hub.lives) == 1)
    assert sent(hub) == [(SOC, 50.0)]
