"""From an uploaded frame to what the hub keeps of it. Pure.

A frame came with a matching CRC from a box that signed for it, so whatever is wrong with its
payload will be wrong in every repetition: it is kept as it is, with the reason, and acknowledged.
`opened` therefore never raises. Besides the wire's own rules, what no database column or no page
could take is refused here: texts with NUL or half characters, numbers that are not finite, and
instants beyond the year 9999.
"""

import math
from dataclasses import dataclass

from wire import block as blocks
from wire import sync
from wire.block import Block
from wire.fields import BadMessage
from wire.sync import Event, Frame, FrameClass

AT_US_MAX = 253_402_300_799_000_000
"""The last second of the year 9999: what a calendar date can still be made of."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A frame that carries a block."""

    frame: Frame
    block: Block


@dataclass(frozen=True, slots=True)
class Happenings:
    """A frame that carries events."""

    frame: Frame
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A frame that we cannot make sense of; kept raw."""

    frame: Frame
    reason: str


Opened = Samples | Happenings | Unreadable


def opened(frame: Frame) -> Opened:
    """Return what is in the frame; never raises."""
    try:
        if frame.kind is FrameClass.EVENTS:
            return Happenings(frame, _checked_events(sync.decode_events(frame.payload)))
        return Samples(frame, _checked_block(blocks.decode(frame.payload)))
    except BadMessage as error:
        return Unreadable(frame, _storable_part(str(error)))


def _checked_block(block: Block) -> Block:
    _check_text(block.device, "block.dev")
    _check_text(block.boot, "block.boot")
    _check_instant(min(block.at_us), "block.dt")
    _check_instant(max(block.at_us), "block.dt")
    if len(set(block.points)) != len(block.points):
        raise BadMessage("block.series", len(block.points), "each point once is expected")
    for point, values in zip(block.points, block.values, strict=True):
        for value in values:
            if value is not None and not math.isfinite(value):
                raise BadMessage(f"block.series.{point}", value, "finite numbers are expected")
    return block


def _checked_events(events: tuple[Event, ...]) -> tuple[Event, ...]:
    for index, event in enumerate(events):
        path = f"events[{index}]"
        _check_instant(event.at_us, f"{path}.at_us")
        _check_text(event.code, f"{path}.code")
        _check_text(event.source, f"{path}.source")
        _check_text(event.text, f"{path}.text")
    return events


def _check_instant(at_us: int, path: str) -> None:
    if not 0 <= at_us <= AT_US_MAX:
        raise BadMessage(path, at_us, f"instants from 0 to {AT_US_MAX} µs are expected")


def _check_text(text: str, path: str) -> None:
    if text != _storable_part(text):
        raise BadMessage(path, text, "text without NUL and half characters is expected")


def _storable_part(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
