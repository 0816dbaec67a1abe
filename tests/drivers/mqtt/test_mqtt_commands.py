"""drivers.mqtt.device as a power setter: a command is confirmed, refused or not known of."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from drivers.base import PowerSetter
from drivers.errors import DeviceRefused, DeviceUnreachable
from tests.support import mosquitto
from tests.support.mqtt_inverter import site
from tests.support.patience import eventually

pytestmark = pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")


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


READ_BACK = """
[profile]
id = "shows"
version = 1
source = "a device without confirmations"
confirmed = true
[link]
protocol = "mqtt"
[watchdog]
kind = "none"
waiver = "the test"
[control]
setpoint = "pcs.set_power_kw"
topic = "{prefix}/command/power"
template = '{"value": {value}}'
confirm_s = 0.3
[[control.start]]
topic = "{prefix}/mode"
payload = "remote"
[[point]]
name = "pcs.set_power_kw"
topic = "{prefix}/setpoint"
access = "read-write"
"""


async def test_without_confirmations_the_set_point_that_is_shown_is_the_answer(
    tmp_path: Path,
) -> None:
    profile = tmp_path / "shows.toml"
    profile.write_text(READ_BACK)
    async with site(tmp_path, str(profile)) as (_, device, driver):
        await device.say("setpoint", 0)
        shown = asyncio.Event()

        async def show() -> None:
            await eventually(lambda: device.commands)
            shown.set()  # before the broker has thanked us for it, the driver may have heard it
            await device.say("setpoint", json.loads(device.commands[0].payload)["value"])

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(show())
            await driver.take_over()
            await driver.write_power_kw(10.0)
            assert shown.is_set()
        with pytest.raises(DeviceUnreachable, match="no confirmation"):
            await driver.write_power_kw(20.0)
        assert driver.power_share_max == 1.0
        assert driver.refresh_s == 60.0
