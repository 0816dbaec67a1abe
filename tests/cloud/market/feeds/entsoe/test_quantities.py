"""Units, areas, signs: what a number means, and which one is left out because it means another."""

import pytest

from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe.batches import Reading, batches
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.identity import SEQUENCE
from cloud.market.feeds.entsoe.request import pieces
from cloud.market.feeds.errors import BadAnswer
from cloud.market.feeds.feeds_file import FeedRow
from cloud.market.series.model import Kind
from simulators.entsoe_documents import MadeDocument, MadeSeries, xml
from tests.support.entsoe import (
    AFTER_US,
    AREAS,
    AT,
    EIC,
    END_US,
    OTHER,
    PRICE,
    START_US,
    Values,
    document,
    period,
    power,
    price,
    read,
)


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


@pytest.mark.parametrize(("direction", "expected"), [("A01", -40.0), ("A02", 40.0)])
def test_the_operator_may_turn_the_direction_of_a_volume_round(
    direction: str, expected: float
) -> None:
    row = FeedRow(
        source="entsoe", areas=("AT",), kinds=(Kind.IMBALANCE_VOLUME,), positive_volume="A02"
    )
    reading = Reading(
        area=AT, received_us=AFTER_US, tell=lambda _line: None, directions=row.directions
    )
    asked = Wish(kind=Kind.IMBALANCE_VOLUME, area="AT", start_us=START_US, end_us=END_US)
    (piece,) = pieces(asked, AREAS)
    (found,) = batches(piece, [[volume(direction, "MWH", 10.0)]], reading)
    assert found.values == (expected,)


def test_a_volume_without_a_direction_is_left_out_and_told() -> None:
    found, told = read(volume("", "MWH", 10.0), kind=Kind.IMBALANCE_VOLUME)
    assert (found, len(told)) == ([], 1)
