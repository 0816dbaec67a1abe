"""agent.control.cycle: the beat goes on whatever the devices do, and every loss is told once."""

import asyncio
from itertools import pairwise

import pytest

from agent.control.dispatch import CALL_S_MAX
from agent.control.port import LOST_AFTER_S
from tests.support.control_site import running, schedule
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.virtual import VirtualClock, VirtualTimeLoop
from wire.block import Block, Quality

pytestmark = pytest.mark.virtual_time


async def test_a_meter_that_hangs_never_delays_the_beat_nor_the_inverter() -> None:
    meter = MeterInMemory(VirtualClock())
    async with running(meters=[("meter", meter)]) as site:
        await asyncio.sleep(5)
        meter.hangs = True
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(10)
        assert site.status().missed == 0
        assert site.inverter.writes[-1][1] == 50.0
        ramp_s = [at_s for at_s, _ in site.inverter.writes if 5.5 < at_s < 9.5]
        assert max(after - before for before, after in pairwise(ramp_s)) < 0.15
        assert await site.events("meter") == ["DEVICE_LOST"]


async def test_an_inverter_that_hangs_does_not_stop_the_beat() -> None:
    async with running() as site:
        await asyncio.sleep(5.05)
        site.inverter.hangs = True
        await asyncio.sleep(10)
        status = site.status()
        assert (status.missed, status.mode, status.setpoint_kw) == (0, "safe", 0.0)
        assert status.beats >= 150
        assert len(site.alive_s) == 16


async def test_an_unplugged_inverter_is_reported_once_within_three_seconds_and_comes_back() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        site.inverter.unplugged = True
        await asyncio.sleep(LOST_AFTER_S + 0.3)
        assert await site.events("pcs") == ["DEVICE_LOST"]
        await asyncio.sleep(30)
        assert await site.events("pcs") == ["DEVICE_LOST"]
        assert (await site.events("control"))[2:] == ["MODE_CHANGED"]
        assert (site.status().mode, site.codes()) == ("safe", ["I9"])
        assert not site.status().devices[0].connected
        assert site.status().devices[0].trouble == "no connection"

        site.inverter.unplugged = False
        site.inverter.fast["ac.power_kw"] = 0.0
        written = len(site.inverter.writes)
        await asyncio.sleep(10)
        assert await site.events("pcs") == ["DEVICE_LOST", "DEVICE_BACK"]
        assert len(site.inverter.take_overs) == 2
        assert site.inverter.writes[written][1] == 0.0
        assert site.inverter.writes[-1][1] == 30.0
        assert site.status().mode == "automatic"


async def test_a_hanging_inverter_is_lost_and_comes_back_like_an_unplugged_one() -> None:
    async with running() as site:
        await asyncio.sleep(5)
        site.inverter.hangs = True
        await asyncio.sleep(LOST_AFTER_S + 0.3)
        assert await site.events("pcs") == ["DEVICE_LOST"]
        site.inverter.hangs = False
        await asyncio.sleep(CALL_S_MAX + 1)
        assert await site.events("pcs") == ["DEVICE_LOST", "DEVICE_BACK"]
        assert site.status().mode == "automatic"


async def test_a_short_silence_changes_neither_mode_nor_setpoint() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        site.inverter.unplugged = True
        await asyncio.sleep(0.5)
        site.inverter.unplugged = False
        await asyncio.sleep(1)
        assert await site.events() == ["SCHEDULE_TAKEN", "MODE_CHANGED"]
        assert site.inverter.writes[-1][1] == 30.0
        assert len(site.inverter.take_overs) == 2


async def test_a_device_that_never_answers_is_reported_and_everything_else_runs() -> None:
    meter = MeterInMemory(VirtualClock(), unplugged=True)
    async with running(meters=[("meter", meter)]) as site:
        await asyncio.sleep(3)
        assert await site.events("meter") == ["DEVICE_LOST"]
        assert site.status().mode == "automatic"
        assert site.status().devices[0].answered_us is None


async def test_a_refused_take_over_is_reported_once_and_tried_again_without_any_setpoint() -> None:
    inverter = InverterInMemory(VirtualClock(), refuses=True)
    async with running(inverter) as site:
        await asyncio.sleep(20)
        assert await site.events("pcs") == ["DEVICE_REFUSED"]
        assert (site.status().mode, site.inverter.writes) == ("starting", [])
        inverter.refuses = False
        await asyncio.sleep(6)
        assert site.status().mode == "automatic"
        assert site.status().devices[0].trouble == ""
        assert await site.events("pcs") == ["DEVICE_REFUSED", "DEVICE_AGREES"]


async def test_a_refused_setpoint_is_over_once_one_is_taken_and_each_is_told_once() -> None:
    async with running() as site:
        await asyncio.sleep(5)
        for _ in range(2):
            site.inverter.refuses_power = True
            site.cycle.take_schedule(schedule(30.0))
            await asyncio.sleep(10)
            site.inverter.refuses_power = False
            await asyncio.sleep(2)
        assert await site.events("pcs") == ["DEVICE_REFUSED", "DEVICE_AGREES"] * 2
        assert site.inverter.writes[-1][1] == 30.0


async def test_a_frozen_life_counter_leads_to_zero() -> None:
    inverter = InverterInMemory(VirtualClock())
    inverter.fast["pcs.counter"] = 7.0
    async with running(inverter) as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(9)
        assert site.status().setpoint_kw == 30.0
        await asyncio.sleep(2)
        assert (site.status().mode, site.inverter.writes[-1][1]) == ("safe", 0.0)


async def test_power_that_turns_bad_leads_to_zero_after_two_seconds() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        site.inverter.fast["ac.power_kw"] = None
        await asyncio.sleep(1.8)
        assert site.inverter.writes[-1][1] == 30.0
        await asyncio.sleep(0.5)
        assert (site.status().mode, site.inverter.writes[-1][1]) == ("safe", 0.0)


@pytest.mark.parametrize("after_s", [3, 10])
async def test_a_lost_device_is_recorded_as_lost_and_shown_as_stale(after_s: int) -> None:
    """All of it within 3 s, also what is read only once a second."""
    async with running() as site:
        await asyncio.sleep(5)
        site.inverter.unplugged = True
        await asyncio.sleep(after_s)
        shown = [r.quality for _, r in site.status().readings]
        assert set(shown) == {Quality.STALE}
        blocks = [b for b in await site.items() if isinstance(b, Block) and b.device == "pcs"]
        assert set(blocks[-1].quality) == {(Quality.LOST,)}
        assert set(blocks[-1].values) == {(None,)}
        assert len(blocks) == 5 + after_s


async def test_a_process_that_was_stopped_for_a_while_counts_its_missed_beats() -> None:
    async with running() as site:
        await asyncio.sleep(5.05)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop._selector_clock.now_s += 3.0
        await asyncio.sleep(5.0)
        assert site.status().missed in (29, 30)
        assert site.status().mode == "automatic"
