"""What was recorded during a test, column by column. Pure.

Powers are in kW, sign as in `wire`; times are seconds since the test's begin.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

NONE = float("nan")


def _column() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Series:
    """The columns, all of one length; what is not known is NaN."""

    at_s: "array[float]" = field(default_factory=_column)
    hz: "array[float]" = field(default_factory=_column)
    """What the products were to answer: the test's frequency, or the measured one."""
    power_kw: "array[float]" = field(default_factory=_column)
    """Measured."""
    baseline_kw: "array[float]" = field(default_factory=_column)
    """What the plant does without the products: base and energy management."""
    management_kw: "array[float]" = field(default_factory=_column)
    response_kw: "array[float]" = field(default_factory=_column)
    """What the products asked for."""
    soc_pct: "array[float]" = field(default_factory=_column)
    nem: "array[float]" = field(default_factory=_column)
    """-1 charging, +1 discharging, 0 off."""
    aem: "array[float]" = field(default_factory=_column)
    """1 on, 0 off."""
    alert: "array[float]" = field(default_factory=_column)
    endurance_min: "array[float]" = field(default_factory=_column)
    marks: list[tuple[float, str]] = field(default_factory=list)
    """(time, name) of each stage's begin."""

    def add(self, **values: float) -> None:
        """Append a row."""
        for name in COLUMNS:
            column: array[float] = getattr(self, name)
            column.append(values.get(name, NONE))

    def __len__(self) -> int:
        return len(self.at_s)

    def span(self, from_s: float, to_s: float) -> range:
        """Return the places of the rows in ``[from_s, to_s]``."""
        return range(bisect_left(self.at_s, from_s), bisect_right(self.at_s, to_s))

    def net_kw(self) -> "array[float]":
        """Return what the products delivered: measured minus baseline."""
        pairs = zip(self.power_kw, self.baseline_kw, strict=True)
        return array("d", (power - base for power, base in pairs))


COLUMNS = tuple(one.name for one in fields(Series) if one.name != "marks")


def mean(values: Sequence[float], places: range) -> float:
    """Return the mean of these places; NaN of none."""
    return sum(values[place] for place in places) / len(places) if places else NONE


def smoothed(at_s: Sequence[float], values: Sequence[float], window_s: float) -> "array[float]":
    """Return the mean of the last `window_s` at each place."""
    result = array("d")
    total, first = 0.0, 0
    for place, value in enumerate(values):
        total += value
        while at_s[place] - at_s[first] > window_s - 1e-6:
            total -= values[first]
            first += 1
        result.append(total / (place - first + 1))
    return result


def stepped(series: Series, parts: Sequence[tuple[float, float]]) -> Iterator[int]:
    """Yield the places to draw where a part that ends at a time wants a step of its own, in s."""
    place, next_s = 0, -1.0
    for ends_s, step_s in parts:
        while place < len(series) and series.at_s[place] <= ends_s:
            if series.at_s[place] >= next_s - 1e-6:
                yield place
                next_s = series.at_s[place] + step_s
            place += 1


def thinned(series: Series, rows_max: int) -> Iterator[int]:
    """Yield the places to draw: even in time, and where a stage begins or the frequency jumps."""
    count = len(series)
    step = max(1, count // max(1, rows_max))
    begins = {bisect_left(series.at_s, at_s - 1e-6) for at_s, _ in series.marks}
    last = -1
    for place in range(count):
        jumps = place > 0 and abs(series.hz[place] - series.hz[place - 1]) > 0.04
        if place % step == 0 or place == count - 1 or jumps or place in begins:
            if jumps and last < place - 1:
                yield place - 1
            yield place
            last = place
