"""From an uploaded frame to what the hub keeps of it. Pure.

A frame came with a matching CRC from a box that signed for it, so whatever is wrong with its
payload will be wrong in every repetition: it is kept as it is, with the reason, and acknowledged.
`opened` therefore never raises.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cloud.fleet.telemetry import columns
from cloud.fleet.telemetry.columns import Columns
from wire import fields, records
from wire.fields import BadMessage
from wire.records import Records
from wire.sync import Frame, FrameClass

REASON_MAX = 300
"""Characters kept of what is wrong with a frame."""
UPLOAD_VALUES_MAX = 2_000_000
"""Values taken in from one upload; deflated, far more would fit. The rest is sent again."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A frame that carries a block."""

    frame: Frame
    block: Columns


@dataclass(frozen=True, slots=True)
class Happenings:
    """A frame in which the box tells of itself."""

    frame: Frame
    records: Records


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
            return Happenings(frame, records.decode(frame.payload))
        return Samples(frame, columns.decode(frame.payload))
    except BadMessage as error:
        return Unreadable(frame, fields.cut(str(error), REASON_MAX))


def opened_within(frames: Iterable[Frame], values_max: int) -> list[Opened]:
    """Return what is in the first frames: at least one, and no more once the limit is reached.

    What is left out is not acknowledged either, so the box sends it again in its next upload.
    """
    contents: list[Opened] = []
    values = 0
    for frame in frames:
        content = opened(frame)
        contents.append(content)
        if isinstance(content, Samples):
            values += content.block.values.size
        if values >= values_max:
            break
    return contents
