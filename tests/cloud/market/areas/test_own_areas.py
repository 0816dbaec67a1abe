"""cloud.market.areas.own: the operator's dated rows in place of those of the same day."""

from datetime import date
from pathlib import Path

import pytest

from cloud.market.areas import catalogue
from cloud.market.areas.model import EXAA, SDAC
from cloud.market.areas.rows import BadAreas
from cloud.market.feeds.entsoe import timetable
from cloud.market.series.model import Kind
from tests.support.market_series import local_us

OWN = """
[[area]]
code = "AT"
eic = [{ valid_from = 2027-01-01, code = "10YAT-NEW------X" }]
sequence = [
  { valid_from = 2026-07-01, positions = { SDAC = 2, EXAA = 1 }, confidence = "platform" },
  { valid_from = 2026-07-03, positions = { SDAC = 1, EXAA = 2 }, confidence = "platform" },
]

[[limit]]
kind = "price.day_ahead"
valid_from = 2027-03-01
low = -600.0
high = 5000.0
source = "SDAC, announced"

[[limit]]
kind = "price.day_ahead"
valid_from = 2022-05-11
low = -500.0
high = 4000.0
source = "the same again"

[[gate]]
auction = "SDAC"
valid_from = 2027-02-01
day = -1
local = "13:00"
source = "SDAC, announced"
areas = ["AT"]
"""
DAY_AHEAD = Kind.PRICE_DAY_AHEAD.value


def write(folder: Path, text: str) -> Path:
    path = folder / "areas.toml"
    path.write_text(text)
    return path


def test_dated_rows_of_the_operator_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    shipped, areas = catalogue.load(), catalogue.load(write(tmp_path, OWN))
    assert areas.keys() == shipped.keys()
    at = areas["AT"]
    assert at.eic(date(2026, 12, 31)) == "10YAT-APG------L"
    assert at.eic(date(2027, 1, 1)) == "10YAT-NEW------X"
    days = (date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 3))
    assert [at.sequence(SDAC, day) for day in days] == [1, 2, 1]
    assert [at.sequence(EXAA, day) for day in days] == [2, 1, 2]
    for code in ("AT", "DE-LU"):
        before = areas[code].limit(DAY_AHEAD, date(2027, 2, 28))
        after = areas[code].limit(DAY_AHEAD, date(2027, 3, 1))
        assert before is not None
        assert after is not None
        assert (before.high, after.low, after.high) == (4_000, -600, 5_000)
        assert len(areas[code].limits[DAY_AHEAD]) == len(shipped[code].limits[DAY_AHEAD]) + 1
    assert areas["DE-LU"].eics == shipped["DE-LU"].eics


def test_a_price_is_too_early_before_the_gate_of_its_day_and_area(tmp_path: Path) -> None:
    areas = catalogue.load(write(tmp_path, OWN))
    start_us, early_us = local_us(2027, 2, 2), local_us(2027, 2, 1, 12, 30)
    assert areas["AT"].gate_us(SDAC, date(2027, 2, 2)) == local_us(2027, 2, 1, 13)
    assert timetable.too_early(areas["AT"], start_us, early_us)
    assert not timetable.too_early(areas["DE-LU"], start_us, early_us)
    assert not timetable.too_early(catalogue.load()["AT"], start_us, early_us)
    assert areas["AT"].gate_us("IDA3", date(2026, 7, 1)) == local_us(2026, 7, 1, 10)
    assert areas["AT"].gate_us("IDA3", date(2020, 7, 1)) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('[[area]]\ncode = "XX"\n', "area 'XX' is not known; one of AT, "),
        (
            OWN.replace("10YAT-NEW------X", "short"),
            "eic.0.code: 'short' is not allowed; 16 signs",
        ),
        (OWN.replace("= 5000.0", "= -700.0"), "high: -700.0 is not allowed; more than low"),
        (OWN.replace('"13:00"', '"25:00"'), "gate.0.local: '25:00' is not allowed; a local"),
        (OWN.replace("SDAC = 2", "SDAC = 'two'"), "sequence.0.positions.SDAC: 'two' is not"),
        (OWN.replace("2027-03-01", "'soon'"), "limit.0.valid_from: 'soon' is not allowed"),
        ("zone = 1\n", "zone: 1 is not allowed"),
        ("[[area]\n", "areas.toml: "),
    ],
)
def test_a_mistake_costs_one_line_with_key_value_and_what_is_allowed(
    tmp_path: Path, wrong: str, said: str
) -> None:
    with pytest.raises(BadAreas) as refused:
        catalogue.load(write(tmp_path, wrong))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadAreas, match="cannot be read"):
        catalogue.load(tmp_path / "none.toml")
