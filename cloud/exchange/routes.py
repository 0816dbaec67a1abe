"""Orders, trades and market data over HTTP; own orders only, but for what an admin takes back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from cloud.exchange import policies
from cloud.exchange.api.forms import Instant
from cloud.exchange.api.order_routes import Account, OrderId
from cloud.exchange.api.paces import Entering, Operating, Own, Watching, acting
from cloud.exchange.entry import contract_of, market_of
from cloud.exchange.market_views import (
    BookView,
    ContractsView,
    ContractView,
    LevelView,
    PublicTradeView,
    QuoteView,
)
from cloud.exchange.order_views import (
    OrderAnswer,
    OrderBody,
    OrdersView,
    OrderView,
    PolicyAnswer,
    TradesView,
    TradeView,
    WithdrawalAnswer,
)
from cloud.exchange.prices import views
from cloud.exchange.service import ROWS_MAX, Exchange
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import iso
from wire.clock import micros

DEFAULT_MARKET = "PHO_AT_INTRADAY_15MIN"
_ID_MAX = 2**62

router = APIRouter(tags=["exchange"], route_class=OnceRoute)


async def _exchange(hub: HubHere) -> Exchange:
    return hub.service(Exchange)


ExchangeHere = Annotated[Exchange, Depends(_exchange)]
Before = Annotated[int | None, Query(ge=0, le=_ID_MAX, description="older than this id")]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]
Market = Annotated[str, Query(examples=[DEFAULT_MARKET])]


@router.post(
    "/api/orders",
    summary="Place an order",
    responses=responses(401, 403, 409, 422, 429, 503),
)
async def create_order(body: OrderBody, exchange: ExchangeHere, principal: Entering) -> OrderAnswer:
    """Check, match and keep an order; the answer comes when it is safe on the disk."""
    done = await exchange.place(body.ticket(principal.account))
    remaining = exchange.standings.throttle_remaining(principal.account, body.market)
    return OrderAnswer.of(done, remaining)


@router.get("/api/orders", summary="Own orders", responses=responses(401, 403, 422, 429, 503))
async def list_orders(
    exchange: ExchangeHere,
    principal: Own,
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
    responses=responses(401, 403, 404, 409, 422, 429, 503),
)
async def delete_order(
    order_id: OrderId, exchange: ExchangeHere, principal: Entering, account: Account = None
) -> WithdrawalAnswer:
    """Take what rests of an order out of the book; what has traded stands."""
    whose, admin = acting(principal, account)
    return WithdrawalAnswer.of(await exchange.withdraw(whose, order_id, by_admin=admin))


@router.get("/api/trades", summary="Own trades", responses=responses(401, 403, 422, 429, 503))
async def list_trades(
    exchange: ExchangeHere, principal: Own, before: Before = None, limit: Limit = 100
) -> TradesView:
    """Return the trades of the key's account, newest first; side and order are its own."""
    found = await exchange.trades(principal.account, before=before, limit=limit)
    return TradesView(trades=[TradeView.of(trade) for trade in found])


@router.get(
    "/api/market-data", summary="Prices of a market", responses=responses(401, 403, 422, 429)
)
async def read_market_data(
    hub: HubHere, exchange: ExchangeHere, _reader: Watching, market: Market = DEFAULT_MARKET
) -> QuoteView:
    code = market_of(market, exchange.catalogue).code
    now_us = hub.clock.now_us()
    return QuoteView.of(code, views.quote(exchange.prices, code, now_us), now_us)


@router.get(
    "/api/v1/contracts", summary="What can be traded now", responses=responses(401, 403, 422, 429)
)
async def list_contracts(
    hub: HubHere, exchange: ExchangeHere, _reader: Watching, market: Market = DEFAULT_MARKET
) -> ContractsView:
    """Return the open contracts of a market, nearest delivery first."""
    found = market_of(market, exchange.catalogue)
    now_us = hub.clock.now_us()
    return ContractsView(
        market=found.code,
        now=iso(now_us),
        contracts=[
            ContractView.of(contract, exchange.view(found.code, contract.start_us))
            for contract in found.open_contracts(now_us)
        ],
    )


@router.get(
    "/api/v1/book", summary="One contract's order book", responses=responses(401, 403, 422, 429)
)
async def read_book(
    exchange: ExchangeHere,
    _reader: Watching,
    delivery_start: Annotated[Instant, Query(examples=["2026-11-21T10:15:00Z"])],
    market: Market = DEFAULT_MARKET,
) -> BookView:
    found = market_of(market, exchange.catalogue)
    contract = contract_of(found, micros(delivery_start))
    view, epoch = exchange.view(found.code, contract.start_us), exchange.feeds.born
    if view is None:
        shown = ContractView.of(contract, None)
        return BookView(contract=shown, epoch=epoch, sequence=0, bids=[], asks=[], trades=[])
    return BookView(
        contract=ContractView.of(contract, view),
        epoch=epoch,
        sequence=view.sequence,
        bids=[LevelView.of(level, contract) for level in view.bids],
        asks=[LevelView.of(level, contract) for level in view.asks],
        trades=[
            PublicTradeView.of(trade, view.listed)
            for trade in exchange.newest_trades(found.code, view.listed.contract)
        ],
    )


@router.post(
    "/admin/policy/reload",
    summary="Read the throttle policy's file again",
    responses=responses(401, 403, 409, 422, 429, 503),
)
async def reload_policy(
    hub: HubHere,
    exchange: ExchangeHere,
    principal: Operating,
    forced: Annotated[bool, Query(description="take a lower version too")] = False,
) -> PolicyAnswer:
    """Take the whole file into force, or nothing of it; the old policy stays then."""
    path = hub.settings.policy_file
    version = await policies.reload(exchange, path, principal.account, forced=forced)
    return PolicyAnswer(version=version)
