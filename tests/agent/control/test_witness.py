"""agent.control.witness in a running loop: a row on every second, traces, records."""

import asyncio
import json
from dataclasses import replace
from itertools import pairwise

import pytest

from agent.archive.columns import RECORD, ROW, bit, reasons
from agent.archive.config import ArchiveSettings
from agent.archive.trace import Trace
from agent.control.decide import Memory
from agent.control.evidence import Record
from agent.control.outbox import Outbox
from agent.control.quantity import Quantity
from agent.control.witness import Archived, Witness
from agent.link import ClockVerdict
from tests.support.control_site import Site, running, schedule
from tests.support.inverters import InverterInMemory
from tests.support.plants import HEALTHY, LIMITS, RULES, changed, decided
from tests.support.virtual import EPOCH_US, MovedClock
from wire import block as blocks
from wire.block import Block, Quality
from wire.report import ClockState

SECOND_US = 1_000_000
ARCHIVED = Archived(
    settings=ArchiveSettings(), limits=LIMITS, period_s=0.1, config="c0ffee", nominal_v=230.0
)
"""No file and no clock is touched by it."""


async def contents(site: Site) -> list[Block | Trace]:
    return [item for item in await site.items() if isinstance(item, Block | Trace)]


def rows(found: list[Block | Trace]) -> list[Block]:
    """Return the rows one by one, also of a control that nobody listens to."""
    return [
        replace(
            block,
            seq=block.seq + place,
            at_us=(at_us,),
            values=tuple((values[place],) for values in block.values),
            quality=tuple((codes[place],) for codes in block.quality),
        )
        for block in found
        if isinstance(block, Block) and block.device == ROW
        for place, at_us in enumerate(block.at_us)
    ]


def value(row: Block, name: str) -> float | None:
    return row.values[row.points.index(f"{ROW}.{name}")][0]


def quality(row: Block, name: str) -> Quality:
    return row.quality[row.points.index(f"{ROW}.{name}")][0]


@pytest.mark.virtual_time
async def test_every_second_has_its_row_on_the_second() -> None:
    async with running(archived=ARCHIVED) as site:
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(150)
        found = rows(await contents(site))
    assert len(found) > 140
    assert [row.at_us[0] for row in found] == [EPOCH_US + s * SECOND_US for s in range(len(found))]
    assert [row.seq for row in found] == list(range(len(found)))
    assert value(found[-1], "p_set_kw") == value(found[-1], "p_base_kw") == 50.0
    assert value(found[-1], "soc_pct") is not None
    assert value(found[-1], "missed_beats") == 0.0
    moved_ms = [value(row, "mono_ms") for row in found]
    assert moved_ms == sorted(m for m in moved_ms if m is not None)


@pytest.mark.virtual_time
async def test_a_row_says_what_was_measured_of_the_clock_s_error() -> None:
    async with running(archived=ARCHIVED) as site:
        await asyncio.sleep(2)
        site.cycle.take_clock(ClockVerdict(ClockState.CONFIRMED, 0, error_us=31_200))
        await asyncio.sleep(3)
        found = rows(await contents(site))
    assert value(found[0], "clock_err_ms") is None
    assert value(found[-1], "clock_err_ms") == 31.2


@pytest.mark.virtual_time
async def test_rows_share_items_while_nobody_takes_them() -> None:
    async with running(archived=ARCHIVED) as site:
        await asyncio.sleep(300)
        found = [one for one in await contents(site) if isinstance(one, Block)]
    sizes = [len(block.at_us) for block in found if block.device == ROW]
    assert (sizes[0], sizes[-1]) == (1, 10)
    assert 290 <= sum(sizes) <= 300


@pytest.mark.virtual_time
async def test_every_second_of_a_row_has_a_trace_that_says_why() -> None:
    async with running(archived=ARCHIVED) as site:
        site.cycle.take_schedule(schedule(50.0))
        await asyncio.sleep(130)
        found = await contents(site)
    traces = [one for one in found if isinstance(one, Trace)]
    assert traces[0].at_us - EPOCH_US < SECOND_US
    assert all(later.at_us - before.at_us <= 60_100_000 for before, later in pairwise(traces))
    assert {trace.config for trace in traces} == {"c0ffee"}
    assert "SCHEDULE" in [reason.code for reason in traces[-1].reasons]
    for row in rows(found):
        (trace, *_) = [one for one in reversed(traces) if one.at_us <= row.at_us[0] + 100_000]
        told = reasons(sum({bit(reason.code) for reason in trace.reasons}))
        assert reasons(value(row, "reason_bits")) == told


@pytest.mark.virtual_time
async def test_a_value_that_is_not_known_is_empty_with_its_quality_and_never_zero() -> None:
    inverter = InverterInMemory(MovedClock())
    async with running(inverter, archived=ARCHIVED) as site:
        await asyncio.sleep(10)
        inverter.unplugged = True
        await asyncio.sleep(60)
        found = rows(await contents(site))
    assert value(found[5], "p_meas_kw") is not None
    assert value(found[-1], "p_meas_kw") is None
    assert quality(found[-1], "p_meas_kw") in (Quality.BAD, Quality.LOST)
    assert len(found) > 60
    assert [row.at_us[0] for row in found] == [EPOCH_US + s * SECOND_US for s in range(len(found))]


@pytest.mark.virtual_time
async def test_a_clock_that_is_set_leaves_a_gap_or_repeats_and_the_rows_go_on() -> None:
    clock = MovedClock()
    async with running(archived=ARCHIVED, system=clock) as site:
        await asyncio.sleep(10)
        clock.start_us += 3_600 * SECOND_US
        await asyncio.sleep(10)
        clock.start_us -= 3_600 * SECOND_US
        await asyncio.sleep(10)
        found = rows(await contents(site))
    assert len(found) >= 29
    steps = [b.at_us[0] - a.at_us[0] for a, b in pairwise(found)]
    assert min(steps) < -3_590 * SECOND_US
    assert sum(step != SECOND_US for step in steps) == 2


def test_an_event_in_the_frequency_brings_every_beat_around_it() -> None:
    outbox = Outbox(50_000_000)
    own = ArchiveSettings(record_before_s=5, record_after_s=20, record_deviation_hz=0.15)
    witness = Witness(outbox, "b", replace(ARCHIVED, settings=own))
    parts = _beats(witness, outbox, 600, far={100, 101})
    told = [at_us for part in parts for at_us in part.at_us]
    assert told == [EPOCH_US + beat * 100_000 for beat in range(50, 302)]
    assert parts[0].values[0][0] == 50.0


def test_without_a_setting_for_it_nothing_of_the_archive_is_told() -> None:
    outbox = Outbox(50_000_000)
    off = replace(ARCHIVED, settings=ArchiveSettings(enabled=False))
    assert _beats(Witness(outbox, "b", off), outbox, 50, far={10}) == []
    assert len(outbox) == 0


def _beats(witness: Witness, outbox: Outbox, beats: int, far: set[int]) -> list[Block]:
    """Have the witness see so many beats of the real decisions; return the event record."""
    memory = Memory()
    for beat in range(beats):
        hz = 49.8 if beat in far else 50.0
        plant = changed(HEALTHY, at_s=100 + beat / 10, frequency_hz=Quantity(hz, 0.05))
        at_us = EPOCH_US + beat * 100_000
        decision, memory = decided(plant, None, memory, at_us, rules=RULES)
        witness.beat(Record(at_us=at_us, plant=plant, decision=decision), 0)
    return [block for block in _blocks(outbox) if block.device == RECORD]


def _blocks(outbox: Outbox) -> list[Block]:
    documents = (json.loads(frame[4:]) for _, frame in outbox.after(-1, 100_000))
    return [blocks.from_json(one["block"]) for one in documents if "block" in one]
