"""drivers.opcua against servers and lines that misbehave: back within 10 s, every time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.base import PowerSetter, Rate
from drivers.errors import DeviceUnreachable
from tests.support.opcua_peer import Peer, overriding, readings, unreachable, value_is
from tests.support.proxy import line_to
from wire.block import Quality

RECOVERY_S = 10.0
RUNS = 100
AT_ONCE = 2
"""Servers, lines and drivers; each meets its share of the runs."""


async def test_items_that_are_silently_dropped_are_noticed_and_told_again(
    cache: Path, tmp_path: Path
) -> None:
    peer = Peer(cache, overriding(tmp_path))
    async with peer.serving() as server, peer.driver() as driver:
        await value_is(driver, "grid.frequency_hz", 49.987)
        server.forget_items()
        peer.grid.frequency_hz = 50.125
        await unreachable(driver, "is not told of")
        await value_is(driver, "grid.frequency_hz", 50.125)
        peer.grid.frequency_hz = 50.0
        await value_is(driver, "grid.frequency_hz", 50.0)


async def test_a_subscription_that_falls_silent_is_made_again(cache: Path, tmp_path: Path) -> None:
    peer = Peer(cache, overriding(tmp_path))
    async with peer.serving() as server, peer.driver() as driver:
        await value_is(driver, "grid.frequency_hz", 49.987)
        await server.fall_silent()
        await unreachable(driver, "nothing was told for 0.5 s")
        peer.grid.frequency_hz = 50.125
        await value_is(driver, "grid.frequency_hz", 50.125)


async def test_a_server_without_subscriptions_is_read_instead(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    peer = Peer(cache, overriding(tmp_path))
    manners = replace(peer.manners, subscriptions_max=0)
    async with peer.serving(manners), peer.driver() as driver:
        await value_is(driver, "grid.frequency_hz", 49.987)
        peer.grid.frequency_hz = 50.125
        await value_is(driver, "grid.frequency_hz", 50.125, timeout_s=2.0)
    assert "battery: is read every 0.05 s: BadTooManySubscriptions" in caplog.text


async def test_a_line_that_swallows_everything_is_given_up_within_its_time(
    cache: Path, tmp_path: Path
) -> None:
    peer = Peer(cache, overriding(tmp_path))
    async with peer.serving(), line_to(peer.port) as line:
        url = f"opc.tcp://127.0.0.1:{line.port}"
        async with peer.driver(url=url) as driver:
            await readings(driver)
            line.cut()
            assert isinstance(driver, PowerSetter)
            with pytest.raises(DeviceUnreachable, match=r"no answer within 0\.5 s"):
                await driver.write_power_kw(5.0)
            await unreachable(driver)
            line.heal()
            await readings(driver)
            await driver.write_power_kw(5.0)
            assert peer.plant.command.power_kw == 5.0


async def test_a_hung_server_does_not_hold_up_a_cancellation(cache: Path) -> None:
    peer = Peer(cache)
    loop = asyncio.get_running_loop()
    async with peer.serving(), line_to(peer.port) as line, asyncio.TaskGroup() as tasks:
        holding = asyncio.Event()

        async def hold() -> None:
            async with peer.driver(url=f"opc.tcp://127.0.0.1:{line.port}") as driver:
                await readings(driver)
                assert isinstance(driver, PowerSetter)
                line.cut()
                holding.set()
                await driver.write_power_kw(5.0)

        work = tasks.create_task(hold())
        await holding.wait()
        await asyncio.sleep(0)
        began_s = loop.time()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert loop.time() - began_s < 1.0


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 no\r\n\r\n", b"ACKF\x08\x00\x00\x00", b"\xff" * 300]
)
async def test_a_server_that_talks_nonsense_is_unreachable_and_nothing_worse(
    cache: Path, tmp_path: Path, answer: bytes
) -> None:
    peer = Peer(cache, overriding(tmp_path))

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", peer.port)
    async with server, peer.driver() as driver:
        await unreachable(driver, "the server closed the connection")


@pytest.mark.slow
async def test_subscriptions_are_back_after_every_one_of_a_hundred_losses(
    cache: Path, tmp_path: Path
) -> None:
    recovered_s: list[float] = []
    async with Peer(cache).serving():
        pass  # which fills the cache, if nobody has
    async with asyncio.TaskGroup() as tasks:
        for seed in range(AT_ONCE):
            chance = random.Random(seed)
            peer = Peer(cache, overriding(tmp_path))
            tasks.create_task(_losses(peer, chance, recovered_s))
    assert len(recovered_s) == RUNS
    assert max(recovered_s) < RECOVERY_S


async def _losses(peer: Peer, chance: random.Random, recovered_s: list[float]) -> None:
    """Lose the subscriptions in every way; note how long it took each time until they were back."""
    loop = asyncio.get_running_loop()
    async with line_to(peer.port) as line, AsyncExitStack() as servers:
        url = f"opc.tcp://127.0.0.1:{line.port}"
        server = await servers.enter_async_context(peer.serving())
        driver = await servers.enter_async_context(peer.driver(url=url))

        async def restart() -> None:
            line.reset()

        async def black_hole() -> None:
            line.cut()
            await unreachable(driver)
            line.heal()

        async def forget() -> None:
            server.forget_items()

        faults: list[Callable[[], Awaitable[None]]] = [
            restart,
            black_hole,
            forget,
            server.fall_silent,
        ]
        await readings(driver)
        for run in range(RUNS // AT_ONCE):
            await chance.choice(faults)()
            peer.grid.frequency_hz = wanted = 49.0 + run / 100
            began_s = loop.time()
            await value_is(driver, "grid.frequency_hz", wanted)
            recovered_s.append(loop.time() - began_s)
            peer.grid.frequency_hz = 51.0
            await value_is(driver, "grid.frequency_hz", 51.0)
        assert all(r.quality is Quality.GOOD for r in await driver.read(Rate.FAST))
