"""Outages: what the newest revision of each says, and the power that it takes away. Pure.

An outage is its mRID; only the highest revision counts. A cancelled or withdrawn one takes away
nothing, which is told as 0 MW and not by silence, because the store forgets nothing. What an
outage takes away is the nominal power less what stays available; where the document does not say
the nominal power it is not known, and there are no values.

Quarter-hours: outages begin at any minute and last for months, so that the mean of each
quarter-hour is given.

Source: market data, §2.2 (A76 to A80), §3.4.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cloud.market.areas.model import Area
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe import codes
from cloud.market.feeds.entsoe.batches import LICENCE, SOURCE, Reading
from cloud.market.feeds.entsoe.document import Document, TimeSeries, number
from cloud.market.feeds.entsoe.expand import expand
from cloud.market.feeds.entsoe.overlap import without_overlap
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind, Series
from wire.clock import QUARTER_HOUR_US

_NOMINAL = (
    "production_RegisteredResource.pSRType.powerSystemResources.nominalP",
    "asset_RegisteredResource.pSRType.powerSystemResources.nominalP",
)
_UNIT = "production_RegisteredResource.mRID"
_RESOURCE = (
    "production_RegisteredResource.pSRType.powerSystemResources.name",
    "production_RegisteredResource.name",
    "asset_RegisteredResource.name",
    "Asset_RegisteredResource/name",
)


@dataclass(frozen=True, slots=True, order=True)
class Available:
    """Power that stays available over ``[start, end)``."""

    start_us: int
    end_us: int
    power_mw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage by its newest revision."""

    mrid: str
    revision: int
    created_us: int | None
    document: str
    """A76 consumption, A77 production, A78 transmission, A79 offshore grid, A80 generation unit."""
    planned: bool | None
    """Business type A53; None: the document says neither planned nor unplanned."""
    withdrawn: bool
    """Cancelled or withdrawn: it is kept, and no longer counts."""
    resource: str
    unit: str
    """The production unit that it is of, or lies within; "" where the document names none."""
    nominal_mw: float | None
    available: tuple[Available, ...]


def outages(documents: Iterable[Document], area: Area) -> list[Outage]:
    """Return every outage once, by its newest revision, withdrawn ones among them.

    Raises:
        BadAnswer: a document that is none of outages, or an unknown curve or unit.
    """
    newest: dict[str, Document] = {}
    for document in documents:
        if document.root not in ("Unavailability_MarketDocument", _TRANSMISSION_ROOT):
            raise BadAnswer(f"outages were asked for, {document.root} came")
        before = newest.get(document.mrid)
        if before is None or _rank(before) < _rank(document):
            newest[document.mrid] = document
    return [_outage(document, area) for _, document in sorted(newest.items())]


def unavailable(found: Sequence[Outage], wish: Wish, reading: Reading) -> list[Batch]:
    """Return the power that each outage takes away, as quarter-hours within the wish, in MW."""
    told: list[tuple[Outage, dict[int, float]]] = []
    for outage in found:
        if outage.nominal_mw is None:
            reading.tell(f"outage {outage.mrid[:60]}: no nominal power, so no power taken away")
            continue
        if _contradicts(outage):
            reading.tell(f"outage {outage.mrid[:60]}: two powers at once, so no power taken away")
            continue
        told.append((outage, _quarters(outage, outage.nominal_mw, wish)))
    counted = without_overlap(
        [(outage.document, outage.unit, quarters) for outage, quarters in told]
    )
    return [
        Batch(
            series=Series(SOURCE, Kind.UNAVAILABLE, wish.area, 900, outage.mrid),
            starts_us=tuple(quarters),
            values=tuple(quarters.values()),
            known_us=reading.received_us,
            received_us=reading.received_us,
            created_us=_created_us(outage, found) or reading.received_us,
            revision=outage.revision,
            document=outage.mrid,
            licence=LICENCE,
        )
        for (outage, _), quarters in zip(told, counted, strict=True)
        if quarters
    ]


def _created_us(outage: Outage, found: Sequence[Outage]) -> int:
    """Return when the newest document was made that the outage's power depends on."""
    beside = [one for one in found if outage.unit and one.unit == outage.unit]
    return max(one.created_us or 0 for one in (outage, *beside))


_TRANSMISSION_ROOT = "TransmissionNetwork_MarketDocument"


def _rank(document: Document) -> tuple[int, int]:
    return (document.revision, document.created_us or 0)


def _outage(document: Document, area: Area) -> Outage:
    kinds = {series.text("businessType") for series in document.series}
    first = document.series[0] if document.series else TimeSeries(texts={}, periods=[])
    return Outage(
        mrid=document.mrid,
        revision=document.revision,
        created_us=document.created_us,
        document=document.type,
        planned="A53" in kinds if len(kinds) == 1 and kinds <= {"A53", "A54"} else None,
        withdrawn=document.status in (codes.CANCELLED, codes.WITHDRAWN),
        resource=first.text(*_RESOURCE),
        unit=first.text(_UNIT),
        nominal_mw=number(first.text(*_NOMINAL)),
        available=_available(document, area),
    )


def _available(document: Document, area: Area) -> tuple[Available, ...]:
    """Return the stretches of one power, in order, what is said twice once."""
    said = {part for series in document.series for part in _steps(series, area)}
    found: list[Available] = []
    for part in sorted(said):
        last = found[-1] if found else None
        if last and last.end_us == part.start_us and last.power_mw == part.power_mw:
            found[-1] = Available(last.start_us, part.end_us, part.power_mw)
        else:
            found.append(part)
    return tuple(found)


def _steps(series: TimeSeries, area: Area) -> Iterator[Available]:
    unit = series.text("quantity_Measure_Unit.name")
    if unit != codes.MEGAWATT:
        raise BadAnswer(f"unit {unit[:20]!r} of an outage; {codes.MEGAWATT} is expected")
    for period in series.periods:
        expanded = expand(period, series.text("curveType"), area.zone)
        step_us = expanded.step_us
        if step_us is None:
            raise BadAnswer(f"resolution {period.resolution!r} of an outage")
        for start_us, power_mw in zip(expanded.starts_us, expanded.values, strict=True):
            yield Available(start_us, start_us + step_us, power_mw)


def _contradicts(outage: Outage) -> bool:
    """Return whether the document says two powers of one instant."""
    return any(left.end_us > right.start_us for left, right in pairwise(outage.available))


def _quarters(outage: Outage, nominal_mw: float, wish: Wish) -> dict[int, float]:
    """Return the mean power that is taken away, by quarter-hours that the outage touches."""
    taken: dict[int, float] = {}
    for part in outage.available:
        gone_mw = 0.0 if outage.withdrawn else max(0.0, nominal_mw - part.power_mw)
        start_us = max(part.start_us, wish.start_us)
        end_us = min(part.end_us, wish.end_us)
        at_us = start_us - start_us % QUARTER_HOUR_US
        while at_us < end_us:
            share_us = min(end_us, at_us + QUARTER_HOUR_US) - max(start_us, at_us)
            taken[at_us] = taken.get(at_us, 0.0) + gone_mw * share_us / QUARTER_HOUR_US
            at_us += QUARTER_HOUR_US
    return {at_us: taken[at_us] for at_us in sorted(taken) if at_us >= wish.start_us}
