"""Sites, gateways and telemetry over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from cloud.fleet import service
from cloud.fleet.model import Site
from cloud.fleet.views import (
    EventsView,
    EventView,
    NewestView,
    ScheduleView,
    SeriesView,
    SiteBody,
    SitesView,
    SiteView,
    TelemetryView,
    ValueView,
)
from cloud.kernel import audit, events
from cloud.kernel.auth import Admin, Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, NotFound, responses
from cloud.kernel.instants import iso, iso_or_none, us_or
from cloud.kernel.keys import IDENTIFIER
from wire.points import is_point_name

POINTS_MAX = 100
DEFAULT_SPAN_US = 24 * 3600 * 1_000_000
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


@router.get(
    "/sites/{site}/telemetry/newest",
    summary="Newest value of every point",
    responses=responses(401, 404),
)
async def read_newest(site: SiteId, hub: HubHere, principal: Viewer) -> NewestView:
    """Each value comes with its own time, its age and how the point was at the last sample."""
    async with hub.database.reading() as connection:
        await service.visible_site(connection, site, principal)
        found = await service.newest(connection, site)
    now_us = hub.clock.now_us()
    return NewestView(
        site=site, now=iso(now_us), values=[ValueView.of(newest, now_us) for newest in found]
    )


@router.get(
    "/sites/{site}/telemetry", summary="Samples of a period", responses=responses(401, 404, 422)
)
async def read_telemetry(
    site: SiteId,
    hub: HubHere,
    principal: Viewer,
    points: Annotated[
        str, Query(description="point names with commas between; none: all", max_length=7_000)
    ] = "",
    from_: Annotated[
        AwareDatetime | None, Query(alias="from", description="default: 24 h before now")
    ] = None,
    to: Annotated[AwareDatetime | None, Query(description="excluded; default: no end")] = None,
    limit: Annotated[int, Query(ge=1, le=service.HISTORY_LIMIT_MAX)] = 10_000,
) -> TelemetryView:
    """Return samples in the order of time, by device and point, exactly as they were read.

    At most `limit` samples are returned (those of one instant stay together); `next` says where
    to go on.
    """
    from_us, to_us = _period(from_, to, hub.clock.now_us())
    async with hub.database.reading() as connection:
        await service.visible_site(connection, site, principal)
        found = await service.history(connection, site, _names(points), from_us, to_us, limit)
    return TelemetryView(
        site=site,
        points=[SeriesView.of(series) for series in found.series],
        next=iso_or_none(found.next_us),
    )


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


def _period(start: datetime | None, end: datetime | None, now_us: int) -> tuple[int, int]:
    from_us = us_or(start, now_us - DEFAULT_SPAN_US)
    to_us = us_or(end, _FOREVER_US)
    if to_us <= from_us:
        raise Invalid(f"to: {iso(to_us)!r} is not allowed; later than from is expected")
    return from_us, to_us


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not is_point_name(name):
            raise Invalid(f"points: {name!r} is not allowed; names like ac.power_kw are expected")
    if len(names) > POINTS_MAX:
        raise Invalid(f"points: {len(names)} names are not allowed; at most {POINTS_MAX} are")
    return names
