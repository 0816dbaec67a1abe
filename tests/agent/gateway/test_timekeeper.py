"""agent.gateway.timekeeper: a wrong clock loses nothing, doubles nothing, and is put right."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agent.gateway.restamp import doubted_boots
from agent.link import ClockVerdict
from tests.support.clocked_box import HOUR_US, NEAR_US, NOON_US, Box, Gateway
from tests.support.control_peer import control_peer
from tests.support.hub_peer import hub_peer
from tests.support.patience import eventually
from tests.support.virtual import MovedClock
from wire.gap import Cause
from wire.report import ClockState


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.gateway.timekeeper.LOOK_S", 0.02)
    monkeypatch.setattr("agent.gateway.timekeeper.ASK_AGAIN_S_MIN", 0.05)
    monkeypatch.setattr("agent.gateway.timekeeper.ASK_AGAIN_S_MAX", 0.1)
    monkeypatch.setattr("agent.gateway.inlet.RETRY_S", 0.02)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    up_us = round(asyncio.get_running_loop().time() * 1e6)
    async with hub_peer() as hub, control_peer(tmp_path / "control.sock") as control:
        hub.clock = MovedClock(NOON_US - up_us)
        yield Box(tmp_path, hub, control, MovedClock(NOON_US - up_us))


def refuse(box: Box, *, time: bool) -> None:
    """Have the hub answer, or not answer, what time it is."""
    box.hub.tells_time = not time


def in_state(gateway: Gateway, state: ClockState) -> Callable[[], bool]:
    return lambda: gateway.latest.clock.state is state


async def test_a_clock_that_a_time_service_keeps_is_trusted_at_once_and_nobody_is_asked(
    box: Box,
) -> None:
    box.synchronised = True
    async with box.gateway() as gateway:
        box.sample(5)
        await box.until_uploaded(5)
        assert gateway.latest.clock == ClockVerdict(ClockState.SYNCHRONISED, 0)
        assert await doubted_boots(gateway.buffer) == ()
    assert box.worst_us() < 1_000
    assert box.hub.times == 0
    assert box.hub.events() == []


async def test_an_unsynchronised_clock_that_the_hub_confirms_is_left_as_it_is(box: Box) -> None:
    box.system.start_us += 1_500_000
    async with box.gateway() as gateway:
        box.sample(5)
        await box.until_uploaded(5)
        told = gateway.latest.clock
        assert (told.state, told.correction_us) == (ClockState.CONFIRMED, 0)
        assert told.error_us is not None
        assert told.error_us > 1_450_000
    assert 1_450_000 < box.worst_us() < 1_550_000
    assert box.hub.events() == []


async def test_control_is_told_what_was_measured_and_not_what_is_usual(box: Box) -> None:
    box.system.start_us += 30_000
    async with box.gateway() as gateway:
        await eventually(in_state(gateway, ClockState.CONFIRMED))
        verdict = await box.control.until_wished(1)
        assert isinstance(verdict, ClockVerdict)
        # what is on the way to the hub and back is ours to count, however long it takes
        assert verdict.error_us is not None
        assert verdict.error_us >= 25_000
        box.synchronised, box.kept_to_us = True, 400
        await eventually(lambda: gateway.latest.clock.error_us == 400)


async def test_without_a_hub_that_tells_the_time_everything_waits_and_nothing_is_lost(
    box: Box,
) -> None:
    refuse(box, time=True)
    async with box.gateway() as gateway:
        box.sample(5)
        await box.control.until(stored=4)
        await eventually(lambda: box.hub.times > 3)
        assert gateway.latest.clock.state is ClockState.UNKNOWN
        assert await doubted_boots(gateway.buffer) == ("run-1",)
        assert box.hub.uploads == []
        refuse(box, time=False)
        await box.until_uploaded(5)
    assert box.worst_us() < NEAR_US


async def test_a_time_that_is_not_signed_with_our_key_is_not_believed(box: Box) -> None:
    box.hub.lies = True
    box.system.start_us = 0
    async with box.gateway() as gateway:
        await eventually(lambda: box.hub.times > 3)
        assert gateway.latest.clock.state is ClockState.UNKNOWN


async def test_a_boot_in_1970_is_put_right_once_the_hub_has_told_the_time(box: Box) -> None:
    box.system.start_us = 0
    refuse(box, time=True)
    async with box.gateway() as gateway:
        box.sample(20)
        await box.control.until(stored=19)
        refuse(box, time=False)
        await eventually(in_state(gateway, ClockState.CORRECTED))
        box.sample(20)
        await box.until_uploaded(40)
        assert isinstance(await box.control.until_wished(1), ClockVerdict)
        assert abs(gateway.latest.clock.correction_us - box.off_us) < NEAR_US
        await box.hub.until(lambda: len(box.told("CLOCK_WRONG")) == 1)
    assert box.worst_us() < NEAR_US
    assert abs(box.told("CLOCK_WRONG")[0].at_us - box.now_us) < 5_000_000


async def test_a_boot_in_1970_is_put_right_once_a_time_service_sets_the_clock(box: Box) -> None:
    right_us, box.system.start_us = box.system.start_us, 0
    refuse(box, time=True)
    async with box.gateway() as gateway:
        box.sample(20)
        await box.control.until(stored=19)
        box.system.start_us = right_us
        box.sample(20)
        box.synchronised = True
        await box.until_uploaded(40)
        assert gateway.latest.clock == ClockVerdict(ClockState.SYNCHRONISED, 0)
    assert box.worst_us() < NEAR_US


@pytest.mark.parametrize("by_us", [HOUR_US, -HOUR_US])
async def test_a_clock_set_wrong_while_running_changes_no_stamp(box: Box, by_us: int) -> None:
    async with box.gateway() as gateway:
        box.sample(10)
        await box.until_uploaded(10)
        box.system.start_us += by_us
        box.sample(10)
        await eventually(in_state(gateway, ClockState.CORRECTED))
        box.sample(10)
        await box.until_uploaded(30)
        assert abs(gateway.latest.clock.correction_us + by_us) < NEAR_US
        verdict = await box.control.until_wished(1)
        assert isinstance(verdict, ClockVerdict)
        box.system.start_us -= by_us
        await eventually(in_state(gateway, ClockState.CONFIRMED))
        assert gateway.latest.clock.correction_us == 0
        box.sample(10)
        await box.until_uploaded(40)
    assert box.worst_us() < NEAR_US


async def test_the_truth_outlives_the_gateway_but_not_the_machine(box: Box) -> None:
    box.system.start_us = 0
    async with box.gateway() as gateway:
        await eventually(in_state(gateway, ClockState.CORRECTED))
        box.sample(5)
        await box.until_uploaded(5)
    refuse(box, time=True)
    async with box.gateway() as gateway:
        assert gateway.latest.clock.state is ClockState.CORRECTED, "known before anybody is asked"
        box.sample(5)
        await box.until_uploaded(10)
    box.boot_id = "run-2"
    async with box.gateway() as gateway:
        assert gateway.latest.clock.state is ClockState.UNKNOWN
    assert box.worst_us() < NEAR_US
    assert len(box.told("CLOCK_WRONG")) == 1, "told once, not at each start"


async def test_samples_of_a_run_that_nobody_can_know_are_sent_as_they_are_and_told(
    box: Box,
) -> None:
    right_us = box.system.start_us
    box.system.start_us += 1_000_000_000_000_000 - NOON_US
    refuse(box, time=True)
    async with box.gateway():
        box.sample(5)
        await box.control.until(stored=4)
    box.system.start_us, box.boot_id = right_us, "run-2"
    refuse(box, time=False)
    async with box.gateway():
        await box.hub.until(lambda: len(box.told("CLOCK_UNKNOWN")) == 1)
        await box.until_uploaded(5)
    async with box.gateway():
        box.sample(1)
        await box.until_uploaded(6)
    (event,) = box.told("CLOCK_UNKNOWN")
    assert "frames from 2001-09-09 01:4" in event.text
    assert box.hub.blocks()[0].at_us[0] < NOON_US
    assert len(box.hub.samples()) == 6


async def test_a_time_service_that_the_hub_contradicts_keeps_the_stamps_but_not_the_silence(
    box: Box,
) -> None:
    box.synchronised = True
    box.system.start_us += HOUR_US
    async with box.gateway() as gateway:
        box.sample(5)
        await box.until_uploaded(5)
        assert gateway.latest.clock == ClockVerdict(ClockState.SYNCHRONISED, 0)
    assert HOUR_US - NEAR_US < box.worst_us() < HOUR_US + NEAR_US


async def test_a_power_cut_before_a_start_in_1970_is_missing_from_the_last_value_until_now(
    box: Box,
) -> None:
    box.synchronised = True
    async with box.gateway():
        box.sample(3)
        await box.until_uploaded(3)
    last_us, right_us = box.now_us, box.system.start_us
    box.cut_power()
    box.system.start_us, box.boot_id, box.synchronised = 0, "run-2", False
    async with box.gateway():
        await box.hub.until(lambda: len(box.gaps()) == 1)
    box.system.start_us = right_us
    (gap,) = box.gaps()
    assert gap.cause is Cause.POWER
    assert abs(gap.from_us - last_us) < 10_000_000
    assert last_us <= gap.to_us <= box.now_us
    assert abs(box.told("POWER_LOST")[0].at_us - box.now_us) < 10_000_000
