"""Candles, indicators, indices and series of a market."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AfterValidator

from cloud.exchange.api.forms import Instant
from cloud.exchange.api.market_routes import (
    READS,
    Day,
    End,
    MarketPath,
    Start,
    day_here,
    market_here,
    number_of,
)
from cloud.exchange.api.market_views import eur
from cloud.exchange.api.paces import Studying
from cloud.exchange.api.price_views import (
    Candles,
    CandleView,
    IndexView,
    IndicatorsView,
    IndicesView,
    Quarters,
    QuarterView,
)
from cloud.exchange.entry import contract_of
from cloud.exchange.prices import indicators, views
from cloud.exchange.prices.candles import CANDLE_MINUTES, Candle
from cloud.exchange.prices.history import CANDLES_MAX
from cloud.exchange.prices.indices import Index
from cloud.exchange.prices.rules import MINUTE_US, SINGLE_PRODUCTS
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import Invalid
from cloud.kernel.instants import iso, us_or
from cloud.market.contracts import Contract
from wire.clock import micros

router = APIRouter(prefix="/api/v1/markets/{market}", tags=["market data"])


def _minutes(length: int) -> int:
    if length not in CANDLE_MINUTES:
        raise ValueError(f"one of {', '.join(map(str, CANDLE_MINUTES))} is expected")
    return length


Length = Annotated[
    int,
    AfterValidator(_minutes),
    Query(description="minutes of a candle", json_schema_extra={"enum": [*CANDLE_MINUTES]}),
]
From = Annotated[Instant | None, Query(alias="from", description="default: 96 candles ago")]
To = Annotated[Instant | None, Query(alias="to", description="not included; default: now")]
OfContract = Annotated[
    Instant | None, Query(description="of one contract alone; default: of the whole market")
]
_CANDLES = 96
_NOTHING = Index(None, None, None, 0, 0, None, None)


@router.get("/candles", summary="Open, high, low, close", responses=READS)
async def read_candles(
    market: MarketPath,
    hub: HubHere,
    _principal: Studying,
    length_min: Length = 15,
    from_: From = None,
    to: To = None,
    delivery_start: OfContract = None,
    delivery_end: End = None,
) -> Candles:
    """Return candles by time of trading, oldest first; a period without a trade has none."""
    start_us = None if delivery_start is None else micros(delivery_start)
    end_us = None if delivery_end is None else micros(delivery_end)
    found = await _candles(hub, market, length_min, from_, to, start_us, end_us)
    return Candles(
        market=market, length_min=length_min, candles=[CandleView.of(each) for each in found]
    )


@router.get("/indicators", summary="SMA, EMA, Bollinger, RSI, ATR", responses=READS)
async def read_indicators(
    market: MarketPath,
    hub: HubHere,
    _principal: Studying,
    length_min: Length = 15,
    from_: From = None,
    to: To = None,
    delivery_start: OfContract = None,
    delivery_end: End = None,
    average: Annotated[int, Query(ge=1, le=indicators.PERIODS_MAX, description="SMA, EMA")] = 20,
    band: Annotated[int, Query(ge=1, le=indicators.PERIODS_MAX, description="Bollinger")] = 20,
    width: Annotated[float, Query(gt=0, le=10, description="deviations of the band")] = 2.0,
    strength: Annotated[int, Query(ge=1, le=indicators.PERIODS_MAX, description="RSI, ATR")] = 14,
) -> IndicatorsView:
    """Return indicators over the same candles, computed from their closing prices."""
    start_us = None if delivery_start is None else micros(delivery_start)
    end_us = None if delivery_end is None else micros(delivery_end)
    found = await _candles(hub, market, length_min, from_, to, start_us, end_us)
    closes = [float(each.close) for each in found]
    bands = indicators.bollinger(closes, band, width)
    ranges = indicators.atr(
        [float(each.high) for each in found],
        [float(each.low) for each in found],
        closes,
        strength,
    )
    strengths = indicators.rsi(closes, strength)
    return IndicatorsView(
        market=market,
        length_min=length_min,
        start=[iso(each.start_us) for each in found],
        close=[close / 100 for close in closes],
        sma=[eur(value) for value in indicators.sma(closes, average)],
        ema=[eur(value) for value in indicators.ema(closes, average)],
        bollinger_lower=[None if each is None else eur(each.lower) for each in bands],
        bollinger_middle=[None if each is None else eur(each.middle) for each in bands],
        bollinger_upper=[None if each is None else eur(each.upper) for each in bands],
        rsi=[None if value is None else round(value, 4) for value in strengths],
        atr=[eur(value) for value in ranges],
    )


@router.get("/indices", summary="ID1, ID3, IDFull of a delivery", responses=READS)
async def read_indices(
    market: MarketPath,
    hub: HubHere,
    _principal: Studying,
    delivery_start: Start,
    delivery_end: End = None,
) -> IndicesView:
    """Return the named indices of a delivery; each says its window, volume and fallback step."""
    exchange, contract, number = await _delivery(
        hub, market, micros(delivery_start), None if delivery_end is None else micros(delivery_end)
    )
    prices = exchange.prices
    known = number is not None and number in prices.board.sessions
    return IndicesView(
        market=market,
        delivery_start=iso(contract.start_us),
        delivery_end=iso(contract.end_us),
        indices={
            name: IndexView.of(
                prices.board.index(number, name) if known and number is not None else _NOTHING
            )
            for name in prices.rules.indices
        },
    )


@router.get("/vwap", summary="Volume-weighted price of a delivery", responses=READS)
async def read_vwap(
    market: MarketPath,
    hub: HubHere,
    _principal: Studying,
    delivery_start: Start,
    delivery_end: End = None,
    window_start: Annotated[Instant | None, Query(description="of trading, whole minutes")] = None,
    window_end: Annotated[Instant | None, Query(description="not included")] = None,
    product: Annotated[
        list[Literal["PT15M", "PT30M", "PT60M"]] | None,
        Query(description="whose trades count; default: all", max_length=3),
    ] = None,
    volume_mwh_min: Annotated[float, Query(ge=0, le=1_000_000)] = 0,
) -> IndexView:
    """Return the price of any window of trading; an hour counts with the part that overlaps."""
    exchange, _, number = await _delivery(
        hub, market, micros(delivery_start), None if delivery_end is None else micros(delivery_end)
    )
    first_us = None if window_start is None else micros(window_start)
    last_us = None if window_end is None else micros(window_end)
    if (first_us or 0) % MINUTE_US or (last_us or 0) % MINUTE_US:
        raise Invalid("window: whole minutes are expected")
    if number is None or number not in exchange.prices.board.sessions:
        return IndexView.of(_NOTHING)
    products = frozenset(product or SINGLE_PRODUCTS)
    least_wh = round(volume_mwh_min * 1_000_000)
    return IndexView.of(exchange.prices.board.vwap(number, first_us, last_us, products, least_wh))


@router.get("/quarters", summary="A day in quarter-hours", responses=READS)
async def read_quarters(
    market: MarketPath,
    hub: HubHere,
    _principal: Studying,
    by: Literal["trading", "delivery"] = "trading",
    day: Day = None,
) -> Quarters:
    """Return the 92, 96 or 100 quarter-hours of a local day; without a trade they are null.

    By trading: when it was traded. By delivery: for when, this market alone.
    """
    exchange, found = market_here(hub, market)
    local = day_here(found, day, hub.clock.now_us())
    board = exchange.prices.board
    if by == "trading":
        rows = board.by_trading(market, *found.day_us(local))
    else:
        rows = board.by_delivery(market, local)
    return Quarters(
        market=market,
        day=local.isoformat(),
        by=by,
        quarters=[QuarterView.of(each) for each in rows],
    )


async def _delivery(
    hub: Hub, market: str, start_us: int, end_us: int | None
) -> tuple[Exchange, Contract, int | None]:
    """Return a delivery and its number, None where nobody has ever ordered in it."""
    exchange, found = market_here(hub, market)
    contract = contract_of(found, start_us, end_us)
    return exchange, contract, await number_of(exchange, contract)


async def _candles(
    hub: Hub,
    market: str,
    length_min: int,
    first: Instant | None,
    last: Instant | None,
    start_us: int | None,
    end_us: int | None,
) -> list[Candle]:
    exchange, _ = market_here(hub, market)
    length_us = length_min * MINUTE_US
    to_us = us_or(last, hub.clock.now_us())
    to_us += -to_us % length_us
    from_us = us_or(first, to_us - _CANDLES * length_us)
    from_us -= from_us % length_us
    if not 0 < to_us - from_us <= CANDLES_MAX * length_us:
        raise Invalid(f"from, to: 1 to {CANDLES_MAX} candles, one after the other, are expected")
    if start_us is None:
        return await exchange.history.candles(market, length_min, from_us, to_us)
    exchange, _, number = await _delivery(hub, market, start_us, end_us)
    if number is None or number not in exchange.prices.board.sessions:
        return []
    return views.contract_candles(exchange.prices, number, length_min, from_us, to_us)
