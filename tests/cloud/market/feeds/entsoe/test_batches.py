"""From documents to series: auctions apart, duplicates resolved, times of knowledge."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.market.feeds.entsoe import batches as made_batches
from cloud.market.feeds.entsoe.identity import SEQUENCE
from cloud.market.series.model import Quality
from simulators.entsoe_documents import MadeSeries
from tests.support.entsoe import (
    AFTER_US,
    END_US,
    PRICE,
    START_US,
    STEP_US,
    document,
    period,
    price,
    read,
)
from wire.clock import micros


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
