"""Several hubs at one database: one of them computes a job, and none is lost with its hub."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cloud.forecast.service import service, store
from cloud.forecast.service.jobs import LEASE_US, Jobs
from cloud.forecast.service.model import Job, State
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from tests.support.forecasts import MORNING_US, fill
from tests.support.hub import clock_of, opened_hub

HUBS = 3
AT = catalogue.load()["AT"]


@pytest.fixture
async def all_jobs(database_url: str, tmp_path: Path) -> AsyncIterator[list[Jobs]]:
    """What computes the jobs of three hubs at one database."""
    async with AsyncExitStack() as stack:
        made = []
        for number in range(HUBS):
            folder = tmp_path / f"{number}"
            folder.mkdir()
            hub = await stack.enter_async_context(opened_hub(folder, database_url))
            clock_of(hub).at_us = MORNING_US
            made.append(Jobs(hub))
            stack.push_async_callback(made[-1].workshop.close)
        yield made


async def test_three_hubs_share_the_jobs_and_that_of_a_dead_one_is_taken_over(
    all_jobs: list[Jobs],
) -> None:
    *alive, dead = all_jobs
    hub = alive[0].hub
    await fill(hub, days=10)
    asked = [
        await service.ask(hub, service.day_ahead(AT, MORNING_US, 24 * days, step))
        for days in (1, 2, 3)
        for step in (15, 60)
    ]
    async with dead.hub.database.transaction() as connection:
        taken = await store.take(connection, dead.holder, MORNING_US, LEASE_US)
    assert taken is not None

    async with asyncio.TaskGroup() as tasks:
        for jobs in alive:
            tasks.create_task(_all(jobs))
    assert await _states(hub, asked) == Counter({(State.DONE, 1): 5, (State.RUNNING, 1): 1})

    clock_of(hub).at_us += LEASE_US
    await _all(alive[0])
    assert await _states(hub, asked) == Counter({(State.DONE, 1): 5, (State.DONE, 2): 1})
    async with hub.database.reading() as connection:
        found = [await store.forecast_of(connection, job.id) for job in asked]
    assert all(one is not None and len(one.series) > 2_000 for one in found)


async def _all(jobs: Jobs) -> None:
    """Compute until nothing waits, or another hub was quicker to take the next one."""
    while await jobs.next():
        pass


async def _states(hub: Hub, asked: list[Job]) -> Counter[tuple[State, int]]:
    async with hub.database.reading() as connection:
        found = [await store.job_of(connection, job.id) for job in asked]
    return Counter((job.state, job.attempts) for job in found if job is not None)
