"""By the clock: forecasts are asked for, scored when the prices come, and missed aloud."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.forecast.service import schedule, store
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.model import Kind
from cloud.forecast.service.scheduler import SETTLED_LOOKS, Scheduler
from cloud.forecast.watch.watcher import Watcher
from cloud.kernel import metrics
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from tests.support.forecasts import fill
from tests.support.hub import NOON_US, admin_key, client_of, clock_of, opened_hub

AT = catalogue.load()["AT"]
HOUR_US = 3_600_000_000
MORNING_US = NOON_US - 150 * 60_000_000
"""09:30Z, 10:30 in Vienna."""


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub in SQLite whose clock stands at 10:30 in Vienna."""
    async with opened_hub(tmp_path, at_us=MORNING_US) as opened:
        yield opened


@pytest.mark.parametrize(
    ("after_min", "expected"),
    [
        (-1, {}),
        (0, {Kind.DAYAHEAD: "10:30", Kind.INTRADAY: "10:30"}),
        (61, {Kind.DAYAHEAD: "11:30", Kind.INTRADAY: "10:30"}),
        (170, {Kind.DAYAHEAD: "13:15", Kind.INTRADAY: "10:30"}),
        (300, {Kind.DAYAHEAD: "13:15", Kind.INTRADAY: "15:30"}),
        (600, {}),
    ],
)
def test_of_each_kind_the_last_row_of_the_timetable_is_due(
    after_min: int, expected: dict[Kind, str]
) -> None:
    found = schedule.due(AT, MORNING_US + after_min * 60_000_000)
    assert {row.issue.kind: row.issue.at.strftime("%H:%M") for row in found} == expected


@pytest.mark.parametrize(("after_min", "days"), [(-60, 1), (0, 1), (61, 1), (170, 2), (600, 2)])
async def test_a_new_hub_asks_at_once_and_behind_the_auction_for_the_day_after_it(
    hub: Hub, after_min: int, days: int
) -> None:
    clock_of(hub).at_us += after_min * 60_000_000
    await fill(hub, days=10)
    scheduler = Scheduler(hub, [AT])
    for _ in range(SETTLED_LOOKS + 2):
        await scheduler.look()
    async with hub.database.reading() as connection:
        asked = [job.request for job in await store.jobs(connection, 9)]
    assert [
        round((one.end_us - one.start_us) / HOUR_US) for one in asked if one.kind is Kind.DAYAHEAD
    ] == [24 * days]


async def test_forecasts_are_issued_by_the_clock_scored_and_shown(hub: Hub) -> None:
    await fill(hub, days=45)
    jobs, scheduler = Jobs(hub), Scheduler(hub, [AT])
    watcher = Watcher(hub, [AT], jobs.stand_in)
    try:
        await scheduler.look()
        await scheduler.look()
        assert [await jobs.next() for _ in range(3)] == [True, True, False]
    finally:
        await jobs.workshop.close()
    await watcher.look(AT)
    clock_of(hub).at_us += 5 * HOUR_US
    await fill(hub, days=2)  # tomorrow's prices have come
    await watcher.look(AT)
    async with client_of(hub, admin_key(hub)) as client:
        watch = (await client.get("/api/forecast/watch", params={"area": "AT"})).json()
        intraday = await client.get(
            "/api/forecast/newest", params={"area": "AT", "type": "intraday"}
        )
        listed = (await client.get("/api/forecast/jobs")).json()["jobs"]
    assert [one["day"] for one in watch["scores"]] == ["2026-11-22"]
    assert watch["scores"][0]["slots"] == 96
    assert watch["mae14"] == watch["scores"][0]["mae"] > 0
    assert watch["scores"][0]["naive_mae"] > 0
    assert watch["alarms"] == []
    assert watch["models"][0]["model"] == "dayahead-1-short"
    assert watch["models"][0]["trained_to"] == "2026-11-21"
    assert {one["type"] for one in listed} == {"dayahead", "intraday"}
    last = intraday.json()
    assert last["quality"] == "last_price"
    assert len(last["series"]) == 96
    assert last["series"][0]["ts"] == "2026-11-21T09:45:00Z"
    assert last["series"][0]["price_eur_mwh"] is not None
    assert "last_price" in last["flags"]
    shown = metrics.render().decode()
    assert 'pho_forecast_jobs_total{type="dayahead"}' in shown
    assert 'pho_forecast_price_eur_mwh{area="AT",horizon="24h"}' in shown
    assert 'pho_forecast_mae_eur_mwh{area="AT"}' in shown
    assert '_input_age_seconds{area="AT",series="price"}' in shown


async def test_without_a_forecast_in_time_the_similar_day_stands_in_and_an_alarm_is_raised(
    hub: Hub,
) -> None:
    await fill(hub, days=10)
    jobs = Jobs(hub)
    watcher = Watcher(hub, [AT], jobs.stand_in)
    await watcher.look(AT)
    clock_of(hub).at_us += 75 * 60_000_000
    await watcher.look(AT)
    await watcher.look(AT)
    async with client_of(hub, admin_key(hub)) as client:
        alarms = (await client.get("/api/forecast/watch", params={"area": "AT"})).json()["alarms"]
        assert [(one["code"], one["ended"]) for one in alarms] == [("JOBS", None)]
        stood_in = (await client.get("/api/forecast/newest", params={"area": "AT"})).json()
        assert stood_in["quality"] == "similar_day"
        assert len(stood_in["series"]) == 96
        await client.post("/api/forecast/dayahead", json={"area": "AT"})
        try:
            assert await jobs.next()
        finally:
            await jobs.workshop.close()
        await watcher.look(AT)
        alarms = (await client.get("/api/forecast/watch", params={"area": "AT"})).json()["alarms"]
        assert alarms[0]["ended"] is not None


async def test_without_any_price_the_forecast_that_is_missing_is_told_all_the_same(
    hub: Hub,
) -> None:
    clock_of(hub).at_us += 75 * 60_000_000
    jobs = Jobs(hub)
    await Watcher(hub, [AT], jobs.stand_in).look(AT)
    async with client_of(hub, admin_key(hub)) as client:
        watch = (await client.get("/api/forecast/watch", params={"area": "AT"})).json()
    assert [one["code"] for one in watch["alarms"]] == ["JOBS"]
    assert watch["intraday"]["scores"] == []
    assert watch["intraday"]["shut"] is False
