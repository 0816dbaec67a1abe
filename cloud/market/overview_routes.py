"""The overview of the market data over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.kernel import events
from cloud.kernel.auth import MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.market.overview import Glance
from cloud.market.overview_views import MarketEventsView, MarketEventView, OverviewView

router = APIRouter(prefix="/api/v1/market", tags=["markets", "market data"])


@router.get("/overview", summary="Market data at a glance", responses=responses(401))
async def read_overview(hub: HubHere, _reader: MarketReader) -> OverviewView:
    """Return how each source is, what is there of each series, and what is wrong with any.

    At most 2 s old. Series of outages are counted, not listed.
    """
    return OverviewView.of(await hub.service(Glance).overview(hub))


@router.get("/events", summary="Events of the market data", responses=responses(401, 422))
async def list_events(
    hub: HubHere,
    _reader: MarketReader,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="for the next page")] = None,
    limit: Annotated[int, Query(ge=1, le=events.LIMIT_MAX)] = 100,
) -> MarketEventsView:
    """Return what happened, newest first: sources that failed, differed, or answered strangely."""
    async with hub.database.reading() as connection:
        found = await events.newest_of(connection, "market", before=before, limit=limit)
    return MarketEventsView(events=[MarketEventView.of(event) for event in found])
