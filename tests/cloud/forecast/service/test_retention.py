"""What is too old goes in small steps; what is read stays."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud.forecast.service import retention, store
from cloud.forecast.service.model import Forecast, Job, Kind, Request, State, Told
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US

DAY_US = 86_400_000_000
TODAY = date(2026, 11, 21)
ASKED = Request(
    kind=Kind.DAYAHEAD, area="AT", start_us=NOON_US, end_us=NOON_US + DAY_US, granularity_min=60
)


async def ended(hub: Hub, name: str, age_days: float, reason: str | None = None) -> None:
    """Keep a job that was made so long ago, and its forecast unless it failed."""
    at_us = NOON_US - round(age_days * DAY_US)
    job = Job(
        id=name,
        request=ASKED,
        as_of_us=at_us,
        model="m",
        state=State.QUEUED,
        progress=0.0,
        attempts=0,
        created_us=at_us,
    )
    forecast = Forecast(
        id=name,
        request=ASKED,
        issued_us=at_us,
        as_of_us=at_us,
        model="m",
        quality="full",
        flags=(),
        data_age_s={},
        weights={},
        seed=0,
        simulated=False,
        series=b"[]",
    )
    async with hub.database.transaction() as connection:
        await store.add(connection, job)
        await store.take(connection, "h", at_us, DAY_US, name)
        await store.end(connection, name, "h", at_us, reason)
        if reason is None:
            await store.keep(connection, forecast)


async def left(hub: Hub) -> set[str]:
    async with hub.database.reading() as connection:
        return {job.id for job in await store.jobs(connection, 1_000)}


async def test_old_jobs_go_with_their_forecasts_and_young_ones_stay(hub: Hub) -> None:
    await ended(hub, "old", 800.1)
    await ended(hub, "failed", 900, reason="no price")
    await ended(hub, "young", 799.9)

    assert await retention.forget(hub) == retention.Forgotten(jobs=2, told=0)

    assert await left(hub) == {"young"}
    async with hub.database.reading() as connection:
        assert await store.forecast_of(connection, "old") is None
        assert await store.forecast_of(connection, "young") is not None
    assert await retention.forget(hub) == retention.Forgotten(jobs=0, told=0)


async def test_a_job_that_is_not_done_stays_whatever_its_age(hub: Hub) -> None:
    await ended(hub, "old", 900, reason="first it failed")
    async with hub.database.transaction() as connection:
        job = await store.job_of(connection, "old")
        assert job is not None
        await store.add(connection, replace(job, created_us=NOON_US - 900 * DAY_US))
    assert (await retention.forget(hub)).jobs == 0
    assert await left(hub) == {"old"}


async def test_what_members_said_goes_when_nothing_reads_it_any_more(hub: Hub) -> None:
    ages = [retention.TOLD_DAYS - 1, retention.TOLD_DAYS, retention.TOLD_DAYS + 1, 999]
    told = [Told(day=TODAY - timedelta(days=age), values=b"x") for age in ages]
    async with hub.database.transaction() as connection:
        await store.keep_told(connection, "AT", "members", told)
    assert (await retention.forget(hub)).told == 2
    async with hub.database.reading() as connection:
        kept = await store.told_since(connection, "AT", "members", date(2000, 1, 1))
    assert set(kept) == {told[0].day, told[1].day}


async def test_a_look_takes_no_more_than_its_steps(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "STEP_ROWS_MAX", 2)
    monkeypatch.setattr(retention, "STEPS_MAX", 2)
    for number in range(5):
        await ended(hub, f"old-{number}", 900)
    assert [(await retention.forget(hub)).jobs for _ in range(3)] == [4, 1, 0]
