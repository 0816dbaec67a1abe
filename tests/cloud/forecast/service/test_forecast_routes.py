"""Forecasts over HTTP, and what becomes of a job when its computing process dies."""

import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cloud.forecast import running
from cloud.forecast.service import service
from cloud.forecast.service.frames import PROGRESS, BadFrame, Frame, head
from cloud.forecast.service.jobs import ATTEMPTS_MAX, Jobs
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from cloud.market.areas import catalogue
from cloud.market.areas.model import EXAA
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Quality, Series
from cloud.market.series.model import Kind as SeriesKind
from tests.support.forecasts import ASK, MORNING_US, asked, fill, status
from tests.support.hub import add_key, admin_key, client_of, clock_of, opened_hub
from wire import clock


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub in SQLite, where another database would change nothing."""
    async with opened_hub(tmp_path, at_us=MORNING_US) as opened:
        yield opened


@pytest.fixture
async def admin(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(hub, admin_key(hub)) as client:
        yield client


async def test_what_has_not_arrived_is_null_and_flagged(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=30)
    job_id = await asked(admin)
    await jobs.next()
    done = await status(admin, job_id)
    rows = done["series"]
    assert isinstance(rows, list)
    # Wind and sun of tomorrow are published at 17:30, the load at 10:00.
    assert all(row["gen_wind_mw"] is None and row["gen_solar_mw"] is None for row in rows)
    assert all(row["load_mw"] is not None for row in rows)
    flags = done["flags"]
    assert isinstance(flags, list)
    assert "no_renewables" in flags


async def test_a_day_of_the_clock_change_has_its_own_number_of_slots(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    for day, slots in (((2026, 3, 28), 92), ((2026, 10, 24), 100)):
        year, month, date = day
        at_us = clock.micros(clock.utc(0).replace(year=year, month=month, day=date, hour=8))
        clock_of(hub).at_us = at_us
        await fill(hub, days=40)
        job_id = await asked(admin)
        await jobs.next()
        rows = (await status(admin, job_id))["series"]
        assert isinstance(rows, list)
        assert len(rows) == slots
        starts = [row["ts"] for row in rows]
        assert starts == sorted(set(starts))
        assert all(row["price_eur_mwh"] is not None for row in rows)


@pytest.mark.usefixtures("started_workers")
async def test_a_killed_computing_process_costs_an_attempt_and_no_job(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=30)
    await asked(admin)
    await jobs.next()
    pid = jobs.workshop.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    job_id = await asked(admin, granularity_min=60)
    while (await status(admin, job_id))["status"] != "done":
        assert await jobs.next()
    assert jobs.workshop.pid != pid


@pytest.mark.usefixtures("started_workers")
async def test_a_job_that_kills_every_process_fails_with_a_reason(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=10)
    job_id = await asked(admin)
    jobs.workshop._module = "cloud.forecast.service.model"  # ends at once, without a word
    for _ in range(ATTEMPTS_MAX + 1):
        assert await jobs.next()
    assert not await jobs.next()
    failed = await status(admin, job_id)
    assert failed["status"] == "failed"
    assert failed["reason"]
    assert "series" not in failed
    jobs.workshop._module = "cloud.forecast.service.worker"
    assert await asked(admin) == job_id, "asked for again, it is tried again"
    assert await jobs.next()
    assert (await status(admin, job_id))["status"] == "done"


async def test_a_few_days_of_prices_are_repeated_and_without_any_a_job_is_refused(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    refused = await admin.post(ASK, json={"area": "AT"})
    assert (refused.status_code, refused.json()["code"]) == (409, "NO_PRICES")
    await fill(hub, days=3)
    job_id = await asked(admin)
    await jobs.next()
    done = await status(admin, job_id)
    assert (done["status"], done["quality"], done["model"]) == ("done", "template", "template-1")
    assert {"template", "no_quantiles"} <= set(flags_of(done))
    rows = done["series"]
    assert isinstance(rows, list)
    assert all(row["price_eur_mwh"] is not None and row["price_q"] is None for row in rows)


@pytest.mark.parametrize("own_days", [0, 4])
async def test_another_area_lends_its_shape_and_it_is_flagged(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs, own_days: int
) -> None:
    await fill(hub, "DE-LU", days=20, kinds=[SeriesKind.PRICE_DAY_AHEAD])
    if own_days:
        await fill(hub, days=own_days)
    job_id = await asked(admin, horizon_h=48)
    await jobs.next()
    done = await status(admin, job_id)
    assert (done["status"], done["quality"], done["simulated"]) == ("done", "template", True)
    assert {"template", "extended"} <= set(flags_of(done))
    rows = done["series"]
    assert isinstance(rows, list)
    assert len(rows) == 192
    assert all(row["price_eur_mwh"] is not None for row in rows)
    if not own_days:
        await fill(hub, "DE-LU", days=21, kinds=[SeriesKind.PRICE_DAY_AHEAD])
        assert await asked(admin, horizon_h=48) != job_id, "what is lent is an input"


async def test_an_early_auction_is_read_when_it_has_come_and_flagged_when_not(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=30)
    await early_prices(hub, 26)
    job_id = await asked(admin)
    await jobs.next()
    late = await status(admin, job_id)
    assert "no_exaa" in flags_of(late)
    weights = late["weights"]
    assert isinstance(weights, dict)
    assert "exaa" not in weights
    await early_prices(hub, 27)
    again_id = await asked(admin)
    assert again_id != job_id
    await jobs.next()
    come = await status(admin, again_id)
    assert "no_exaa" not in flags_of(come)
    weights = come["weights"]
    assert isinstance(weights, dict)
    assert weights["exaa"] + weights["exaa-ridge-56"] > 0.2
    ages = come["data_age_s"]
    assert isinstance(ages, dict)
    assert ages["exaa"] >= 0


async def early_prices(hub: Hub, days: int) -> None:
    """Keep the early auction's prices of so many days, since the clocks changed."""
    archive = Archive(hub.database, catalogue.load())
    area = archive.areas["AT"]
    today = area.day_of(MORNING_US)
    series = Series("simulated", SeriesKind.PRICE_DAY_AHEAD, "AT", 3_600, EXAA)
    price = Series("simulated", SeriesKind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
    start_us, end_us = area.day_us(today - timedelta(days=25))[0], area.day_us(today)[1]
    known = await archive.as_of(price, start_us, end_us)
    told = [value + 2.0 for value in known.values[::4]]
    told += [60.0 + hour for hour in range(24)]
    starts_us = tuple(range(start_us, area.day_us(today + timedelta(days=1))[1], 3_600_000_000))
    count = 24 * days
    batch = Batch(
        series=series,
        starts_us=starts_us[:count],
        values=tuple(told[:count]),
        known_us=MORNING_US - 1,
        received_us=MORNING_US,
        created_us=MORNING_US,
        document=f"exaa-{days}",
        quality=Quality.SIMULATED,
    )
    await archive.append([batch])


def flags_of(done: dict[str, object]) -> list[str]:
    flags = done["flags"]
    assert isinstance(flags, list)
    return flags


@pytest.mark.parametrize(
    "body",
    [
        {"area": "XX"},
        {"area": "AT", "granularity_min": 30},
        {"area": "AT", "horizon_h": 0},
        {"area": "AT", "horizon_h": 73},
        {},
    ],
)
async def test_a_wrong_request_is_told_what_is_allowed(
    admin: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await admin.post(ASK, json=body)
    assert answer.status_code == 422
    assert answer.json()["message"]


async def test_who_may_only_look_asks_for_nothing(hub: Hub, admin: httpx.AsyncClient) -> None:
    key = await add_key(hub, "stadtwerk", Role.VIEWER)
    async with client_of(hub, key) as viewer:
        assert (await viewer.post(ASK, json={"area": "AT"})).status_code == 403
        assert (await viewer.get("/api/forecast/status/unknown")).status_code == 404
        newest = await viewer.get("/api/forecast/newest", params={"area": "AT"})
        assert newest.status_code == 404
    async with client_of(hub, None) as nobody:
        assert (await nobody.get("/api/forecast/status/unknown")).status_code == 401


async def test_more_than_so_many_jobs_do_not_wait(
    hub: Hub, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "JOBS_WAITING_MAX", 1)
    await fill(hub, days=10)
    await asked(admin)
    answer = await admin.post(ASK, json={"area": "AT", "granularity_min": 60})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_a_running_hub_computes_what_is_asked(tmp_path: Path) -> None:
    async with opened_hub(tmp_path, at_us=MORNING_US) as hub:
        await fill(hub, days=10)
        async with running.running(hub), client_of(hub, admin_key(hub)) as client:
            seen = hub.bus.version(service.DONE_TOPIC)
            job_id = await asked(client)
            await hub.bus.wait(service.DONE_TOPIC, seen, 60.0)
            assert (await status(client, job_id))["status"] == "done"


def test_a_frame_of_no_kind_or_too_long_is_refused() -> None:
    assert head(Frame(PROGRESS, b"1/2").pack()[:5]) == (PROGRESS, 3)
    with pytest.raises(BadFrame):
        head(b"X\0\0\0\1")
    with pytest.raises(BadFrame):
        head(b"T\xff\xff\xff\xff")
