"""drivers.mqtt.device: behind a real broker: what it told, whether it is there, what it took."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.base import PowerSetter, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.mqtt.device import MqttDevice, MqttInverter
from drivers.mqtt.party import Arrival, Message
from drivers.registry import open_driver
from tests.support import mosquitto
from tests.support.mosquitto import Listening, Mosquitto, place, talking
from tests.support.mqtt_site import (
    CLOCK,
    CONFIG,
    driver_at,
    power_is,
    reading,
    trouble_of,
    until,
)
from tests.support.patience import eventually
from wire.block import Quality, Reading

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason=mosquitto.MISSING)
STATUS = {
    "soc": 55.1,
    "power_w": -30_000,
    "frequency": 49.98,
    "temperature": 24.0,
    "state": "RUNNING",
    "limits": {"charge_w": 100_000, "discharge_w": 90_000},
}
TELL_S = 5.0


@dataclass(slots=True)
class Inverter(Listening):
    """The device's own side: what `generic-mqtt` says, by hand."""

    topics: tuple[tuple[str, int], ...] = (("b1/command/#", 1),)
    last_words: Message | None = field(
        default_factory=lambda: Message("b1/available", b"offline", retained=True)
    )
    answer: Callable[[Mapping[str, float]], object] = lambda _command: None
    answered: int = 0

    async def say(self, topic: str, content: object, *, retained: bool = False) -> None:
        assert self.broker is not None
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        await self.broker.publish(Message(f"b1/{topic}", payload, retained=retained), TELL_S)

    async def status(self, **changes: object) -> None:
        await self.say("status", {"time": CLOCK.now_us() // 1_000, **STATUS, **changes})

    async def run(self) -> None:
        """Answer commands as the test wants."""
        while True:
            await eventually(lambda: len(self.commands) > self.answered, 60.0)
            command = json.loads(self.commands[self.answered].payload)
            self.answered += 1
            content = self.answer(command)
            if content is not None:
                await self.say("command/confirmed", content)

    @property
    def commands(self) -> list[Arrival]:
        return [arrival for arrival in self.heard if arrival.topic == "b1/command/power"]


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[Mosquitto, Inverter, MqttInverter]]:
    """Run a broker, an inverter that is on line, and the driver."""
    inverter = Inverter()
    async with (
        mosquitto.running(folder) as server,
        talking(place(server.port), inverter) as broker,
        device_at(server) as driver,
        asyncio.TaskGroup() as tasks,
    ):
        assert isinstance(driver, MqttInverter)
        inverter.broker = broker
        await eventually(lambda: broker.connected and driver.broker.connected)
        await inverter.say("available", b"online", retained=True)
        answering = tasks.create_task(inverter.run())
        yield server, inverter, driver
        answering.cancel()


@asynccontextmanager
async def device_at(server: Mosquitto, profile: str = "generic-mqtt") -> AsyncIterator[MqttDevice]:
    async with driver_at(server.port, kind="mqtt", profile=profile, prefix="b1") as driver:
        assert isinstance(driver, MqttDevice)
        yield driver


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


async def test_a_command_is_confirmed_and_says_how_long_it_counts(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        assert isinstance(driver, PowerSetter)
        inverter.answer = lambda command: {
            "seq": command["seq"],
            "accepted": True,
            "value": command["value"],
        }
        await inverter.status()
        await driver.take_over()
        for power_kw in (12.5, -30.0):
            await driver.write_power_kw(power_kw)
        first, second = (json.loads(arrival.payload) for arrival in inverter.commands)
        assert (first["value"], second["value"]) == (12_500, -30_000)
        assert second["seq"] == first["seq"] + 1
        assert not any(arrival.retained for arrival in inverter.commands)
        assert driver.refresh_s == 4.0
        assert driver.power_share_max == 0.1


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"accepted": False, "reason": "local mode"}, "local mode"),
        ({"accepted": True, "value": 5_000}, "it took 5 kW instead"),
    ],
)
async def test_a_no_and_another_value_are_refusals(
    tmp_path: Path, answer: Mapping[str, object], complaint: str
) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        inverter.answer = lambda command: {"seq": command["seq"], **answer}
        await inverter.status()
        with pytest.raises(DeviceRefused, match=complaint):
            await driver.write_power_kw(10.0)


async def test_a_power_beyond_the_range_is_never_sent(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        await inverter.status()
        with pytest.raises(DeviceRefused, match="outside its range"):
            await driver.write_power_kw(100_001.0)
        assert inverter.commands == []


@pytest.mark.slow
async def test_no_answer_and_the_answer_to_another_command_are_none(tmp_path: Path) -> None:
    async with site(tmp_path) as (_, inverter, driver):
        await inverter.status()
        with pytest.raises(DeviceUnreachable, match="no confirmation"):
            await driver.write_power_kw(10.0)
        inverter.answer = lambda command: {"seq": command["seq"] - 1, "accepted": True, "value": 0}
        with pytest.raises(DeviceUnreachable, match="no confirmation"):
            await driver.write_power_kw(10.0)


async def test_a_cancelled_wait_for_a_confirmation_ends_at_once(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with site(tmp_path) as (_, inverter, driver), asyncio.TaskGroup() as tasks:
        await inverter.status()
        writing = tasks.create_task(driver.write_power_kw(10.0))
        await eventually(lambda: inverter.commands)
        began_s = loop.time()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert loop.time() - began_s < 1.0


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
