"""agent.gateway.pack: nothing of an item is lost on its way into a frame."""

from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.pack import pack
from agent.link import Item
from wire import block as blocks
from wire import records
from wire.block import Block, Quality, Reading
from wire.sync import Event, FrameClass, Severity

SECOND_US = 1_000_000
DEVICES = ("inverter", "control", "meter")


@given(st.lists(st.sampled_from([*DEVICES, "event"]), max_size=40))
def test_every_sample_and_event_is_in_exactly_one_frame(sources: list[str]) -> None:
    counts = dict.fromkeys(DEVICES, 0)
    items: list[Item] = []
    for number, source in enumerate(sources):
        at_us = number * SECOND_US
        content: Block | Event
        if source == "event":
            content = Event(
                at_us=at_us,
                code="DEVICE_LOST",
                severity=Severity.ALARM,
                source="x",
                text=f"{number}",
            )
        else:
            reading = Reading("ac.power_kw", number / 7, Quality.GOOD, at_us)
            content = blocks.sample(source, "boot", counts[source], at_us, [reading])
            counts[source] += 1
        items.append(Item(number, content))
    drafts = pack(items)

    values = [
        (block.device, block.seq + i, block.values[0][i])
        for draft in drafts
        if draft.kind is FrameClass.TELEMETRY
        for block in [blocks.decode(draft.payload)]
        for i in range(len(block.at_us))
    ]
    expected = [
        (item.content.device, item.content.seq, item.content.values[0][0])
        for item in items
        if isinstance(item.content, Block)
    ]
    assert sorted(values, key=str) == sorted(expected, key=str)
    events = [
        event
        for draft in drafts
        if draft.kind is FrameClass.EVENTS
        for event in records.decode(draft.payload).events
    ]
    assert events == [item.content for item in items if isinstance(item.content, Event)]
    assert sum(draft.n for draft in drafts) == len(items)


def test_one_device_sampled_in_one_run_is_one_frame() -> None:
    reading = Reading("ac.power_kw", 1.0, Quality.GOOD, 0)
    items = [
        Item(i, blocks.sample("inverter", "boot", i, i * SECOND_US, [reading])) for i in range(20)
    ]
    assert len(pack(items)) == 1


def test_no_items_are_no_frames() -> None:
    assert pack([]) == []
