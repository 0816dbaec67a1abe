"""How whole a series is, by local delivery days, and how two sources differ. Pure.

Expected are (end - start) / resolution intervals of the day: 92, 96 or 100 quarter-hours. An
incomplete day is told and asked for again; it is never padded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cloud.market.areas.model import Area
from cloud.market.series.merge import Values
from cloud.market.series.model import Series

TOLERANCE_EUR_MWH = 0.01
"""Two sources of one auction that differ by more are told of (market data, §3.5)."""
_GRAIN = 1e-6
"""Of floats: 0.01 written by two sources is the same 0.01."""
_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Of one local day."""

    day: date
    expected: int
    present: int

    @property
    def is_complete(self) -> bool:
        return self.present == self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Intervals without a value that follow each other, half-open."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One interval in which two sources do not agree."""

    start_us: int
    ours: float
    theirs: float


def days_of(area: Area, start_us: int, end_us: int) -> list[date]:
    """Return the local days that ``[start_us, end_us)`` touches, earliest first."""
    if start_us >= end_us:
        return []
    first, last = area.day_of(start_us), area.day_of(end_us - 1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def completeness(values: Values, area: Area, day: date) -> Completeness:
    """Return how much of a local day is there; `values` cover the day."""
    start_us, end_us = area.day_us(day)
    return Completeness(
        day=day,
        expected=area.periods(day, values.series.resolution_s),
        present=sum(start_us <= at_us < end_us for at_us in values.starts_us),
    )


def by_day(values: Values, area: Area, start_us: int, end_us: int) -> dict[date, Completeness]:
    """Return the completeness of each local day that ``[start_us, end_us)`` touches."""
    counts = dict.fromkeys(days_of(area, start_us, end_us), 0)
    day_us = {day: area.day_us(day) for day in counts}
    pending = iter(day_us.items())
    day, (_, day_end_us) = next(pending, (date.min, (0, 0)))
    for at_us in values.starts_us:
        while at_us >= day_end_us:
            found = next(pending, None)
            if found is None:
                break
            day, (_, day_end_us) = found
        if day in counts and day_us[day][0] <= at_us < day_end_us:
            counts[day] += 1
    return {
        day: Completeness(
            day=day,
            expected=area.periods(day, values.series.resolution_s),
            present=present,
        )
        for day, present in counts.items()
    }


def gaps(values: Values, start_us: int, end_us: int) -> Iterator[Gap]:
    """Yield what is missing of ``[start_us, end_us)``, which lies on the series' grid."""
    step_us = values.series.resolution_s * _US
    next_us = start_us
    for at_us in values.starts_us:
        if at_us > next_us:
            yield Gap(start_us=next_us, end_us=at_us)
        next_us = at_us + step_us
    if next_us < end_us:
        yield Gap(start_us=next_us, end_us=end_us)


def are_alike(ours: Series, theirs: Series) -> bool:
    """Tell whether two series can be compared: like with like, whatever the source."""
    return (ours.kind, ours.area, ours.resolution_s, ours.detail) == (
        theirs.kind,
        theirs.area,
        theirs.resolution_s,
        theirs.detail,
    )


def differences(
    ours: Values, theirs: Values, tolerance: float = TOLERANCE_EUR_MWH
) -> list[Difference]:
    """Return where both have a value and these differ by more than `tolerance`."""
    other = theirs.by_start()
    return [
        Difference(start_us=at_us, ours=value, theirs=other[at_us])
        for at_us, value in zip(ours.starts_us, ours.values, strict=True)
        if at_us in other and abs(value - other[at_us]) > tolerance + _GRAIN
    ]
