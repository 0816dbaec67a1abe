"""drivers.push.device, drivers.told: what was pushed is true for as long as its own time says."""

import asyncio
import logging

import pytest

from drivers.base import Listener, Rate
from drivers.document import open_document
from drivers.errors import DeviceUnreachable
from drivers.push.config import PushConfig
from drivers.push.device import PushedDevice, open_push
from drivers.push.intake import read_intake
from tests.support.virtual import VirtualClock
from wire.block import Quality, Reading

INTAKE = read_intake(open_document("seed-push"))
CONFIG = PushConfig.model_validate(
    {"kind": "push", "id": "seed", "profile": "seed-push", "api_key": "k" * 20}
)

pytestmark = pytest.mark.virtual_time


def soc(value: float | None, at_us: int) -> Reading:
    quality = Quality.BAD if value is None else Quality.GOOD
    return Reading("battery.soc_pct", value, quality, at_us)


async def test_what_was_told_is_read_with_its_own_time_and_the_rest_is_lost() -> None:
    clock = VirtualClock()
    async with open_push(CONFIG, clock) as device:
        assert isinstance(device, Listener)
        device.tell([soc(55.0, clock.now_us() - 1_000)])
        readings = await device.read(Rate.FAST)
        assert readings[0] == soc(55.0, clock.now_us() - 1_000)
        assert [reading.quality for reading in readings[1:]] == [Quality.LOST, Quality.LOST]
        assert await device.read(Rate.SLOW) == []


async def test_a_device_that_has_never_spoken_or_fell_silent_is_unreachable() -> None:
    clock = VirtualClock()
    device = PushedDevice("seed", INTAKE, clock)
    with pytest.raises(DeviceUnreachable, match="nothing was heard of it yet"):
        await device.read(Rate.FAST)
    device.tell([soc(55.0, clock.now_us())])
    await asyncio.sleep(29)
    await device.read(Rate.FAST)
    await asyncio.sleep(2)
    with pytest.raises(DeviceUnreachable, match="nothing was heard of it for 30 s"):
        await device.read(Rate.FAST)
    device.tell([soc(54.0, clock.now_us())])
    assert (await device.read(Rate.FAST))[0].value == 54.0


async def test_a_late_message_never_replaces_a_newer_value() -> None:
    clock = VirtualClock()
    device = PushedDevice("seed", INTAKE, clock)
    device.tell([soc(55.0, clock.now_us())])
    device.tell([soc(10.0, clock.now_us() - 5_000_000)])
    assert (await device.read(Rate.FAST))[0].value == 55.0


async def test_a_bad_value_takes_the_place_of_a_good_one() -> None:
    clock = VirtualClock()
    device = PushedDevice("seed", INTAKE, clock)
    device.tell([soc(55.0, clock.now_us())])
    device.tell([soc(None, clock.now_us())])
    assert (await device.read(Rate.FAST))[0].quality is Quality.BAD


async def test_an_open_profile_learns_points_up_to_its_limit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = VirtualClock()
    device = PushedDevice("seed", INTAKE, clock)
    names = [f"meter.value_{number}" for number in range(250)]
    with caplog.at_level(logging.WARNING):
        device.tell([Reading(name, 1.0, Quality.GOOD, clock.now_us()) for name in names])
    assert len(await device.read(Rate.FAST)) == 200
    assert device.refused == 53
    assert len(caplog.records) == 1


async def test_a_told_device_says_how_old_its_values_may_be() -> None:
    pace = PushedDevice("seed", INTAKE, VirtualClock()).pace
    assert (pace.stale_fast_s, pace.stale_slow_s) == (10.0, 10.0)
