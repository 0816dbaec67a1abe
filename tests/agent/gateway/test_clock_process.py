"""A real gateway with a wrong clock, killed again and again while it puts its stamps right."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.support.control_peer import ControlPeer, control_peer
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.hub_peer import HubPeer, hub_peer
from tests.support.patience import eventually
from wire.clock import SystemClock

YEARS_S = 9 * 365 * 86_400
HOUR_S = 3_600
KILLS_MAX = 12
SAMPLES = 2_000
KILL_WITHIN_S = 0.25
"""Counted from the moment at which a start begins to put the stamps right."""
NEAR_US = 50_000

pytestmark = pytest.mark.slow


@pytest.fixture
async def hub() -> AsyncIterator[HubPeer]:
    async with hub_peer() as peer:
        yield peer


@pytest.fixture
async def gateway(tmp_path: Path, hub: HubPeer) -> AsyncIterator[GatewayProcess]:
    async with gateway_process(tmp_path, hub.port) as process:
        yield process


def sample(control: ControlPeer, clock: SystemClock, true_us: list[int]) -> None:
    """Sample with a clock, on points that no two neighbours share: each is a frame of its own."""
    loop_us = round(asyncio.get_running_loop().time() * 1e6)
    control.offset_us = clock.now_us() - loop_us
    true_us.append(SystemClock().now_us())
    control.sample(clock.now_us(), points=30 + control.samples % 2, noise=True)


def asked_more_than(hub: HubPeer, times: int) -> bool:
    return hub.times > times


def doubtful(gateway: GatewayProcess) -> int:
    """Return how many frames in the file of a dead gateway are not put right."""
    with closing(sqlite3.connect(gateway.data_dir / "buffer.db")) as database:
        (count,) = database.execute(
            "SELECT count(*) FROM frames WHERE kind = 2 AND boot_id IS NOT NULL"
        ).fetchone()
    return int(count)


def worst_us(hub: HubPeer, true_us: list[int]) -> int:
    """Return how far the stamps are from the truth, once all of them are there, once, in order."""
    assert hub.samples() == [("boot-1", i) for i in range(len(true_us))]
    stamps = [at_us for block in hub.blocks() for at_us in block.at_us]
    return max(abs(a - b) for a, b in zip(stamps, true_us, strict=True))


@pytest.mark.parametrize("ahead_s", [-YEARS_S, HOUR_S])
async def test_a_gateway_killed_while_it_puts_stamps_right_loses_and_doubles_none(
    hub: HubPeer, gateway: GatewayProcess, ahead_s: int
) -> None:
    chance = random.Random(20_261_121)
    wrong = SystemClock(ahead_s * 1_000_000)
    gateway.shift_s = ahead_s
    hub.tells_time = False
    true_us: list[int] = []
    async with control_peer(gateway.socket_path) as control:
        await gateway.start()
        await control.until_connected()
        for _ in range(SAMPLES):
            sample(control, wrong, true_us)
            if len(true_us) % 100 == 0:
                await asyncio.sleep(0.01)
        await control.until(stored=SAMPLES - 1)
        await eventually(lambda: hub.times > 0)
        assert hub.uploads == []
        await gateway.kill()
        assert doubtful(gateway) == SAMPLES
        hub.tells_time = True
        left = [SAMPLES]
        while left[-1] and len(left) <= KILLS_MAX:
            again = partial(asked_more_than, hub, hub.times)
            await gateway.start()
            await eventually(again, timeout_s=30)
            await asyncio.sleep(chance.random() * KILL_WITHIN_S)
            await gateway.kill()
            left.append(doubtful(gateway))
        assert any(0 < count < SAMPLES for count in left), "no kill came in the middle"
        await gateway.start()
        sample(control, wrong, true_us)
        await hub.until(lambda: len(hub.samples()) >= len(true_us), timeout_s=60)
        assert worst_us(hub, true_us) < NEAR_US
        assert await gateway.end() == 0


async def test_a_clock_that_the_hub_confirms_costs_no_second_write(
    hub: HubPeer, gateway: GatewayProcess
) -> None:
    true_us: list[int] = []
    gateway.shift_s = 0.001  # no time service keeps such a clock
    async with control_peer(gateway.socket_path) as control:
        await gateway.start()
        await control.until_connected()
        for _ in range(50):
            sample(control, SystemClock(1_000), true_us)
            await asyncio.sleep(0.01)
        await hub.until(lambda: len(hub.samples()) >= len(true_us))
        assert worst_us(hub, true_us) < NEAR_US
        assert [event.code for event in hub.events()] == []
    assert await gateway.end() == 0
