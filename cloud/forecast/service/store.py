"""Jobs and forecasts in the database; a job's lease is all that keeps two hubs apart."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.service.model import Forecast, Job, Kind, Request, State, Told
from cloud.forecast.service.tables import (
    forecast_table,
    job_table,
    model_table,
    scenario_table,
    told_table,
)
from cloud.kernel.database import insert_or_ignore

_j, _f, _t = job_table.c, forecast_table.c, told_table.c
_OPEN = (State.QUEUED.value, State.RUNNING.value)


async def add(connection: AsyncConnection, job: Job) -> Job:
    """Return the job of that id, new if need be; one that failed is queued once more."""
    row = _request(job.request) | {
        "id": job.id,
        "as_of_us": job.as_of_us,
        "model": job.model,
        "state": State.QUEUED.value,
        "progress": 0.0,
        "attempts": 0,
        "holder": "",
        "until_us": 0,
        "created_us": job.created_us,
        "reason": "",
    }
    await insert_or_ignore(connection, job_table, [row])
    again = {"state": State.QUEUED.value, "attempts": 0, "reason": "", "ended_us": None}
    failed = and_(_j.id == job.id, _j.state == State.FAILED.value)
    await connection.execute(
        update(job_table).where(failed).values(**again, created_us=job.created_us)
    )
    found = await job_of(connection, job.id)
    assert found is not None, "it was added above"
    return found


async def job_of(connection: AsyncConnection, job_id: str) -> Job | None:
    row = (await connection.execute(select(job_table).where(_j.id == job_id))).one_or_none()
    return None if row is None else _job(row)


async def waiting(connection: AsyncConnection) -> int:
    """Return how many jobs are not done."""
    query = select(func.count(_j.id)).where(_j.state.in_(_OPEN))
    return int(await connection.scalar(query) or 0)


async def newest_job(
    connection: AsyncConnection, area: str, kind: Kind, start_us: int, since_us: int
) -> Job | None:
    """Return the newest job for a start that was made since an instant and did not fail."""
    query = (
        select(job_table)
        .where(
            _j.area == area,
            _j.kind == kind.value,
            _j.start_us == start_us,
            _j.created_us >= since_us,
            _j.state != State.FAILED.value,
        )
        .order_by(_j.created_us.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _job(row)


async def jobs(connection: AsyncConnection, limit: int) -> list[Job]:
    """Return the newest jobs, newest first."""
    query = select(job_table).order_by(_j.created_us.desc(), _j.id).limit(limit)
    return [_job(row) for row in await connection.execute(query)]


async def take(
    connection: AsyncConnection, holder: str, now_us: int, for_us: int, job_id: str | None = None
) -> Job | None:
    """Take the job that waits longest, or whose holder is dead; None: there is none.

    Args:
        job_id: this one and no other.
    """
    free = or_(
        _j.state == State.QUEUED.value,
        and_(_j.state == State.RUNNING.value, _j.until_us <= now_us),
    )
    query = select(_j.id).where(free).order_by(_j.created_us, _j.id).limit(1)
    if job_id is not None:
        query = query.where(_j.id == job_id)
    found = await connection.scalar(query)
    if found is None:
        return None
    taken = await connection.execute(
        update(job_table)
        .where(_j.id == found, free)
        .values(
            state=State.RUNNING.value,
            holder=holder,
            until_us=now_us + for_us,
            attempts=_j.attempts + 1,
            progress=0.0,
        )
    )
    return await job_of(connection, found) if taken.rowcount else None


async def renew(
    connection: AsyncConnection, job_id: str, holder: str, until_us: int, progress: float
) -> bool:
    """Hold the job longer; False: another has taken it over."""
    renewed = await connection.execute(
        update(job_table).where(_held(job_id, holder)).values(until_us=until_us, progress=progress)
    )
    return bool(renewed.rowcount)


async def give_back(connection: AsyncConnection, job_id: str, holder: str) -> None:
    """Let the job be taken by whoever looks next."""
    await connection.execute(
        update(job_table)
        .where(_held(job_id, holder))
        .values(state=State.QUEUED.value, holder="", until_us=0)
    )


async def end(
    connection: AsyncConnection, job_id: str, holder: str, now_us: int, reason: str | None
) -> bool:
    """Note that the job is done, or failed for a reason; False: another has taken it over."""
    state = State.DONE if reason is None else State.FAILED
    ended = await connection.execute(
        update(job_table)
        .where(_held(job_id, holder))
        .values(
            state=state.value,
            ended_us=now_us,
            reason=(reason or "")[:400],
            progress=1.0 if reason is None else _j.progress,
        )
    )
    return bool(ended.rowcount)


async def keep(connection: AsyncConnection, forecast: Forecast) -> None:
    head = {
        name: getattr(forecast, name)
        for name in ("flags", "data_age_s", "weights", "seed", "resting")
    }
    row = _request(forecast.request) | {
        "id": forecast.id,
        "issued_us": forecast.issued_us,
        "as_of_us": forecast.as_of_us,
        "model": forecast.model,
        "quality": forecast.quality,
        "simulated": forecast.simulated,
        "head": json.dumps(head),
        "series": zlib.compress(forecast.series, 6),
    }
    await insert_or_ignore(connection, forecast_table, [row])


async def forecast_of(connection: AsyncConnection, forecast_id: str) -> Forecast | None:
    query = select(forecast_table).where(_f.id == forecast_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _forecast(row)


async def keep_scenarios(connection: AsyncConnection, forecast_id: str, packed: bytes) -> None:
    row = {"id": forecast_id, "scenarios": packed}
    await insert_or_ignore(connection, scenario_table, [row])


async def scenarios_of(connection: AsyncConnection, forecast_id: str) -> bytes | None:
    _s = scenario_table.c
    found: bytes | None = await connection.scalar(select(_s.scenarios).where(_s.id == forecast_id))
    return found


async def newest(
    connection: AsyncConnection, area: str, kind: Kind, before_us: int | None = None
) -> Forecast | None:
    """Return the forecast of an area that was issued last, and before an instant."""
    query = select(forecast_table).where(_f.area == area, _f.kind == kind.value)
    if before_us is not None:
        query = query.where(_f.as_of_us < before_us)
    row = (
        await connection.execute(query.order_by(_f.issued_us.desc(), _f.id).limit(1))
    ).one_or_none()
    return None if row is None else _forecast(row)


async def keep_told(
    connection: AsyncConnection, area: str, members: str, told: Iterable[Told]
) -> None:
    rows = [{"area": area, "members": members, "day": one.day, "told": one.values} for one in told]
    await insert_or_ignore(connection, told_table, rows)


async def told_since(
    connection: AsyncConnection, area: str, members: str, first: date
) -> Mapping[date, bytes]:
    query = select(_t.day, _t.told).where(_t.area == area, _t.members == members, _t.day >= first)
    return {row.day: row.told for row in await connection.execute(query)}


async def register(
    connection: AsyncConnection,
    model: tuple[str, str, str, date],
    trained: tuple[date, date],
    now_us: int,
    weights: Mapping[str, float],
) -> None:
    """Note a calibration: area, model, inputs and the day it was for; the first of a day stays."""
    area, name, inputs, day = model
    row = {
        "area": area,
        "model": name,
        "inputs": inputs,
        "day": day,
        "trained_from": trained[0],
        "trained_to": trained[1],
        "registered_us": now_us,
        "weights": json.dumps(weights),
    }
    await insert_or_ignore(connection, model_table, [row])


def _held(job_id: str, holder: str) -> Any:
    return and_(_j.id == job_id, _j.holder == holder, _j.state == State.RUNNING.value)


def _request(request: Request) -> dict[str, object]:
    return {
        "kind": request.kind.value,
        "area": request.area,
        "start_us": request.start_us,
        "end_us": request.end_us,
        "granularity_min": request.granularity_min,
        "features": ",".join(request.features),
    }


def _request_of(row: Row[Any]) -> Request:
    features: Sequence[str] = row.features.split(",") if row.features else ()
    return Request(
        kind=Kind(row.kind),
        area=row.area,
        start_us=row.start_us,
        end_us=row.end_us,
        granularity_min=row.granularity_min,
        features=tuple(features),
    )


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        request=_request_of(row),
        as_of_us=row.as_of_us,
        model=row.model,
        state=State(row.state),
        progress=row.progress,
        attempts=row.attempts,
        created_us=row.created_us,
        ended_us=row.ended_us,
        reason=row.reason,
    )


def _forecast(row: Row[Any]) -> Forecast:
    head = json.loads(row.head)
    return Forecast(
        id=row.id,
        request=_request_of(row),
        issued_us=row.issued_us,
        as_of_us=row.as_of_us,
        model=row.model,
        quality=row.quality,
        flags=tuple(head["flags"]),
        data_age_s=head["data_age_s"],
        weights=head["weights"],
        seed=head["seed"],
        simulated=row.simulated,
        resting=tuple(head.get("resting", ())),
        series=zlib.decompress(row.series),
    )
