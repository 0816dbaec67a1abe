"""The overview of the market data over HTTP."""

from fastapi import APIRouter

from cloud.kernel.auth import MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.market.overview import Glance
from cloud.market.overview_views import OverviewView

router = APIRouter(prefix="/market", tags=["market data"])


@router.get("/overview", summary="Market data at a glance", responses=responses(401))
async def read_overview(hub: HubHere, _reader: MarketReader) -> OverviewView:
    """Return how each source is, what is there of each series, and what is wrong with any.

    At most 2 s old. Series of outages are counted, not listed.
    """
    return OverviewView.of(await hub.service(Glance).overview(hub))
