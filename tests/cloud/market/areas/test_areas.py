"""cloud.market.areas: codes, clocks, neighbours, sequences and limits are dated data."""

from datetime import date, timedelta

import pytest

from cloud.market.areas import catalogue, holidays
from cloud.market.areas.model import EXAA, SDAC
from cloud.market.series.model import Kind

QUARTER_S, HOUR_S = 900, 3_600
AREAS = catalogue.load()


@pytest.mark.parametrize("code", sorted(AREAS))
def test_years_are_whole_without_gap_or_overlap(code: str) -> None:
    area = AREAS[code]
    for year in range(2024, 2029):
        day, end = date(year, 1, 1), None
        counts = {HOUR_S: 0, QUARTER_S: 0}
        while day.year == year:
            start, after = area.day_us(day)
            assert end in (None, start), day
            end = after
            for resolution_s in counts:
                counts[resolution_s] += area.periods(day, resolution_s)
            day += timedelta(days=1)
        hours = 8_784 if year % 4 == 0 else 8_760
        assert counts == {HOUR_S: hours, QUARTER_S: 4 * hours}


@pytest.mark.parametrize(
    ("day", "periods"),
    [(date(2026, 3, 29), 92), (date(2026, 7, 15), 96), (date(2026, 10, 25), 100)],
)
def test_days_of_the_clock_change_have_their_own_number_of_quarter_hours(
    day: date, periods: int
) -> None:
    assert AREAS["AT"].periods(day, QUARTER_S) == periods


def test_the_zone_of_three_countries_ends_where_two_begin() -> None:
    last, first = date(2018, 9, 30), date(2018, 10, 1)
    old, new = AREAS["DE-AT-LU"], AREAS["DE-LU"]
    assert old.exists_on(last)
    assert not old.exists_on(first)
    assert new.exists_on(first)
    assert not new.exists_on(last)
    assert (new.before, AREAS["AT"].before) == ("DE-AT-LU", "DE-AT-LU")
    assert (new.eic(first), new.eic(last)) == ("10Y1001A1001A82H", None)


def test_the_codes_of_whole_countries_are_no_areas() -> None:
    assert not {"10Y1001A1001A83F", "10YIT-GRTN-----B"} & set(catalogue.by_eic())
    assert catalogue.by_eic()["10YAT-APG------L"].code == "AT"


def test_borders_are_known_from_both_sides() -> None:
    for area in AREAS.values():
        for other in area.neighbours:
            known = AREAS[other].neighbours
            assert area.code in known or not area.exists_on(date(2026, 1, 1)), (area.code, other)


def test_the_number_of_an_auction_is_dated_and_missing_where_none_is_told() -> None:
    day = date(2026, 7, 1)
    assert (AREAS["AT"].sequence(SDAC, day), AREAS["AT"].sequence(EXAA, day)) == (1, 2)
    assert AREAS["AT"].sequence(SDAC, date(2017, 1, 1)) is None
    assert AREAS["FR"].sequence(SDAC, day) is None


def test_limits_of_day_ahead_prices_are_those_of_their_day() -> None:
    kind = Kind.PRICE_DAY_AHEAD.value
    before = AREAS["BE"].limit(kind, date(2022, 5, 10))
    after = AREAS["BE"].limit(kind, date(2022, 5, 11))
    assert before is not None
    assert before.high == 3_000
    assert after is not None
    assert (after.low, after.high) == (-500, 4_000)
    assert AREAS["BE"].limit(Kind.PRICE_IMBALANCE.value, date(2026, 1, 1)) is None


def test_holidays_are_those_of_the_country() -> None:
    national = date(2026, 10, 26)
    assert holidays.is_holiday(AREAS["AT"], national)
    assert not holidays.is_holiday(AREAS["DE-LU"], national)
    assert date(2026, 10, 3) in holidays.holidays_of(AREAS["DE-50HERTZ"], 2026)
    for area in AREAS.values():
        assert holidays.is_holiday(area, date(2026, 12, 25)), area.code
