"""Sites, gateways and telemetry over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.fleet import service
from cloud.fleet.model import Site
from cloud.fleet.telemetry import routes as telemetry_routes
from cloud.fleet.views import (
    EventsView,
    EventView,
    ScheduleView,
    SiteBody,
    SitesView,
    SiteView,
)
from cloud.kernel import audit, events
from cloud.kernel.auth import Admin, Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import NotFound, responses
from cloud.kernel.keys import IDENTIFIER

_FOREVER_US = 2**62

router = APIRouter(prefix="/api/v1", tags=["sites and telemetry"])
SiteId = Annotated[str, Path(pattern=IDENTIFIER, description="the site's id")]


@router.post(
    "/sites", status_code=201, summary="Create a site", responses=responses(401, 403, 404, 409, 422)
)
async def create_site(body: SiteBody, hub: HubHere, principal: Admin) -> SiteView:
    site = Site(
        id=body.id,
        name=body.name or body.id,
        account=body.account,
        power_kw=body.power_kw,
        energy_kwh=body.energy_kwh,
        fcr_kw=body.fcr_kw,
    )
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        await service.add_site(connection, site, now_us)
        entry = audit.by(principal, "site.create", f"site {site.id}", now_us, site=site.id)
        await audit.record(connection, entry)
    hub.bus.wake(service.SITES_TOPIC)
    return SiteView.of(site, None)


@router.get("/sites", summary="List sites", responses=responses(401))
async def list_sites(hub: HubHere, principal: Viewer) -> SitesView:
    """Return the sites of the key's account; an admin sees all."""
    async with hub.database.reading() as connection:
        sites = await service.visible_sites(connection, principal)
        uploads = await service.last_uploads(connection)
    return SitesView(sites=[SiteView.of(site, uploads.get(site.id)) for site in sites])


@router.get("/sites/{site}", summary="One site", responses=responses(401, 404))
async def read_site(site: SiteId, hub: HubHere, principal: Viewer) -> SiteView:
    async with hub.database.reading() as connection:
        found = await service.visible_site(connection, site, principal)
        uploads = await service.last_uploads(connection)
    return SiteView.of(found, uploads.get(found.id))


@router.get("/sites/{site}/events", summary="Events of a site", responses=responses(401, 404))
async def read_events(
    site: SiteId,
    hub: HubHere,
    principal: Viewer,
    before: Annotated[
        int | None, Query(ge=0, le=_FOREVER_US, description="older than this id")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=events.LIMIT_MAX)] = 100,
) -> EventsView:
    """Return the last events, newest first."""
    async with hub.database.reading() as connection:
        await service.visible_site(connection, site, principal)
        found = await events.newest(connection, site=site, before=before, limit=limit)
    return EventsView(site=site, events=[EventView.of(event) for event in found])


@router.get(
    "/sites/{site}/schedule", summary="The schedule in force", responses=responses(401, 404)
)
async def read_schedule(site: SiteId, hub: HubHere, principal: Viewer) -> ScheduleView:
    """Return the newest published schedule: what the site's box executes."""
    async with hub.database.reading() as connection:
        await service.visible_site(connection, site, principal)
        schedule = await service.newest_schedule(connection, site)
    if schedule is None:
        raise NotFound(f"nothing was published yet for site {site!r}")
    return ScheduleView.of(schedule)


router.routes.extend(telemetry_routes.router.routes)
