"""The markets and their contracts over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from cloud.kernel.auth import MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, NotFound, responses
from cloud.market import overview_routes
from cloud.market.catalogue import load
from cloud.market.contracts import Market
from cloud.market.series import routes as series_routes
from cloud.market.views import ContractsView, MarketsView, MarketView, of_day

_YEARS = range(2000, 2200)

router = APIRouter(prefix="/api/v1", tags=["markets"])
router.routes.extend(series_routes.router.routes)
router.routes.extend(overview_routes.router.routes)


@router.get("/markets", summary="List markets", responses=responses(401))
async def list_markets(hub: HubHere, _reader: MarketReader) -> MarketsView:
    """Return the markets that can be traded now, by code."""
    now_us = hub.clock.now_us()
    found = sorted(load(hub.settings.markets_file).items())
    views = (MarketView.of(market, now_us) for _, market in found)
    return MarketsView(markets=[view for view in views if view is not None])


@router.get(
    "/markets/{market}/contracts", summary="List contracts", responses=responses(401, 404, 422)
)
async def list_contracts(
    hub: HubHere,
    _reader: MarketReader,
    market: str,
    day: Annotated[date | None, Query(description="local day of delivery; default: today")] = None,
) -> ContractsView:
    """Return all contracts of one delivery day, and its base and peak block.

    The autumn hour is there twice, the spring hour not at all: a day has 92, 96 or 100
    quarter-hours. Further blocks are any two or more contiguous contracts of one day.
    """
    found: Market | None = load(hub.settings.markets_file).get(market)
    if found is None:
        raise NotFound(f"market {market} is not known")
    now_us = hub.clock.now_us()
    if day is not None and day.year not in _YEARS:
        raise Invalid(f"day: {day} is not allowed; years {_YEARS[0]} to {_YEARS[-1]} are")
    return of_day(found, day or found.day_of(now_us), now_us)
