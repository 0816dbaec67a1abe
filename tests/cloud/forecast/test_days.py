"""cloud.forecast.days: rows hold what is known at the gate, and holes are never invented."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.days import HOURS, Days, filled, lags, last_week, similar_day

MONDAY = date(2024, 1, 1)


def counted(days: int, groups: int = 2) -> Days:
    """Return a history whose values tell their day and hour: day x 100 + hour."""
    prices = np.arange(float(days))[:, None] * 100.0 + np.arange(float(HOURS))
    inputs = {f"group {number}": prices + 0.5 * (number + 1) for number in range(groups)}
    return Days("AT", MONDAY, prices, inputs)


def test_a_row_holds_prices_until_yesterday_and_groups_until_today() -> None:
    rows = lags(counted(12))
    row = rows.values[10].reshape(10, HOURS)
    assert row[:4, 0].tolist() == [900, 800, 700, 300]
    assert row[4:, 0].tolist() == [1000.5, 900.5, 300.5, 1001, 901, 301]


def test_the_first_seven_days_of_a_history_have_no_row() -> None:
    rows = lags(counted(12))
    assert rows.usable.tolist() == [False] * 7 + [True] * 5


def test_a_history_without_groups_has_rows_of_prices_alone() -> None:
    assert lags(counted(12, groups=0)).values.shape == (12, 4 * HOURS)


def test_what_is_known_at_the_gate_has_the_same_row_as_the_whole_history() -> None:
    whole = counted(20)
    for day in range(7, 20):
        cut = lags(whole.until(day))
        assert np.array_equal(cut.values[day], lags(whole).values[day])
        assert cut.usable[day]
        assert not cut.trainable[day]


def test_a_public_holiday_is_a_sunday() -> None:
    days = Days("AT", MONDAY, np.zeros((7, HOURS)), {}, frozenset({date(2024, 1, 3)}))
    assert days.weekdays().tolist() == [0, 1, 6, 3, 4, 5, 6]


def test_two_missing_hours_are_bridged_and_three_are_not() -> None:
    prices = np.arange(48.0).reshape(2, HOURS)
    prices[0, 5:7] = np.nan
    prices[1, 3:6] = np.nan
    whole = filled(prices)
    assert whole[0, 5:7].tolist() == [5.0, 6.0]
    assert np.isnan(whole[1, 3:6]).all()


def test_the_last_hour_of_a_day_is_not_bridged_with_a_price_of_the_next() -> None:
    prices = np.arange(48.0).reshape(2, HOURS)
    prices[0, 23] = np.nan
    assert np.isnan(filled(prices)[0, 23])


def test_a_day_with_a_long_hole_is_neither_learned_from_nor_read() -> None:
    days = counted(30)
    days.prices[15, 3:9] = np.nan
    rows = lags(days)
    assert not rows.trainable[15]
    assert [day for day in range(15, 30) if not rows.usable[day]] == [16, 17, 18, 22]


def test_the_similar_day_is_yesterday_within_the_week_and_last_week_else() -> None:
    naive = similar_day(counted(21))
    assert naive[7:14, 0].tolist() == [0, 700, 800, 900, 1000, 500, 600]
    assert last_week(counted(21))[9, 0] == 200


def test_a_group_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"wind: shape \(3, 24\) is not allowed; \(4, 24\) is"):
        Days("AT", MONDAY, np.zeros((4, HOURS)), {"wind": np.zeros((3, HOURS))})


@given(st.sets(st.integers(0, 24 * 6 - 1), max_size=60))
def test_filling_changes_no_value_that_is_there(holes: set[int]) -> None:
    hours = np.arange(24.0 * 6)
    hours[list(holes)] = np.nan
    prices = hours.reshape(6, HOURS)
    known = np.isfinite(prices)
    assert np.array_equal(filled(prices)[known], prices[known])
