"""What operations watch and set: refusals, activity, limits of accounts, the venue itself."""

import json
from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.exchange import policies
from cloud.exchange.api.forms import Instant, Name
from cloud.exchange.api.operation_routes import Before, Limit
from cloud.exchange.api.operation_views import (
    ActivitiesView,
    ActivityView,
    Incident,
    LimitsBody,
    PoliciesView,
    PolicyView,
    Surveillance,
    VenueState,
)
from cloud.exchange.api.paces import Operating
from cloud.exchange.read import supervision
from cloud.exchange.service import Exchange
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import iso, us_or

router = APIRouter(prefix="/api/v1/exchange", tags=["exchange operation"], route_class=OnceRoute)

_READS = responses(401, 403, 422, 429, 503)
_DAY_US = 86_400_000_000
_WEEK_US = 7 * _DAY_US


@router.get("/surveillance", summary="List refusals and self-trades", responses=_READS)
async def read_surveillance(
    hub: HubHere,
    _principal: Operating,
    account: Name | None = None,
    code: Annotated[str | None, Query(pattern=r"^[A-Z][A-Z_]{0,39}$")] = None,
    before: Before = None,
    limit: Limit = 100,
) -> Surveillance:
    """Return what was refused and why, and each self-trade, newest first (REMIT)."""
    async with hub.service(Exchange).reading() as connection:
        found = await supervision.surveillance(
            connection, account=account, code=code, before=before, limit=limit
        )
    return Surveillance(
        incidents=[Incident.of(row) for row in found],
        next_before=found[-1].sequence if len(found) == limit else None,
    )


@router.get("/activity", summary="Orders and trades a day", responses=_READS)
async def read_activity(
    hub: HubHere,
    _principal: Operating,
    first: Annotated[Instant | None, Query(description="default: a week ago")] = None,
    last: Annotated[Instant | None, Query(description="not included; default: now")] = None,
    account: Name | None = None,
    limit: Limit = 500,
) -> ActivitiesView:
    """Return what accounts did on each UTC day, newest first."""
    now_us = hub.clock.now_us()
    from_us, to_us = us_or(first, now_us - _WEEK_US), us_or(last, now_us)
    async with hub.service(Exchange).reading() as connection:
        found = await supervision.activity(connection, from_us, to_us, account=account, limit=limit)
    return ActivitiesView(activities=[ActivityView.of(row) for row in found])


@router.get("/policies/{what}", summary="List policies and limits", responses=_READS)
async def list_policies(
    what: Annotated[str, Path(pattern=r"^(throttle|limits)$", examples=["limits"])],
    hub: HubHere,
    _principal: Operating,
    before: Before = None,
    limit: Limit = 20,
) -> PoliciesView:
    """Return what came into force, newest first: the first one is in force."""
    async with hub.service(Exchange).reading() as connection:
        found = await supervision.policies(connection, what, before=before, limit=limit)
    return PoliciesView(
        policies=[PolicyView.of(row) for row in found],
        next_before=found[-1].sequence if len(found) == limit else None,
    )


@router.put(
    "/limits",
    summary="Set the limits of accounts",
    responses=responses(401, 403, 409, 422, 429, 503),
)
async def set_limits(body: LimitsBody, hub: HubHere, principal: Operating) -> PolicyView:
    """Take all of it into force, or nothing; open orders stay, new ones are checked by it.

    The names of the limits are those of the guide: state, quantity_kw_max, orders_max, net_kw_max,
    cash_out_eur_max, order_counts, …
    """
    exchange = hub.service(Exchange)
    content = json.dumps(body.model_dump(), separators=(",", ":"))
    await policies.set_limits(exchange, content, body.version, principal.key_id)
    async with exchange.reading() as connection:
        newest, *_ = await supervision.policies(connection, "limits", limit=1)
    return PolicyView.of(newest)


@router.get("/state", summary="How is the exchange itself?", responses=responses(401, 403, 429))
async def read_state(hub: HubHere, _principal: Operating) -> VenueState:
    """Return how far journal and database are."""
    exchange = hub.service(Exchange)
    journal = exchange.journal
    return VenueState(
        sequence=exchange.writer.committed_until,
        projected=exchange.projection.sequence,
        closed_until=journal.closed_until,
        commits=journal.commits,
        fence=journal.fence,
        live_orders=sum(seat.orders for seat in exchange.checks.seats.values()),
        feed_clients=exchange.feeds.clients,
        **exchange.timings.told(),
        timestamp=iso(hub.clock.now_us()),
    )
