"""Forecasts of sites in a hub: read from its telemetry, computed aside, kept, shown."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

import numpy as np
import pytest

from cloud.forecast.service.computing import WorkerDied
from cloud.forecast.site import reading
from cloud.forecast.site.answer import document
from cloud.forecast.site.process import Process
from cloud.forecast.site.rounds import BEHIND_US, EVERY_US, Rounds
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.hub import NOON_US, add_key, add_site, client_of, clock_of
from tests.support.site_days import fill, made

SITE = "werk-sued"
PATH = f"/api/forecast/site/{SITE}"
DAYS = 20


@pytest.fixture
async def rounds(hub: Hub) -> AsyncIterator[Rounds]:
    """Tells the sites of a hub that has one."""
    await add_site(hub, SITE)
    opened = Rounds(hub)
    yield opened
    await opened.process.close()


async def test_a_site_is_told_from_its_telemetry_and_once_in_six_hours(
    hub: Hub, rounds: Rounds
) -> None:
    task = made(NOON_US, DAYS)
    await fill(hub, task, "load.power_kw", task.load)
    await fill(hub, task, "pv.power_kw", task.pv)
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        early = await client.get(PATH)
        assert (early.status_code, early.json()["code"]) == (404, "NOT_FOUND")
        assert await rounds.next()
        assert not await rounds.next()
        answer = await client.get(PATH)
    told = answer.json()
    assert answer.status_code == 200
    assert told["as_of"] == told["series"][0]["ts"] == "2026-11-21T12:00:00Z"
    assert told["quality"] == {"load": "similar_day", "pv": "short_history"}
    assert told["old"] is False
    assert len(told["series"]) == 192
    clock_of(hub).at_us += EVERY_US + BEHIND_US
    assert await rounds.next()


@pytest.mark.usefixtures("rounds")
async def test_what_is_read_ends_at_the_quarter_hour_that_has_not_ended(hub: Hub) -> None:
    task = made(NOON_US, 5)
    await fill(hub, task, "load.power_kw", task.load)
    read = await reading.task(hub.database, SITE, "AT", NOON_US + 600_000_000)
    assert read.as_of_us == NOON_US
    known = len(read.load)
    assert known == (NOON_US - read.start_us) // 900_000_000
    assert read.load[-1] == pytest.approx(task.load[(NOON_US - task.start_us) // 900_000_000 - 1])
    assert len(read.pv) == 0


@pytest.mark.usefixtures("rounds")
async def test_panels_are_summed_and_say_nothing_while_they_are_held_down(hub: Hub) -> None:
    task = made(NOON_US, 3)
    ones = np.full_like(task.pv, 10.0)
    held = np.full_like(task.pv, 100.0)
    held[-400:] = 5.0
    await fill(hub, task, "pv.power_kw", ones, "roof-1")
    await fill(hub, task, "pv.power_kw", 2 * ones, "roof-2")
    await fill(hub, task, "pv.limit_kw", held, "roof-1")
    read = await reading.task(hub.database, SITE, "AT", NOON_US)
    told = read.pv[np.isfinite(read.pv)]
    assert set(told.round(6)) == {30.0}
    assert np.isnan(read.pv[-1])


async def test_only_who_may_see_a_site_reads_its_forecast_and_none_is_404(
    hub: Hub, rounds: Rounds
) -> None:
    assert await rounds.next()
    async with client_of(hub, await add_key(hub, "nachbar")) as stranger:
        assert (await stranger.get(PATH)).status_code == 404
    async with client_of(hub, None) as nobody:
        assert (await nobody.get(PATH)).status_code == 401
    async with client_of(hub, await add_key(hub, "stadtwerk")) as owner:
        told = (await owner.get(PATH)).json()
        assert all(row["load_kw"] is None and row["pv_kw"] is None for row in told["series"])
        assert told["flags"] == ["no_load", "no_pv"]
        assert (await owner.get("/api/forecast/site/nowhere")).status_code == 404
        clock_of(hub).at_us += 2 * EVERY_US
        assert (await owner.get(PATH)).json()["old"] is True


async def test_of_two_hubs_at_one_database_one_tells(hub: Hub, rounds: Rounds) -> None:
    other = Rounds(hub)
    clock_of(hub).at_us += BEHIND_US - 60_000_000
    assert await rounds.next()
    clock_of(hub).at_us += 120_000_000  # a round has begun, and the lease has not ended
    assert not await other.next()
    assert await rounds.next()


async def test_a_process_that_was_killed_is_started_again() -> None:
    process, task = Process(), made(NOON_US, 2)
    try:
        assert await process.compute(task) == document(task)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        with suppress(WorkerDied):  # its end may have been seen before it is asked
            await process.compute(task)
        assert await process.compute(task) == document(task)
    finally:
        await process.close()
