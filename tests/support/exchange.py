"""Contracts, orders and whole floors for tests of the exchange."""

from datetime import date

from cloud.exchange.book import Execution, Side
from cloud.exchange.floor import Floor, NewOrder
from cloud.exchange.records import Placed, Turned
from cloud.market.contracts import Contract, Rule
from wire.clock import QUARTER_HOUR_US

NOON_US = 1_795_262_400_000_000
"""2026-11-21T12:00Z, the start of a delivery."""
RULE = Rule(
    valid_from=date(2020, 1, 1),
    opens_ahead_s=86_400,
    close_lead_s=0,
    step_kw=1,
    quantity_kw_max=1_000,
    price_ticks_min=-999_999,
    price_ticks_max=999_999,
    protection_ticks=500,
)


def contract(start_us: int = NOON_US, *, market: str = "PHO", rule: Rule = RULE) -> Contract:
    return Contract(
        market=market,
        start_us=start_us,
        end_us=start_us + QUARTER_HOUR_US,
        opens_us=start_us - rule.opens_ahead_s * 1_000_000,
        closes_us=start_us - rule.close_lead_s * 1_000_000,
        rule=rule,
    )


def order(
    account: str,
    side: Side,
    price_ticks: int | None,
    quantity_steps: int,
    *,
    execution: Execution = Execution.REST,
    client_order_id: str | None = None,
    site: str | None = None,
    site_limit_kw: float | None = None,
    of: Contract | None = None,
) -> NewOrder:
    return NewOrder(
        account=account,
        client_order_id=client_order_id,
        site=site,
        site_limit_kw=site_limit_kw,
        contract=of or contract(),
        side=side,
        price_ticks=price_ticks,
        quantity_steps=quantity_steps,
        execution=execution,
    )


def placed(floor: Floor, new: NewOrder, at_us: int = NOON_US - 60_000_000) -> Placed:
    """Place an order that has to be accepted."""
    record = floor.place(new, at_us)
    assert isinstance(record, Placed), record
    return record


def turned(floor: Floor, new: NewOrder, at_us: int = NOON_US - 60_000_000) -> Turned:
    """Place an order that has to be turned away."""
    record = floor.place(new, at_us)
    assert isinstance(record, Turned), record
    return record


def picture(floor: Floor) -> dict[tuple[str, int], tuple[str, int | None, int]]:
    """Return all that shows of a floor: each book's digest, last price and traded steps."""
    return {
        key: (stall.book.sha256(), stall.last_ticks, stall.traded_steps)
        for key, stall in floor.stalls.items()
    }
