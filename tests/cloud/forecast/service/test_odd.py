"""Inputs that cannot be believed are known as such, and rare days are not taken for faults."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.odd import HISTORY_DAYS_MIN, odd, odd_price, old, revised
from tests.support.own_market import own_market

DAYS = 200
ROW = DAYS - 1
MARKET = own_market(DAYS)
LOAD, WIND = MARKET.inputs["load"] * 1_000, MARKET.inputs["wind"] * 1_000


def changed(values: FloatArray, day: FloatArray | float, row: int = ROW) -> FloatArray:
    found = values.copy()
    found[row] = day
    return found


def test_an_ordinary_day_is_believed() -> None:
    for row in range(HISTORY_DAYS_MIN + 8, DAYS):
        assert odd(LOAD, row) is None
        assert odd(WIND, row) is None
        assert odd_price(MARKET.prices, row) is None


def test_a_feed_in_kilowatts_or_gigawatts_is_another_unit() -> None:
    for factor in (1e3, 1e-3):
        assert "unit" in str(odd(changed(LOAD, LOAD[ROW] * factor), ROW))
        assert "unit" in str(odd(changed(WIND, WIND[ROW] * factor), ROW))
        assert "unit" in str(odd_price(changed(MARKET.prices, MARKET.prices[ROW] * factor), ROW))


def test_a_constant_feed_and_one_that_repeats_the_day_before_do_not_move() -> None:
    assert "24 hours of one value" in str(odd(changed(LOAD, 5e4), ROW))
    stuck = LOAD[ROW].copy()
    stuck[8:] = stuck[8]
    assert "16 hours" in str(odd(changed(LOAD, stuck), ROW))
    assert "once more" in str(odd(changed(LOAD, LOAD[ROW - 1]), ROW))
    assert "one value" in str(odd_price(changed(MARKET.prices, 77.0), ROW))


def test_a_sun_that_is_down_at_night_is_no_constant_feed() -> None:
    hours = np.arange(24)
    length = 4 + 4 * np.cos(np.arange(400) / 400 * 2 * np.pi)[:, None]
    drawn = np.random.default_rng(1).uniform(0.2, 1.0, (400, 1))
    sun = np.maximum(0.0, 1 - np.abs(hours - 12) / (12 - length)) * drawn * 900
    assert [row for row in range(40, 400) if odd(sun, row)] == []
    assert odd(changed(sun, 0.0, 399), 399) is not None


def test_what_was_odd_a_day_or_a_week_ago_is_still_read_and_not_believed() -> None:
    for lag in (1, 7):
        said = odd(changed(LOAD, LOAD[ROW] * 1e3, ROW - lag), ROW)
        assert said is not None
        assert said.endswith(f"{lag} days before")
    assert odd(changed(LOAD, LOAD[ROW] * 1e3, ROW - 2), ROW) is None


def test_hours_far_beyond_a_year_are_out_of_range_and_a_mad_price_is_a_price() -> None:
    wild = LOAD[ROW].copy()
    wild[:8] += 60 * LOAD.std()
    assert "8 of 24 hours" in str(odd(changed(LOAD, wild), ROW))
    mad = MARKET.prices[ROW].copy()
    mad[17:20] = 3_500.0
    assert odd_price(changed(MARKET.prices, mad), ROW) is None


def test_a_large_revision_and_an_old_value_are_not_believed() -> None:
    assert revised(LOAD, ROW, LOAD[ROW] * 1.01) is None
    assert revised(LOAD, ROW, LOAD[ROW] * 1.3) is not None
    assert revised(LOAD, ROW, np.full(24, np.nan)) is None, "it is told for the first time"
    assert (old(47.9), old(49.0)) == (None, "told 49 h ago")


@given(st.integers(0, 60), st.sampled_from([np.nan, 0.0, 1e9]))
def test_with_too_little_history_nothing_is_judged(row: int, value: float) -> None:
    few = changed(LOAD[:61], value, row)
    few[: max(0, 61 - HISTORY_DAYS_MIN)] = np.nan
    assert odd(few, row, (0,)) is None
