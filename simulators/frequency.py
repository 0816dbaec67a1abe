"""Grid frequency for the simulated world: a seeded wander around 50 Hz, or a recording.

The wander is noise with a memory of two minutes and the spread of an ordinary day in Continental
Europe; every few minutes a power plant drops out or the market turns, and frequency jumps away and
comes back. Values stand on a grid of one second and are joined by straight lines, so that the same
seed gives the same trace however often it is asked.
"""

import csv
import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from simulators.errors import BadInput

NOMINAL_HZ = 50.0
SPREAD_HZ = 0.018
"""Standard deviation without excursions; ours, near the figures published for recent years."""
MEMORY_S = 120.0
EXCURSION_EVERY_S = 240.0
"""On average."""
EXCURSION_HZ = (0.05, 0.16)
EXCURSION_RISE_S = 6.0
EXCURSION_FADE_S = 45.0
DEVIATION_HZ_MAX = 0.5
ROWS_MAX = 5_000_000


class BadRecording(BadInput):
    """A recording cannot be replayed; the text names the file, the line and what is expected."""


class Trace(Protocol):
    """A course of frequency over time."""

    def at(self, elapsed_s: float) -> float:
        """Return the frequency in Hz, `elapsed_s` seconds after the start; time never runs back."""
        ...


@dataclass(slots=True)
class Wander:
    """The seeded trace."""

    seed: int
    _values: Iterator[float] = field(init=False)
    _second: int = field(init=False, default=0)
    _from_hz: float = field(init=False)
    _to_hz: float = field(init=False)

    def __post_init__(self) -> None:
        self._values = _wander(random.Random(self.seed))
        self._from_hz = next(self._values)
        self._to_hz = next(self._values)

    def at(self, elapsed_s: float) -> float:
        while elapsed_s >= self._second + 1:
            self._second += 1
            self._from_hz, self._to_hz = self._to_hz, next(self._values)
        share = max(elapsed_s - self._second, 0.0)
        return self._from_hz + (self._to_hz - self._from_hz) * share


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded trace; each value holds until the next, and after the last it starts again."""

    at_s: tuple[float, ...]
    """Rising, the first one 0."""
    values_hz: tuple[float, ...]

    def at(self, elapsed_s: float) -> float:
        length_s = self.at_s[-1] + (self.at_s[-1] - self.at_s[-2])
        return self.values_hz[bisect_right(self.at_s, elapsed_s % length_s) - 1]


def load(path: Path) -> Recording:
    """Return the recording in a CSV file.

    The first line names the columns. The first column is time, in seconds or as ISO 8601; the
    values are in ``frequency_hz``. A row without a value is a gap: the value before it holds on.

    Raises:
        BadRecording: the file cannot be read, or a line is not as described.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(_rows(csv.reader(file), path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRecording(f"{path}: {error}") from error
    if len(rows) < 2:
        raise BadRecording(f"{path}: {len(rows)} usable rows; at least 2 are expected")
    first_s = rows[0][0]
    return Recording(tuple(at - first_s for at, _ in rows), tuple(value for _, value in rows))


def _wander(draw: random.Random) -> Iterator[float]:
    """Yield one value for each second, without end."""
    keep = math.exp(-1.0 / MEMORY_S)
    shake_hz = SPREAD_HZ * math.sqrt(1.0 - keep * keep)
    noise_hz = draw.gauss(0.0, SPREAD_HZ)
    pull_hz = 0.0
    push_hz = 0.0
    while True:
        deviation_hz = noise_hz + push_hz
        yield NOMINAL_HZ + min(max(deviation_hz, -DEVIATION_HZ_MAX), DEVIATION_HZ_MAX)
        noise_hz = noise_hz * keep + draw.gauss(0.0, shake_hz)
        if draw.random() < 1.0 / EXCURSION_EVERY_S:
            pull_hz += draw.choice((-1.0, 1.0)) * draw.uniform(*EXCURSION_HZ)
        pull_hz *= 1.0 - 1.0 / EXCURSION_FADE_S
        push_hz += (pull_hz - push_hz) / EXCURSION_RISE_S


def _rows(lines: Iterator[list[str]], path: Path) -> Iterator[tuple[float, float]]:
    header = next(lines, [])
    if "frequency_hz" not in header[1:]:
        raise BadRecording(
            f"{path}: line 1: {header} is not allowed; a time column and a column frequency_hz are"
            " expected"
        )
    column = header.index("frequency_hz")
    last_s = -math.inf
    for number, line in enumerate(lines, start=2):
        if number > ROWS_MAX:
            raise BadRecording(f"{path}: line {number}: at most {ROWS_MAX} lines are allowed")
        if len(line) > column and not line[column].strip():
            continue
        try:
            at_s, value_hz = _seconds(line[0]), float(line[column])
        except (ValueError, IndexError):
            at_s, value_hz = math.nan, math.nan
        if not (last_s < at_s < math.inf and 0.0 <= value_hz < 1000.0):
            raise BadRecording(
                f"{path}: line {number}: {line} is not allowed; a rising time and a frequency in Hz"
                " are expected"
            )
        last_s = at_s
        yield at_s, value_hz


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text).timestamp()
