"""The prices' numbers for Prometheus, set when something is committed, never by a reader."""

from cloud.exchange.prices import views
from cloud.exchange.prices.data import MarketData, News
from cloud.kernel.metrics import counter, gauge
from cloud.market.money import eur_mwh, mwh

MARK = gauge("pho_mark", "Mark price, EUR/MWh; absent while unknown", ["market"])
EMA = gauge("pho_ema", "Moving average of trade prices, EUR/MWh", ["market"])
VWAP = gauge("pho_vwap", "Average price of today's trades by energy, EUR/MWh", ["market"])
PRICES = counter("pho_price_events_total", "Trades", ["market"])
TRADED = counter("pho_traded_mwh_total", "Energy traded, MWh", ["market"])


def tell(data: MarketData, news: News, now_us: int) -> None:
    """Count what a commit brought and show the averages of the markets that it touched."""
    for trade in news.trades:
        session = data.board.sessions.get(trade.contract)
        if session is not None and trade.state is trade.state.ACTIVE:
            TRADED.labels(session.listed.market).inc(mwh(trade.energy_wh))
            PRICES.labels(session.listed.market).inc(not trade.self_trade)
    for market in news.markets:
        show(data, market, now_us)


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
