"""`agent.publish.main`: our plant on a real broker, heard by our own host and a plain listener."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.gateway.latest import Latest
from agent.publish import main
from agent.publish.config import PublishSettings
from agent.publish.plant import SILENT_US_MAX
from drivers.base import Driver, PowerSetter
from drivers.beside import beside
from drivers.errors import DeviceUnreachable
from drivers.mqtt.sparkplug.device import SparkplugDevice
from tests.support import mosquitto
from tests.support.mosquitto import Listening, Mosquitto, place, talking
from tests.support.mqtt_site import driver_at, trouble_of, value_is
from tests.support.patience import eventually
from tests.support.publishing import status
from wire.block import Quality, Reading
from wire.clock import SystemClock

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
CLOCK = SystemClock()
SOC = "battery.soc_pct"
AGAIN = "told again"
ONLINE = "phoenyra/werk/status"
HEAD = """
[profile]
id = "ourselves"
version = 1
source = "what the gateway publishes"
confirmed = true
[link]
protocol = "sparkplug"
[[point]]
name = "battery.soc_pct"
metric = "battery.soc_pct"
"""
COMMANDED = """
access = "read-write"
[watchdog]
kind = "write-refresh"
timeout_s = 12
[control]
setpoint = "battery.soc_pct"
"""


@dataclass
class Site:
    """What the gateway knows of the plant, as its inlet would have it."""

    latest: Latest = field(default_factory=Latest)
    ahead_us: int = 0
    """How much later it is for the gateway than for everybody else."""

    def now_us(self) -> int:
        return CLOCK.now_us() + self.ahead_us

    def show(self, soc_pct: float, *, there: bool = True) -> None:
        at_us = self.now_us()
        reading = Reading(SOC, soc_pct, Quality.GOOD, at_us)
        devices: Mapping[str, bool] = {"inverter": there}
        self.latest.status = status(at_us, [("inverter", reading)], devices)

    async def keep_showing(self) -> None:
        while True:
            self.show(55.0)
            await asyncio.sleep(0.2)


def settings(port: int, **more: object) -> PublishSettings:
    return PublishSettings.model_validate({"host": "127.0.0.1", "port": port, **more})


@asynccontextmanager
async def published(port: int, site: Site, **more: object) -> AsyncIterator[None]:
    work = main.run(settings(port, **more), "werk", "Werk", site.latest, site)
    async with beside(work, "publish"):
        yield


@asynccontextmanager
async def host_at(
    server: Mosquitto, folder: Path, *, commands: bool = False
) -> AsyncIterator[Driver]:
    profile = folder / "ourselves.toml"
    profile.write_text(HEAD + (COMMANDED if commands else ""))
    node = {"kind": "sparkplug", "group": "phoenyra", "node": "werk", "device": "inverter"}
    async with driver_at(server.port, profile=str(profile), **node) as driver:
        yield driver


async def soc_is(driver: Driver, soc_pct: float | None) -> None:
    await value_is(driver, SOC, lambda value: value == soc_pct)


def newest(heard: Listening, topic: str) -> bytes | None:
    return next((one.payload for one in reversed(heard.heard) if one.topic == topic), None)


@pytest.mark.slow
async def test_our_own_host_reads_our_plant_and_hears_of_lost_devices_and_of_silence(
    tmp_path: Path,
) -> None:
    site = Site()
    site.show(55.0)
    async with (
        mosquitto.running(tmp_path) as server,
        published(server.port, site, sparkplug=True),
        host_at(server, tmp_path) as driver,
    ):
        await soc_is(driver, 55.0)
        site.show(56.5)
        await soc_is(driver, 56.5)
        site.show(56.5, there=False)
        assert "phoenyra/werk" in await trouble_of(driver)
        site.show(57.0)
        await soc_is(driver, 57.0)
        site.ahead_us = SILENT_US_MAX + 1_000_000
        await soc_is(driver, None)
        assert isinstance(driver, SparkplugDevice)
        assert driver.session.gaps == 0
        assert driver.refused == 0


@pytest.mark.slow
async def test_after_a_restart_of_the_broker_everything_is_told_again_with_two_lines_of_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.publish.speaker.STEADY_S", 0.5)
    caplog.set_level(logging.INFO, logger="agent.publish")
    site, listener = Site(), Listening()
    both = {"sparkplug": True, "home_assistant": True}
    async with mosquitto.running(tmp_path) as server:
        async with (
            beside(site.keep_showing(), "status"),
            published(server.port, site, **both),
            host_at(server, tmp_path) as driver,
            talking(place(server.port), listener),
        ):
            await soc_is(driver, 55.0)
            await eventually(lambda: newest(listener, ONLINE) == b"online")
            for _ in range(2):
                await server.stop()
                await trouble_of(driver)
                listener.heard.clear()
                await server.start()
                await soc_is(driver, 55.0)
                await eventually(lambda: newest(listener, ONLINE) == b"online")
                await eventually(lambda: newest(listener, f"phoenyra/werk/inverter/{SOC}"))
                await eventually(lambda: said(caplog, AGAIN) == said(caplog, "is not told"))
        await eventually(lambda: "phoenyra-werk" in server.log)
    assert said(caplog, "is not told") == said(caplog, AGAIN) == 4


def said(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in line for line in caplog.messages)


async def test_a_dashboard_finds_values_and_their_descriptions_and_our_end(tmp_path: Path) -> None:
    site, listener = Site(), Listening()
    site.show(55.0)
    async with (
        mosquitto.running(tmp_path) as server,
        talking(place(server.port), listener),
    ):
        async with published(server.port, site, home_assistant=True):
            await eventually(lambda: newest(listener, f"phoenyra/werk/inverter/{SOC}"))
            value = newest(listener, f"phoenyra/werk/inverter/{SOC}")
            assert value is not None
            assert json.loads(value)["value"] == 55.0
            assert newest(listener, ONLINE) == b"online"
            await eventually(lambda: newest(listener, "phoenyra/werk/control/control.setpoint_kw"))
            late = Listening()
            async with talking(place(server.port), late):
                topic = "homeassistant/sensor/werk/inverter_battery_soc_pct/config"
                await eventually(lambda: newest(late, topic))
                assert all(one.retained for one in late.heard if one.topic == topic)
        await eventually(lambda: newest(listener, ONLINE) == b"offline")


async def test_a_gateway_that_ends_dies_for_its_host_too(tmp_path: Path) -> None:
    site = Site()
    site.show(55.0)
    async with mosquitto.running(tmp_path) as server, host_at(server, tmp_path) as driver:
        async with published(server.port, site, sparkplug=True):
            await soc_is(driver, 55.0)
        assert "it has died" in await trouble_of(driver)


@pytest.mark.slow
async def test_a_command_changes_nothing_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site()
    site.show(55.0)
    async with (
        mosquitto.running(tmp_path) as server,
        published(server.port, site, sparkplug=True),
        host_at(server, tmp_path, commands=True) as driver,
    ):
        await soc_is(driver, 55.0)
        assert isinstance(driver, PowerSetter)
        for _ in range(2):
            with pytest.raises(DeviceUnreachable, match="did not come back"):
                await driver.write_power_kw(80.0)
    assert said(caplog, "is not obeyed") == 1


async def test_a_broker_that_hangs_up_again_and_again_costs_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    callers = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal callers
        callers += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, published(port, Site(), sparkplug=True, home_assistant=True):
        await eventually(lambda: callers >= 8)
    assert said(caplog, "is not told, sparkplug") == said(caplog, "is not told, topics") == 1


async def test_a_broker_that_hangs_does_not_keep_us_from_leaving(tmp_path: Path) -> None:
    site = Site()
    site.show(55.0)
    async with mosquitto.running(tmp_path) as server:
        async with published(server.port, site, sparkplug=True, home_assistant=True):
            async with host_at(server, tmp_path) as driver:
                await soc_is(driver, 55.0)
            server.freeze()
            left_s = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - left_s < 1.0
