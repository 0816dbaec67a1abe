"""The forecast of a site over HTTP: read, never computed here."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response

from cloud.fleet import service as fleet
from cloud.forecast.site import store
from cloud.forecast.site.views import SiteForecastView, SiteScoresView, shown
from cloud.kernel.auth import Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import NotFound, responses
from cloud.kernel.keys import IDENTIFIER
from wire import clock

SCORE_DAYS = 60
router = APIRouter(prefix="/api/forecast", tags=["forecasts"])
SiteId = Annotated[str, Path(pattern=IDENTIFIER, description="the site's id")]


@router.get(
    "/site/{site_id}",
    summary="Read the forecast of a site's load and sun",
    response_model=SiteForecastView,
    responses=responses(401, 404),
)
async def read_site_forecast(site_id: SiteId, hub: HubHere, principal: Viewer) -> Response:
    """Return the newest one: 48 hours in quarter-hours; what is not known is null."""
    async with hub.database.reading() as connection:
        await fleet.visible_site(connection, site_id, principal)
        found = await store.of_site(connection, site_id)
    if found is None:
        raise NotFound(f"no forecast of site {site_id!r} was made yet")
    return Response(shown(found, hub.clock.now_us()), media_type="application/json")


@router.get(
    "/site/{site_id}/scores",
    summary="Read how good the forecasts of a site were",
    responses=responses(401, 404),
)
async def read_site_scores(site_id: SiteId, hub: HubHere, principal: Viewer) -> SiteScoresView:
    """Return the last 60 days, newest first: what the eve said against what came."""
    since = clock.utc(hub.clock.now_us()).date() - timedelta(days=SCORE_DAYS)
    async with hub.database.reading() as connection:
        await fleet.visible_site(connection, site_id, principal)
        return SiteScoresView.of_scores(site_id, await store.scores(connection, site_id, since))
