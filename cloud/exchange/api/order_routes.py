"""Orders over version 1: enter, change, hibernate, activate, take back; one, many, all."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from cloud.exchange.api.answer_views import AllTold, BasketTold, OrderTold
from cloud.exchange.api.counter import OrderCounter
from cloud.exchange.api.forms import (
    ID_MAX,
    BasketBody,
    ChangeBody,
    EntryBody,
    Instant,
    MarketCode,
    Name,
    SwitchBody,
)
from cloud.exchange.api.paces import Entering, acting
from cloud.exchange.matching.codes import State
from cloud.exchange.service import Exchange
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from wire.clock import micros

router = APIRouter(prefix="/api/v1/orders", tags=["orders"], route_class=OnceRoute)

_PROBLEMS = responses(401, 403, 404, 409, 422, 429, 503)


async def _counter(hub: HubHere) -> OrderCounter:
    return OrderCounter(hub, hub.service(Exchange))


CounterHere = Annotated[OrderCounter, Depends(_counter)]
OrderId = Annotated[int, Path(ge=1, le=ID_MAX)]
Account = Annotated[
    Name | None, Query(description="for whom; default: the key's own. Only an admin names another")
]


@router.post("", summary="Enter an order", responses=_PROBLEMS)
async def enter(
    body: EntryBody, counter: CounterHere, principal: Entering, account: Account = None
) -> OrderTold:
    """Check, match and keep an order; the answer comes when it is safe on the disk."""
    whose, admin = acting(principal, account)
    user = "" if admin else principal.key_id
    return await counter.enter(body, whose, user=user, by_admin=admin)


@router.post("/basket", summary="Enter several orders", responses=_PROBLEMS)
async def enter_basket(
    body: BasketBody, counter: CounterHere, principal: Entering, account: Account = None
) -> BasketTold:
    """Enter up to 500 orders; one answer for each, in the same order.

    The answer is 200 also where orders were refused: `status` and `code` say so one by one.
    """
    whose, admin = acting(principal, account)
    user = "" if admin else principal.key_id
    return await counter.enter_all(body, whose, user=user, by_admin=admin)


@router.patch("/{order_id}", summary="Change an order", responses=_PROBLEMS)
async def change(
    order_id: OrderId,
    body: ChangeBody,
    counter: CounterHere,
    principal: Entering,
    account: Account = None,
) -> OrderTold:
    """Change price, quantity, peak, validity or text.

    A smaller quantity, another text or validity keep the place in the book. Another price, more
    quantity or another peak lose it: a new order, with a new id, stands for the old one, and may
    trade at once. A quantity no larger than what has traded deletes the order.
    """
    return await counter.change(order_id, body, *acting(principal, account))


@router.post("/{order_id}/hibernate", summary="Hibernate an order", responses=_PROBLEMS)
async def hibernate(
    order_id: OrderId,
    body: SwitchBody,
    counter: CounterHere,
    principal: Entering,
    account: Account = None,
) -> OrderTold:
    """Take an order out of the book and keep it."""
    whose, admin = acting(principal, account)
    return await counter.switch(
        order_id, State.HIBERNATED, whose, revision=body.revision, by_admin=admin
    )


@router.post("/{order_id}/activate", summary="Activate an order", responses=_PROBLEMS)
async def activate(
    order_id: OrderId,
    body: SwitchBody,
    counter: CounterHere,
    principal: Entering,
    account: Account = None,
) -> OrderTold:
    """Put a hibernated order back into the book, behind the others; it may trade at once."""
    whose, admin = acting(principal, account)
    return await counter.switch(
        order_id, State.ACTIVE, whose, revision=body.revision, by_admin=admin
    )


@router.delete("", summary="Take back all orders", responses=_PROBLEMS)
async def delete_all(
    counter: CounterHere,
    principal: Entering,
    market: Annotated[MarketCode | None, Query(description="only of this market")] = None,
    delivery_start: Annotated[
        Instant | None, Query(description="only of contracts that start here")
    ] = None,
    account: Account = None,
) -> AllTold:
    """Delete all open orders of the account, hibernated ones with them; what has traded stands."""
    whose, admin = acting(principal, account)
    return await counter.switch_all(
        State.INACTIVE,
        whose,
        market=market or "",
        start_us=None if delivery_start is None else micros(delivery_start),
        by_admin=admin,
    )


@router.post("/hibernate", summary="Hibernate all orders", responses=_PROBLEMS)
async def hibernate_all(
    counter: CounterHere,
    principal: Entering,
    market: Annotated[MarketCode | None, Query(description="only of this market")] = None,
    account: Account = None,
) -> AllTold:
    """Take all active orders of the account out of the book and keep them."""
    whose, admin = acting(principal, account)
    return await counter.switch_all(State.HIBERNATED, whose, market=market or "", by_admin=admin)
