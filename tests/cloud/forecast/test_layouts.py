"""cloud.forecast.layouts: whatever the columns are called, one clear line for what is none."""

import gzip
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.layouts import BadFile, benchmark, price_column, table
from tests.conftest import SHARED


def written(
    days: int,
    *,
    step_min: int = 60,
    header: str = "Date,Price,Exogenous 1,Exogenous 2",
    separator: str = ",",
) -> str:
    """Return a file whose n-th row says n, n + 0.5, ... in its columns."""
    columns = len(header.split(separator)) - 1
    lines = [header]
    for row in range(days * 1440 // step_min):
        stamp = datetime.fromisoformat("2024-01-01") + timedelta(minutes=step_min * row)
        cells = [str(row + 0.5 * column) for column in range(columns)]
        if separator == ";":
            cells = [cell.replace(".", ",") for cell in cells]
        lines.append(separator.join([str(stamp), *cells]))
    return "\n".join(lines) + "\n"


def days_of(text: str) -> np.typing.NDArray[np.float64]:
    return benchmark(table(text.encode()), "XX").prices


def test_the_benchmarks_own_header_is_read() -> None:
    days = benchmark(table(written(3).encode()), "NP")
    assert days.first == date(2024, 1, 1)
    assert days.prices[2, 5] == 53
    assert list(days.inputs) == ["Exogenous 1", "Exogenous 2"]
    assert days.inputs["Exogenous 2"][0, 1] == 2.0


@pytest.mark.parametrize(
    "header",
    [",Price, load, wind", "time,Zonal COMED price, System load forecast,Zonal load", "a,b,c,d"],
)
def test_columns_may_be_called_anything(header: str) -> None:
    days = benchmark(table(written(2, header=header).encode()), "PJM")
    assert days.prices[1, 0] == 24
    assert len(days.inputs) == 2


def test_the_price_may_stand_behind_its_inputs() -> None:
    found = benchmark(table(written(2, header="t,load,wind,Price EUR").encode()), "XX")
    assert found.prices[0, 0] == 1.0


def test_semicolons_with_decimal_commas_and_gzip_are_read() -> None:
    text = written(2, header="t;p;l;w", separator=";")
    assert benchmark(table(gzip.compress(text.encode())), "XX").inputs["l"][0, 0] == 0.5


def test_quarter_hours_become_means_of_hours() -> None:
    found = table(written(2, step_min=15, header="time,AT_eur_mwh,DE-LU_eur_mwh").encode())
    assert found.step_s == 900
    assert found.columns["AT_eur_mwh"].shape == (2, 96)
    assert found.hours("AT_eur_mwh")[0, 1] == 5.5
    assert price_column(found, "DE-LU") == "DE-LU_eur_mwh"
    with pytest.raises(BadFile, match="area 'CH' is not allowed; one of AT_eur_mwh"):
        price_column(found, "CH")


def test_an_empty_cell_and_a_row_that_is_not_there_are_missing() -> None:
    lines = written(2, header="t,p").splitlines()
    lines[3] = lines[3].partition(",")[0] + ","
    del lines[10]
    prices = days_of("\n".join(lines))
    assert np.flatnonzero(np.isnan(prices[0])).tolist() == [2, 9]


def test_the_hour_that_autumn_doubles_is_averaged_and_that_of_spring_is_missing() -> None:
    def days(begin: datetime) -> np.typing.NDArray[np.float64]:
        hours = [begin + timedelta(hours=hour) for hour in range(72)]
        lines = ["t,p", *(f"{at.isoformat()},{hour}" for hour, at in enumerate(hours))]
        return benchmark(table("\n".join(lines).encode(), ZoneInfo("Europe/Vienna")), "AT").prices

    autumn = days(datetime.fromisoformat("2024-10-25T22:00:00+00:00"))
    assert autumn[1, 2] == 26.5
    assert autumn[1, 3] == 28
    spring = days(datetime.fromisoformat("2024-03-29T23:00:00+00:00"))
    assert np.isnan(spring[1, 2])
    assert spring[1, 3] == 26


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no columns"),
        ("t\n2024-01-01,1", "line 1: no columns"),
        ("t,p,p\n", "line 1: two columns have one name"),
        ("t,p\n2024-01-01 00:00,1\n", "1 rows are not allowed"),
        ("t,p\n2024-01-01 00:00,1\nyesterday,2\n", "line 3: 'yesterday' is no time"),
        ("t,p\n2024-01-01 00:00,1,2\n", "line 2: 3 cells, 2 are allowed"),
        ("t,p\n2024-01-01 00:00,1_000\n", "line 2: '1_000' is no number"),
        ("t,p\n2024-01-01 00:00,inf\n", "line 2: 'inf' is no number"),
        ("t,p\n2024-01-01 00:00,1\n2024-01-01 00:07,1\n", "a step of 420 s"),
        ("t,p\n2024-01-01 00:07,1\n2024-01-01 01:07,1\n", "times beside it"),
        ("t,p\n0001-01-01 00:00,1\n2024-01-01 01:00,1\n2024-01-01 02:00,1\n", "days are not"),
        ("t,p\n2024-01-01 00:00+01:00,1\n", "has an offset, and no time zone"),
    ],
)
def test_what_is_no_price_file_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(BadFile, match=said) as caught:
        table(text.encode())
    assert "\n" not in str(caught.value)


def test_a_gzip_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(BadFile, match="no whole gzip file"):
        table(gzip.compress(written(5).encode())[:-20])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    for start in (b"", b"t,p\n", b"\x1f\x8b", b"t,p\n2024-01-01 00:00,1\n"):
        try:
            found = table(start + content)
        except BadFile:
            continue
        assert len(found) >= 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "area", "first", "days", "slots"),
    [
        ("epf_DE", None, date(2012, 1, 9), 2184, 24),
        ("epf_NP", None, date(2013, 1, 1), 2184, 24),
        ("epf_BE", None, date(2011, 1, 9), 2184, 24),
        ("epex_da_15min_2025-10_2026-03", "DE-LU", date(2025, 10, 1), 162, 96),
        ("epex_da_60min_2025-01_2025-09", "AT", date(2025, 1, 24), 250, 24),
    ],
)
def test_the_shared_files_are_read(
    name: str, area: str | None, first: date, days: int, slots: int
) -> None:
    found = table((SHARED / f"data/prices/{name}.csv.gz").read_bytes())
    price = found.columns[price_column(found, area)]
    assert (found.first, price.shape) == (first, (days, slots))
    assert np.isfinite(price).all()
