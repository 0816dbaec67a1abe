"""From documents to series: auctions apart, duplicates resolved, borders netted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.market.areas.catalogue import load
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe import batches as made_batches
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.identity import SEQUENCE
from cloud.market.feeds.entsoe.request import pieces
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind, Quality
from simulators.entsoe_documents import MadeDocument, MadePeriod, MadeSeries, xml
from wire.clock import micros

AREAS = load()
AT = AREAS["AT"]
EIC = "10YAT-APG------L"
OTHER = "10YCH-SWISSGRIDZ"
DAY = date(2026, 3, 29)
START_US, END_US = AT.day_us(DAY)
STEP_US = 900_000_000
AFTER_US = START_US - 10 * 3_600_000_000
"""14:00 of the day before in Vienna, less an hour: the coupled auction has opened."""
PRICE = {
    "in_Domain.mRID": EIC,
    "out_Domain.mRID": EIC,
    "currency_Unit.name": "EUR",
    "price_Measure_Unit.name": "MWH",
}
POWER = {"inBiddingZone_Domain.mRID": EIC, "quantity_Measure_Unit.name": "MAW"}
Values = Sequence[float | None]


def period(values: Values, first: int = 0, resolution: str = "PT15M") -> MadePeriod:
    start_us = START_US + first * STEP_US
    return MadePeriod(start_us=start_us, resolution=resolution, values=values)


def price(values: Values, sequence: str = "1") -> MadeSeries:
    numbered = {SEQUENCE: sequence} if sequence else {}
    return MadeSeries(texts={**PRICE, **numbered}, periods=[period(values)])


def power(values: Values, plant: str = "", **texts: str) -> MadeSeries:
    return MadeSeries(
        texts={**POWER, **texts}, periods=[period(values)], value="quantity", plant=plant
    )


def document(*series: MadeSeries, type: str = "A44", **more: Any) -> Document:
    root = "Publication_MarketDocument" if type in ("A44", "A11") else "GL_MarketDocument"
    found = parse(xml(MadeDocument(root=root, type=type, series=series, **more)))
    assert isinstance(found, Document)
    return found


def read(
    *documents: Sequence[Document] | Document,
    kind: Kind = Kind.PRICE_DAY_AHEAD,
    start_us: int = START_US,
    end_us: int = END_US,
    detail: str = "",
    history: bool = False,
    received_us: int = AFTER_US,
) -> tuple[list[Batch], list[str]]:
    """Return the batches of a wish for AT, and what was told."""
    wish = Wish(
        kind=kind, area="AT", start_us=start_us, end_us=end_us, detail=detail, history=history
    )
    (piece,) = pieces(wish, AREAS)
    told: list[str] = []
    reading = made_batches.Reading(area=AT, received_us=received_us, tell=told.append)
    answers = [said if isinstance(said, Sequence) else [said] for said in documents]
    return made_batches.batches(piece, answers, reading), told


def test_two_auctions_of_one_answer_are_two_series() -> None:
    answer = document(price([20.0] * 92, "2"), price([10.0] * 92, "1"))
    found, told = read(answer)
    assert {batch.series.detail: set(batch.values) for batch in found} == {
        "SDAC": {10.0},
        "EXAA": {20.0},
    }
    assert all(len(batch.values) == 92 for batch in found)
    assert told == []


def test_a_missing_auction_is_missing_and_not_replaced_by_the_other() -> None:
    found, _ = read(document(price([20.0] * 92, "2")))
    assert [batch.series.detail for batch in found] == ["EXAA"]


def test_an_unknown_number_and_none_beside_numbers_are_series_of_their_own() -> None:
    found, _ = read(document(price([1.0], "1"), price([2.0], "7"), price([3.0], "")))
    assert {batch.series.detail: batch.values for batch in found} == {
        "SDAC": (1.0,),
        "SEQ7": (2.0,),
        "UNNUMBERED": (3.0,),
    }


def test_prices_without_any_number_are_those_of_the_coupled_auction() -> None:
    found, _ = read(document(price([3.0], "")))
    assert [batch.series.detail for batch in found] == ["SDAC"]


cuts = st.lists(st.integers(1, 91), unique=True, max_size=6).map(sorted)
short_lists = st.lists(st.integers(-2, 2).map(float), min_size=2, max_size=2)
value_lists = st.lists(st.integers(-50, 50).map(float), min_size=92, max_size=92)


@settings(max_examples=50)
@given(value_lists, value_lists, cuts, cuts, st.randoms(use_true_random=False))
def test_however_two_auctions_are_split_over_series_and_periods_they_never_mix(
    sdac: list[float], exaa: list[float], cut: list[int], other_cut: list[int], random: Any
) -> None:
    parts: list[MadeSeries] = []
    for number, values, at in (("1", sdac, cut), ("2", exaa, other_cut)):
        edges = [0, *at, 92]
        spans = [(left, values[left:right]) for left, right in pairwise(edges)]
        random.shuffle(spans)
        half = random.randint(0, len(spans))
        for group in (spans[:half], spans[half:]):
            periods = [period(span, left) for left, span in group]
            parts.append(MadeSeries(texts={**PRICE, SEQUENCE: number}, periods=periods))
    random.shuffle(parts)
    found, told = read(document(*parts))
    assert told == []
    assert {batch.series.detail: list(batch.values) for batch in found} == {
        "SDAC": sdac,
        "EXAA": exaa,
    }


def test_an_answer_that_holds_more_than_was_asked_is_cropped() -> None:
    start_us = START_US + 8 * STEP_US
    found, _ = read(
        document(price([float(at) for at in range(92)])),
        start_us=start_us,
        end_us=start_us + 4 * STEP_US,
    )
    (batch,) = found
    assert (batch.starts_us[0], batch.values) == (start_us, (8.0, 9.0, 10.0, 11.0))


def test_two_resolutions_of_one_series_are_two_series() -> None:
    hours = MadeSeries(
        texts={**PRICE, SEQUENCE: "1"}, periods=[period([5.0, 6.0], resolution="PT60M")]
    )
    found, _ = read(document(price([1.0, 2.0]), hours))
    assert [batch.series.resolution_s for batch in found] == [900, 3600]


def test_the_newest_document_counts_and_then_the_highest_revision() -> None:
    old = document(price([1.0, 1.5]), created_us=1_000_000, revision=9, mrid="old")
    new = document(price([2.0]), created_us=2_000_000, mrid="new")
    newest = document(price([3.0]), created_us=2_000_000, revision=2, mrid="newest")
    for order in ([old, new, newest], [newest, new, old]):
        found, told = read(order)
        assert {batch.document: batch.values for batch in found} == {
            "newest": (3.0,),
            "old": (1.5,),
        }
        assert told == []


def test_two_values_of_one_rank_are_kept_as_a_conflict_and_neither_counts() -> None:
    found, told = read(document(price([1.0, 2.0]), price([4.0, 2.0])))
    by_quality = [(batch.quality, batch.starts_us[0], batch.values) for batch in found]
    assert by_quality == [
        (Quality.GOOD, START_US + STEP_US, (2.0,)),
        (Quality.CONFLICT, START_US, (1.0,)),
        (Quality.CONFLICT, START_US, (4.0,)),
    ]
    assert len(told) == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 2), short_lists), min_size=1))
def test_the_order_of_documents_never_matters(rows: list[tuple[int, int, list[float]]]) -> None:
    documents = [
        document(price(values), created_us=at * 1_000_000, revision=revision, mrid="m")
        for at, revision, values in rows
    ]
    assert read(documents)[0] == read(documents[::-1])[0]


@pytest.mark.parametrize(
    "texts",
    [
        {"currency_Unit.name": "PLN"},
        {"price_Measure_Unit.name": "KWH"},
        {"price_Measure_Unit.name": "MAW"},
        {"in_Domain.mRID": OTHER, "out_Domain.mRID": OTHER},
        {"in_Domain.mRID": OTHER},
    ],
)
def test_another_currency_unit_or_area_is_left_out_and_told(texts: dict[str, str]) -> None:
    other = MadeSeries(texts={**PRICE, SEQUENCE: "1", **texts}, periods=[period([1.0])])
    found, told = read(document(other, price([2.0])))
    assert [batch.values for batch in found] == [(2.0,)]
    assert len(told) == 1


def test_load_in_megawatt_hours_is_left_out_and_told() -> None:
    series = power([1.0], **{"quantity_Measure_Unit.name": "MWH"})
    found, told = read(document(series, type="A65"), kind=Kind.LOAD_FORECAST)
    assert found == []
    assert "'MWH'" in told[0]


def test_a_document_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(BadAnswer, match="A44 was asked for, 'A65' came"):
        read(document(power([1.0]), type="A65"))


def test_a_position_beyond_the_end_is_told_and_the_rest_is_kept() -> None:
    body = xml(
        MadeDocument(root="Publication_MarketDocument", type="A44", series=[price([1.0, 2.0])])
    )
    changed = parse(body.replace(b"<position>2<", b"<position>7<"))
    assert isinstance(changed, Document)
    found, told = read(changed)
    assert found[0].values == (1.0, 1.0)
    assert "suspect" in told[0]


def test_generation_is_told_by_plant_and_pumping_is_negative() -> None:
    pumping = MadeSeries(
        texts={"outBiddingZone_Domain.mRID": EIC, "quantity_Measure_Unit.name": "MAW"},
        periods=[period([40.0, 0.0])],
        value="quantity",
        plant="B10",
    )
    answer = document(power([5.0], "B10"), power([9.0], "B99"), pumping, power([1.0]), type="A75")
    found, told = read(answer, kind=Kind.GENERATION_ACTUAL)
    assert {batch.series.detail: batch.values for batch in found} == {
        "B10": (5.0,),
        "B99": (9.0,),
        "B10-consumption": (-40.0, 0.0),
    }
    assert len(told) == 1


def flow(values: Values, into: str, out: str) -> Document:
    texts = {"in_Domain.mRID": into, "out_Domain.mRID": out, "quantity_Measure_Unit.name": "MAW"}
    return document(
        MadeSeries(texts=texts, periods=[period(values)], value="quantity", curve="A01"),
        type="A11",
    )


def test_a_border_is_export_less_import_and_nothing_where_one_way_is_not_known() -> None:
    leaves, enters = flow([300.0, 10.0, 5.0], OTHER, EIC), flow([100.0, 50.0], EIC, OTHER)
    found, told = read(leaves, enters, kind=Kind.FLOW, detail="CH")
    (batch,) = found
    assert (batch.series.detail, batch.values) == ("CH", (200.0, -40.0))
    assert "1 intervals" in told[0]


def test_the_two_ways_of_a_border_cannot_be_taken_for_each_other() -> None:
    leaves, enters = flow([300.0], OTHER, EIC), flow([100.0], EIC, OTHER)
    found, told = read(enters, leaves, kind=Kind.FLOW, detail="CH")
    assert found == []
    assert len(told) == 2


def volume(direction: str, unit: str, value: float) -> Document:
    texts = {"quantity_Measure_Unit.name": unit, "controlArea_Domain.mRID": EIC}
    if direction:
        texts["flowDirection.direction"] = direction
    return document(power([value], **texts), type="A86")


@pytest.mark.parametrize(
    ("direction", "unit", "expected"),
    [("A01", "MWH", 40.0), ("A02", "MWH", -40.0), ("A02", "MAW", -10.0)],
)
def test_a_volume_has_the_sign_of_its_direction_and_becomes_power(
    direction: str, unit: str, expected: float
) -> None:
    found, _ = read(volume(direction, unit, 10.0), kind=Kind.IMBALANCE_VOLUME)
    assert found[0].values == (expected,)


def test_a_volume_without_a_direction_is_left_out_and_told() -> None:
    found, told = read(volume("", "MWH", 10.0), kind=Kind.IMBALANCE_VOLUME)
    assert (found, len(told)) == ([], 1)


def test_a_coupled_price_before_its_auction_opened_is_set_apart() -> None:
    early_us = START_US - 14 * 3_600_000_000
    answer = document(price([1.0], "1"), price([2.0], "2"))
    found, told = read(answer, received_us=early_us)
    assert {batch.series.detail: batch.quality for batch in found} == {
        "SDAC": Quality.IMPLAUSIBLE,
        "EXAA": Quality.GOOD,
    }
    assert len(told) == 1


def test_new_values_are_known_when_they_arrive() -> None:
    found, _ = read(document(price([1.0]), created_us=7_000_000))
    assert [(b.known_us, b.received_us, b.created_us, b.assumed) for b in found] == [
        (AFTER_US, AFTER_US, 7_000_000, False)
    ]


def test_old_values_are_known_by_the_timetable_day_by_day() -> None:
    late_us = START_US + 400 * 86_400_000_000
    values = [1.0] * (92 + 8)
    found, _ = read(
        document(price(values)), end_us=END_US + 8 * STEP_US, history=True, received_us=late_us
    )
    known = [(len(batch.values), batch.known_us, batch.assumed) for batch in found]
    assert known == [
        (92, micros(datetime(2026, 3, 28, 12, tzinfo=UTC)), True),
        (8, micros(datetime(2026, 3, 29, 11, tzinfo=UTC)), True),
    ]
    assert all(batch.received_us == late_us for batch in found)


def test_a_batch_says_where_it_is_from() -> None:
    (batch,) = read(document(price([1.0]), mrid="abc", revision=3))[0]
    assert (batch.document, batch.revision, batch.licence) == ("abc", 3, made_batches.LICENCE)
    assert str(batch.series) == "entsoe/price.day_ahead/AT/900s/SDAC"
    assert replace(batch.series, detail="") != batch.series
