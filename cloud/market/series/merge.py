"""What counts of all that was said of a series: the newest statement of each interval. Pure.

The newest is that of the latest creation, then of the highest revision, among those known at the
instant asked for. Two statements of one rank that differ are a conflict: neither is served. What
is set apart (a conflict, an implausible value) takes nothing away: the last good value stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cloud.market.series.model import Quality, Series

_SERVED = (Quality.GOOD, Quality.SIMULATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A part of a batch within one local day: what one document says there."""

    starts_us: Sequence[int]
    """Ascending, without repeats, at least one."""
    values: Sequence[float]
    known_us: int
    assumed: bool = False
    received_us: int
    created_us: int
    revision: int = 1
    document: str = ""
    quality: Quality = Quality.GOOD
    licence: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        return self.created_us, self.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Values that are kept and shown, and not served."""

    starts_us: tuple[int, ...]
    values: tuple[float, ...]
    quality: Quality
    known_us: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """A series over an interval as it was known; what is missing has no entry.

    The four columns belong together, in order of time, without repeats.
    """

    series: Series
    starts_us: tuple[int, ...]
    values: tuple[float, ...]
    known_us: tuple[int, ...]
    """When each became known."""
    assumed: bool
    """Whether any of these times comes from a timetable rather than from an arrival."""
    apart: tuple[Apart, ...]
    documents: tuple[str, ...]
    licences: tuple[str, ...]

    def by_start(self) -> dict[int, float]:
        return dict(zip(self.starts_us, self.values, strict=True))


def merge(series: Series, statements: Sequence[Statement], start_us: int, end_us: int) -> Values:
    """Return what counts for intervals that start in ``[start_us, end_us)``."""
    starts: list[int] = []
    values: list[float] = []
    known: list[int] = []
    apart: list[Apart] = []
    used: dict[int, Statement] = {}
    good = [one for one in statements if one.quality in _SERVED]
    for cluster in _clusters(good):
        if len(cluster) == 1:
            one = cluster[0]
            first, last = _within(one.starts_us, start_us, end_us)
            starts += one.starts_us[first:last]
            values += one.values[first:last]
            known += [one.known_us] * (last - first)
            if first < last:
                used[id(one)] = one
            continue
        for at_us, value, one in _resolved(cluster, start_us, end_us, apart):
            starts.append(at_us)
            values.append(value)
            known.append(one.known_us)
            used[id(one)] = one
    for one in statements:
        if one.quality not in _SERVED:
            apart += _cut(one, start_us, end_us)
    return Values(
        series=series,
        starts_us=tuple(starts),
        values=tuple(values),
        known_us=tuple(known),
        assumed=any(one.assumed for one in used.values()),
        apart=tuple(sorted(apart, key=lambda one: (one.starts_us, one.known_us))),
        documents=tuple(dict.fromkeys(one.document for one in used.values() if one.document)),
        licences=tuple(dict.fromkeys(one.licence for one in used.values() if one.licence)),
    )


def _clusters(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """Yield groups that share no time with each other, in order of time."""
    cluster: list[Statement] = []
    last_us = 0
    for one in sorted(statements, key=lambda one: one.starts_us[0]):
        if cluster and one.starts_us[0] > last_us:
            yield cluster
            cluster = []
        last_us = max(last_us, one.starts_us[-1]) if cluster else one.starts_us[-1]
        cluster.append(one)
    if cluster:
        yield cluster


def _resolved(
    cluster: Sequence[Statement], start_us: int, end_us: int, apart: list[Apart]
) -> Iterator[tuple[int, float, Statement]]:
    """Yield start, value and statement of each interval; conflicts go to `apart`."""
    by_start: dict[int, list[tuple[float, Statement]]] = {}
    for one in sorted(cluster, key=lambda one: (one.rank, -one.known_us), reverse=True):
        for at_us, value in zip(one.starts_us, one.values, strict=True):
            if start_us <= at_us < end_us:
                by_start.setdefault(at_us, []).append((value, one))
    for at_us in sorted(by_start):
        said = by_start[at_us]
        while said:
            top = [pair for pair in said if pair[1].rank == said[0][1].rank]
            if len({value for value, _ in top}) == 1:
                yield at_us, top[0][0], top[0][1]
                break
            apart += [
                Apart(
                    starts_us=(at_us,),
                    values=(value,),
                    quality=Quality.CONFLICT,
                    known_us=one.known_us,
                    document=one.document,
                )
                for value, one in top
            ]
            said = said[len(top) :]


def _cut(one: Statement, start_us: int, end_us: int) -> list[Apart]:
    first, last = _within(one.starts_us, start_us, end_us)
    if first >= last:
        return []
    return [
        Apart(
            starts_us=tuple(one.starts_us[first:last]),
            values=tuple(one.values[first:last]),
            quality=one.quality,
            known_us=one.known_us,
            document=one.document,
        )
    ]


def _within(starts_us: Sequence[int], start_us: int, end_us: int) -> tuple[int, int]:
    if start_us <= starts_us[0] and starts_us[-1] < end_us:
        return 0, len(starts_us)
    first = sum(at_us < start_us for at_us in starts_us)
    last = sum(at_us < end_us for at_us in starts_us)
    return first, last
