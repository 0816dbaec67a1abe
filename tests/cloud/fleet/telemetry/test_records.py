"""What a box tells of itself is handed on with its frame; what frames are known is counted."""

from cloud.fleet import service
from cloud.fleet.operation import service as operation
from cloud.fleet.telemetry import chunks
from cloud.fleet.telemetry.chunks import LineKey
from cloud.kernel import events
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US, Box, event, telemetry
from wire import block as blocks
from wire import records
from wire.block import Block, Quality
from wire.gap import Cause, Gap
from wire.records import Records
from wire.sync import Event, Frame, FrameClass, Severity

GAP = Gap(
    id="epoch-1-7",
    at_us=NOON_US,
    cause=Cause.FULL,
    cls=FrameClass.TELEMETRY,
    device="inverter",
    from_us=NOON_US - 60,
    to_us=NOON_US,
    n=120,
)
TOLD = Event(at_us=NOON_US, code="BUFFER_FULL", severity=Severity.ALARM, source="buffer", text="-")


def thinned(seq: int) -> Frame:
    block = Block(
        device="inverter",
        boot="boot-1",
        seq=seq,
        at_us=(NOON_US,),
        points=("battery.soc_pct",),
        values=((50.0,),),
        quality=((Quality.GOOD,),),
        step_us=60_000_000,
    )
    return Frame(seq, FrameClass.TELEMETRY, blocks.encode(block))


async def test_gaps_and_events_of_a_frame_are_both_taken_and_once(box: Box, hub: Hub) -> None:
    payload = records.encode(Records(events=(TOLD,), gaps=(GAP,)))
    frame = Frame(0, FrameClass.EVENTS, payload)
    for _ in range(2):
        await box.upload([frame])
    async with hub.database.reading() as connection:
        (row,) = await operation.gaps(connection, box.gateway)
        (line,) = await events.newest(connection, site="werk-sued")
    assert row.gap == GAP
    assert line.code == "BUFFER_FULL"


async def test_what_frames_brought_is_counted_by_class_but_for_thinned_ones(
    box: Box, hub: Hub
) -> None:
    sent = [telemetry(0, soc_pct=1.0, temp_c=2.0), event(1), thinned(2), telemetry(3, soc_pct=1.0)]
    await box.upload(sent)
    key = LineKey(box.gateway, box.epoch, "werk-sued")
    async with hub.database.reading() as connection:

        async def known(cls: FrameClass, first: int, last: int) -> int:
            return await chunks.frames_known(connection, key, cls, first, last)

        assert await known(FrameClass.TELEMETRY, 0, 3) == 3
        assert await known(FrameClass.TELEMETRY, 1, 2) == 0
        assert await known(FrameClass.EVENTS, 0, 9) == 1
        assert await known(FrameClass.SETTLEMENT, 0, 9) == 0


async def test_the_end_of_a_long_thinned_block_is_found(box: Box, hub: Hub) -> None:
    """A full buffer makes blocks of days; samples are looked for near their block's beginning."""
    minutes = 3 * 24 * 60
    block = Block(
        device="inverter",
        boot="boot-1",
        seq=0,
        at_us=tuple(NOON_US + m * 60_000_000 for m in range(minutes)),
        points=("battery.soc_pct",),
        values=(tuple(float(m) for m in range(minutes)),),
        quality=((Quality.GOOD,) * minutes,),
        step_us=60_000_000,
    )
    await box.upload([Frame(0, FrameClass.TELEMETRY, blocks.encode(block))])
    last_us = NOON_US + (minutes - 1) * 60_000_000
    async with hub.database.reading() as connection:
        found = await service.history(connection, "werk-sued", [], last_us, last_us + 1)
    assert [series.values for series in found.series] == [(float(minutes - 1),)]
