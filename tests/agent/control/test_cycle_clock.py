"""agent.control.cycle and the clock: every stamp tells its offset, and a step is told once."""

import asyncio
from itertools import pairwise

import pytest

from agent.link import ClockVerdict, Item
from tests.support.control_site import Site, running, schedule
from tests.support.virtual import EPOCH_US, MovedClock
from wire.block import Block
from wire.report import ClockState
from wire.schedule import Schedule, Slot
from wire.sync import Event

HOUR_US = 3_600_000_000

pytestmark = pytest.mark.virtual_time


def stamps(items: list[Item], device: str = "pcs") -> list[tuple[int, int]]:
    """Return (stamp, stamp by the machine's monotonic clock) of a device's samples, in order."""
    return [
        (item.content.at_us[0], item.content.at_us[0] - (item.offset_us or 0))
        for item in items
        if isinstance(item.content, Block) and item.content.device == device
    ]


async def told(site: Site) -> list[str]:
    return [
        item.text
        for item in await site.items()
        if isinstance(item, Event) and item.code == "CLOCK_STEPPED"
    ]


@pytest.mark.parametrize("step_us", [HOUR_US, -HOUR_US])
async def test_a_clock_set_while_running_loses_no_sample_and_every_stamp_can_be_put_right(
    step_us: int,
) -> None:
    system = MovedClock()
    async with running(system=system) as site:
        await asyncio.sleep(10.05)
        system.start_us += step_us
        await asyncio.sleep(10)
        items = await site.stamped()
        steps = [later - before for (before, _), (later, _) in pairwise(stamps(items))]
        assert steps.count(1_000_000 + step_us) == 1
        assert {step for step in steps if step != 1_000_000 + step_us} == {1_000_000}
        ups = [up_us for _, up_us in stamps(items)]
        assert {later - before for before, later in pairwise(ups)} == {1_000_000}
        assert await told(site) == [
            f"the clock was set by {step_us / 1e6:+.1f} s, from 2026-01-01 00:00:10 to"
            f" {'2026-01-01 01:00:10' if step_us > 0 else '2025-12-31 23:00:10'} UTC"
        ]


async def test_a_start_in_1970_is_corrected_by_what_the_gateway_found_out() -> None:
    system = MovedClock(start_us=5_000_000)
    correction_us = EPOCH_US - system.start_us
    async with running(system=system) as site:
        site.cycle.take_schedule(schedule(20.0))
        await asyncio.sleep(2.05)
        assert "SCHEDULE" not in site.codes(), "the hour of the schedule has not come"
        site.cycle.take_clock(ClockVerdict(ClockState.CORRECTED, correction_us))
        await asyncio.sleep(2)
        assert "SCHEDULE" in site.codes()
        items = await site.stamped()
        assert [at_us - up_us for at_us, up_us in stamps(items)] == [
            *[5_000_000] * 2,
            *[EPOCH_US] * 2,
        ]
        (text,) = await told(site)
        assert text.endswith(f", {correction_us / 1e6:+.1f} s from the system's")


async def test_a_verdict_that_knows_nothing_takes_no_correction_away() -> None:
    system = MovedClock(start_us=0)
    async with running(system=system) as site:
        site.cycle.take_clock(ClockVerdict(ClockState.CORRECTED, EPOCH_US))
        await asyncio.sleep(1.05)
        site.cycle.take_clock(ClockVerdict(ClockState.UNKNOWN, 0))
        await asyncio.sleep(1)
        assert site.status().at_us > EPOCH_US


async def test_the_slot_in_force_follows_the_corrected_clock() -> None:
    system = MovedClock()
    two = Schedule(
        site="s",
        version=1,
        issued_us=EPOCH_US,
        slots=(
            Slot(EPOCH_US, EPOCH_US + HOUR_US, 10.0),
            Slot(EPOCH_US + HOUR_US, EPOCH_US + 2 * HOUR_US, -10.0),
        ),
    )
    async with running(system=system) as site:
        site.cycle.take_schedule(two)
        await asyncio.sleep(1)
        assert site.status().schedule_kw == 10.0
        system.start_us += HOUR_US
        await asyncio.sleep(0.5)
        assert site.status().schedule_kw == -10.0
        site.cycle.take_clock(ClockVerdict(ClockState.CORRECTED, -HOUR_US))
        await asyncio.sleep(0.5)
        assert site.status().schedule_kw == 10.0
