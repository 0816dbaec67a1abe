"""drivers.mqtt.device: behind a real broker: what it told, whether it is there, what it took."""

import asyncio
import json
from pathlib import Path

import pytest

from drivers.base import PowerSetter, Rate
from drivers.errors import DeviceUnreachable, ProfileError
from drivers.mqtt.party import Message
from drivers.registry import open_driver
from tests.support import mosquitto
from tests.support.mosquitto import Listening, place, talking
from tests.support.mqtt_inverter import device_at, site
from tests.support.mqtt_site import (
    CLOCK,
    CONFIG,
    power_is,
    reading,
    trouble_of,
    until,
)
from tests.support.patience import eventually
from wire.block import Quality, Reading

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
TELL_S = 5.0


async def test_what_the_device_told_is_read_in_our_units_with_its_own_time(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        at_us = CLOCK.now_us() // 1_000 * 1_000 - 500_000
        await inverter.status(time=at_us // 1_000)
        await power_is(driver, -30.0)
        assert await reading(driver, "ac.power_kw") == Reading(
            "ac.power_kw", -30.0, Quality.GOOD, at_us
        )
        status = await reading(driver, "pcs.status", Rate.SLOW)
        assert (status.value, status.quality) == (1.0, Quality.GOOD)
        assert (await reading(driver, "battery.max_discharge_kw", Rate.SLOW)).value == 90.0
        assert [r.point for r in await driver.read(Rate.FAST)] == [
            "ac.power_kw",
            "battery.soc_pct",
            "grid.frequency_hz",
        ]


async def test_late_and_repeated_messages_change_nothing(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        now_ms = CLOCK.now_us() // 1_000
        await inverter.status(time=now_ms, power_w=1_000)
        await inverter.status(time=now_ms - 900, power_w=2_000)
        await inverter.status(time=now_ms - 900, power_w=3_000, soc=56)
        await inverter.status(time=now_ms + 1, power_w=4_000, soc=57)
        await power_is(driver, 4.0)
        assert (await reading(driver, "battery.soc_pct")).value == 57.0


async def test_a_device_whose_will_was_done_is_gone_and_comes_back(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        await inverter.status()
        await power_is(driver, -30.0)
        await inverter.say("available", b"offline", retained=True)
        assert "says that it is off line" in await trouble_of(driver)
        await inverter.say("available", b"online", retained=True)

        async def lost() -> bool:
            try:
                return (await reading(driver, "ac.power_kw")).quality is Quality.LOST
            except DeviceUnreachable:
                return False

        await until(lost)
        await inverter.status(power_w=2_000)
        await power_is(driver, 2.0)


async def test_a_device_that_stands_still_behind_its_broker_grows_stale(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        await inverter.status(time=CLOCK.now_us() // 1_000 - 4_000)

        async def stale() -> bool:
            return (await reading(driver, "ac.power_kw")).quality is Quality.STALE

        await until(stale)
        assert (await reading(driver, "battery.soc_pct")).quality is Quality.GOOD, (
            "30 s are allowed"
        )
        assert (await reading(driver, "pcs.status", Rate.SLOW)).quality is Quality.GOOD


async def test_after_a_restart_of_the_broker_the_device_is_heard_again(tmp_path: Path) -> None:
    async with site(tmp_path) as (server, inverter, driver):
        await inverter.status()
        await power_is(driver, -30.0)
        await server.stop()
        assert "127.0.0.1" in await trouble_of(driver)
        await server.start()
        both = [driver.broker, inverter.broker]
        await eventually(lambda: all(broker and broker.connected for broker in both))
        await inverter.status(power_w=7_000)
        await power_is(driver, 7.0)


@pytest.mark.parametrize(
    "poison",
    [
        b"x" * 300_000,
        b"[" * 100 + b"]" * 100,
        b'{"time": 1, "soc": NaN}',
        b'{"soc": 1, "soc": 2}',
        b'{"time": "1970-01-01T00:00:00Z", "soc": 1}',
        b'{"time": "2099-01-01T00:00:00Z", "soc": 1}',
        b'{"soc": 1}',
        b"\xff\xfe",
        b"",
    ],
)
async def test_poison_is_refused_counted_and_told_once(
    tmp_path: Path, poison: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        await inverter.status()
        await power_is(driver, -30.0)
        for _ in range(3):
            await inverter.say("status", poison)
        await eventually(lambda: driver.refused == 3)
        assert (await reading(driver, "ac.power_kw")).value == -30.0
        assert caplog.text.count("refused") == 1


async def test_a_wrong_type_costs_its_own_point_only(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        await inverter.status(soc=True, power_w=-20_000)
        await power_is(driver, -20.0)
        assert (await reading(driver, "battery.soc_pct")).quality is Quality.LOST
        assert driver.refused == 1


async def test_leaving_a_device_whose_broker_hangs_takes_less_than_a_second(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with mosquitto.running(tmp_path) as server:
        async with device_at(server) as driver:
            await eventually(lambda: driver.broker.connected)
            server.freeze()
            began_s = loop.time()
        assert loop.time() - began_s < 1.0


async def test_the_seeds_three_topics_are_read_and_nothing_else_is_asked_for(
    tmp_path: Path,
) -> None:
    speaker = Listening(topics=())
    async with (
        mosquitto.running(tmp_path) as server,
        talking(place(server.port), speaker) as broker,
        device_at(server, profile="seed-mqtt") as driver,
    ):
        await eventually(lambda: broker.connected and driver.broker.connected)
        for topic, value, unit in (
            ("bess/soc", 50.0, "%"),
            ("bess/power", -0.5, "MW"),
            ("bess/temperature", 25.3, "°C"),
            ("bess/other", 1.0, ""),
        ):
            stamp = CLOCK.now_us() / 1e6
            content = json.dumps({"value": value, "timestamp": stamp, "unit": unit})
            await broker.publish(Message(topic, content.encode()), TELL_S)
        await power_is(driver, -500.0)
        assert (await reading(driver, "battery.soc_pct")).value == 50.0

        async def warm() -> bool:
            return (await reading(driver, "battery.temp_mean_c", Rate.SLOW)).value == 25.3

        await until(warm)
        assert not isinstance(driver, PowerSetter)
        assert dict(driver.subscriptions()).keys() == {"bess/soc", "bess/power", "bess/temperature"}


async def test_settings_that_cannot_work_are_one_line() -> None:
    settings = {"id": "b1", "kind": "mqtt", "profile": "generic-mqtt", "host": "h", "tls": True}
    config = CONFIG.validate_python({**settings, "ca_file": "/no/ca.pem"})
    with pytest.raises(ProfileError, match=r"devices\.b1\.ca_file: '/no/ca.pem' cannot be used"):
        open_driver(config, CLOCK)
