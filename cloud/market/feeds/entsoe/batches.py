"""From the documents of one piece of a wish to batches of our series. Pure.

What does not belong to the question is left out and told; what belongs to it twice is resolved by
rank (`merge`). Values are cropped to the asked interval, because an answer covers whole days. No
value is changed but for the sign of what flows the other way, and for energy per interval, which
becomes power.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cloud.market.areas.model import SDAC, Area
from cloud.market.feeds.base import Tell, Wish
from cloud.market.feeds.entsoe import codes, identity, timetable
from cloud.market.feeds.entsoe.document import Document, TimeSeries
from cloud.market.feeds.entsoe.expand import expand
from cloud.market.feeds.entsoe.merge import Column, Origin
from cloud.market.feeds.entsoe.request import Piece, Question
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind, Quality, Series

SOURCE = "entsoe"
LICENCE = "ENTSO-E Transparency Platform: for the token's owner; publishing again is limited"
_HOUR_US = codes.STEP_US["PT60M"]
_US = 1_000_000
Columns = dict[tuple[str, int], Column]
"""By detail and length of the interval in µs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is known beside the documents."""

    area: Area
    received_us: int
    tell: Tell
    directions: Mapping[str, int] = field(default_factory=lambda: identity.DIRECTIONS)


def batches(piece: Piece, answers: Sequence[Sequence[Document]], reading: Reading) -> list[Batch]:
    """Return what the answers to a piece's questions say, in order of series and time.

    Raises:
        BadAnswer: a document is of another type, or cannot be expanded.
    """
    columns = [
        _columns(piece, question, documents, reading)
        for question, documents in zip(piece.questions, answers, strict=True)
    ]
    merged = columns[0] if len(columns) == 1 else _net(columns[0], columns[1], reading.tell)
    return [
        batch
        for (detail, step_us), column in sorted(merged.items())
        for batch in _batches(piece.wish, _series(piece.wish, detail, step_us), column, reading)
    ]


def _series(wish: Wish, detail: str, step_us: int) -> Series:
    return Series(SOURCE, wish.kind, wish.area, step_us // _US, detail)


def _columns(
    piece: Piece, question: Question, documents: Sequence[Document], reading: Reading
) -> Columns:
    columns: Columns = {}
    numbered = any(identity.is_numbered(series) for said in documents for series in said.series)
    eics = frozenset({piece.eic, piece.neighbour_eic} - {""})
    enters = dict(question.parameters).get("in_Domain", piece.eic)
    for document in documents:
        if document.type != question.document:
            raise BadAnswer(f"{question.document} was asked for, {document.type[:10]!r} came")
        for series in document.series:
            odd = identity.strange(document, series, piece.wish.kind, eics)
            if not odd and series.text("in_Domain.mRID") not in ("", enters):
                odd = "it is for the other direction"
            if odd:
                reading.tell(f"{_name(document, series)} is left out: {odd}")
            else:
                _add(columns, piece.wish, document, series, reading, numbered)
    return columns


def _add(
    columns: Columns,
    wish: Wish,
    document: Document,
    series: TimeSeries,
    reading: Reading,
    numbered: bool,
) -> None:
    origin = Origin(
        document=document.mrid, created_us=document.created_us, revision=document.revision
    )
    for period in series.periods:
        name = _name(document, series)
        expanded = expand(period, series.text("curveType"), reading.area.zone)
        if expanded.beyond:
            reading.tell(f"{name} is suspect: positions {expanded.beyond[:5]} of {expanded.slots}")
        if expanded.step_us is None:
            reading.tell(f"{name} is left out: resolution {period.resolution} is no series of ours")
            continue
        day = reading.area.day_of(period.start_us)
        found = identity.identify(series, wish.kind, reading.area, day, numbered)
        factor = _factor(series, wish.kind, found.sign, expanded.step_us, reading)
        detail = found.detail or period.category or wish.detail
        if factor is None or (not detail and wish.kind in _PLANT_KINDS):
            reading.tell(f"{name} is left out: it says no direction, or no type of plant")
            continue
        starts_us, values = _crop(expanded.starts_us, expanded.values, wish)
        if factor != 1:
            values = [value * factor if value else value for value in values]
        if starts_us:
            column = columns.setdefault((detail, expanded.step_us), Column())
            column.add(starts_us, values, origin)


_PLANT_KINDS = (Kind.GENERATION_FORECAST, Kind.GENERATION_ACTUAL)


def _factor(
    series: TimeSeries, kind: Kind, sign: int, step_us: int, reading: Reading
) -> float | None:
    """Return what a value is multiplied with; None where its direction is not known."""
    if kind is not Kind.IMBALANCE_VOLUME:
        return sign
    direction = identity.volume_sign(series, reading.directions)
    if direction is None:
        return None
    energy = series.text("quantity_Measure_Unit.name") == codes.MEGAWATT_HOUR
    return direction * (_HOUR_US / step_us if energy else 1)


def _crop(starts_us: list[int], values: list[float], wish: Wish) -> tuple[list[int], list[float]]:
    if not starts_us or (starts_us[0] >= wish.start_us and starts_us[-1] < wish.end_us):
        return starts_us, values
    kept = [
        (start_us, value)
        for start_us, value in zip(starts_us, values, strict=True)
        if wish.start_us <= start_us < wish.end_us
    ]
    return [start_us for start_us, _ in kept], [value for _, value in kept]


def _net(out: Columns, into: Columns, tell: Tell) -> Columns:
    """Return export less import where both are known; one direction alone says nothing."""
    netted: Columns = {}
    for key in sorted({*out, *into}):
        leaves, enters = out.get(key, Column()), into.get(key, Column())
        column = netted[key] = Column()
        lonely = 0
        for start_us in {**leaves.values, **enters.values}:
            if start_us in leaves.conflicts or start_us in enters.conflicts:
                lonely += 1
                continue
            one, other = leaves.values.get(start_us), enters.values.get(start_us)
            if one is None or other is None:
                lonely += 1
                continue
            origin = max(one[1], other[1], key=_rank)
            column.values[start_us] = (one[0] - other[0], origin)
        if lonely:
            tell(f"flow {key[0]}: {lonely} intervals are left out: one direction is not known")
    return netted


def _rank(origin: Origin) -> tuple[int, int]:
    return origin.rank


def _batches(wish: Wish, series: Series, column: Column, reading: Reading) -> Iterator[Batch]:
    if column.conflicts:
        reading.tell(f"{series}: {len(column.conflicts)} intervals have two values of one rank")
    for quality, runs in ((Quality.GOOD, column.runs()), (Quality.CONFLICT, column.disputes())):
        for origin, starts_us, values in runs:
            whole = Batch(
                series=series,
                starts_us=tuple(starts_us),
                values=tuple(values),
                known_us=reading.received_us,
                received_us=reading.received_us,
                created_us=reading.received_us if origin.created_us is None else origin.created_us,
                revision=origin.revision,
                document=origin.document,
                quality=quality,
                licence=LICENCE,
            )
            yield from _dated(wish, whole, reading)


def _dated(wish: Wish, batch: Batch, reading: Reading) -> Iterator[Batch]:
    """Yield the batch by local days where they differ in when, or whether, they were known."""
    coupled = batch.series.kind is Kind.PRICE_DAY_AHEAD and batch.series.detail == SDAC
    early = coupled and timetable.too_early(reading.area, batch.starts_us[-1], reading.received_us)
    if not wish.history and not early:
        yield batch
        return
    for start_us, part in _by_day(batch, reading.area):
        known_us = part.known_us
        if wish.history:
            plan_us = timetable.known_us(wish.kind, part.series.detail, reading.area, start_us)
            known_us = min(plan_us, part.received_us)
        quality = part.quality
        if coupled and timetable.too_early(reading.area, start_us, reading.received_us):
            reading.tell(f"{part.series}: a price of an auction that has not opened is set apart")
            quality = Quality.IMPLAUSIBLE
        yield replace(part, known_us=known_us, assumed=wish.history, quality=quality)


def _by_day(batch: Batch, area: Area) -> Iterator[tuple[int, Batch]]:
    at = 0
    starts_us = batch.starts_us
    while at < len(starts_us):
        end_us = area.day_us(area.day_of(starts_us[at]))[1]
        after = at
        while after < len(starts_us) and starts_us[after] < end_us:
            after += 1
        part = replace(batch, starts_us=starts_us[at:after], values=batch.values[at:after])
        yield starts_us[at], part
        at = after


def _name(document: Document, series: TimeSeries) -> str:
    return f"{document.type} {document.mrid[:60]} series {series.text('mRID')[:20]}"
