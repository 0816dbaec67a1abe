"""What a frame carries (`telemetry.frames`) is opened or kept, and nothing is raised."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.telemetry.frames import (
    REASON_MAX,
    Happenings,
    Samples,
    Unreadable,
    opened,
    opened_within,
)
from tests.support import strategies
from tests.support.columns import same
from wire import block as blocks
from wire import records
from wire.block import Block
from wire.records import Records
from wire.sync import Event, Frame, FrameClass

garbage = st.binary(max_size=200) | strategies.json_values.map(strategies.written).map(str.encode)
kinds = st.sampled_from(FrameClass)


@given(strategies.blocks(), st.sampled_from([FrameClass.SETTLEMENT, FrameClass.TELEMETRY]))
def test_a_block_comes_out_as_it_went_in(block: Block, kind: FrameClass) -> None:
    frame = Frame(7, kind, blocks.encode(block))
    content = opened(frame)
    assert isinstance(content, Samples)
    assert content.frame is frame
    same(content.block, block)


@given(st.lists(strategies.events, max_size=5).map(tuple))
def test_records_come_out_as_they_went_in(events: tuple[Event, ...]) -> None:
    told = Records(events=events)
    frame = Frame(7, FrameClass.EVENTS, records.encode(told))
    assert opened(frame) == Happenings(frame, told)


@given(
    kinds, st.binary(max_size=200) | strategies.json_values.map(strategies.written).map(str.encode)
)
def test_garbage_is_kept_with_a_reason_that_every_database_takes(
    kind: FrameClass, payload: bytes
) -> None:
    for variant in (payload, zlib.compress(payload)):
        content = opened(Frame(7, kind, variant))
        if isinstance(content, Unreadable):
            assert 0 < len(content.reason) <= REASON_MAX
            assert "\0" not in content.reason
            assert "\n" not in content.reason
            content.reason.encode("utf-8")


@given(st.lists(strategies.blocks(), min_size=1, max_size=6), st.integers(1, 200))
def test_an_upload_is_opened_up_to_the_first_frame_that_reaches_the_limit(
    content: list[Block], values_max: int
) -> None:
    frames = [
        Frame(i, FrameClass.TELEMETRY, blocks.encode(block)) for i, block in enumerate(content)
    ]
    sizes = [len(block.points) * len(block.at_us) for block in content]
    taken = len(opened_within(frames, values_max))
    assert taken >= 1
    assert taken == len(frames) or sum(sizes[:taken]) >= values_max
    assert sum(sizes[: taken - 1]) < values_max
