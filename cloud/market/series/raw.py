"""A statement as the store keeps it, opened where there is time for it. Pure.

A year of quarter-hours that arrived one by one is 35,000 statements: opening them costs a third of
a second, which a computing process has and the hub's loop has not.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.market.series import chunk

_US = 1_000_000


class Raw(NamedTuple):
    """What one document says of one local day, its values packed."""

    first_us: int
    slots: int
    known_us: int
    created_us: int
    revision: int
    chunk: bytes


def opened(raw: Raw, resolution_s: int) -> tuple[Sequence[int], Sequence[float]]:
    """Return starts in µs and values.

    Raises:
        chunk.BadChunk: these bytes were made by nobody.
    """
    return chunk.unpack(raw.chunk, raw.first_us, resolution_s * _US, raw.slots)
