"""Facts for market data: contracts, orders and trades in a few words."""

from zoneinfo import ZoneInfo

from cloud.exchange.facts import Entered, Listed, Traded, TradeMoved
from cloud.exchange.matching.codes import (
    Action,
    Execution,
    Kind,
    Side,
    State,
    TradeState,
    Validity,
)
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.mark import DayAhead, no_day_ahead
from cloud.exchange.prices.rules import Rules, pools_of
from cloud.market.contracts import wh_of
from wire.clock import QUARTER_HOUR_US

NOON_US = 1_792_843_200_000_000
"""2026-10-24 12:00 UTC, the day before a day of 100 quarter-hours."""
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
QUARTERS = "AT_15"
HOURS = "AT_60"
VIENNA = ZoneInfo("Europe/Vienna")
LENGTH_US = {"PT15M": QUARTER_HOUR_US, "PT30M": 2 * QUARTER_HOUR_US, "PT60M": HOUR_US}


def market_data(rules: Rules | None = None, day_ahead: DayAhead = no_day_ahead) -> MarketData:
    """Return data of a market of quarter-hours and one of hours, counted together."""
    zones = {QUARTERS: VIENNA, HOURS: VIENNA}
    return MarketData(zones, pools=pools_of(zones), rules=rules, day_ahead=day_ahead)


def listed(
    number: int,
    start_us: int,
    product: str = "PT15M",
    *,
    market: str = "",
    area: str = "AT",
    step_kw: int = 100,
    parts: tuple[int, ...] = (),
    end_us: int | None = None,
) -> Listed:
    end = start_us + LENGTH_US[product] if end_us is None else end_us
    return Listed(
        start_us - 24 * HOUR_US,
        number,
        market or (HOURS if product == "PT60M" else QUARTERS),
        area,
        product,
        start_us,
        end,
        start_us - 24 * HOUR_US,
        start_us,
        step_kw,
        wh_of(step_kw, end - start_us),
        parts,
    )


def traded(
    trade_id: int,
    contract: int,
    price_ticks: int,
    steps: int,
    at_us: int = NOON_US,
    *,
    self_trade: bool = False,
    maker: int = 0,
    taker: int = 0,
    side: Side = Side.BUY,
) -> Traded:
    return Traded(
        at_us, trade_id, contract, price_ticks, steps, maker, taker, 1, 2, side, self_trade
    )


def voided(
    trade: Traded, state: TradeState = TradeState.RECALLED, at_us: int | None = None
) -> TradeMoved:
    return TradeMoved(
        trade.at_us if at_us is None else at_us,
        trade.trade_id,
        state,
        "operations",
        "typing error",
        trade.contract,
        trade.at_us,
        trade.price_ticks,
        trade.quantity_steps,
        trade.self_trade,
    )


def entered(
    order_id: int,
    contract: int,
    side: Side,
    price_ticks: int,
    steps: int,
    *,
    execution: Execution = Execution.NON,
    display: int = 0,
    state: State = State.ACTIVE,
    at_us: int = NOON_US,
) -> Entered:
    return Entered(
        at_us,
        order_id,
        contract,
        1,
        side,
        Kind.ICEBERG if display else Kind.LIMIT,
        execution,
        Validity.GFS,
        state,
        price_ticks,
        steps,
        display,
        0,
        0,
        "",
        "",
        Action.ADDED,
        0,
    )
