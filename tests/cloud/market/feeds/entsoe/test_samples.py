"""The sample documents beside the repository, value by value as their list of contents states.

The same shapes, made of our own numbers, are in the other files of this folder.
"""

from dataclasses import dataclass

import pytest

from cloud.market.areas.catalogue import load
from cloud.market.feeds.entsoe import outages, unzip
from cloud.market.feeds.entsoe.acknowledgement import Acknowledgement, Reaction
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.expand import expand
from cloud.market.feeds.entsoe.identity import SEQUENCE
from tests.conftest import SHARED

pytestmark = pytest.mark.shared
FOLDER = SHARED / "data" / "entsoe"
AT = load()["AT"]


@dataclass(frozen=True)
class Expected:
    file: str
    series: int
    period: int
    points: int
    slots: int
    values: int
    first: float
    last: float
    least: float
    most: float
    total: float


ROWS = [
    Expected("captured_A44_BE_PT60M_one_day", 0, 0, 24, 24, 24, 64.98, 50, 47.05, 115.47, 1691.96),
    Expected(
        "captured_A44_BE_PT15M_then_PT60M", 0, 0, 23, 96, 96, 55.35, 52.33, -0.01, 81.92, 3694.72
    ),
    Expected(
        "captured_A44_BE_PT15M_then_PT60M", 0, 1, 24, 96, 96, 34.58, 77.18, 29.48, 159.2, 7066.28
    ),
    Expected(
        "captured_A44_BE_PT15M_then_PT60M", 0, 2, 24, 24, 24, 64.98, 50, 47.05, 115.47, 1691.96
    ),
    Expected("captured_A44_BE_PT15M_one_hour", 0, 0, 4, 4, 4, 55.35, 31.86, 31.86, 55.35, 171.75),
    Expected(
        "guide_A65_A16_CZ_one_point_of_a_year", 0, 0, 1, 8784, 1, 6288, 6288, 6288, 6288, 6288
    ),
    Expected("guide_A76_CZ_available_periods", 0, 0, 1, 20, 1, 110, 110, 110, 110, 110),
    Expected("guide_A76_CZ_available_periods", 1, 0, 3, 9, 2, 101, 101, 101, 101, 202),
    Expected("guide_A76_CZ_available_periods", 1, 1, 8, 9, 7, 101, 101, 101, 101, 707),
    Expected("handmade_A44_A03_PT1H", 0, 0, 3, 6, 6, 50, 60, 50, 60, 325),
    Expected("handmade_A73_two_of_24_points", 0, 0, 2, 24, 2, 100, 110, 100, 110, 210),
    Expected(
        "synthetic_A44_AT_two_sequences_92_slots",
        0,
        0,
        81,
        92,
        92,
        114.87,
        104.28,
        -1.49,
        118.49,
        6484.41,
    ),
    Expected(
        "synthetic_A44_AT_two_sequences_92_slots",
        1,
        0,
        75,
        92,
        92,
        110.62,
        101.62,
        -5.74,
        114.24,
        6169.75,
    ),
    Expected("synthetic_A69_AT_solar_wind_100_slots", 0, 0, 42, 100, 100, 0, 0, 0, 400, 10870),
    Expected(
        "synthetic_A69_AT_solar_wind_100_slots", 1, 0, 77, 100, 100, 937, 972, 901, 1018, 96137
    ),
]


def read(file: str) -> Document:
    document = parse((FOLDER / f"{file}.xml").read_bytes())
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}-{row.series}-{row.period}")
def test_every_sample_has_exactly_the_stated_values(row: Expected) -> None:
    series = read(row.file).series[row.series]
    period = series.periods[row.period]
    found = expand(period, series.text("curveType"), AT.zone)
    assert len(period.positions) == row.points
    assert (found.slots, len(found.values), found.beyond) == (row.slots, row.values, ())
    assert (found.values[0], found.values[-1]) == (row.first, row.last)
    assert (min(found.values), max(found.values)) == (row.least, row.most)
    assert sum(found.values) == pytest.approx(row.total, abs=1e-6)


def test_no_sample_has_more_periods_than_are_listed() -> None:
    for file in {row.file for row in ROWS}:
        periods = sum(len(series.periods) for series in read(file).series)
        assert periods == sum(row.file == file for row in ROWS), file


def test_the_two_auctions_stand_under_their_numbers_and_the_second_first() -> None:
    document = read("synthetic_A44_AT_two_sequences_92_slots")
    assert [series.text(SEQUENCE) for series in document.series] == ["2", "1"]


@pytest.mark.parametrize(
    ("file", "reaction", "numbers"),
    [
        ("guide_ack_999_no_matching_data", Reaction.NOTHING_PUBLISHED, None),
        ("handmade_ack_999_too_many_instances", Reaction.ASK_FOR_LESS, (400, 200)),
        ("handmade_ack_999_internal_error", Reaction.TROUBLE, None),
        ("handmade_ack_B11_not_available", Reaction.TROUBLE, None),
        ("handmade_ack_message_only", Reaction.TROUBLE, None),
    ],
)
def test_every_acknowledgement_leads_to_its_reaction(
    file: str, reaction: Reaction, numbers: tuple[int, int] | None
) -> None:
    found = parse((FOLDER / f"{file}.xml").read_bytes())
    assert isinstance(found, Acknowledgement)
    assert (found.reaction(), found.numbers()) == (reaction, numbers)


def test_the_archive_holds_two_documents_and_one_outage() -> None:
    packed = (FOLDER / "synthetic_A76_two_documents.zip").read_bytes()
    documents = [parse(body) for body in unzip.documents(packed)]
    assert len(documents) == 2
    data = [document for document in documents if isinstance(document, Document)]
    (outage,) = outages.outages(data, AT)
    assert (outage.revision, outage.nominal_mw, outage.withdrawn) == (1, None, False)
    assert {part.power_mw for part in outage.available} == {110.0, 101.0}
