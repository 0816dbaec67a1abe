"""cloud.forecast.report.history: which column is the price, and which ones may be read."""

import gzip
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cloud.forecast.layouts import BadFile
from cloud.forecast.report.history import history

AREAS = frozenset({"AT", "DE-LU", "FR"})


def written(first: str, days: int, step_min: int, *names: str) -> bytes:
    """Return a file whose columns are the number of the row, and 1, 2, … more."""
    at = datetime.fromisoformat(first)
    lines = [",".join(["time", *names])]
    for row in range(days * 1440 // step_min):
        cells = [f"{row + place}.5" for place in range(len(names))]
        lines.append(",".join([str(at + timedelta(minutes=row * step_min)), *cells]))
    return "\n".join(lines).encode()


def test_of_a_benchmark_file_all_that_is_no_price_is_read() -> None:
    content = written("2020-01-01", 3, 60, "Zonal COMED price", "System load", "Zonal load")
    found = history([("PJM.csv", content)], "PJM")
    assert (found.price, list(found.days.inputs)) == (
        "Zonal COMED price",
        ["System load", "Zonal load"],
    )
    assert found.days.prices[0, 1] == 1.5
    assert found.left_out == ()


def test_a_column_whose_name_only_begins_like_the_area_is_not_its_price() -> None:
    content = written("2020-01-01", 3, 60, "Price", "demand forecast")
    assert history([("a.csv", content)], "DE").price == "Price"


@pytest.mark.parametrize(
    "names", [("AT_eur_mwh", "DE-LU_eur_mwh", "FR_eur_mwh"), ("AT", "DE-LU", "FR")]
)
def test_prices_of_other_areas_are_not_read_since_they_come_at_the_same_time(
    names: tuple[str, ...],
) -> None:
    found = history([("a.csv", written("2020-01-01", 3, 60, *names))], "DE-LU", areas=AREAS)
    assert found.price == names[1]
    assert dict(found.days.inputs) == {}
    assert found.left_out == (names[0], names[2])


def test_the_auction_with_the_earlier_gate_is_read() -> None:
    content = written("2020-01-01", 3, 60, "AT_eur_mwh", "EXAA_eur_mwh")
    assert list(history([("a.csv", content)], "AT").days.inputs) == ["EXAA_eur_mwh"]


def test_columns_may_be_named_that_are_read() -> None:
    content = written("2020-01-01", 3, 60, "price", "load", "wind")
    found = history([("a.csv", content)], "AT", inputs=("wind",))
    assert (list(found.days.inputs), found.left_out) == (["wind"], ("load",))
    with pytest.raises(BadFile, match="input 'sun' is not allowed; one of load, wind is"):
        history([("a.csv", content)], "AT", inputs=("sun",))


def test_an_area_that_the_file_has_not_is_refused_in_one_line() -> None:
    content = written("2020-01-01", 3, 60, "AT_eur_mwh", "FR_eur_mwh")
    with pytest.raises(
        BadFile, match=r"area 'PL' is not allowed; one of AT_eur_mwh, FR_eur_mwh is"
    ):
        history([("a.csv", content)], "PL")


def test_quarter_hours_go_on_from_hours_in_whatever_order_they_are_named() -> None:
    hours = written("2020-01-01", 3, 60, "price")
    quarters = gzip.compress(written("2020-01-04", 2, 15, "price"))
    found = history([("q.csv.gz", quarters), ("h.csv", hours)], "AT")
    assert (len(found.days), found.step_s, found.slots.shape) == (5, 900, (5, 96))
    assert found.days.prices[3, 0] == pytest.approx(2.0)
    assert np.isnan(found.slots[:3]).all()
    assert found.slots[3, 1] == 1.5
    assert [file.name for file in found.files] == ["h.csv", "q.csv.gz"]


def test_files_that_overlap_are_refused() -> None:
    content = written("2020-01-01", 3, 60, "price")
    with pytest.raises(BadFile, match="two files have the day 2020-01-01"):
        history([("a.csv", content), ("b.csv", content)], "AT")


def test_a_bad_file_is_called_by_its_name() -> None:
    with pytest.raises(BadFile, match=r"a\.csv: line 2: 'x' is no time"):
        history([("a.csv", b"t,price\nx,1\n")], "AT")


@pytest.mark.parametrize("packed", [False, True])
def test_times_with_an_offset_are_noticed(packed: bool) -> None:
    zone = ZoneInfo("Europe/Vienna")
    naive = written("2020-01-01", 2, 60, "price")
    stamped = written("2020-01-01T00:00:00+01:00", 2, 60, "price")
    if packed:
        naive, stamped = gzip.compress(naive), gzip.compress(stamped)
    assert not history([("a", naive)], "AT", zone=zone).stamped
    found = history([("a", stamped)], "AT", zone=zone)
    assert found.stamped
    assert found.days.first == date(2020, 1, 1)


def test_holidays_are_those_that_are_told() -> None:
    content = written("2020-01-01", 3, 60, "price")
    found = history([("a", content)], "AT", holidays=lambda day: day.day == 2)
    assert found.days.holidays == {date(2020, 1, 2)}
