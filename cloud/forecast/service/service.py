"""Asking for forecasts and reading them: what routes, schedule and other features call."""

from datetime import timedelta

from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.service import inputs, standing, store
from cloud.forecast.service.ladder import TooShort
from cloud.forecast.service.model import Forecast, Job, Kind, Request, State
from cloud.kernel.context import Hub
from cloud.kernel.errors import Invalid, Refused, TooMany
from cloud.market.areas import catalogue
from cloud.market.areas.model import Area
from cloud.market.series.opened import archive_of

MODEL = DAY_AHEAD.name
"""Changes with anything that makes another forecast of the same inputs."""
INTRADAY_MODEL = "intraday-2"
JOBS_WAITING_MAX = 40
"""More are refused: at half a minute each, the last one would wait twenty."""
BUSY_S = 30
TOPIC = "forecast jobs"
"""Woken when there is a job."""
DONE_TOPIC = "forecasts"
"""Woken when one was issued, or failed."""
_HOURS = 24
_HOUR_US = 3_600_000_000


def area_of(code: str) -> Area:
    """Return a delivery area of today.

    Raises:
        Invalid: it is not known.
    """
    found = catalogue.load().get(code)
    if found is None:
        known = ", ".join(sorted(catalogue.load()))
        raise Invalid(f"area: {code[:40]!r} is not allowed; one of {known} is")
    return found


def day_ahead(
    area: Area, now_us: int, horizon_h: int, granularity_min: int, features: tuple[str, ...] = ()
) -> Request:
    """Return the request for whole local days from tomorrow on."""
    first = area.day_of(now_us) + timedelta(days=1)
    days = -(-horizon_h // _HOURS)
    return Request(
        kind=Kind.DAYAHEAD,
        area=area.code,
        start_us=area.day_us(first)[0],
        end_us=area.day_us(first + timedelta(days=days - 1))[1],
        granularity_min=granularity_min,
        features=features,
    )


def intraday(area: Area, now_us: int, horizon_h: int, granularity_min: int) -> Request:
    """Return the request from the next boundary of a slot on."""
    step_us = granularity_min * 60_000_000
    start_us = now_us - now_us % step_us + step_us
    return Request(
        kind=Kind.INTRADAY,
        area=area.code,
        start_us=start_us,
        end_us=start_us + horizon_h * _HOUR_US,
        granularity_min=granularity_min,
    )


async def ask(hub: Hub, request: Request) -> Job:
    """Return the job of this request and what is known now; a new one if there is none.

    Raises:
        Refused: there is no price of the area at all.
        TooMany: too many jobs wait.
    """
    area = area_of(request.area)
    now_us = hub.clock.now_us()
    try:
        read = await inputs.chosen(archive_of(hub), area)
    except TooShort as error:
        raise Refused("NO_PRICES", str(error)) from error
    asked = await standing.retreat_of(hub.database, area, now_us)
    model, said = MODEL, read.digest + asked.mark
    if request.kind is Kind.INTRADAY:
        shut = await standing.is_shut(hub.database, area, now_us)
        model, said = INTRADAY_MODEL, read.digest_soon + ("/shut" if shut else "")
    job = Job(
        id=request.job_id(model, said),
        request=request,
        as_of_us=now_us,
        model=model,
        state=State.QUEUED,
        progress=0.0,
        attempts=0,
        created_us=now_us,
    )
    async with hub.database.transaction() as connection:
        there = await store.job_of(connection, job.id)
        if there is not None and there.state is not State.FAILED:
            return there
        if await store.waiting(connection) >= JOBS_WAITING_MAX:
            text = f"{JOBS_WAITING_MAX} forecasts wait to be computed; ask again later"
            raise TooMany(text, BUSY_S)
        job = await store.add(connection, job)
    hub.bus.wake(TOPIC)
    return job


async def job_of(hub: Hub, job_id: str) -> tuple[Job, Forecast | None] | None:
    """Return a job, and what it made; None: no such job."""
    async with hub.database.reading() as connection:
        job = await store.job_of(connection, job_id)
        if job is None:
            return None
        done = job.state is State.DONE
        return job, await store.forecast_of(connection, job_id) if done else None


async def newest(hub: Hub, area: str, kind: Kind) -> Forecast | None:
    """Return the forecast of an area that was issued last."""
    async with hub.database.reading() as connection:
        return await store.newest(connection, area, kind)
