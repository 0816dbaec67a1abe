"""cloud.exchange.prices: statistics, marks, averages, candles, voids and what is remembered."""

import json
from collections.abc import Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.facts import Fact, Traded
from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.prices import views
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.mark import UNKNOWN, Mark
from cloud.exchange.prices.rules import Rules, pools_of
from cloud.exchange.prices.sums import divided
from cloud.exchange.venue.profile import CLOSED_KEPT_S
from tests.support.prices import (
    HOUR_US,
    MINUTE_US,
    NOON_US,
    QUARTERS,
    entered,
    listed,
    market_data,
    traded,
    voided,
)
from wire.clock import QUARTER_HOUR_US

EVENING_US = NOON_US + 6 * HOUR_US


def with_trades(
    prices: Sequence[tuple[int, int]], *, every_us: int = 1_000_000, rules: Rules | None = None
) -> tuple[MarketData, list[Traded]]:
    """Return data after trades of (price, steps) in contract 1, from noon on."""
    data = market_data(rules)
    data.take([listed(1, EVENING_US)])
    trades = [
        traded(n, 1, price, steps, NOON_US + n * every_us)
        for n, (price, steps) in enumerate(prices)
    ]
    data.take(trades)
    return data, trades


def test_statistics_of_a_session_are_those_of_its_trades() -> None:
    data, _ = with_trades([(500, 1), (-700, 2), (900, 1), (0, 4)])
    shown = data.board.sessions[1].statistics()
    assert (shown.open, shown.high, shown.low) == (500, 900, -700)
    assert shown.last is not None
    assert (shown.last.price_ticks, shown.last.steps) == (0, 4)
    assert (shown.volume_wh, shown.trades, shown.vwap) == (8 * 25_000, 4, 0)


def test_nothing_known_is_null_and_not_zero() -> None:
    data = market_data()
    data.take([listed(1, EVENING_US)])
    view, quote = views.view(data, 1, NOON_US), views.quote(data, QUARTERS, NOON_US)
    assert view is not None
    assert (view.bids, view.asks, view.mark, view.statistics[:5]) == ((), (), UNKNOWN, (None,) * 5)
    assert (quote.mark, quote.ema_ticks, quote.vwap_ticks, quote.last) == (UNKNOWN, *(None,) * 3)
    assert views.view(data, 2, NOON_US) is None


def test_the_mark_is_a_young_trade_then_a_narrow_middle_then_the_auction() -> None:
    data = market_data(day_ahead=lambda area, start_us, end_us: 4_200)
    data.take([listed(1, EVENING_US), traded(1, 1, 5_000, 1)])
    rules, later_us = data.rules, NOON_US + data.rules.mark_age_us_max
    assert views.contract_mark(data, 1, later_us) == Mark(5_000, "TRADE")
    assert views.contract_mark(data, 1, later_us + 1) == Mark(4_200, "DAY_AHEAD")
    data.take([entered(1, 1, Side.BUY, 1_000, 1), entered(2, 1, Side.SELL, 3_001, 1)])
    assert views.market_mark(data, QUARTERS, later_us + 1) == Mark(4_200, "DAY_AHEAD")
    data.take([entered(3, 1, Side.SELL, 1_000 + rules.mark_spread_ticks_max, 1)])
    assert views.contract_mark(data, 1, later_us + 1) == Mark(2_000, "MID")
    assert views.market_mark(data, QUARTERS, later_us + 1) == Mark(2_000, "MID")
    assert views.market_mark(data, QUARTERS, EVENING_US) == UNKNOWN, "closed, and no trade is young"


@given(st.lists(st.tuples(st.integers(-999_999, 999_999), st.integers(1, 900)), min_size=1))
def test_the_moving_average_takes_a_fifth_of_each_price_event(
    prices: list[tuple[int, int]],
) -> None:
    data, _ = with_trades(prices)
    exact = Fraction(prices[0][0])
    for price, _ in prices[1:]:
        exact = exact * Fraction(4, 5) + Fraction(price, 5)
    assert views.quote(data, QUARTERS, NOON_US).ema_ticks == pytest.approx(float(exact))


def test_the_session_of_a_market_is_the_local_day() -> None:
    data, _ = with_trades([(1_000, 1), (1_001, 1)])
    midnight_us = NOON_US + 10 * HOUR_US  # 00:00 in Vienna, in summer
    assert views.quote(data, QUARTERS, midnight_us - 1).vwap_ticks == 1_001, "away from zero"
    assert views.quote(data, QUARTERS, midnight_us).vwap_ticks is None
    data.take([listed(2, midnight_us + HOUR_US), traded(9, 2, -5, 1, midnight_us)])
    assert views.quote(data, QUARTERS, midnight_us).vwap_ticks == -5


def test_own_trades_are_shown_and_count_in_nothing() -> None:
    data, _ = with_trades([(1_000, 1)])
    before = views.quote(data, QUARTERS, NOON_US)
    own = traded(9, 1, 9_999, 50, NOON_US + MINUTE_US, self_trade=True)
    news = data.take([own])
    assert views.quote(data, QUARTERS, NOON_US) == before
    assert [trade.self_trade for trade in news.trades] == [True]
    data.take([voided(own)])
    assert views.quote(data, QUARTERS, NOON_US) == before
    assert data.board.sessions[1].statistics().trades == 1


@given(
    st.lists(
        st.tuples(st.integers(-999_999, 999_999), st.integers(1, 90)), min_size=1, max_size=12
    ),
    st.data(),
)
def test_a_void_trade_leaves_everything_as_if_it_had_never_been(
    prices: list[tuple[int, int]], choice: st.DataObject
) -> None:
    data, trades = with_trades(prices, every_us=20_000_000)
    void = choice.draw(st.sets(st.sampled_from(range(len(trades)))))
    news = data.take([voided(trades[n], at_us=NOON_US + HOUR_US) for n in sorted(void)])
    assert [trade.state for trade in news.trades] == [TradeState.RECALLED] * len(void)
    fresh = market_data()
    fresh.take([listed(1, EVENING_US)])
    fresh.take([trade for n, trade in enumerate(trades) if n not in void])
    assert data.board.sessions[1].statistics() == fresh.board.sessions[1].statistics()
    assert data.board.sessions[1].minutes.dump() == fresh.board.sessions[1].minutes.dump()
    tape, other = data.tape(QUARTERS), fresh.tape(QUARTERS)
    assert tape is not None
    assert other is not None
    assert tape.minutes.dump() == other.minutes.dump()
    assert (tape.session, tape.last()) == (other.session, other.last())
    assert tape.ema_ticks == other.ema_ticks


def test_a_recall_that_is_only_asked_for_changes_no_sum_and_is_seen() -> None:
    data, (trade,) = with_trades([(1_000, 1)])
    news = data.take([voided(trade, TradeState.RECALL_ASKED)])
    assert [one.state for one in news.trades] == [TradeState.RECALL_ASKED]
    assert news.markets == (QUARTERS,)
    assert data.board.sessions[1].statistics().trades == 1


def test_a_trade_that_becomes_void_after_it_left_the_tape_marks_its_candle() -> None:
    rules = Rules(tape_trades_max=1)
    data, trades = with_trades([(1_000, 1), (3_000, 1), (2_000, 1)], rules=rules)
    data.take([voided(trades[1], at_us=NOON_US + MINUTE_US)])
    (candle,) = views.market_candles(data, QUARTERS, 1, NOON_US, NOON_US + MINUTE_US)
    assert candle.amended
    assert (candle.vwap_ticks, candle.sum.trades, candle.high) == (1_500, 2, 3_000)


def test_the_moving_average_goes_on_from_before_the_oldest_trade_that_is_kept() -> None:
    rules = Rules(tape_trades_max=2)
    data, trades = with_trades([(1_000, 1), (2_000, 1), (3_000, 1), (90_000, 1)], rules=rules)
    data.take([voided(trades[3])])
    loaded = market_data(rules)
    loaded.load(json.loads(json.dumps(data.dump())))
    for each in (data, loaded):
        tape = each.tape(QUARTERS)
        assert tape is not None
        assert tape.ema_ticks == pytest.approx((1_000 * 0.8 + 2_000 * 0.2) * 0.8 + 3_000 * 0.2)


@pytest.mark.parametrize("length_min", [1, 5, 15, 60])
def test_candles_of_any_length_are_those_of_the_list_of_trades(length_min: int) -> None:
    random = Random(length_min)
    trades = []
    at_us = NOON_US
    for number in range(400):
        at_us += random.randrange(90_000_000)
        price, steps = random.randint(-5_000, 5_000), random.randint(1, 9)
        trades.append(traded(number, 1, price, steps, at_us))
    data = market_data()
    data.take([listed(1, NOON_US + 24 * HOUR_US), *trades])
    expected: dict[int, list[Traded]] = {}
    for trade in trades:
        start_us = trade.at_us - trade.at_us % (length_min * MINUTE_US)
        expected.setdefault(start_us, []).append(trade)
    found = views.market_candles(data, QUARTERS, length_min, NOON_US, at_us)
    assert [candle.start_us for candle in found] == list(expected)
    for candle, group in zip(found, expected.values(), strict=True):
        prices = [trade.price_ticks for trade in group]
        steps = sum(trade.quantity_steps for trade in group)
        value = sum(trade.price_ticks * trade.quantity_steps for trade in group)
        ohlc = (prices[0], max(prices), min(prices), prices[-1])
        assert (candle.open, candle.high, candle.low, candle.close) == ohlc
        assert (candle.vwap_ticks, candle.sum.trades) == (divided(value, steps), len(group))
    of_contract = views.contract_candles(data, 1, length_min, NOON_US, at_us)
    assert [candle[:5] for candle in of_contract] == [candle[:5] for candle in found]
    with pytest.raises(ValueError, match="length_min: 7 is not allowed"):
        views.market_candles(data, QUARTERS, 7, NOON_US, at_us)


def test_quarter_hours_of_trading_without_a_trade_are_null() -> None:
    data, _ = with_trades([(100, 1), (301, 1)], every_us=QUARTER_HOUR_US * 2)
    quarters = data.board.by_trading(QUARTERS, NOON_US, NOON_US + HOUR_US)
    assert [quarter.vwap for quarter in quarters] == [100, None, 301, None]
    assert [quarter.high for quarter in quarters] == [100, None, 301, None]
    assert [quarter.volume_wh for quarter in quarters] == [25_000, 0, 25_000, 0]


def test_the_tape_forgets_the_oldest_and_minutes_keep_the_sum_of_the_session() -> None:
    rules = Rules(tape_trades_max=2, contract_minutes_max=2, market_minutes_max=2)
    data, trades = with_trades([(n, 1) for n in (3, 5, 7, 8)], every_us=MINUTE_US, rules=rules)
    tape = data.tape(QUARTERS)
    assert tape is not None
    assert [trade.price_ticks for trade in tape.newest()] == [8, 7]
    assert len(tape.minutes) == 2
    assert data.board.sessions[1].statistics().vwap == divided(23, 4)
    data.take([voided(trades[0], at_us=NOON_US + HOUR_US)])
    assert data.board.sessions[1].statistics().vwap == divided(20, 3)


def test_what_is_dumped_as_text_goes_on_as_if_nothing_had_been() -> None:
    data, trades = with_trades([(500, 1), (-700, 2), (900, 1)], every_us=MINUTE_US)
    data.take([listed(2, EVENING_US + HOUR_US), listed(3, EVENING_US, parts=(1, 2))])
    again = market_data()
    again.load(json.loads(json.dumps(data.dump())))
    later: list[Fact] = [
        voided(trades[1], at_us=NOON_US + HOUR_US),
        traded(9, 1, 5, 1, NOON_US + HOUR_US, maker=1, taker=2),
    ]
    assert again.take(later) == data.take(later)
    assert again.dump() == data.dump()
    assert views.view(again, 1, NOON_US) == views.view(data, 1, NOON_US)
    assert views.quote(again, QUARTERS, NOON_US) == views.quote(data, QUARTERS, NOON_US)
    with pytest.raises(ValueError, match="prices: version 99 is not known"):
        market_data().load([99])


def test_a_market_that_is_not_known_is_passed_over() -> None:
    data = market_data()
    elsewhere = listed(1, EVENING_US, market="ELSEWHERE")
    news = data.take([elsewhere, entered(1, 1, Side.BUY, 5, 9), traded(1, 1, 5, 1)])
    assert (news.trades, news.markets) == ((), ())
    assert data.tape("ELSEWHERE") is None


def test_settings_out_of_range_are_named_too() -> None:
    with pytest.raises(ValueError, match="ema_alpha: 0 is not allowed"):
        Rules(ema_alpha=0)
    with pytest.raises(ValueError, match="depth_levels: 0 is not allowed"):
        Rules(depth_levels=0)


def test_a_contract_is_remembered_as_long_as_a_trade_of_it_can_become_void() -> None:
    assert Rules().kept_after_delivery_us >= CLOSED_KEPT_S * 1_000_000


def test_markets_that_differ_by_resolution_alone_are_counted_together() -> None:
    codes = ("EPEX_AT_INTRADAY_15MIN", "EPEX_AT_INTRADAY_60MIN", "PHO_AT_INTRADAY_15MIN", "ALONE")
    pools = pools_of(codes)
    assert len(set(pools.values())) == 3
    assert pools[codes[0]] == pools[codes[1]]
