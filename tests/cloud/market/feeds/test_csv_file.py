"""cloud.market.feeds.csv_file: layouts told by their first line; wrong lines cost one line."""

import gzip
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market.areas import catalogue
from cloud.market.feeds import csv_file
from cloud.market.feeds.layouts import BadFile
from cloud.market.series.model import Batch, Kind
from tests.support.market_series import HOUR_US, QUARTER_US, local_us

AREAS = catalogue.load()
NOW_US = local_us(2026, 11, 21)
OWN = "start_utc,end_utc,series,value,unit\n"
SHARED = Path("../shared/data/prices")


def parsed(text: str, area: str = "", name: str = "my prices.csv") -> list[Batch]:
    return csv_file.parse(text.encode(), name, area, AREAS, NOW_US)


def test_our_own_layout_has_series_of_any_kind_and_length() -> None:
    found = parsed(
        OWN
        + "2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT/SDAC,-12.5,EUR/MWh\n"
        + "2026-01-14T23:15:00Z,2026-01-14T23:30:00Z,price.day_ahead/AT/SDAC,0,EUR/MWh\n"
        + "2026-01-14T23:30:00Z,2026-01-14T23:45:00Z,price.day_ahead/AT/SDAC,,EUR/MWh\n"
        + "2026-01-15T00:00:00+01:00,2026-01-15T01:00:00+01:00,load.actual/DE-LU,50000,MW\n"
    )
    price, load = found
    assert str(price.series) == "file:my prices/price.day_ahead/AT/900s/SDAC"
    assert price.values == (-12.5, 0.0), "an empty cell is missing"
    assert (price.known_us, price.assumed) == (local_us(2026, 1, 14, 13), True)
    assert (load.series.kind, load.series.resolution_s) == (Kind.LOAD_ACTUAL, 3_600)
    assert load.starts_us == (local_us(2026, 1, 15),)


def hourly(days: list[date]) -> str:
    lines = [
        f"{day} {hour:02}:00:00,{day.day + hour / 10},{hour * 100},{hour}"
        for day in days
        for hour in range(24)
    ]
    return "Date,Price,Grid load forecast,Wind power forecast\n" + "\n".join(lines) + "\n"


def test_the_benchmark_layout_needs_an_area_and_gives_three_series() -> None:
    text = hourly([date(2026, 1, 14), date(2026, 1, 15)])
    with pytest.raises(BadFile, match="--area"):
        parsed(text)
    found = parsed(text, "BE")
    kinds = [(b.series.kind, b.series.resolution_s, len(b.values)) for b in found]
    assert kinds == [
        (kind, 3_600, 24)
        for kind in (Kind.PRICE_DAY_AHEAD, Kind.LOAD_FORECAST, Kind.GENERATION_FORECAST)
        for _ in range(2)
    ]
    assert found[0].starts_us[0] == local_us(2026, 1, 14)
    assert found[0].known_us == local_us(2026, 1, 13, 13)


def test_days_of_the_clock_change_lose_an_hour_and_gain_nothing() -> None:
    spring, autumn = parsed(hourly([date(2026, 3, 29), date(2026, 10, 25)]), "BE")[:2]
    assert len(spring.values) == 23
    assert spring.starts_us == tuple(local_us(2026, 3, 29) + n * HOUR_US for n in range(23))
    assert len(autumn.values) == 24
    assert local_us(2026, 10, 25, 2) + HOUR_US not in autumn.starts_us, "the second 02:00"


def test_files_with_a_column_an_area_need_no_area(tmp_path: Path) -> None:
    lines = ["timestamp_local,AT_eur_mwh,DE-LU_eur_mwh"]
    lines += [f"2026-01-15 {n // 4:02}:{n % 4 * 15:02}:00,{n}.25,{-n}" for n in range(96)]
    path = tmp_path / "quarters.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    found = csv_file.parse(csv_file.read(path), path.name, "", AREAS, NOW_US)
    assert [(b.series.area, len(b.values)) for b in found] == [("AT", 96), ("DE-LU", 96)]
    assert found[1].values[95] == -95.0
    assert found[0].starts_us[1] - found[0].starts_us[0] == QUARTER_US


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2026-01-14T23:00:00,2026-01-14T23:15:00Z,price.day_ahead/AT,1,EUR/MWh", "start_utc"),
        ("2026-01-14T23:00:00Z,gestern,price.day_ahead/AT,1,EUR/MWh", "end_utc"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price/AT,1,EUR/MWh", "series"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead,1,EUR/MWh", "series"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/XX,1,EUR/MWh", "XX"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,1,MW", "unit"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,1,USD/MWh", "unit"),
        ('2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,"1,5",EUR/MWh', "value"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,nan,EUR/MWh", "value"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,1_0,EUR/MWh", "value"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,\u0661,EUR/MWh", "value"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:15:00Z,price.day_ahead/AT,1e99,EUR/MWh", "value"),
        ("2026-01-14T23:00:00Z,2026-01-14T23:16:00Z,price.day_ahead/AT,1,EUR/MWh", "length"),
        ("2026-01-14T23:01:00Z,2026-01-14T23:16:00Z,price.day_ahead/AT,1,EUR/MWh", "grid"),
        ("0001-01-01T00:00:00Z,0001-01-01T00:15:00Z,price.day_ahead/AT,1,EUR/MWh", "1990"),
        ("1,2,3", "columns"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_allowed(line: str, told: str) -> None:
    with pytest.raises(BadFile, match=told) as raised:
        parsed(OWN + line + "\n")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(b"a,b")[:-9])
    for path in (tmp_path / "absent.csv", broken, tmp_path):
        with pytest.raises(BadFile, match="cannot be read"):
            csv_file.read(path)
    for text in ("", "\n", "a;b\n1;2\n", "time,price\nmorgen,1\n", "time,colour\n2026-01-01,1\n"):
        with pytest.raises(BadFile):
            parsed(text, "AT")
    with pytest.raises(BadFile, match="UTF-8"):
        csv_file.parse(b"\xff\xfe", "x", "AT", AREAS, NOW_US)


@given(st.text(max_size=200) | st.text(alphabet="0123456789-:,.TZ\n\"'", max_size=200))
def test_whatever_is_in_a_file_is_read_or_refused(text: str) -> None:
    for header in ("", OWN, "time,price\n", "time,AT_eur_mwh\n"):
        try:
            found = parsed(header + text, "AT")
        except BadFile:
            continue
        assert all(len(b.values) == len(b.starts_us) for b in found)


@pytest.mark.shared
def test_the_sets_beside_the_repository_are_read_whole() -> None:
    path = SHARED / "epex_da_15min_2025-10_2026-03.csv.gz"
    found = csv_file.parse(csv_file.read(path), path.name, "", AREAS, NOW_US)
    assert {b.series.area for b in found} == {"AT", "BE", "DE-LU", "FR", "NL", "PL"}
    days = {b.starts_us[0] for b in found if b.series.area == "PL"}
    assert (len(days), sum(len(b.values) for b in found)) == (162, 6 * 15_552)
