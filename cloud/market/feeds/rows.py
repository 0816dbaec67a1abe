"""From rows of start, length and value to batches, for sources that tell no more. Pure.

Rows may come unordered and twice. The same value twice is one value; two values for one interval
are a conflict: both are told, neither will be served. A length that a source does not say is the
least distance of its rows on that local day. Nothing is filled.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from cloud.market.areas.model import SDAC, Area
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe import timetable
from cloud.market.feeds.entsoe.identity import UNCOUPLED
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind, Quality, Series

LENGTHS_S = (900, 1_800, 3_600)
ROWS_MAX = 600_000
INSTANTS = (631_152_000_000_000, 7_258_118_400_000_000)
"""1990 to 2200: what lies outside is no time of a market."""
_US = 1_000_000


class Row(NamedTuple):
    start_us: int
    value: float
    length_s: int | None = None
    """None: the source does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What all rows of an answer share."""

    source: str
    area: Area
    received_us: int
    created_us: int | None = None
    """None: the source does not say; that of arrival counts."""
    document: str = ""
    licence: str = ""
    quality: Quality = Quality.GOOD


def auction_of(kind: Kind, area: Area) -> str:
    """Return the `Series.detail` of a day-ahead price: that of the coupled auction, "" else."""
    return SDAC if kind is Kind.PRICE_DAY_AHEAD and area.code not in UNCOUPLED else ""


def batches(
    rows: Iterable[Row], wish: Wish, origin: Origin, detail: str | None = None
) -> list[Batch]:
    """Return the rows within the wish as batches, one for each length and, of history, each day.

    Raises:
        BadAnswer: a length that no series has, a start off its grid, too many rows.
    """
    found = sorted(set(rows))
    if len(found) > ROWS_MAX:
        raise BadAnswer(f"{origin.source}: {len(found)} rows; {ROWS_MAX} are allowed")
    if found and not INSTANTS[0] <= found[0].start_us <= found[-1].start_us < INSTANTS[1]:
        raise BadAnswer(f"{origin.source}: an instant before 1990 or after 2200")
    wanted = [
        row for row in _measured(found, origin) if wish.start_us <= row.start_us < wish.end_us
    ]
    told = detail if detail is not None else auction_of(wish.kind, origin.area)
    return [
        batch
        for length_s in LENGTHS_S
        for batch in _of_length(
            [row for row in wanted if row.length_s == length_s],
            Series(origin.source, wish.kind, wish.area, length_s, told),
            wish,
            origin,
        )
    ]


def _measured(rows: list[Row], origin: Origin) -> Iterator[Row]:
    """Yield the rows with their lengths."""
    by_day: dict[object, list[Row]] = {}
    for row in rows:
        by_day.setdefault(origin.area.day_of(row.start_us), []).append(row)
    usual = Counter(length for of_day in by_day.values() if (length := _length_s(of_day)))
    for of_day in by_day.values():
        guessed = _length_s(of_day) or next((length for length, _ in usual.most_common(1)), None)
        for row in of_day:
            length_s = row.length_s or guessed
            if length_s not in LENGTHS_S:
                raise BadAnswer(f"{origin.source}: a length of {length_s} s is not known")
            if row.start_us % (length_s * _US):
                raise BadAnswer(f"{origin.source}: a start is not on the grid of {length_s} s")
            yield row._replace(length_s=length_s)


def _length_s(of_day: list[Row]) -> int | None:
    steps = {after.start_us - before.start_us for before, after in pairwise(of_day)} - {0}
    return min(steps) // _US if steps else None


def _of_length(rows: list[Row], series: Series, wish: Wish, origin: Origin) -> Iterator[Batch]:
    counts = Counter(row.start_us for row in rows)
    good = [row for row in rows if counts[row.start_us] == 1]
    first: dict[int, Row] = {}
    second: dict[int, Row] = {}
    for row in rows:
        if counts[row.start_us] > 1:
            (second if row.start_us in first else first)[row.start_us] = row
    conflicts = (list(first.values()), list(second.values()))
    for quality, some in (
        (origin.quality, good),
        (Quality.CONFLICT, conflicts[0]),
        (Quality.CONFLICT, conflicts[1]),
    ):
        for of_day in _days(some, wish, origin.area):
            yield _batch(of_day, series, wish, origin, quality)


def _days(rows: list[Row], wish: Wish, area: Area) -> Iterator[list[Row]]:
    """Yield the rows together, or by days where each became known at a time of its own."""
    if not rows:
        return
    if not wish.history:
        yield rows
        return
    by_day: dict[object, list[Row]] = {}
    for row in rows:
        by_day.setdefault(area.day_of(row.start_us), []).append(row)
    yield from by_day.values()


def _batch(rows: list[Row], series: Series, wish: Wish, origin: Origin, quality: Quality) -> Batch:
    now_us = origin.received_us
    batch = Batch(
        series=series,
        starts_us=tuple(row.start_us for row in rows),
        values=tuple(row.value for row in rows),
        known_us=now_us,
        received_us=now_us,
        created_us=now_us if origin.created_us is None else origin.created_us,
        document=origin.document,
        quality=quality,
        licence=origin.licence,
    )
    if not wish.history:
        return batch
    by_plan = timetable.known_us(wish.kind, series.detail, origin.area, rows[0].start_us)
    return replace(batch, known_us=min(by_plan, now_us), assumed=True)
