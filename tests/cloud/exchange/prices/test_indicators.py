"""cloud.exchange.prices.indicators: each against the formula in its book, in rational numbers."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.prices import indicators
from cloud.exchange.prices.indicators import Band, Values

WILDER_CLOSES = (
    *(44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.10, 45.42, 45.84, 46.08, 45.89, 46.03),
    *(45.61, 46.28, 46.28, 46.00, 46.03, 46.41, 46.22, 45.64, 46.21),
)
"""A series that is often printed with its RSI of 14 periods, begun with plain means."""
prices_and_periods = st.tuples(
    st.lists(st.integers(-999_999, 999_999), max_size=40), st.integers(1, 15)
)


def close(found: Values, exact: Sequence[Fraction | None]) -> None:
    assert len(found) == len(exact)
    for one, other in zip(found, exact, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert isclose(one, float(other), rel_tol=1e-9, abs_tol=1e-6)


def smoothed(values: Sequence[Fraction], periods: int, weight: Fraction) -> list[Fraction | None]:
    """Return the recursive average, written as ``w·value + (1 - w)·last``."""
    found: list[Fraction | None] = []
    for at, value in enumerate(values):
        last = found[-1] if found else None
        if at + 1 < periods:
            found.append(None)
        elif last is None:
            found.append(sum(values[: at + 1], Fraction(0)) / periods)
        else:
            found.append(weight * value + (1 - weight) * last)
    return found


@given(prices_and_periods)
def test_the_simple_average_is_the_mean_of_the_last_prices(given_: tuple[list[int], int]) -> None:
    prices, periods = given_
    exact = [
        Fraction(sum(prices[at - periods + 1 : at + 1]), periods) if at + 1 >= periods else None
        for at in range(len(prices))
    ]
    close(indicators.sma(prices, periods), exact)


@given(prices_and_periods)
def test_the_exponential_average_forgets_by_its_weight(given_: tuple[list[int], int]) -> None:
    prices, periods = given_
    exact = smoothed([Fraction(p) for p in prices], periods, Fraction(2, periods + 1))
    close(indicators.ema(prices, periods), exact)


@given(prices_and_periods)
def test_bollinger_bands_are_two_deviations_around_the_mean(given_: tuple[list[int], int]) -> None:
    prices, periods = given_
    for at, band in enumerate(indicators.bollinger(prices, periods)):
        window = prices[max(0, at + 1 - periods) : at + 1]
        if len(window) < periods:
            assert band is None
            continue
        mean = Fraction(sum(window), periods)
        spread = 2 * sqrt(sum(((p - mean) ** 2 for p in window), Fraction(0)) / periods)
        assert band is not None
        for one, other in zip(
            band, (float(mean) - spread, float(mean), float(mean) + spread), strict=True
        ):
            assert isclose(one, other, rel_tol=1e-9, abs_tol=1e-4)


@given(prices_and_periods)
def test_relative_strength_is_wilders(given_: tuple[list[int], int]) -> None:
    prices, periods = given_
    steps = [Fraction(b - a) for a, b in pairwise(prices)]
    ups = smoothed([max(s, Fraction(0)) for s in steps], periods, Fraction(1, periods))
    downs = smoothed([max(-s, Fraction(0)) for s in steps], periods, Fraction(1, periods))
    exact: list[Fraction | None] = [None] * bool(prices)
    for up, down in zip(ups, downs, strict=True):
        if up is None or down is None:
            exact.append(None)
        elif down == 0:
            exact.append(Fraction(100 if up else 50))
        else:
            exact.append(100 - 100 / (1 + up / down))
    close(indicators.rsi(prices, periods), exact)


def test_relative_strength_of_the_printed_example() -> None:
    values = indicators.rsi(WILDER_CLOSES, 14)
    assert values[:14] == [None] * 14
    shown = [round(value, 2) for value in values[14:] if value is not None]
    assert shown == [70.46, 66.25, 66.48, 69.35, 66.29, 57.92, 62.88]


@given(st.lists(st.tuples(*[st.integers(-9_999, 9_999)] * 3), max_size=30), st.integers(1, 9))
def test_true_range_sees_the_gap_to_the_close_before(
    rows: list[tuple[int, int, int]], periods: int
) -> None:
    candles = [tuple(sorted(row)) for row in rows]  # low, close, high
    ranges = []
    for at, (low, _, high) in enumerate(candles):
        before = candles[at - 1][1] if at else None
        gaps = [] if before is None else [abs(high - before), abs(low - before)]
        ranges.append(Fraction(max([high - low, *gaps])))
    exact = smoothed(ranges, periods, Fraction(1, periods))
    lows, closes, highs = ([candle[n] for candle in candles] for n in range(3))
    close(indicators.atr(highs, lows, closes, periods), exact)


def test_a_price_that_never_moves_is_neither_strong_nor_weak() -> None:
    assert indicators.rsi([-5.0] * 4, 2) == [None, None, 50.0, 50.0]
    assert indicators.bollinger([0.0, 0.0], 2)[1] == Band(0.0, 0.0, 0.0)


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match=r"periods: 0 is not allowed; 1 to 500"):
        indicators.sma([1.0], 0)
    with pytest.raises(ValueError, match=r"width: 0 is not allowed"):
        indicators.bollinger([1.0], 1, 0)
