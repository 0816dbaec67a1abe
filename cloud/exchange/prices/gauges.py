"""The prices' numbers for Prometheus, set when something is committed, never by a reader."""

from cloud.exchange.matching.codes import TradeState
from cloud.exchange.prices import views
from cloud.exchange.prices.data import MarketData, News
from cloud.kernel.metrics import counter, gauge
from cloud.market.money import eur_mwh, mwh

MARK = gauge("pho_mark", "Mark price, EUR/MWh; absent while unknown", ["market"])
EMA = gauge("pho_ema", "Moving average of trade prices, EUR/MWh", ["market"])
VWAP = gauge("pho_vwap", "Average price of today's trades by energy, EUR/MWh", ["market"])
PRICES = counter("pho_price_events_total", "Trades", ["market"])
TRADED = counter("pho_traded_mwh_total", "Energy traded, MWh", ["market"])


SHOW_US_MIN = 1_000_000
"""Without a trade the averages of a market are shown anew at most once in this time."""


class Gauges:
    """Told of each commit; shows the averages of the markets that it touched."""

    def __init__(self, data: MarketData) -> None:
        self._data = data
        self._shown_us: dict[str, int] = {}

    def tell(self, news: News) -> None:
        """Count what a commit brought; what has moved the averages is seen at once."""
        moved: set[str] = set()
        for trade in news.trades:
            session = self._data.board.sessions.get(trade.contract)
            if session is None:
                continue
            market = session.listed.market
            moved.add(market)
            if trade.state is TradeState.ACTIVE:
                TRADED.labels(market).inc(mwh(trade.energy_wh))
                PRICES.labels(market).inc(not trade.self_trade)
        at_us = self._data.at_us
        for market in news.markets:
            if market in moved or at_us - self._shown_us.get(market, 0) >= SHOW_US_MIN:
                self._shown_us[market] = at_us
                show(self._data, market, at_us)


def show(data: MarketData, market: str, now_us: int) -> None:
    """Show the averages of a market; what is not known is absent."""
    quote = views.quote(data, market, now_us)
    for meter, ticks in (
        (MARK, quote.mark.ticks),
        (EMA, quote.ema_ticks),
        (VWAP, quote.vwap_ticks),
    ):
        if ticks is None:
            meter.remove(market)
        else:
            meter.labels(market).set(eur_mwh(ticks))
