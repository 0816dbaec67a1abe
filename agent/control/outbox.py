"""What control keeps for the gateway until it is committed there: a ring bounded in bytes.

Items are numbered from 0 and kept as the frames that will be sent. When the ring is full the
oldest are dropped and counted: telemetry of today is worth more than telemetry of yesterday,
and the loop never waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from agent import link
from agent.archive.trace import Trace
from agent.link import Item
from wire.block import Block
from wire.sync import Event

ITEM_OVERHEAD_BYTES = 64
"""What the interpreter needs for a frame beside its bytes; counted, so that the bound is honest."""


class Outbox:
    """A bounded ring of numbered frames; `put` never waits."""

    def __init__(self, bytes_max: int, offset_us: Callable[[], int | None] = lambda: None) -> None:
        """Make the ring; `offset_us` tells what the clock of the stamps is ahead of the machine's
        monotonic one."""
        self.dropped = 0
        """Items lost since the start because the ring was full."""
        self.more = asyncio.Event()
        """Set by `put`; whoever sends clears it."""
        self._bytes_max = bytes_max
        self._offset_us = offset_us
        self._bytes = 0
        self._frames: deque[bytes] = deque()
        self._next = 0
        self._unreported = 0

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, content: Block | Event | Trace) -> None:
        """Keep `content` under the next number, at the cost of the oldest where space ends."""
        frame = link.encode(Item(self._next, content, self._offset_us()))
        self._frames.append(frame)
        self._next += 1
        self._bytes += len(frame) + ITEM_OVERHEAD_BYTES
        while self._bytes > self._bytes_max and len(self._frames) > 1:
            self._forget_oldest()
            self.dropped += 1
            self._unreported += 1
        self.more.set()

    def after(self, number: int, count_max: int) -> Sequence[tuple[int, bytes]]:
        """Return the next kept items behind `number`, at most `count_max`, in order."""
        first = self._next - len(self._frames)
        start = max(0, number + 1 - first)
        frames = islice(self._frames, start, start + count_max)
        return list(enumerate(frames, first + start))

    def stored(self, number: int) -> None:
        """Forget everything up to `number`: the gateway has committed it."""
        while self._frames and self._next - len(self._frames) <= number:
            self._forget_oldest()

    def take_unreported(self) -> int:
        """Return how many items were dropped since the last time somebody asked."""
        unreported, self._unreported = self._unreported, 0
        return unreported

    def _forget_oldest(self) -> None:
        self._bytes -= len(self._frames.popleft()) + ITEM_OVERHEAD_BYTES
