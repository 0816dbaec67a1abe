"""cloud.exchange.market_data: depth, mark, EMA and VWAP of what is committed; null when unknown."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange import market_data as module
from cloud.exchange.book import Level, Side
from cloud.exchange.floor import Floor
from cloud.exchange.market_data import MarketData, divided
from cloud.exchange.records import Placed
from cloud.market import catalogue
from tests.support.exchange import NOON_US, contract, order, placed
from wire.clock import QUARTER_HOUR_US

MARKET = "PHO_AT_INTRADAY_15MIN"
MINUTE_US = 60_000_000


def traded(
    prices: Sequence[tuple[int, int]], at_us: int = NOON_US - MINUTE_US
) -> tuple[Floor, MarketData]:
    """Return a floor and data after trades of (price, steps)."""
    floor, data = Floor(), MarketData(catalogue.load())
    here = contract(market=MARKET)
    for price, steps in prices:
        placed(floor, order("ada", Side.SELL, price, steps, of=here), at_us)
        data.remember([placed(floor, order("bob", Side.BUY, price, steps, of=here), at_us)])
    data.show(floor)
    return floor, data


def test_nothing_known_is_null_and_not_zero() -> None:
    quote = MarketData(catalogue.load()).quote(MARKET, NOON_US)
    assert (quote.mark_ticks, quote.ema_ticks, quote.vwap_ticks) == (None, None, None)


def test_zero_and_negative_prices_are_prices() -> None:
    _, data = traded([(0, 1), (-100, 1)])
    quote = data.quote(MARKET, NOON_US)
    assert (quote.mark_ticks, quote.mark_source, quote.vwap_ticks) == (-100, "TRADE", -50)


def test_the_moving_average_takes_a_fifth_of_each_trade() -> None:
    _, data = traded([(1_000, 1), (2_000, 9)])
    assert data.quote(MARKET, NOON_US).ema_ticks == pytest.approx(1_200)


@given(st.lists(st.tuples(st.integers(-999_999, 999_999), st.integers(1, 900)), min_size=1))
def test_the_weighted_average_is_the_exact_one_rounded_once(prices: list[tuple[int, int]]) -> None:
    _, data = traded(prices)
    exact = Fraction(sum(p * q for p, q in prices), sum(q for _, q in prices))
    vwap = data.quote(MARKET, NOON_US).vwap_ticks
    assert vwap is not None
    assert abs(vwap - exact) <= Fraction(1, 2)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_ties_are_rounded_away_from_zero(total: int, by: int) -> None:
    result = divided(total, by)
    assert abs(Fraction(total, by) - result) <= Fraction(1, 2)
    assert divided(-total, by) == -result
    assert divided(5, 2) == 3


def test_the_average_of_yesterday_is_not_that_of_today() -> None:
    _, data = traded([(1_000, 1)])
    assert data.quote(MARKET, NOON_US).vwap_ticks == 1_000
    next_day = NOON_US + 11 * 3_600_000_000  # midnight in Vienna
    assert data.quote(MARKET, next_day - 1).vwap_ticks == 1_000
    assert data.quote(MARKET, next_day).vwap_ticks is None
    assert data.quote(MARKET, next_day).ema_ticks == 1_000


def test_an_old_trade_marks_no_price_and_a_narrow_spread_does() -> None:
    floor, data = traded([(1_000, 1)])
    later_us = NOON_US - MINUTE_US + module.MARK_AGE_US_MAX + 1
    assert data.quote(MARKET, later_us).mark_ticks is None
    here = contract(NOON_US + QUARTER_HOUR_US, market=MARKET)
    placed(floor, order("ada", Side.BUY, 900, 1, of=here))
    placed(floor, order("ada", Side.SELL, 1_001, 1, of=here))
    data.show(floor)
    quote = data.quote(MARKET, later_us)
    assert (quote.mark_ticks, quote.mark_source) == (950.5, "MID")


def test_a_wide_spread_marks_no_price() -> None:
    floor, data = Floor(), MarketData(catalogue.load())
    here = contract(market=MARKET)
    placed(floor, order("ada", Side.BUY, 0, 1, of=here))
    placed(floor, order("ada", Side.SELL, module.MARK_SPREAD_TICKS_MAX + 1, 1, of=here))
    data.show(floor)
    assert data.quote(MARKET, NOON_US).mark_ticks is None


def test_a_view_stays_as_it_was_until_it_is_shown_again() -> None:
    floor, data = Floor(), MarketData(catalogue.load())
    key = MARKET, NOON_US
    placed(floor, order("ada", Side.BUY, 100, 5, of=contract(market=MARKET)))
    assert key not in data.views
    data.show(floor)
    view = data.views[key]
    assert view.bids == (Level(100, 5, 1),)
    list(floor.close(NOON_US))
    assert data.views[key] is view
    data.show(floor, [key])
    assert key not in data.views


def test_public_trades_name_no_party_and_the_oldest_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PUBLIC_TRADES_MAX", 2)
    _, data = traded([(1, 1), (2, 1), (3, 1)])
    assert [trade.price_ticks for trade in data.trades(MARKET)] == [3, 2]
    assert not {"ada", "bob"} & {str(v) for t in data.trades(MARKET) for v in _fields(t)}


def test_a_market_that_is_no_longer_in_the_catalogue_is_passed_over() -> None:
    floor, data = Floor(), MarketData(catalogue.load())
    record = placed(floor, order("ada", Side.SELL, 1, 1))
    assert isinstance(record, Placed)
    data.remember([record, placed(floor, order("bob", Side.BUY, 1, 1))])
    assert data.trades("PHO") == []


def _fields(trade: module.PublicTrade) -> list[object]:
    return [getattr(trade, name) for name in trade.__dataclass_fields__]
