"""Books, public trades and statistics of a market, for everybody who has a key."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.exchange.api.forms import ID_MAX, Instant
from cloud.exchange.api.market_views import (
    ContractStatistics,
    DayStatistics,
    MarketTrade,
    MarketTrades,
    PublicBook,
)
from cloud.exchange.api.paces import Watching
from cloud.exchange.entry import contract_of
from cloud.exchange.prices import views
from cloud.exchange.read import store
from cloud.exchange.service import ROWS_MAX, Exchange
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import Invalid, NotFound, responses
from cloud.market.contracts import Contract, Market
from wire.clock import micros

router = APIRouter(prefix="/api/v1/markets/{market}", tags=["market data"])

MarketPath = Annotated[str, Path(max_length=40, examples=["PHO_AT_INTRADAY_15MIN"])]
Start = Annotated[Instant, Query(examples=["2026-11-21T12:15:00Z"])]
End = Annotated[
    Instant | None, Query(description="default: of the one contract; a later one names a block")
]
Day = Annotated[date | None, Query(description="local day of the market's area; default: today")]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]
READS = responses(401, 403, 404, 422, 429, 503)
_YEARS = range(2000, 2200)


def market_here(hub: Hub, market: str) -> tuple[Exchange, Market]:
    """Return the exchange and the market of a path.

    Raises:
        NotFound: it is not known.
    """
    exchange = hub.service(Exchange)
    found = exchange.catalogue.get(market)
    if found is None:
        raise NotFound(f"market {market[:40]} is not known")
    return exchange, found


def day_here(market: Market, day: date | None, now_us: int) -> date:
    """Return the day that was named, else today.

    Raises:
        Invalid: it is in no time of ours.
    """
    if day is not None and day.year not in _YEARS:
        raise Invalid(f"day: {day} is not allowed; years {_YEARS[0]} to {_YEARS[-1]} are")
    return day or market.day_of(now_us)


async def number_of(exchange: Exchange, contract: Contract) -> int | None:
    """Return a contract's number, None where nobody has ever ordered in it."""
    if not contract.parts:
        listed = exchange.listed(contract.market, contract.start_us)
        if listed is not None:
            return listed.contract
    async with exchange.reading() as connection:
        row = await store.contract(connection, contract.market, contract.start_us, contract.end_us)
    return None if row is None else row.contract


@router.get("/book", summary="One contract's order book", responses=READS)
async def read_book(
    market: MarketPath,
    hub: HubHere,
    _principal: Watching,
    delivery_start: Start,
    delivery_end: End = None,
) -> PublicBook:
    """Return the ten best prices of each side, with the number that deltas of the feed follow."""
    exchange, found = market_here(hub, market)
    end_us = None if delivery_end is None else micros(delivery_end)
    contract = contract_of(found, micros(delivery_start), end_us)
    number = await number_of(exchange, contract)
    now_us = hub.clock.now_us()
    view = None if number is None else views.view(exchange.prices, number, now_us)
    return PublicBook.of(contract, view, exchange.feeds.born, now_us)


@router.get("/statistics", summary="A day's contracts", responses=READS)
async def read_statistics(
    market: MarketPath, hub: HubHere, _principal: Watching, day: Day = None
) -> DayStatistics:
    """Return each contract of a delivery day that somebody has ordered in: at most 100."""
    exchange, found = market_here(hub, market)
    now_us = hub.clock.now_us()
    local = day_here(found, day, now_us)
    shown = [
        views.view(exchange.prices, listed.contract, now_us)
        for listed in exchange.prices.board.contracts(market, *found.day_us(local))
    ]
    return DayStatistics(
        market=market,
        day=local.isoformat(),
        contracts=[ContractStatistics.of(view) for view in shown if view is not None],
    )


@router.get("/trades", summary="Public trades", responses=READS)
async def list_trades(
    market: MarketPath,
    hub: HubHere,
    _principal: Watching,
    delivery_start: Annotated[Instant | None, Query(description="of one contract alone")] = None,
    delivery_end: End = None,
    before: Annotated[int | None, Query(ge=0, le=ID_MAX, description="older than this")] = None,
    limit: Limit = 100,
) -> MarketTrades:
    """Return trades without their parties, newest first; void ones are marked.

    Of one contract all trades can be read, page by page; without one, the newest of the market.
    """
    exchange, found = market_here(hub, market)
    if delivery_start is not None:
        end_us = None if delivery_end is None else micros(delivery_end)
        contract = contract_of(found, micros(delivery_start), end_us)
        return await _of_contract(exchange, contract, before, limit)
    tape = exchange.prices.tape(market)
    newest = () if tape is None else tape.newest()
    sessions = exchange.prices.board.sessions
    rows = [
        MarketTrade.of(trade, sessions[trade.contract].listed)
        for trade in newest
        if trade.contract in sessions and (before is None or trade.trade_id < before)
    ][: limit + 1]
    more = rows[limit - 1].trade_id if len(rows) > limit else None
    return MarketTrades(market=market, trades=rows[:limit], next_before=more)


async def _of_contract(
    exchange: Exchange, contract: Contract, before: int | None, limit: int
) -> MarketTrades:
    async with exchange.reading() as connection:
        row = await store.contract(connection, contract.market, contract.start_us, contract.end_us)
        if row is None:
            return MarketTrades(market=contract.market, trades=[], next_before=None)
        found = await store.trades_of_contract(connection, row.contract, before=before, limit=limit)
    return MarketTrades(
        market=contract.market,
        trades=[MarketTrade.kept(trade, row) for trade in found],
        next_before=str(found[-1].trade_id) if len(found) == limit else None,
    )
