"""agent.control.cycle: frequency products in the running loop arm, refuse, and are told once."""

import asyncio

import pytest

from agent.injection import Injection
from agent.link import ClockVerdict
from tests.support.control_site import running, schedule
from wire.report import ClockState

pytestmark = pytest.mark.virtual_time


async def test_a_product_is_told_when_it_arms_and_when_it_is_withdrawn() -> None:
    async with running() as site:
        await asyncio.sleep(2)
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(5)
        assert await site.events("fcr_ce") == ["PRODUCT_ARMED"]
        site.cycle.take_schedule(schedule(0.0, version=2))
        await asyncio.sleep(1)
        assert await site.events("fcr_ce") == ["PRODUCT_ARMED", "PRODUCT_ENDED"]


async def test_a_product_that_is_too_large_is_refused_once_and_its_reason_is_shown() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(0.0, capacity_kw=90.0))
        await asyncio.sleep(30)
        site.inverter.fast["grid.frequency_hz"] = 49.9
        await asyncio.sleep(1)
        assert await site.events("fcr_ce") == ["PRODUCT_REFUSED"]
        assert "ARM_POWER" in site.codes()
        assert site.status().response_kw == 0.0


async def test_a_frequency_in_steps_of_ten_millihertz_refuses_the_next_product() -> None:
    async with running() as site:
        for beat in range(90):
            site.inverter.fast["grid.frequency_hz"] = 50.0 + 0.01 * (beat % 3)
            await asyncio.sleep(1)
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(5)
        assert await site.events("fcr_ce") == ["PRODUCT_REFUSED"]
        assert "ARM_RESOLUTION" in site.codes()


async def test_a_test_s_frequency_is_answered_for_as_long_as_it_is_said_and_no_longer() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(5)
        status = site.status()
        begins_us = status.at_us
        piece = Injection("test", ((begins_us, 49.9), (begins_us + 4_000_000, 49.9)))
        site.cycle.take_injection(piece)
        await asyncio.sleep(2)
        assert site.inverter.writes[-1][1] == pytest.approx(10.0)
        await asyncio.sleep(3)
        assert site.inverter.writes[-1][1] == pytest.approx(0.0)
        assert await site.events("grid") == ["TEST_BEGAN", "TEST_ENDED"]


async def test_a_box_without_a_time_service_arms_by_what_its_hub_measured_of_the_clock() -> None:
    async with running() as site:
        site.cycle.take_clock(ClockVerdict(ClockState.CONFIRMED, 0))  # to 2 s, and no better known
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(5)
        assert await site.events("fcr_ce") == ["PRODUCT_REFUSED"]
        assert "ARM_CLOCK" in site.codes()
        site.cycle.take_clock(ClockVerdict(ClockState.CONFIRMED, 0, error_us=31_250))
        await asyncio.sleep(3)
        assert (await site.events("fcr_ce"))[-1] == "PRODUCT_ARMED"
