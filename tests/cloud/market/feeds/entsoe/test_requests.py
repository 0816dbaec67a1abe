"""Questions to the platform: codes, times in UTC, pieces that neither split nor lose a day."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from cloud.market.areas.catalogue import load
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe.codes import DOCUMENTS
from cloud.market.feeds.entsoe.request import Piece, offers, pieces
from cloud.market.feeds.errors import FeedRefused
from cloud.market.series.model import Kind
from wire.clock import micros

AREAS = load()
HOUR_US = 3_600_000_000
CONTRACT = "contract_MarketAgreement.type"
OUT_ZONE = "outBiddingZone_Domain"


def asked(kind: Kind, area: str, start: date, end: date, detail: str = "") -> list[Piece]:
    of = AREAS[area]
    start_us, end_us = of.day_us(start)[0], of.day_us(end)[0]
    wish = Wish(kind=kind, area=area, start_us=start_us, end_us=end_us, detail=detail)
    return list(pieces(wish, AREAS))


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 1, 15), "202601142300", "202601152300"),
        (date(2026, 3, 29), "202603282300", "202603292200"),
        (date(2026, 7, 15), "202607142200", "202607152200"),
        (date(2026, 10, 25), "202610242200", "202610252300"),
    ],
)
def test_a_local_day_is_asked_for_in_utc(day: date, start: str, end: str) -> None:
    (piece,) = asked(Kind.PRICE_DAY_AHEAD, "AT", day, date.fromordinal(day.toordinal() + 1))
    query = piece.questions[0].query()
    assert (query["periodStart"], query["periodEnd"]) == (start, end)


@pytest.mark.parametrize("area", sorted(AREAS))
def test_five_years_are_asked_for_without_a_gap_or_an_overlap(area: str) -> None:
    found = asked(Kind.LOAD_ACTUAL, area, date(2024, 1, 1), date(2029, 1, 1))
    questions = [piece.questions[0] for piece in found]
    assert all(left.end_us == right.start_us for left, right in pairwise(questions))
    hours = (questions[-1].end_us - questions[0].start_us) // HOUR_US
    assert hours == 2 * 8_784 + 3 * 8_760
    years = {2024: 8_784, 2025: 8_760, 2026: 8_760, 2027: 8_760, 2028: 8_784}
    for year, count in years.items():
        (first, last) = (AREAS[area].day_us(date(year + more, 1, 1))[0] for more in (0, 1))
        assert (last - first) // HOUR_US == count
        pieces_of = asked(Kind.LOAD_ACTUAL, area, date(year, 1, 1), date(year + 1, 1, 1))
        assert sum(p.questions[0].end_us - p.questions[0].start_us for p in pieces_of) == (
            count * HOUR_US
        )
    assert all(
        question.start_us == AREAS[area].day_us(AREAS[area].day_of(question.start_us))[0]
        for question in questions
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            Kind.PRICE_DAY_AHEAD,
            {"documentType": "A44", CONTRACT: "A01", "in_Domain": "", "out_Domain": ""},
        ),
        (
            Kind.PRICE_INTRADAY_AUCTION,
            {"documentType": "A44", CONTRACT: "A07", "in_Domain": "", "out_Domain": ""},
        ),
        (Kind.LOAD_FORECAST, {"documentType": "A65", "processType": "A01", OUT_ZONE: ""}),
        (
            Kind.LOAD_ACTUAL,
            {"documentType": "A65", "processType": "A16", OUT_ZONE: "", "out_Domain": ""},
        ),
        (Kind.GENERATION_FORECAST, {"documentType": "A69", "processType": "A01", "in_Domain": ""}),
        (Kind.GENERATION_ACTUAL, {"documentType": "A75", "processType": "A16", "in_Domain": ""}),
        (Kind.PRICE_IMBALANCE, {"documentType": "A85", "controlArea_Domain": ""}),
        (
            Kind.PRICE_BALANCING_ENERGY,
            {"documentType": "A84", "processType": "A16", "controlArea_Domain": ""},
        ),
        (Kind.IMBALANCE_VOLUME, {"documentType": "A86", "controlArea_Domain": ""}),
        (Kind.UNAVAILABLE, {"documentType": "A77", "biddingZone_Domain": ""}),
    ],
)
def test_every_kind_is_asked_for_by_its_codes(kind: Kind, expected: dict[str, str]) -> None:
    (piece,) = asked(kind, "AT", date(2026, 1, 15), date(2026, 1, 16))
    query = piece.questions[0].query()
    times = {"periodStart": "202601142300", "periodEnd": "202601152300"}
    codes = {name: code or "10YAT-APG------L" for name, code in expected.items()}
    assert query == {**codes, **times}


def test_outages_of_production_and_of_its_units_are_asked_for_together() -> None:
    span = (date(2026, 1, 15), date(2026, 1, 16))
    (piece,) = asked(Kind.UNAVAILABLE, "AT", *span)
    assert [question.document for question in piece.questions] == ["A77", "A80"]
    (piece,) = asked(Kind.UNAVAILABLE, "AT", *span, "A80")
    assert [question.document for question in piece.questions] == ["A80"]


def test_one_plant_type_may_be_asked_for() -> None:
    (piece,) = asked(Kind.GENERATION_ACTUAL, "AT", date(2026, 1, 1), date(2026, 1, 2), "B16")
    assert piece.questions[0].query()["psrType"] == "B16"


def test_a_border_is_asked_for_both_ways_and_all_of_them_without_a_name() -> None:
    (piece,) = asked(Kind.FLOW, "AT", date(2026, 1, 1), date(2026, 1, 2), "CH")
    ways = [(q.query()["out_Domain"], q.query()["in_Domain"]) for q in piece.questions]
    at, ch = "10YAT-APG------L", "10YCH-SWISSGRIDZ"
    assert ways == [(at, ch), (ch, at)]
    everybody = asked(Kind.FLOW, "AT", date(2026, 1, 1), date(2026, 1, 2))
    assert [p.wish.detail for p in everybody] == list(AREAS["AT"].neighbours)


def test_an_area_is_asked_for_by_the_code_of_the_day_and_not_before_it_was() -> None:
    found = asked(Kind.PRICE_DAY_AHEAD, "DE-LU", date(2018, 9, 1), date(2018, 11, 1))
    assert {piece.eic for piece in found} == {"10Y1001A1001A82H"}
    assert found[0].wish.start_us == micros(datetime(2018, 9, 30, 22, tzinfo=UTC))


def test_transmission_outages_name_their_border() -> None:
    (piece,) = asked(Kind.UNAVAILABLE, "AT", date(2026, 1, 1), date(2026, 1, 2), "A78-CH")
    assert [q.document for q in piece.questions] == ["A78", "A78"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(kind=Kind.LOAD_ACTUAL, area="XX", start_us=0, end_us=1), "'XX' is not known"),
        (Wish(kind=Kind.PRICE_INTRADAY, area="AT", start_us=0, end_us=1), "not published"),
        (Wish(kind=Kind.LOAD_ACTUAL, area="AT", start_us=5, end_us=5), "not after its start"),
        (Wish(kind=Kind.FLOW, area="AT", start_us=0, end_us=HOUR_US, detail="ZZ"), "'ZZ'"),
        (Wish(kind=Kind.UNAVAILABLE, area="AT", start_us=0, end_us=1, detail="A99"), "'A99'"),
    ],
)
def test_a_wrong_wish_is_refused_before_anybody_is_asked(wish: Wish, said: str) -> None:
    shifted = wish.within(
        wish.start_us + micros(datetime(2026, 1, 1, tzinfo=UTC)),
        wish.end_us + micros(datetime(2026, 1, 1, tzinfo=UTC)),
    )
    with pytest.raises(FeedRefused, match=said):
        list(pieces(shifted, AREAS))


def test_a_question_is_halved_at_full_hours_until_there_is_none_within() -> None:
    (piece,) = asked(Kind.LOAD_ACTUAL, "AT", date(2026, 1, 1), date(2026, 1, 2))
    question = piece.questions[0]
    count = 0
    while (halves := question.halves()) is not None:
        first, second = halves
        assert (first.start_us, first.end_us) == (question.start_us, second.start_us)
        assert second.end_us == question.end_us
        assert first.end_us % HOUR_US == 0
        question = first
        count += 1
    assert count == 4
    assert question.end_us - question.start_us == HOUR_US


def test_every_kind_with_a_document_is_offered_and_the_rest_is_not() -> None:
    assert {kind for kind in Kind if offers(kind)} == {*DOCUMENTS, Kind.UNAVAILABLE}
