"""Rows and the words that were in force with them, second by second, and what is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.archive.reader import Reader, Rows
from agent.archive.trace import Trace

SECOND_US = 1_000_000
_ROUNDED_US = 100
"""What the beat's own time in a row may be rounded by."""


@dataclass(frozen=True, slots=True)
class Told:
    """Rows, and for each the trace in force; None: there was none yet."""

    rows: Rows
    traces: Sequence[Trace | None]


class Timeline:
    """Iterates once over a range of the archive, whatever its length, in little memory."""

    def __init__(self, reader: Reader, from_us: int, to_us: int, names: Sequence[str]) -> None:
        self.seconds = 0
        """Rows so far."""
        self.missing = max(0, -(-to_us // SECOND_US) - -(-from_us // SECOND_US))
        """Seconds of the range that there is no row of; right once the iteration is over."""
        self._rows = reader.rows(from_us, to_us, [*names, "beat_ms"])
        self._traces = reader.traces(from_us, to_us)
        self._now: Trace | None = None
        self._next: Trace | None = None
        self._begun = False

    def __iter__(self) -> Iterator[Told]:
        for rows in self._rows:
            self.seconds += len(rows)
            self.missing = max(0, self.missing - len(rows))
            yield Told(rows, self._words(rows))

    def _words(self, rows: Rows) -> Sequence[Trace | None]:
        if not self._begun:
            self._begun, self._next = True, next(self._traces, None)
        beats_ms = rows.columns["beat_ms"]
        last_us = _beat_us(rows.at_us[-1], beats_ms[-1])
        if self._next is None or self._next.at_us > last_us:
            return (self._now,) * len(rows)
        found: list[Trace | None] = []
        for at_us, beat_ms in zip(rows.at_us, beats_ms, strict=True):
            self._forward(_beat_us(at_us, beat_ms))
            found.append(self._now)
        return found

    def _forward(self, until_us: int) -> None:
        while self._next is not None and self._next.at_us <= until_us:
            self._now, self._next = self._next, next(self._traces, None)


def _beat_us(at_us: int, beat_ms: float | None) -> int:
    return at_us + (_ROUNDED_US + round(beat_ms * 1e3) if beat_ms is not None else SECOND_US - 1)
