"""The exchange's numbers for Prometheus, set when something is committed, never by a reader."""

from collections.abc import Iterable

from cloud.exchange.facts import Entered, Fact, Refused
from cloud.exchange.prices.data import MarketData
from cloud.kernel.metrics import counter

_ORDERS = counter("pho_orders_total", "Orders answered since the start", ["market", "answer"])


class Meters:
    """Counts answers by market; `prices` knows which market a contract is of."""

    def __init__(self, prices: MarketData) -> None:
        self._prices = prices

    def count(self, facts: Iterable[Fact]) -> None:
        """Count what was committed."""
        for fact in facts:
            if isinstance(fact, Entered):
                _ORDERS.labels(self._market(fact.contract), "accepted").inc()
            elif isinstance(fact, Refused) and not fact.order_id:
                _ORDERS.labels(self._market(fact.contract), "refused").inc()

    def _market(self, contract: int) -> str:
        session = self._prices.board.sessions.get(contract)
        return "" if session is None else session.listed.market
