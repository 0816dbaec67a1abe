"""What operations do to the exchange: halt, stop an account, undo trades. All of it is audited."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.exchange.api.answer_views import Done
from cloud.exchange.api.forms import ID_MAX, Name, ReasonBody
from cloud.exchange.api.operation_views import (
    CancellationBody,
    HaltBody,
    HaltsView,
    HaltView,
    MovedTradesView,
    MovedTradeView,
    RecallBody,
)
from cloud.exchange.api.own_routes import TradeId
from cloud.exchange.api.paces import Entering, Operating, acting
from cloud.exchange.auction import calendar as auctions
from cloud.exchange.matching.codes import TradeState
from cloud.exchange.read import moving, supervision
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import ROWS_MAX, Exchange, accepted
from cloud.exchange.venue.commands import Command, Halt, Kill, MoveTrade
from cloud.kernel import keys, persons
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import NotFound, responses
from cloud.kernel.instants import iso
from cloud.market.catalogue import Catalogue
from cloud.market.contracts import BLOCK
from wire.clock import micros

router = APIRouter(prefix="/api/v1/exchange", tags=["exchange operation"], route_class=OnceRoute)

Before = Annotated[int | None, Query(ge=0, le=ID_MAX, description="only numbers below this one")]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX)]
AccountHere = Annotated[Name, Path()]
_DOES = responses(401, 403, 404, 409, 422, 429, 503)
_READS = responses(401, 403, 422, 429, 503)
_CANCELLATION = {
    "ASK": TradeState.CANCEL_ASKED,
    "CONFIRM": TradeState.CANCELLED,
    "REJECT": TradeState.CANCEL_REFUSED,
}
_RECALL = {
    "GRANT": TradeState.RECALLED,
    "REJECT": TradeState.RECALL_REFUSED,
    "WAIT": TradeState.RECALL_WAITS,
}
_OPEN = (TradeState.RECALL_ASKED, TradeState.RECALL_WAITS, TradeState.CANCEL_ASKED)


@router.get("/halts", summary="List halts and kill switches", responses=_READS)
async def list_halts(
    hub: HubHere,
    _principal: Operating,
    only_in_force: bool = False,
    before: Before = None,
    limit: Limit = 100,
) -> HaltsView:
    """Return halts, and the kill switches of accounts as scope `stop`, newest first."""
    async with hub.service(Exchange).reading() as connection:
        found = await supervision.halts(
            connection, only_in_force=only_in_force, before=before, limit=limit
        )
    return HaltsView(
        halts=[HaltView.of(halt) for halt in found],
        next_before=found[-1].sequence if len(found) == limit else None,
    )


@router.post("/halts", summary="Halt trading", responses=_DOES)
async def halt(body: HaltBody, hub: HubHere, principal: Operating) -> Done:
    """Stop trading in a scope: its orders hibernate in priority order, new ones are refused.

    Deleting stays possible, and so does asking for a recall.
    """
    exchange = hub.service(Exchange)
    value = _value(body, exchange.catalogue)
    if body.scope == "account":
        await _known(hub, value)
    command = Halt(scope=body.scope, value=value, by=principal.key_id, reason=body.reason)
    return await _do(exchange, command)


@router.post("/halts/resume", summary="Let trading go on", responses=_DOES)
async def resume(body: HaltBody, hub: HubHere, principal: Operating) -> Done:
    """Lift a halt; it activates nothing: whoever hibernates stays so until its owner wakes it."""
    exchange = hub.service(Exchange)
    command = Halt(
        scope=body.scope,
        value=_value(body, exchange.catalogue),
        by=principal.key_id,
        reason=body.reason,
        resume=True,
    )
    return await _do(exchange, command)


@router.post("/accounts/{account}/stop", summary="Pull the kill switch", responses=_DOES)
async def stop(account: AccountHere, body: ReasonBody, hub: HubHere, principal: Entering) -> Done:
    """Delete all orders of an account and refuse entry and change until it is freed.

    A trader may stop the own account, an admin any.
    """
    acting(principal, account)
    await _known(hub, account)
    command = Kill(account=account, by=principal.key_id, reason=body.reason)
    return await _do(hub.service(Exchange), command)


@router.post("/accounts/{account}/free", summary="Let an account trade again", responses=_DOES)
async def free(account: AccountHere, body: ReasonBody, hub: HubHere, principal: Operating) -> Done:
    """Release the kill switch; what was deleted stays deleted."""
    command = Kill(account=account, by=principal.key_id, reason=body.reason, release=True)
    return await _do(hub.service(Exchange), command)


@router.get("/trades", summary="List trades to be undone", responses=_READS)
async def list_moved(
    hub: HubHere,
    _principal: Operating,
    only_open: Annotated[bool, Query(description="only those that wait for a decision")] = True,
    before: Before = None,
    limit: Limit = 100,
) -> MovedTradesView:
    """Return trades whose recall or cancellation was asked for, newest first."""
    async with hub.service(Exchange).reading() as connection:
        found = await moving.moved_trades(
            connection, _OPEN if only_open else tuple(TradeState), before=before, limit=limit
        )
    return MovedTradesView(
        trades=[MovedTradeView.of(trade) for trade in found],
        next_before=str(found[-1].trade_id) if len(found) == limit else None,
    )


@router.post("/trades/{trade_id}/cancellation", summary="Cancel a trade", responses=_DOES)
async def cancel(
    trade_id: TradeId, body: CancellationBody, hub: HubHere, principal: Operating
) -> Done:
    """Ask for the cancellation of a trade; a second person confirms or rejects it.

    A cancelled trade is void: positions, cash and averages are reversed exactly, orders are not
    restored.
    """
    return await _move(hub, trade_id, _CANCELLATION[body.step], principal.key_id, body.reason)


@router.post("/trades/{trade_id}/recall", summary="Decide about a recall", responses=_DOES)
async def decide(trade_id: TradeId, body: RecallBody, hub: HubHere, principal: Operating) -> Done:
    """Grant or reject the recall that a party of a trade asked for."""
    return await _move(hub, trade_id, _RECALL[body.step], principal.key_id, body.reason)


async def _move(hub: Hub, trade_id: int, to: TradeState, by: str, reason: str) -> Done:
    async with hub.database.reading() as connection:
        same = await persons.keys_of_person(connection, by)
    command = MoveTrade(trade_id=trade_id, to=to, by=by, account="", reason=reason, same=same)
    return await _do(hub.service(Exchange), command)


async def _do(exchange: Exchange, command: Command) -> Done:
    """Do it; answers of the orders that it touched come behind its own."""
    answer, *_ = await exchange.ask(command)
    return Done(timestamp=iso(accepted(answer).at_us))


async def _known(hub: Hub, account: str) -> None:
    async with hub.database.reading() as connection:
        if await keys.account_of_id(connection, account) is None:
            raise NotFound(f"account {account} is not known")


def _value(body: HaltBody, catalogue: Catalogue) -> str:
    """Return what the venue calls the scope; a halt of what is not there would stop nothing."""
    if body.scope == "contract":
        market = catalogue.get(body.market or "")
        start_us = None if body.delivery_start is None else micros(body.delivery_start)
        if market is None or start_us is None or market.contract(start_us) is None:
            allowed = "market and delivery_start of a contract are expected"
            raise OrderRefused("SCOPE", f"scope: contract: {allowed}")
        return f"{market.code}/{start_us}"
    if body.market is not None or body.delivery_start is not None:
        raise OrderRefused("SCOPE", f"scope: {body.scope} has no market and no delivery_start")
    known = {
        "area": {market.area for market in catalogue.values()},
        "product": {market.product for market in catalogue.values()} | {BLOCK},
        "market": set(catalogue) | set(auctions.load()),
    }.get(body.scope)
    if known is not None and body.value not in known:
        names = ", ".join(sorted(known))
        raise OrderRefused("SCOPE", f"value: {body.value!r} is not allowed; one of {names} is")
    return body.value
