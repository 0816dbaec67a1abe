"""agent.control.cycle: the beat goes on whatever the devices do, and every loss is told once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from agent import link
from agent.control.cycle import Cycle, Plan
from agent.control.outbox import Outbox
from agent.control.port import CALL_S_MAX, LOST_AFTER_S, SETPOINT_STEP_KW, Port
from agent.link import Status
from drivers.base import Driver, Rate
from tests.support.inverters import InverterInMemory, MeterInMemory
from tests.support.plants import LIMITS
from tests.support.virtual import EPOCH_US, VirtualClock
from wire.block import Block, Quality
from wire.schedule import FrequencyService, Schedule, Slot
from wire.sync import Event

pytestmark = pytest.mark.virtual_time
PLAN = Plan(site="s", boot="b", limits=LIMITS, period_s=0.1, record_period_s=1.0)
HOUR_US = 3_600_000_000


@dataclass(slots=True)
class Site:
    """A running control loop over devices in memory."""

    inverter: InverterInMemory
    cycle: Cycle
    outbox: Outbox
    alive_s: list[float] = field(default_factory=list)

    async def items(self) -> list[Block | Event]:
        """Return what was put into the outbox, as the gateway would read it."""
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(frame for _, frame in self.outbox.after(-1, 100_000)))
        messages = [await link.receive(reader) for _ in range(len(self.outbox))]
        return [message.content for message in messages if isinstance(message, link.Item)]

    async def events(self, source: str | None = None) -> list[str]:
        events = [item for item in await self.items() if isinstance(item, Event)]
        return [event.code for event in events if source in (None, event.source)]

    def status(self) -> Status:
        status = self.cycle.status()
        assert status is not None
        return status

    def codes(self) -> list[str]:
        return [reason.code for reason in self.status().reasons]


@asynccontextmanager
async def running(
    inverter: InverterInMemory | None = None,
    *,
    meters: Sequence[tuple[str, Driver]] = (),
    plan: Plan = PLAN,
) -> AsyncIterator[Site]:
    clock = VirtualClock()
    inverter = inverter or InverterInMemory(clock)
    devices: list[tuple[str, Driver]] = [*meters, ("pcs", inverter)]
    ports = [Port(device, driver, clock) for device, driver in devices]
    outbox = Outbox(10_000_000)
    alive_s: list[float] = []
    loop = asyncio.get_running_loop()
    cycle = Cycle(plan, ports, outbox, clock, lambda: alive_s.append(loop.time()))
    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(port.run()) for port in ports]
        work.append(tasks.create_task(cycle.run()))
        yield Site(inverter, cycle, outbox, alive_s)
        for task in work:
            task.cancel()


def schedule(
    power_kw: float, version: int = 1, capacity_kw: float = 0.0, site: str = "s"
) -> Schedule:
    fcr = FrequencyService(
        "fcr_ce", EPOCH_US, EPOCH_US + HOUR_US, capacity_kw, ((-0.2, 1.0), (0.2, -1.0))
    )
    return Schedule(
        site=site,
        version=version,
        issued_us=EPOCH_US,
        slots=(Slot(EPOCH_US, EPOCH_US + HOUR_US, power_kw),),
        services=(fcr,) if capacity_kw else (),
    )


async def test_the_inverter_is_taken_over_once_and_then_follows_the_schedule() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(10)
        assert len(site.inverter.take_overs) == 1
        assert site.inverter.take_overs[0] < site.inverter.writes[0][0]
        assert site.inverter.writes[-1][1] == 30.0
        assert (site.status().mode, site.codes()) == ("automatic", ["SCHEDULE"])
        assert await site.events() == ["SCHEDULE_TAKEN", "MODE_CHANGED"]


async def test_taking_over_a_running_inverter_makes_no_jump() -> None:
    inverter = InverterInMemory(VirtualClock())
    inverter.fast["ac.power_kw"] = -60.0
    async with running(inverter) as site:
        await asyncio.sleep(20)
        powers = [power_kw for _, power_kw in site.inverter.writes]
        assert powers[0] == -60.0
        assert powers[-1] == 0.0
        steps_kw = [abs(after - before) for before, after in pairwise(powers)]
        assert max(steps_kw) <= LIMITS.ramp_kw_per_s * 0.1 + SETPOINT_STEP_KW


async def test_a_constant_setpoint_is_written_again_within_a_third_of_the_time_out() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0))
        await asyncio.sleep(120)
        times_s = [at_s for at_s, _ in site.inverter.writes]
        gaps_s = [after - before for before, after in pairwise(times_s)]
        assert max(gaps_s) <= site.inverter.refresh_s
        assert len(times_s) < 120 / site.inverter.refresh_s * 1.5 + 40


async def test_the_beat_is_ten_a_second_and_none_is_missed() -> None:
    async with running() as site:
        await asyncio.sleep(60.05)
        assert (site.status().beats, site.status().missed) == (601, 0)


async def test_fast_points_are_read_each_beat_and_slow_ones_each_second() -> None:
    async with running() as site:
        await asyncio.sleep(30.05)
        rates = [rate for _, rate in site.inverter.reads]
        assert rates.count(Rate.FAST) == pytest.approx(300, abs=1)
        assert rates.count(Rate.SLOW) == pytest.approx(30, abs=1)


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
        await asyncio.sleep(5)
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


async def test_the_response_to_the_frequency_adds_to_the_schedule() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0, capacity_kw=20.0))
        await asyncio.sleep(10)
        site.inverter.fast["grid.frequency_hz"] = 49.9
        await asyncio.sleep(0.2)
        assert site.inverter.writes[-1][1] == pytest.approx(40.0)
        assert site.codes() == ["SCHEDULE", "RESPONSE"]
        assert site.status().response_kw == pytest.approx(10.0)


async def test_a_meter_of_its_own_is_preferred_for_the_frequency() -> None:
    meter = MeterInMemory(VirtualClock(), fast={"grid.frequency_hz": 50.1})
    async with running(meters=[("meter", meter)]) as site:
        site.cycle.take_schedule(schedule(0.0, capacity_kw=20.0))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == pytest.approx(-10.0)


async def test_an_older_schedule_or_one_for_another_site_is_not_followed() -> None:
    async with running() as site:
        site.cycle.take_schedule(schedule(30.0, version=5))
        site.cycle.take_schedule(schedule(60.0, version=4))
        site.cycle.take_schedule(schedule(60.0, version=5))
        site.cycle.take_schedule(schedule(60.0, version=6, site="other"))
        await asyncio.sleep(10)
        assert site.inverter.writes[-1][1] == 30.0
        assert site.status().schedule_version == 5


async def test_samples_are_kept_each_second_and_numbered_without_a_gap() -> None:
    async with running() as site:
        await asyncio.sleep(10.5)
        blocks = [item for item in await site.items() if isinstance(item, Block)]
        for device in ("pcs", "control"):
            own = [block for block in blocks if block.device == device]
            assert [block.seq for block in own] == list(range(10))
        points = {point for block in blocks for point in block.points}
        assert {"ac.power_kw", "battery.max_charge_kw", "control.setpoint_kw"} <= points


async def test_a_lost_device_is_recorded_as_lost_and_shown_as_stale() -> None:
    async with running() as site:
        await asyncio.sleep(5)
        site.inverter.unplugged = True
        await asyncio.sleep(10)
        shown = [r.quality for _, r in site.status().readings]
        assert set(shown) == {Quality.STALE}
        blocks = [b for b in await site.items() if isinstance(b, Block) and b.device == "pcs"]
        assert set(blocks[-1].quality) == {(Quality.LOST,)}
        assert set(blocks[-1].values) == {(None,)}
        assert len(blocks) == 15


async def test_a_process_that_was_stopped_for_a_while_counts_its_missed_beats() -> None:
    async with running() as site:
        await asyncio.sleep(5.05)
        selector = asyncio.get_running_loop()._selector_clock  # type: ignore[attr-defined]
        selector.now_s += 3.0
        await asyncio.sleep(5.0)
        assert site.status().missed in (29, 30)
        assert site.status().mode == "automatic"
