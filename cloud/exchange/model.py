"""Orders and trades as their owners see them. Pure."""

from dataclasses import dataclass

from cloud.exchange.book import Ending, Execution, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order and what has become of it."""

    order_id: int
    at_us: int
    client_order_id: str | None
    site: str | None
    market: str
    start_us: int
    side: Side
    price_ticks: int
    quantity_steps: int
    step_kw: int
    wh_per_step: int
    execution: Execution
    filled_steps: int
    ending: Ending | None
    ended_us: int | None

    @property
    def status(self) -> str:
        """Return how far it is: ``ACCEPTED``, ``PARTIALLY_FILLED``, or why it has ended."""
        if self.ending is not None:
            return self.ending.value
        return "PARTIALLY_FILLED" if self.filled_steps else "ACCEPTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One account's side of a trade."""

    trade_id: int
    at_us: int
    order_id: int
    site: str | None
    market: str
    start_us: int
    side: Side
    price_ticks: int
    quantity_steps: int
    step_kw: int
    wh_per_step: int
