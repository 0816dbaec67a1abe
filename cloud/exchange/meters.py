"""The exchange's numbers for Prometheus, set when something is committed, never by a reader."""

from collections.abc import Iterable

from cloud.exchange.market_data import MarketData
from cloud.exchange.prices.gauges import EMA, MARK, PRICES, TRADED, VWAP
from cloud.exchange.records import Placed, Record, Turned
from cloud.kernel.metrics import counter
from cloud.market.money import eur_mwh, mwh

_ORDERS = counter("pho_orders_total", "Orders answered since the start", ["market", "answer"])


def count(records: Iterable[Record]) -> None:
    """Count what was committed."""
    for record in records:
        match record:
            case Placed():
                _ORDERS.labels(record.market, "accepted").inc()
                PRICES.labels(record.market).inc(len(record.trades))
                TRADED.labels(record.market).inc(mwh(record.filled_steps * record.wh_per_step))
            case Turned():
                _ORDERS.labels(record.market, "refused").inc()


def show(market_data: MarketData, markets: Iterable[str], now_us: int) -> None:
    """Show the averages of these markets."""
    for market in markets:
        quote = market_data.quote(market, now_us)
        for meter, ticks in (
            (MARK, quote.mark_ticks),
            (EMA, quote.ema_ticks),
            (VWAP, quote.vwap_ticks),
        ):
            if ticks is None:
                meter.remove(market)
            else:
                meter.labels(market).set(eur_mwh(ticks))
