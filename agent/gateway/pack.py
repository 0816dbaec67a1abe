"""Items of control to frames of the buffer. Pure."""

from collections.abc import Sequence

from agent.gateway.rows import Draft
from agent.link import Item
from wire import block as blocks
from wire import records, sync
from wire.block import Block
from wire.records import Records
from wire.sync import Event, FrameClass


def pack(items: Sequence[Item]) -> list[Draft]:
    """Return the fewest frames that hold `items`: a block for each run of a device, then events."""
    samples = [item.content for item in items if isinstance(item.content, Block)]
    events = [item.content for item in items if isinstance(item.content, Event)]
    drafts = [
        Draft(
            FrameClass.TELEMETRY,
            block.at_us[0],
            len(block.points) * len(block.at_us),
            blocks.encode(block),
        )
        for block in blocks.merge(samples)
    ]
    for start in range(0, len(events), sync.FRAMES_MAX):
        part = tuple(events[start : start + sync.FRAMES_MAX])
        payload = records.encode(Records(events=part))
        drafts.append(Draft(FrameClass.EVENTS, part[0].at_us, len(part), payload))
    return drafts
