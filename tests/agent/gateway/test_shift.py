"""agent.gateway.shift: everything in a frame moves by the same, and nothing else changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway import shift
from wire import block as blocks
from wire import records
from wire.alarm import Alarm
from wire.block import Block, Quality
from wire.fields import BadMessage
from wire.gap import Cause, Gap
from wire.records import Records
from wire.sync import Event, FrameClass, Severity

NOON_US = 1_790_000_000_000_000
BLOCK = Block(
    device="meter",
    boot="b",
    seq=7,
    at_us=(NOON_US, NOON_US + 1_000_123, NOON_US + 2_000_000),
    points=("meter.import_kwh", "grid.frequency_hz"),
    values=((1.0, 1.5, None), (50.01, 49.99, 50.0)),
    quality=((Quality.GOOD, Quality.GOOD, Quality.LOST), (Quality.GOOD,) * 3),
)
EVENT = Event(at_us=NOON_US, code="X", severity=Severity.INFO, source="s", text="t")
ALARM = Alarm(
    id="a",
    change=2,
    code="X",
    severity=Severity.ALARM,
    source="s",
    text="t",
    raised_us=NOON_US,
    cleared_us=NOON_US + 5,
)
GAP = Gap(
    id="e-1",
    at_us=NOON_US,
    cause=Cause.RING,
    cls=FrameClass.TELEMETRY,
    device="",
    from_us=NOON_US - 9,
    to_us=NOON_US,
    n=None,
)
TOLD = Records(events=(EVENT,), alarms=(ALARM,), gaps=(GAP,))
shifts = st.integers(-NOON_US // 2, NOON_US)


@given(by_us=shifts)
def test_samples_move_and_move_back(by_us: int) -> None:
    for kind in (FrameClass.TELEMETRY, FrameClass.SETTLEMENT):
        moved = shift.payload(kind, blocks.encode(BLOCK), by_us)
        block = blocks.decode(moved)
        assert block.at_us == tuple(at_us + by_us for at_us in BLOCK.at_us)
        assert (block.seq, block.values, block.quality) == (BLOCK.seq, BLOCK.values, BLOCK.quality)
        assert shift.payload(kind, moved, -by_us) == blocks.encode(BLOCK)


@given(by_us=shifts)
def test_records_move_and_move_back(by_us: int) -> None:
    moved = shift.payload(FrameClass.EVENTS, records.encode(TOLD), by_us)
    told = records.decode(moved)
    assert told.events[0].at_us == NOON_US + by_us
    assert (told.alarms[0].raised_us, told.alarms[0].acked_us) == (NOON_US + by_us, None)
    assert told.gaps[0].from_us == GAP.from_us + by_us
    assert shift.payload(FrameClass.EVENTS, moved, -by_us) == records.encode(TOLD)


def test_a_power_cut_began_by_the_clock_of_the_run_before_it_and_ended_now() -> None:
    cut = replace(GAP, cause=Cause.POWER, at_us=5_000_000, from_us=NOON_US, to_us=NOON_US)
    told = records.encode(Records(gaps=(cut,)))
    moved = records.decode(shift.payload(FrameClass.EVENTS, told, NOON_US)).gaps[0]
    assert (moved.from_us, moved.to_us, moved.at_us) == (NOON_US, *[NOON_US + 5_000_000] * 2)


def test_nothing_is_moved_before_1970() -> None:
    assert shift.event(EVENT, -2 * NOON_US).at_us == 0


def test_a_payload_that_is_none_is_refused() -> None:
    for kind in FrameClass:
        with pytest.raises(BadMessage):
            shift.payload(kind, b"nonsense", 1)
