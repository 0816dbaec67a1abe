"""drivers.opcua.device: told by subscription, checked by reading, back after every loss."""

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.base import Identified, PowerSetter, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from tests.support.opcua_peer import Peer, quality_is, readings, unreachable, value_is
from wire.block import Quality


async def test_a_server_is_read_in_our_units_with_its_own_times(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving(), peer.driver() as driver:
        seen = await readings(driver)
        assert [r.point for r in await driver.read(Rate.FAST)] == [
            item.tag.name for item in peer.profile.items if item.tag.rate is Rate.FAST
        ]
        assert seen["grid.frequency_hz"].value == 49.987
        assert seen["battery.soc_pct"].value == 60.0
        assert {reading.quality for reading in seen.values()} == {Quality.GOOD}
        ages_us = [peer.clock.now_us() - reading.at_us for reading in seen.values()]
        assert all(0 <= age_us < 2_000_000 for age_us in ages_us)
        assert isinstance(driver, Identified)
        assert driver.identity["maker"] == "simulated maker"


async def test_a_setpoint_is_taken_and_told_back_with_our_sign(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving(), peer.driver() as driver:
        await readings(driver)
        assert isinstance(driver, PowerSetter)
        for power_kw in (-20.0, 35.5, 0.0):
            await driver.write_power_kw(power_kw)
            assert peer.plant.command.power_kw == power_kw
            await value_is(driver, "pcs.set_power_kw", power_kw)
        assert peer.plant.command.enabled
        assert peer.plant.command.timeout_s == 10.0
        assert driver.refresh_s == pytest.approx(10 / 3)


async def test_a_server_that_says_no_is_quoted(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving() as server, peer.driver() as driver:
        await readings(driver)
        assert isinstance(driver, PowerSetter)
        await driver.take_over()
        with pytest.raises(ProfileError, match=r"pcs\.set_power_kw: 10001 is not allowed"):
            await driver.write_power_kw(10_001.0)
        server.refused.add("pcs.set_power_kw")
        with pytest.raises(DeviceRefused, match=r"set_power_kw: .* refused 5: BadOutOfRange"):
            await driver.write_power_kw(5.0)


async def test_a_bad_status_is_no_value_until_it_is_good_again(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving() as server, peer.driver() as driver:
        await value_is(driver, "battery.soc_pct", 60.0)
        server.bad.add("battery.soc_pct")
        assert (await quality_is(driver, "battery.soc_pct", Quality.BAD)).value is None
        assert (await readings(driver))["grid.frequency_hz"].quality is Quality.GOOD
        server.bad.clear()
        await value_is(driver, "battery.soc_pct", 60.0)


async def test_a_value_whose_source_stands_still_grows_stale(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving() as server, peer.driver() as driver:
        await value_is(driver, "ac.power_kw", 0.0)
        server.stopped.add("ac.power_kw")
        await quality_is(driver, "ac.power_kw", Quality.STALE)
        assert (await readings(driver))["grid.frequency_hz"].quality is Quality.GOOD


async def test_a_heartbeat_that_stands_still_is_a_device_that_is_gone(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.serving() as server, peer.driver() as driver:
        await readings(driver)
        server.stopped.add("pcs.counter")
        assert "pcs.counter has stood still" in await unreachable(driver)
        server.stopped.clear()
        await readings(driver)


async def test_a_restart_that_moves_the_namespace_is_survived(cache: Path) -> None:
    peer = Peer(cache)
    async with peer.driver() as driver:
        await unreachable(driver, "Connect call failed")
        for strangers in (0, 3, 1):
            async with peer.serving(replace(peer.manners, strangers=strangers)) as server:
                await value_is(driver, "grid.frequency_hz", 49.987)
                assert server.nodes["battery.soc_pct"].NamespaceIndex == 2 + strangers
                assert isinstance(driver, PowerSetter)
                await driver.write_power_kw(1.0 + strangers)
                assert peer.plant.command.power_kw == 1.0 + strangers
            assert f":{peer.port}: " in await unreachable(driver)
            with pytest.raises(DeviceUnreachable):
                await driver.write_power_kw(5.0)
