"""Outages: the newest revision counts, withdrawn ones take nothing away, unknown stays unknown."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market.areas.catalogue import load
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe.batches import Reading
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.outages import Outage, outages, unavailable
from cloud.market.feeds.entsoe.overlap import without_overlap
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind
from simulators.entsoe_documents import MadeDocument, MadePeriod, MadeSeries, xml

AT = load()["AT"]
START_US = 1_768_431_600_000_000
HOUR_US, QUARTER_US = 3_600_000_000, 900_000_000
NOMINAL = "production_RegisteredResource.pSRType.powerSystemResources.nominalP"
TEXTS = {
    "businessType": "A53",
    "biddingZone_Domain.mRID": "10YAT-APG------L",
    "quantity_Measure_Unit.name": "MAW",
    "production_RegisteredResource.name": "Mill & Sons",
}
WISH = Wish(kind=Kind.UNAVAILABLE, area="AT", start_us=START_US, end_us=START_US + 24 * HOUR_US)


def document(
    values: Sequence[float | None],
    start_us: int = START_US,
    nominal: str = "100",
    unit: str = "MAW",
    status: str = "A05",
    mrid: str = "one",
    revision: int = 1,
) -> Document:
    period = MadePeriod(
        start_us=start_us, resolution="PT60M", values=values, tag="Available_Period"
    )
    texts = {**TEXTS, "quantity_Measure_Unit.name": unit}
    if nominal:
        texts[NOMINAL] = nominal
    series = MadeSeries(texts=texts, periods=[period], value="quantity", curve="A01")
    made = MadeDocument(
        root="Unavailability_MarketDocument",
        type="A77",
        series=[series],
        mrid=mrid,
        revision=revision,
        status=status,
    )
    found = parse(xml(made))
    assert isinstance(found, Document)
    return found


def batches(found: Sequence[Outage]) -> tuple[list[Batch], list[str]]:
    told: list[str] = []
    reading = Reading(area=AT, received_us=START_US, tell=told.append)
    return unavailable(found, WISH, reading), told


def test_an_outage_says_what_stays_and_takes_away_the_rest() -> None:
    (outage,) = outages([document([30.0, 30.0, 0.0])], AT)
    assert (outage.planned, outage.resource, outage.nominal_mw) == (True, "Mill & Sons", 100.0)
    assert [(p.end_us - p.start_us, p.power_mw) for p in outage.available] == [
        (2 * HOUR_US, 30.0),
        (HOUR_US, 0.0),
    ]
    (batch,) = batches([outage])[0]
    assert batch.values == (70.0,) * 8 + (100.0,) * 4
    assert str(batch.series) == "entsoe/outage.unavailable/AT/900s/one"


def test_only_the_highest_revision_counts_in_whatever_order_they_come() -> None:
    old, new = document([0.0]), document([90.0], revision=2)
    for order in ([old, new], [new, old]):
        (outage,) = outages(order, AT)
        assert (outage.revision, outage.available[0].power_mw) == (2, 90.0)


@pytest.mark.parametrize("status", ["A09", "A13"])
def test_a_cancelled_or_withdrawn_outage_takes_nothing_away_any_more(status: str) -> None:
    (outage,) = outages([document([0.0]), document([0.0], revision=2, status=status)], AT)
    assert outage.withdrawn
    assert batches([outage])[0][0].values == (0.0,) * 4


def test_what_begins_within_a_quarter_hour_is_told_as_its_mean_and_cropped() -> None:
    body = xml_of_minutes()
    found = parse(body)
    assert isinstance(found, Document)
    (batch,) = batches(outages([found], AT))[0]
    assert batch.starts_us == (START_US, START_US + QUARTER_US)
    assert batch.values == pytest.approx((100 * 5 / 15, 100.0))


def xml_of_minutes() -> bytes:
    """Return an outage from 23:10 to 23:30 in minutes."""
    plain = xml(
        MadeDocument(
            root="Unavailability_MarketDocument",
            type="A77",
            series=[
                MadeSeries(
                    texts={**TEXTS, NOMINAL: "100"},
                    periods=[
                        MadePeriod(
                            start_us=START_US,
                            resolution="PT15M",
                            values=[0.0, 0.0],
                            tag="Available_Period",
                        )
                    ],
                    value="quantity",
                )
            ],
        )
    )
    start = plain.index(b"<Available_Period>")
    return plain[:start] + plain[start:].replace(b"23:00Z", b"23:10Z").replace(b"PT15M", b"PT1M")


def test_without_a_nominal_power_nothing_is_invented() -> None:
    found, told = batches(outages([document([10.0], nominal="")], AT))
    assert found == []
    assert "no nominal power" in told[0]


def test_two_powers_of_one_instant_are_told_and_not_added() -> None:
    one, other = document([10.0, 10.0]), document([20.0])
    both = Document(
        root=one.root,
        type=one.type,
        mrid=one.mrid,
        revision=1,
        created_us=None,
        status="",
        texts={},
        series=(*one.series, *other.series),
    )
    found, told = batches(outages([both], AT))
    assert found == []
    assert "two powers at once" in told[0]


def test_an_outage_outside_the_wish_has_no_values() -> None:
    late = document([0.0], start_us=START_US + 30 * HOUR_US)
    assert batches(outages([late], AT)) == ([], [])


def test_another_unit_or_another_document_is_refused() -> None:
    with pytest.raises(BadAnswer, match="'MWH'"):
        outages([document([0.0], unit="MWH")], AT)
    price = MadeDocument(root="Publication_MarketDocument", type="A44", series=[])
    other = parse(xml(price))
    assert isinstance(other, Document)
    with pytest.raises(BadAnswer, match="outages were asked for"):
        outages([other], AT)


def of_unit(
    mrid: str, type: str, taken_mw: float, unit: str = "plant", **more: Any
) -> tuple[str, Document]:
    """Return an outage of four hours of a unit of 100 MW."""
    texts = {**TEXTS, NOMINAL: "100", "production_RegisteredResource.mRID": unit}
    period = MadePeriod(
        start_us=START_US, resolution="PT60M", values=[100 - taken_mw] * 4, tag="Available_Period"
    )
    made = MadeDocument(
        root="Unavailability_MarketDocument",
        type=type,
        series=[MadeSeries(texts=texts, periods=[period], value="quantity", curve="A01")],
        mrid=mrid,
        **more,
    )
    found = parse(xml(made))
    assert isinstance(found, Document)
    return mrid, found


def taken(*said: tuple[str, Document]) -> dict[str, float]:
    """Return the power that each outage takes away in the first quarter-hour."""
    made, _ = batches(outages([document for _, document in said], AT))
    return {batch.series.detail: batch.values[0] for batch in made}


def test_what_whole_and_part_both_tell_of_is_counted_once() -> None:
    whole, part = of_unit("w", "A77", 60.0), of_unit("a", "A80", 40.0)
    assert taken(whole, part) == {"w": 60.0, "a": 0.0}
    more = of_unit("b", "A80", 50.0)
    assert taken(whole, part, more) == {"w": 60.0, "a": 0.0, "b": 30.0}, "90 MW: the larger sum"
    assert taken(part, more) == {"a": 40.0, "b": 50.0}
    assert taken(whole, of_unit("a", "A80", 40.0, unit="another")) == {"w": 60.0, "a": 40.0}
    assert taken(whole, of_unit("a", "A80", 40.0, unit="")) == {"w": 60.0, "a": 40.0}


def test_an_outage_told_of_under_both_documents_is_one() -> None:
    assert taken(of_unit("w", "A77", 60.0), of_unit("w", "A80", 70.0, revision=2)) == {"w": 70.0}


def test_a_part_counts_again_when_the_whole_is_withdrawn_and_its_rank_rises() -> None:
    part = of_unit("a", "A80", 40.0, created_us=1_000_000_000_000_000)
    whole = of_unit("w", "A77", 60.0, created_us=1_100_000_000_000_000)
    gone = of_unit("w", "A77", 60.0, created_us=1_200_000_000_000_000, revision=2, status="A09")
    first, _ = batches(outages([part[1], whole[1]], AT))
    then, _ = batches(outages([part[1], whole[1], gone[1]], AT))
    assert (first[0].values[0], then[0].values[0]) == (0.0, 40.0)
    assert first[0].created_us < then[0].created_us, "else the two would contradict each other"


@given(
    st.lists(st.integers(0, 100), max_size=4),
    st.lists(st.integers(0, 100), max_size=4),
)
def test_the_sum_of_a_unit_is_the_larger_of_both_ways_to_tell_it(
    wholes: list[int], parts: list[int]
) -> None:
    told = [("A77", "plant", {0: float(mw)}) for mw in wholes]
    told += [("A80", "plant", {0: float(mw)}) for mw in parts]
    kept = [quarters[0] for quarters in without_overlap(told)]
    assert sum(kept) == max(sum(wholes), sum(parts))
    assert all(0 <= kept_mw <= was[2][0] for kept_mw, was in zip(kept, told, strict=True))
