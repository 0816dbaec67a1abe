"""Own orders with their history, own trades, and the recall of one."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.exchange.api.answer_views import Done
from cloud.exchange.api.forms import ID_MAX, Instant, MarketCode, ReasonBody
from cloud.exchange.api.order_routes import Account, OrderId
from cloud.exchange.api.own_views import (
    OrderAction,
    OrderHistory,
    OwnOrder,
    OwnOrders,
    OwnTrade,
    OwnTrades,
    TradeStep,
    TradeSteps,
)
from cloud.exchange.api.paces import Entering, Own, acting
from cloud.exchange.api.tickets import delivery_of
from cloud.exchange.matching.codes import TradeState
from cloud.exchange.read import store, supervision
from cloud.exchange.service import ROWS_MAX, Exchange, accepted
from cloud.exchange.venue.commands import MoveTrade
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, NotFound, responses
from cloud.kernel.instants import iso

router = APIRouter(prefix="/api/v1", tags=["orders"], route_class=OnceRoute)

Before = Annotated[int | None, Query(ge=0, le=ID_MAX, description="only ids below this one")]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]
MarketWanted = Annotated[MarketCode | None, Query(description="only of this market")]
TradeId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("/orders", summary="List own orders", responses=responses(401, 403, 422, 429, 503))
async def list_orders(
    hub: HubHere,
    principal: Own,
    market: MarketWanted = None,
    delivery_start: Instant | None = None,
    delivery_end: Instant | None = None,
    only_open: Annotated[bool, Query(description="leave out what has ended")] = False,
    before: Before = None,
    limit: Limit = 100,
    account: Account = None,
) -> OwnOrders:
    """Return the account's orders, newest first, with all that was answered before the call."""
    whose, _ = acting(principal, account)
    exchange = hub.service(Exchange)
    async with exchange.reading() as connection:
        number = None
        if delivery_start is not None:
            if market is None:
                raise Invalid("delivery_start: is not allowed without market")
            meant = delivery_of(exchange.catalogue, market, delivery_start, delivery_end)
            listed = await store.contract(connection, meant.market, meant.start_us, meant.end_us)
            if listed is None:
                return OwnOrders(orders=[], next_before=None)
            number = listed.contract
        found = await store.orders(
            connection,
            whose,
            before=before,
            only_open=only_open,
            market=market,
            contract=number,
            limit=limit,
        )
    more = str(found[-1].order_id) if len(found) == limit else None
    return OwnOrders(orders=[OwnOrder.of(order) for order in found], next_before=more)


@router.get(
    "/orders/{order_id}",
    summary="Show an own order",
    responses=responses(401, 403, 404, 422, 429, 503),
)
async def read_order(
    order_id: OrderId, hub: HubHere, principal: Own, account: Account = None
) -> OwnOrder:
    """Return an order of the account, living or ended."""
    whose, _ = acting(principal, account)
    async with hub.service(Exchange).reading() as connection:
        found = await store.order(connection, order_id, whose)
    if found is None:
        raise NotFound(f"order {order_id} is not known")
    return OwnOrder.of(found)


@router.get(
    "/orders/{order_id}/history",
    summary="What happened to an order?",
    responses=responses(401, 403, 404, 422, 429, 503),
)
async def read_history(
    order_id: OrderId,
    hub: HubHere,
    principal: Own,
    after: Annotated[int, Query(ge=0, le=ID_MAX, description="only sequences above this")] = 0,
    limit: Limit = 100,
    account: Account = None,
) -> OrderHistory:
    """Return each step of an order and of all that it replaced, or that replaced it."""
    whose, _ = acting(principal, account)
    async with hub.service(Exchange).reading() as connection:
        found = await store.order(connection, order_id, whose)
        if found is None:
            raise NotFound(f"order {order_id} is not known")
        rows = await store.history(connection, found.initial_id, after=after, limit=limit)
    return OrderHistory(
        order=OwnOrder.of(found),
        actions=[OrderAction.of(row, found.contract) for row in rows],
        next_after=rows[-1].sequence if len(rows) >= limit else None,
    )


@router.get("/trades", summary="List own trades", responses=responses(401, 403, 422, 429, 503))
async def list_trades(
    hub: HubHere,
    principal: Own,
    market: MarketWanted = None,
    before: Before = None,
    limit: Limit = 100,
    account: Account = None,
) -> OwnTrades:
    """Return the account's sides of its trades, newest first; a trade with itself has two."""
    whose, _ = acting(principal, account)
    async with hub.service(Exchange).reading() as connection:
        found = await store.trades(connection, whose, before=before, market=market, limit=limit)
    many = len({row.trade_id for row in found}) == limit
    return OwnTrades(
        trades=[OwnTrade.of(trade) for trade in found],
        next_before=str(found[-1].trade_id) if many else None,
    )


@router.get(
    "/trades/{trade_id}/steps",
    summary="Was a trade recalled or cancelled?",
    responses=responses(401, 403, 404, 422, 429, 503),
)
async def read_steps(
    trade_id: TradeId, hub: HubHere, principal: Own, account: Account = None
) -> TradeSteps:
    """Return the steps of the recall or cancellation of an own trade, oldest first."""
    whose, _ = acting(principal, account)
    async with hub.service(Exchange).reading() as connection:
        newest = await store.trades(connection, whose, before=trade_id + 1, limit=1)
        if not newest or newest[0].trade_id != trade_id:
            raise NotFound(f"trade {trade_id} is not known")
        moves = await supervision.moves(connection, trade_id)
    return TradeSteps(trade_id=str(trade_id), steps=[TradeStep.of(move) for move in moves])


@router.post(
    "/trades/{trade_id}/recall",
    summary="Ask for the recall of a trade",
    responses=responses(401, 403, 404, 409, 422, 429, 503),
)
async def ask_for_recall(
    trade_id: TradeId, body: ReasonBody, hub: HubHere, principal: Entering
) -> Done:
    """Ask operations to make an own trade void; both parties and the public see each step."""
    command = MoveTrade(
        trade_id=trade_id,
        to=TradeState.RECALL_ASKED,
        by=principal.key_id,
        account=principal.account,
        reason=body.reason,
    )
    (answer,) = await hub.service(Exchange).ask(command)
    return Done(timestamp=iso(accepted(answer).at_us))
