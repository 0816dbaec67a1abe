"""Orders, trades and market data over HTTP; own orders only, whoever asks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime

from cloud.exchange.entry import Ticket, contract_of, market_of
from cloud.exchange.market_views import (
    BookView,
    ContractsView,
    ContractView,
    LevelView,
    PublicTradeView,
    QuoteView,
)
from cloud.exchange.order_views import (
    EXECUTIONS,
    SIDES,
    OrderAnswer,
    OrderBody,
    OrdersView,
    OrderView,
    TradesView,
    TradeView,
    WithdrawalAnswer,
)
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import ROWS_MAX, Exchange
from cloud.kernel.auth import MarketReader, OrderReader, OrderWriter
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import iso
from wire.clock import micros

DEFAULT_MARKET = "PHO_AT_INTRADAY_15MIN"
_ID_MAX = 2**62

router = APIRouter(tags=["exchange"])


async def _exchange(hub: HubHere) -> Exchange:
    return hub.service(Exchange)


ExchangeHere = Annotated[Exchange, Depends(_exchange)]
Before = Annotated[int | None, Query(ge=0, le=_ID_MAX, description="older than this id")]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]
Market = Annotated[str, Query(examples=[DEFAULT_MARKET])]


@router.post("/api/orders", summary="Place an order", responses=responses(401, 403, 409, 422))
async def create_order(
    body: OrderBody, exchange: ExchangeHere, principal: OrderWriter
) -> OrderAnswer:
    """Check, match and keep an order; the answer comes when it is safe on the disk."""
    if body.target_exchange != "INTERNAL":
        raise OrderRefused(
            "BRIDGE_NOT_CONFIGURED",
            f"target_exchange: {body.target_exchange} is not connected to this hub",
        )
    _check_price(body)
    end = body.delivery_end
    ticket = Ticket(
        account=principal.account,
        client_order_id=body.client_order_id,
        site=body.site,
        market=body.market,
        start_us=micros(body.delivery_start),
        end_us=None if end is None else micros(end),
        side=SIDES[body.side],
        quantity_mwh=body.quantity_mwh,
        limit_eur_mwh=body.limit_price_eur_mwh,
        execution=EXECUTIONS[body.time_in_force],
    )
    return OrderAnswer.of(await exchange.place(ticket))


@router.get("/api/orders", summary="Own orders", responses=responses(401, 422))
async def list_orders(
    exchange: ExchangeHere,
    principal: OrderReader,
    before: Before = None,
    limit: Limit = 100,
    only_open: Annotated[bool, Query(description="leave out what has ended")] = False,
) -> OrdersView:
    """Return the orders of the key's account, newest first."""
    found = await exchange.orders(
        principal.account, before=before, limit=limit, only_open=only_open
    )
    return OrdersView(orders=[OrderView.of(order) for order in found])


@router.delete(
    "/api/v1/orders/{order_id}",
    summary="Withdraw an order",
    responses=responses(401, 403, 404, 409),
)
async def delete_order(
    order_id: Annotated[int, Path(ge=1, le=_ID_MAX)], exchange: ExchangeHere, principal: OrderWriter
) -> WithdrawalAnswer:
    """Take what rests of an order out of the book; what has traded stands."""
    return WithdrawalAnswer.of(await exchange.withdraw(principal.account, order_id))


@router.get("/api/trades", summary="Own trades", responses=responses(401, 422))
async def list_trades(
    exchange: ExchangeHere, principal: OrderReader, before: Before = None, limit: Limit = 100
) -> TradesView:
    """Return the trades of the key's account, newest first; side and order are its own."""
    found = await exchange.trades(principal.account, before=before, limit=limit)
    return TradesView(trades=[TradeView.of(trade) for trade in found])


@router.get("/api/market-data", summary="Prices of a market", responses=responses(401, 422))
async def read_market_data(
    hub: HubHere, exchange: ExchangeHere, _reader: MarketReader, market: Market = DEFAULT_MARKET
) -> QuoteView:
    code = market_of(market, exchange.catalogue).code
    now_us = hub.clock.now_us()
    return QuoteView.of(code, exchange.market_data.quote(code, now_us), now_us)


@router.get("/api/v1/contracts", summary="What can be traded now", responses=responses(401, 422))
async def list_contracts(
    hub: HubHere, exchange: ExchangeHere, _reader: MarketReader, market: Market = DEFAULT_MARKET
) -> ContractsView:
    """Return the open contracts of a market, nearest delivery first."""
    found = market_of(market, exchange.catalogue)
    now_us, views = hub.clock.now_us(), exchange.market_data.views
    return ContractsView(
        market=found.code,
        now=iso(now_us),
        contracts=[
            ContractView.of(contract, views.get((found.code, contract.start_us)))
            for contract in found.open_contracts(now_us)
        ],
    )


@router.get("/api/v1/book", summary="One contract's order book", responses=responses(401, 422))
async def read_book(
    exchange: ExchangeHere,
    _reader: MarketReader,
    delivery_start: Annotated[AwareDatetime, Query(examples=["2026-11-21T10:15:00Z"])],
    market: Market = DEFAULT_MARKET,
) -> BookView:
    found = market_of(market, exchange.catalogue)
    contract = contract_of(found, micros(delivery_start))
    view = exchange.market_data.views.get((found.code, contract.start_us))
    return BookView(
        contract=ContractView.of(contract, view),
        bids=[LevelView.of(level, contract) for level in (view.bids if view else ())],
        asks=[LevelView.of(level, contract) for level in (view.asks if view else ())],
        trades=[
            PublicTradeView.of(trade)
            for trade in exchange.market_data.trades(found.code)
            if trade.start_us == contract.start_us
        ],
    )


def _check_price(body: OrderBody) -> None:
    if body.order_type == "LIMIT" and body.limit_price_eur_mwh is None:
        raise OrderRefused(
            "PRICE_MISSING", "limit_price_eur_mwh: is missing; a LIMIT order needs one"
        )
    if body.order_type == "MARKET" and body.limit_price_eur_mwh is not None:
        raise OrderRefused(
            "PRICE_FORBIDDEN",
            f"limit_price_eur_mwh: {body.limit_price_eur_mwh} is not allowed;"
            " a MARKET order has none",
        )
