"""The 10 Hz event record: every beat of the last minutes, told when something has happened. Pure.

A ring of plain numbers holds five minutes. An event (an alert, a far frequency, a product armed or
lost, an interlock of the frequency) freezes it: what lies up to a minute before is told, and every
beat until fifteen minutes after the last event, in parts of ten seconds. So the memory is that of
the ring, however long the event.
"""

import math
from array import array
from collections.abc import Sequence

from agent.archive.columns import BY_NAME, RECORD, RECORD_COLUMNS
from wire.block import Block, Quality

RING_S = 300.0
PART = 100
"""Beats of one block."""
_SLACK_S = 0.01
"""So much later is still in time: beats come on a grid, in floating point."""
_GOOD, _LOST = Quality.GOOD, Quality.LOST


class Recorder:
    """See the module. `put` costs a beat some microseconds, `take` a part some hundred."""

    def __init__(self, period_s: float, before_s: float, after_s: float) -> None:
        """Make the ring; `before_s` and `after_s` are what is told around an event."""
        self._size = max(PART, round(RING_S / period_s))
        self._before = min(self._size, round(before_s / period_s))
        self._after_s = after_s
        self._at_us = array("q", bytes(8 * self._size))
        self._columns = [array("d", bytes(8 * self._size)) for _ in RECORD_COLUMNS]
        self._next = 0
        """Number of the next beat; beat n lies at n modulo the ring's size."""
        self._told = 0
        """Number of the next beat to be told, while an event is recorded."""
        self._until = 0
        """Number of the beat that the record ends before."""
        self._until_s = -math.inf

    @property
    def recording(self) -> bool:
        return self._told < self._until

    def put(self, at_us: int, at_s: float, values: Sequence[float | None], *, event: bool) -> bool:
        """Keep a beat; return whether a record begins with it.

        Args:
            at_s: the loop's time.
            values: of `RECORD_COLUMNS`, None where not known.
            event: something happens now.
        """
        place = self._next % self._size
        self._at_us[place] = at_us
        for kept, value in zip(self._columns, values, strict=True):
            kept[place] = math.nan if value is None else value
        self._next += 1
        began = False
        if event:
            began = at_s > self._until_s
            if began:
                self._told = max(self._told, self._next - 1 - self._before, 0)
            self._until_s = at_s + self._after_s + _SLACK_S
        if at_s <= self._until_s:
            self._until = self._next
        self._told = max(self._told, self._next - self._size)  # what the ring has lost
        return began

    def take(self, boot: str) -> Block | None:
        """Return the next part that is due; None: none is."""
        waiting = self._until - self._told
        over = self._until < self._next
        if waiting <= 0 or (waiting < PART and not over):
            return None
        count = min(waiting, PART)
        places = [number % self._size for number in range(self._told, self._told + count)]
        seq, self._told = self._told, self._told + count
        columns = [_column(self._columns[i], places, name) for i, name in enumerate(RECORD_COLUMNS)]
        return Block(
            device=RECORD,
            boot=boot,
            seq=seq,
            at_us=tuple(self._at_us[place] for place in places),
            points=_POINTS,
            values=tuple(columns),
            quality=tuple(
                tuple(_LOST if value is None else _GOOD for value in values) for values in columns
            ),
        )


_POINTS = tuple(f"{RECORD}.{name}" for name in RECORD_COLUMNS)


def _column(kept: "array[float]", places: Sequence[int], name: str) -> tuple[float | None, ...]:
    decimals = BY_NAME[name].decimals
    found = (kept[place] for place in places)
    return tuple(round(value, decimals) if math.isfinite(value) else None for value in found)
