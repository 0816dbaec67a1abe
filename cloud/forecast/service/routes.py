"""Forecasts over HTTP: asked for, looked after, read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from cloud.forecast.service import service, store
from cloud.forecast.service.model import Job, Kind, State
from cloud.forecast.service.views import (
    STATUS_PATH,
    AcceptedView,
    DayAheadBody,
    ForecastView,
    IntradayBody,
    JobsView,
    JobView,
    forecast_json,
)
from cloud.kernel.auth import MarketReader, Principal, Role, Scope, allowed
from cloud.kernel.context import HubHere
from cloud.kernel.errors import NotFound, responses

RETRY_AFTER_S = 2
JOBS_SHOWN_MAX = 200
_GROUPS = {"load": "load", "renewables": "renewables", "wind": "renewables"}
_GROUPS |= {"solar": "renewables", "exaa": "exaa"}

Asker = Annotated[Principal, Depends(allowed(Role.TRADER, Scope.MARKET_READ))]
"""Computing costs something: whoever only looks may not ask for it."""

router = APIRouter(prefix="/api/forecast", tags=["forecasts"])


@router.post(
    "/dayahead",
    status_code=202,
    summary="Ask for a day-ahead forecast",
    responses=responses(401, 403, 409, 422, 429),
)
async def ask_day_ahead(
    body: DayAheadBody, hub: HubHere, _asker: Asker, response: Response
) -> AcceptedView:
    """Queue a forecast of whole local days from tomorrow on; nothing is computed here.

    The same request, with nothing new known, returns the same job.
    """
    area = service.area_of(body.area)
    features = tuple(sorted({_GROUPS[name] for name in body.features if name in _GROUPS}))
    now_us = hub.clock.now_us()
    request = service.day_ahead(area, now_us, body.horizon_h, body.granularity_min, features)
    return _accepted(await service.ask(hub, request), response)


@router.post(
    "/intraday",
    status_code=202,
    summary="Ask for an intraday forecast",
    responses=responses(401, 403, 409, 422, 429),
)
async def ask_intraday(
    body: IntradayBody, hub: HubHere, _asker: Asker, response: Response
) -> AcceptedView:
    """Queue a forecast from the next slot on: the last auction's price until something beats it."""
    area = service.area_of(body.area)
    request = service.intraday(area, hub.clock.now_us(), body.horizon_h, body.granularity_min)
    return _accepted(await service.ask(hub, request), response)


@router.get(
    "/status/{job_id}",
    summary="Read a forecast, or how far it is",
    response_model=ForecastView | JobView,
    responses=responses(401, 404),
)
async def read_status(
    hub: HubHere, _reader: MarketReader, job_id: Annotated[str, Path(max_length=40)]
) -> Response:
    """Return the forecast once it is done; until then progress, and `Retry-After`."""
    found = await service.job_of(hub, job_id)
    if found is None:
        raise NotFound(f"job {job_id!r} is not known")
    job, forecast = found
    if forecast is not None:
        return Response(forecast_json(forecast), media_type="application/json")
    headers = {} if job.state is State.FAILED else {"Retry-After": str(RETRY_AFTER_S)}
    return Response(
        JobView.of(job).model_dump_json(), media_type="application/json", headers=headers
    )


@router.get(
    "/newest",
    summary="Read the newest forecast",
    response_model=ForecastView,
    responses=responses(401, 404, 422),
)
async def read_newest(
    hub: HubHere,
    _reader: MarketReader,
    area: Annotated[str, Query(max_length=20)],
    kind: Annotated[Kind, Query(alias="type")] = Kind.DAYAHEAD,
) -> Response:
    """Return the forecast of an area that was issued last."""
    found = await service.newest(hub, service.area_of(area).code, kind)
    if found is None:
        raise NotFound(f"no {kind.value} forecast of {area} was issued yet")
    return Response(forecast_json(found), media_type="application/json")


@router.get("/jobs", summary="List jobs", responses=responses(401, 422))
async def list_jobs(
    hub: HubHere,
    _reader: MarketReader,
    limit: Annotated[int, Query(ge=1, le=JOBS_SHOWN_MAX)] = 50,
) -> JobsView:
    """Return the newest jobs, newest first."""
    async with hub.database.reading() as connection:
        found = await store.jobs(connection, limit)
    return JobsView(jobs=[JobView.of(job) for job in found])


def _accepted(job: Job, response: Response) -> AcceptedView:
    response.headers["Location"] = STATUS_PATH + job.id
    return AcceptedView.of(job)
