"""Peer defects of inverters, beat by beat in a running control: what is written, and when."""

import asyncio
from itertools import pairwise

import pytest

from agent.control.dispatch import LOOK_AFTER_S, Dispatch
from agent.latches import Kept, Latch, Reset
from tests.support.control_site import running, schedule
from tests.support.inverters import InverterInMemory
from tests.support.virtual import VirtualClock

pytestmark = pytest.mark.virtual_time

TIME_OUT_S = 9.0


def _inverter(**values: object) -> InverterInMemory:
    inverter = InverterInMemory(VirtualClock(), refresh_s=TIME_OUT_S / 3)
    inverter.shows_setpoint = True
    inverter.fast["pcs.set_power_kw"] = 0.0
    for name, value in values.items():
        setattr(inverter, name, value)
    return inverter


async def test_peer_defect_3_the_same_setpoint_is_written_within_a_third_of_the_time_out() -> None:
    async with running(_inverter()) as site:
        site.cycle.take_schedule(schedule(20.0))
        await asyncio.sleep(120)
        times_s = [at_s for at_s, _ in site.inverter.writes]
        gaps_s = [after - before for before, after in pairwise(times_s)]
        assert times_s[-1] > 115
        assert max(gaps_s) <= TIME_OUT_S / 3


async def test_peer_defect_7_the_same_value_is_written_again_and_a_fall_back_is_answered() -> None:
    async with running(_inverter(timeout_s=TIME_OUT_S)) as site:
        site.cycle.take_schedule(schedule(20.0))
        await asyncio.sleep(300)
        assert site.inverter.fast["ac.power_kw"] == 20.0
        site.inverter.fast["ac.power_kw"] = 0.0  # it has fallen back, and still shows the setpoint
        before = len(site.inverter.writes)
        await asyncio.sleep(4)
        assert len(site.inverter.writes) > before
        assert site.inverter.fast["ac.power_kw"] == 20.0
        assert await site.events("pcs") == []


async def test_peer_defect_9_what_is_acknowledged_and_ignored_blocks_the_unit_and_is_told() -> None:
    async with running(_inverter()) as site:
        await asyncio.sleep(2)
        site.inverter.deaf = True
        site.cycle.take_schedule(schedule(40.0))
        await asyncio.sleep(10)
        assert (await site.events("pcs"))[:2] == ["UNIT_BLOCKED", "UNIT_FREE"]
        assert [latch.code for latch in site.status().latches] == ["I11"], "the third time"
        assert "I11" in site.codes()
        assert site.status().setpoint_kw == 0.0


async def test_peer_defect_9_what_is_shown_and_not_done_blocks_the_unit_within_seconds() -> None:
    async with running(_inverter()) as site:
        await asyncio.sleep(2)
        site.inverter.idle = True
        site.cycle.take_schedule(schedule(40.0))
        await asyncio.sleep(7.5)
        assert "I12" in site.codes()
        assert site.inverter.writes[-1][1] == 0.0
        assert site.status().blocked == ("pcs",)


async def test_peer_defect_4_a_stored_time_out_of_unknown_origin_is_found_and_told() -> None:
    wrong = ["pcs.timeout_s: 3600 was found, 10 is kept now"]
    async with running(_inverter(wrong=wrong)) as site:
        await asyncio.sleep(1)
        assert await site.events("pcs") == ["DEVICE_CORRECTED"]


async def test_peer_defect_4_what_the_device_does_without_us_is_read_back_every_day() -> None:
    inverter = _inverter()
    dispatch = Dispatch("pcs", inverter, 0.0)
    dispatch.decided(5.0, again=False, recheck=False)
    for _ in range(4):
        assert await dispatch.command()
        inverter.wrong = ["pcs.timeout_s: 0 was found, 10 is kept now"]
        assert not await dispatch.command()
        await asyncio.sleep(LOOK_AFTER_S)
    assert len(inverter.looks) == 4
    assert len(dispatch.corrected) == 3


async def test_peer_defect_4_a_device_that_never_falls_back_is_told_of() -> None:
    async with running(_inverter(fallback_s=None)) as site:
        await asyncio.sleep(1)
        assert await site.events("pcs") == ["NO_TIME_OUT"]


async def test_a_device_that_starts_anew_on_the_same_line_is_looked_after_and_told_whole() -> None:
    inverter = _inverter()
    inverter.fast["pcs.counter"] = 5_000.0
    async with running(inverter) as site:
        await asyncio.sleep(2)
        looks, forgot = len(inverter.looks), inverter.forgot
        inverter.fast["pcs.counter"] = 1.0
        await asyncio.sleep(1)
        assert (len(inverter.looks), inverter.forgot) == (looks + 1, forgot + 1)
        assert site.status().mode == "automatic"


async def test_i16_a_second_controller_is_answered_twice_and_then_left_alone() -> None:
    async with running(_inverter()) as site:
        site.cycle.take_schedule(schedule(20.0))
        await asyncio.sleep(10)
        for _ in range(3):
            site.inverter.keep(5.0)
            await asyncio.sleep(1)
        assert (await site.events("pcs")).count("SECOND_CONTROLLER") == 2
        assert [latch.code for latch in site.status().latches] == ["I16"]
        before = len(site.inverter.writes)
        await asyncio.sleep(60)
        assert len(site.inverter.writes) == before, "two controllers in turns are worse than one"
        site.cycle.take_reset(Reset("I16"))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 20.0


@pytest.mark.parametrize("capacity_kw", [0.0, 20.0])
async def test_i16_another_controller_at_ten_hertz_makes_us_yield_and_not_write_zeros(
    capacity_kw: float,
) -> None:
    async with running(_inverter()) as site:
        site.cycle.take_schedule(schedule(20.0, capacity_kw=capacity_kw))
        await asyncio.sleep(30)
        for beat in range(100):
            site.inverter.fast["grid.frequency_hz"] = 49.99 + 0.002 * (beat % 9)
            await asyncio.sleep(0.1)
            site.inverter.keep(7.0)
        assert [latch.code for latch in site.status().latches] == ["I16"]
        before = len(site.inverter.writes)
        assert all(at_s < asyncio.get_running_loop().time() - 4 for at_s, _ in site.inverter.writes)
        await asyncio.sleep(60)
        assert len(site.inverter.writes) == before
        told = await site.events("pcs")
        assert "SECOND_CONTROLLER" in told
        assert "UNIT_BLOCKED" in told
        if capacity_kw:
            assert (await site.events("fcr_ce"))[:2] == ["PRODUCT_ARMED", "PRODUCT_UNAVAILABLE"]
            assert site.status().response_kw == 0.0


async def test_a_latch_of_the_run_before_holds_until_its_reset() -> None:
    latch = Latch("I16", "pcs", "second controller", "another controller has set 5 kW")
    async with running(_inverter()) as site:
        site.cycle.take_kept(Kept((latch,)))
        site.cycle.take_schedule(schedule(20.0))
        await asyncio.sleep(30)
        assert all(power_kw == 0.0 for _, power_kw in site.inverter.writes)
        assert site.status().latches == (latch,)
        site.cycle.take_reset(Reset("I16"))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 20.0


async def test_i23_taking_over_begins_at_the_power_that_flows() -> None:
    inverter = _inverter()
    inverter.fast["ac.power_kw"] = 60.0
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(60.0))
        await asyncio.sleep(5)
        assert {round(power_kw, 1) for _, power_kw in inverter.writes} == {60.0}
