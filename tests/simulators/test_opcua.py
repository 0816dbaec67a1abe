"""simulators.opcua: a server of its own in a process of its own, with faults on demand."""

import asyncio
from pathlib import Path

import pytest

from drivers.base import PowerSetter
from simulators.faults import FaultSet
from tests.support.opcua_peer import Peer, quality_is, readings, unreachable, value_is
from tests.support.system import System, free_port, wait_until
from wire.block import Quality


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the servers keep the standard's nodes; the first start fills it."""
    return tmp_path_factory.mktemp("opcua") / "standard"


async def test_a_server_that_is_down_comes_back_as_after_a_loss_of_power(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving(), peer.driver() as driver:
        await readings(driver)
        assert isinstance(driver, PowerSetter)
        await driver.write_power_kw(5.0)
        peer.plant.faults.shut_down(0.5)
        await unreachable(driver)
        await value_is(driver, "pcs.set_power_kw", 0.0)


async def test_an_exception_is_a_bad_status_on_every_value(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving(), peer.driver() as driver:
        await readings(driver)
        peer.plant.faults.set(FaultSet(exception=4), {})
        await quality_is(driver, "grid.frequency_hz", Quality.BAD)


@pytest.mark.parametrize("ill", [FaultSet(drop=True), FaultSet(garbage=True)])
async def test_a_server_that_answers_nothing_or_nonsense_is_lost_and_found_again(
    cache: Path, ill: FaultSet
) -> None:
    peer = Peer(cache)
    async with peer.serving(), peer.driver() as driver:
        await readings(driver)
        peer.plant.faults.set(ill, {})
        await unreachable(driver)
        peer.plant.faults.set(FaultSet(), {})
        await value_is(driver, "battery.soc_pct", 60.0)


async def test_a_late_server_is_still_followed(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving(), peer.driver() as driver:
        await readings(driver)
        peer.plant.faults.set(FaultSet(delay_s=0.3), {})
        assert isinstance(driver, PowerSetter)
        await driver.write_power_kw(5.0)
        await value_is(driver, "pcs.set_power_kw", 5.0)


async def test_the_verb_serves_the_shipped_profile_until_it_is_stopped(
    tmp_path: Path, cache: Path
) -> None:
    system, port = System(tmp_path), free_port()
    system.start(
        "opcua",
        "simulators.main",
        "opcua",
        "opcua-battery",
        "--port",
        str(port),
        "--strangers",
        "2",
    )
    try:
        ready = f"listening on opc.tcp://127.0.0.1:{port}"
        await asyncio.to_thread(wait_until, lambda: ready in system.log("opcua"), 30, ready)
        peer = Peer(cache)
        async with peer.driver(url=f"opc.tcp://127.0.0.1:{port}") as driver:
            await value_is(driver, "battery.soc_pct", 60.0)
    finally:
        assert system.stop("opcua") == 0, system.log("opcua")
