"""Telemetry over HTTP: newest values, periods in steps, files."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from cloud.fleet import service
from cloud.fleet.telemetry import export, queries
from cloud.fleet.telemetry.export import Wanted
from cloud.fleet.telemetry.queries import Step
from cloud.fleet.telemetry.rolls import DAY_US
from cloud.fleet.telemetry.views import (
    RAW_COLUMNS,
    ROLLUP_COLUMNS,
    FleetValuesView,
    NewestView,
    SiteValuesView,
    TelemetryView,
    ValueView,
    raw_document,
    rollup_documents,
)
from cloud.kernel.auth import Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from cloud.kernel.instants import Instant, iso, iso_or_none, us_or
from cloud.kernel.keys import IDENTIFIER
from wire.points import is_point_name

POINTS_MAX = 100
DEFAULT_SPAN_US = DAY_US
_FOREVER_US = 2**62

router = APIRouter(prefix="/api/v1", tags=["sites and telemetry"])
SiteId = Annotated[str, Path(pattern=IDENTIFIER, description="the site's id")]
Points = Annotated[
    str, Query(description="point names with commas between; none: all", max_length=7_000)
]
From = Annotated[Instant | None, Query(alias="from", description="default: 24 h before now")]
To = Annotated[Instant | None, Query(description="excluded; default: no end")]


@router.get(
    "/telemetry/newest",
    summary="Newest values of all sites",
    responses=responses(401, 422),
)
async def read_fleet_newest(
    hub: HubHere, principal: Viewer, points: Points = ""
) -> FleetValuesView:
    """Return what is known of these points, for each site that the key may see."""
    names = _names(points)
    async with hub.database.reading() as connection:
        sites = [site.id for site in await service.visible_sites(connection, principal)]
        found = await service.newest_of_sites(connection, sites, names or None)
    now_us = hub.clock.now_us()
    return FleetValuesView(
        now=iso(now_us),
        sites=[
            SiteValuesView(site=site, values=[ValueView.of(value, now_us) for value in values])
            for site, values in found.items()
        ],
    )


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
    "/sites/{site}/telemetry",
    summary="Samples or roll-ups of a period",
    response_model=TelemetryView,
    responses=responses(401, 404, 422),
)
async def read_telemetry(
    site: SiteId,
    hub: HubHere,
    principal: Viewer,
    points: Points = "",
    from_: From = None,
    to: To = None,
    step: Annotated[
        Step, Query(description="auto: the finest with at most 2,000 values a point")
    ] = Step.RAW,
    limit: Annotated[
        int, Query(ge=1, le=service.HISTORY_LIMIT_MAX, description="of raw samples")
    ] = 10_000,
) -> JSONResponse:
    """Return samples as they were read, or what they were in each minute, quarter-hour, hour, day.

    Raw, at most `limit` samples are returned (those of one instant stay together); `next` says
    where to go on. Rolled up, all whole intervals that touch the period are returned: mean, min,
    max and last of the good numbers, how many there were of how many samples, the worst quality.
    Intervals begin at whole ones of UTC.
    """
    names = _names(points)
    now_us = hub.clock.now_us()
    from_us, to_us = _period(from_, to, now_us)
    step = queries.resolved(step, from_us, min(to_us, now_us))
    document: dict[str, Any] = {"site": site, "step": step.value}
    async with hub.database.reading() as connection:
        await service.visible_site(connection, site, principal)
        if step is Step.RAW:
            history = await service.history(connection, site, names, from_us, to_us, limit)
            document |= {
                "columns": RAW_COLUMNS,
                "points": [raw_document(series) for series in history.series],
                "next": iso_or_none(history.next_us),
                "complete": True,
            }
        else:
            end_us = min(to_us, now_us + DAY_US)
            found = await queries.ask(connection, site, names, from_us, end_us, step)
            document |= {
                "columns": ROLLUP_COLUMNS,
                "points": rollup_documents(found),
                "next": None,
                "complete": found.complete,
            }
    return JSONResponse(document)


@router.get(
    "/sites/{site}/telemetry/export",
    summary="A period as a file",
    response_class=StreamingResponse,
    responses=responses(401, 404, 422)
    | {
        200: {
            "description": "rows in the order of time; gzip for those who accept it",
            "content": {
                "text/csv": {
                    "example": "time,device,point,unit,value,quality\r\n"
                    "2026-11-21T10:15:00Z,inverter,ac.power_kw,kW,30.0,good\r\n"
                },
                "application/json": {
                    "example": {
                        "site": "werk-sued",
                        "step": "raw",
                        "columns": ["device", "point", *RAW_COLUMNS],
                        "rows": [["inverter", "ac.power_kw", 1_795_169_700_000_000, 30.0, 0]],
                    }
                },
            },
        }
    },
)
async def export_telemetry(
    request: Request,
    site: SiteId,
    hub: HubHere,
    principal: Viewer,
    points: Points = "",
    from_: From = None,
    to: To = None,
    step: Annotated[Step, Query(description="as for samples and roll-ups")] = Step.RAW,
    format_: Annotated[
        Literal["csv", "json"], Query(alias="format", description="of the file")
    ] = "csv",
) -> StreamingResponse:
    """Return all of a period, however long, written while it is read."""
    now_us = hub.clock.now_us()
    from_us, to_us = _period(from_, to, now_us)
    step = queries.resolved(step, from_us, min(to_us, now_us))
    async with hub.database.reading() as connection:
        await service.visible_site(connection, site, principal)
    wanted = Wanted(site=site, points=_names(points), from_us=from_us, to_us=to_us, step=step)
    write = export.as_csv if format_ == "csv" else export.as_json
    parts = write(wanted, export.pages(hub.database, wanted))
    headers = {"Content-Disposition": f'attachment; filename="{site}-{step.value}.{format_}"'}
    if "gzip" in request.headers.get("accept-encoding", ""):
        parts = export.gzipped(parts)
        headers["Content-Encoding"] = "gzip"
    kind = "text/csv; charset=utf-8" if format_ == "csv" else "application/json"
    return StreamingResponse(parts, media_type=kind, headers=headers | {"Vary": "Accept-Encoding"})


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
