"""cloud.exchange.prices.gauges: the seed's names, set by events, absent while nothing is known."""

from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.gauges import SHOW_US_MIN, Gauges
from cloud.kernel.metrics import REGISTRY
from tests.support.prices import HOUR_US, NOON_US, VIENNA, entered, listed, traded, voided


def sample(name: str, market: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"market": market})


def test_a_trade_is_seen_at_once_and_a_void_one_takes_the_averages_away() -> None:
    market = "GAUGES_15"
    data = MarketData({market: VIENNA})
    gauges = Gauges(data)
    trade = traded(1, 1, -1_250, 4)
    gauges.tell(data.take([listed(1, NOON_US + HOUR_US, market=market)]))
    assert sample("pho_mark", market) is None
    gauges.tell(data.take([trade]))
    assert [sample(f"pho_{name}", market) for name in ("mark", "ema", "vwap")] == [-12.5] * 3
    assert sample("pho_price_events_total", market) == 1
    assert sample("pho_traded_mwh_total", market) == 0.1
    own = traded(2, 1, 9_999, 4, self_trade=True)
    asked = voided(trade, TradeState.RECALL_ASKED)
    gauges.tell(data.take([own, asked, voided(trade)]))
    assert sample("pho_price_events_total", market) == 1, "a price is told once, its own to nobody"
    assert [sample(f"pho_{name}", market) for name in ("mark", "vwap")] == [None, None]


def test_orders_alone_move_the_mark_at_most_once_a_second() -> None:
    market = "GAUGES_60"
    data = MarketData({market: VIENNA})
    gauges = Gauges(data)
    gauges.tell(data.take([listed(1, NOON_US + HOUR_US, market=market)]))
    gauges.tell(data.take([entered(1, 1, Side.BUY, 100, 1), entered(2, 1, Side.SELL, 200, 1)]))
    assert sample("pho_mark", market) == 1.5
    gauges.tell(data.take([entered(3, 1, Side.BUY, 120, 1, at_us=NOON_US + 1)]))
    assert sample("pho_mark", market) == 1.5
    gauges.tell(data.take([entered(4, 1, Side.BUY, 140, 1, at_us=NOON_US + SHOW_US_MIN)]))
    assert sample("pho_mark", market) == 1.7
