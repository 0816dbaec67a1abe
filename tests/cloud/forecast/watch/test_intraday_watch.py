"""Runs of the next hours are scored when a day has ended; a bad week shuts their gate."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from cloud.forecast.service import recent
from cloud.forecast.service import store as forecasts
from cloud.forecast.service.model import LEVELS, Forecast, Kind, Request
from cloud.forecast.service.standing import is_shut
from cloud.forecast.watch.intraday import store
from cloud.forecast.watch.intraday.scores import Score
from cloud.forecast.watch.intraday.scoring import scored
from cloud.forecast.watch.watcher import Watcher
from cloud.kernel import events, metrics
from cloud.kernel.context import Hub
from cloud.kernel.instants import iso
from cloud.market.areas import catalogue
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Series
from cloud.market.series.model import Kind as Told
from tests.support.hub import NOON_US, clock_of
from tests.support.intraday_scores import BAD, GOOD

AT = catalogue.load()["AT"]
TODAY = AT.day_of(NOON_US)
DAY = TODAY - timedelta(days=1)
FIRST_US = AT.day_us(DAY)[0]
"""23:00Z of the day before."""
HOUR_US, SLOT_US = 3_600_000_000, 900_000_000
DAY_US = 24 * HOUR_US
EVENING, NIGHT, MORNING = (FIRST_US + round(hours * HOUR_US) for hours in (-8.5, -1.5, 10.5))
"""15:30 and 22:30 of the day before and 10:30 of the day, in Vienna."""


async def keep(
    hub: Hub,
    price: float,
    kind: Told,
    detail: str,
    known_us: int,
    slots: range = range(96),
) -> None:
    """Let a price of slots of the day become known."""
    starts = tuple(FIRST_US + slot * SLOT_US for slot in slots)
    batch = Batch(
        series=Series("file:world", kind, "AT", 900, detail),
        starts_us=starts,
        values=(price,) * len(starts),
        known_us=known_us,
        received_us=known_us,
        created_us=known_us,
    )
    await Archive(hub.database, catalogue.load()).append([batch])


async def auctions(hub: Hub) -> None:
    await keep(hub, 50.0, Told.PRICE_DAY_AHEAD, "SDAC", FIRST_US - 11 * HOUR_US)
    ida = Told.PRICE_INTRADAY_AUCTION
    await keep(hub, 52.0, ida, "IDA1", EVENING - SLOT_US)
    await keep(hub, 54.0, ida, "IDA2", NIGHT - SLOT_US)
    await keep(hub, 56.0, ida, "IDA3", MORNING - SLOT_US, range(48, 96))


async def index(hub: Hub, slots: range = range(96)) -> None:
    await keep(hub, 60.0, Told.PRICE_INTRADAY, "ID3", FIRST_US + 25 * HOUR_US, slots)


async def run(
    hub: Hub,
    at_us: int,
    price: float,
    flags: Sequence[str] = ("of_index",),
    quality: str = "full",
    resting: float | None = None,
) -> None:
    """Keep a run that tells one price for 24 hours, with an interval of 4 EUR/MWh."""
    request = Request(
        kind=Kind.INTRADAY,
        area="AT",
        start_us=at_us + SLOT_US,
        end_us=at_us + SLOT_US + DAY_US,
        granularity_min=15,
    )
    band = [price - 2.0] * (len(LEVELS) // 2) + [price] + [price + 2.0] * (len(LEVELS) // 2)
    rows = [
        {"ts": iso(start_us), "price_eur_mwh": price, "price_q": band}
        for start_us in range(request.start_us, request.end_us, SLOT_US)
    ]
    made = Forecast(
        id=request.job_id("intraday-2", str(at_us)),
        request=request,
        issued_us=at_us,
        as_of_us=at_us,
        model="intraday-2",
        quality=quality,
        flags=tuple(flags),
        data_age_s={},
        weights={},
        seed=0,
        simulated=False,
        series=json.dumps(rows).encode(),
        resting=() if resting is None else (resting,) * len(rows),
    )
    async with hub.database.transaction() as connection:
        await forecasts.keep(connection, made)


async def scores(hub: Hub) -> list[Score]:
    archive = Archive(hub.database, catalogue.load())
    return await scored(hub.database, archive, AT, hub.clock.now_us())


async def test_each_slot_is_scored_by_the_newest_run_an_hour_before_it_against_the_index(
    hub: Hub,
) -> None:
    clock_of(hub).at_us = NOON_US
    await auctions(hub)
    await index(hub)
    await run(hub, EVENING, 30.0)
    await run(hub, NIGHT, 57.0)
    await run(hub, MORNING, 59.0, quality="last_price")
    (found,) = await scores(hub)
    assert (found.day, found.runs, found.slots, found.banded) == (DAY, 2, 96, 96)
    assert found.mae == pytest.approx((47 * 3.0 + 49 * 1.0) / 96)
    assert found.last_mae == pytest.approx((48 * 6.0 + 48 * 4.0) / 96)
    assert found.inside80 == 49
    assert (found.heard, found.heard_mae, found.heard_last_mae) == (47, 3.0, 6.0)
    assert await scores(hub) == [found], "kept, and read"


async def test_without_an_index_each_slot_is_scored_by_its_next_auction(hub: Hub) -> None:
    clock_of(hub).at_us = NOON_US
    await auctions(hub)
    aims = ("of_auction",)
    await run(hub, EVENING, 55.0, aims)
    await run(hub, NIGHT, 59.0, aims)
    await run(hub, MORNING, 99.0, aims)
    (found,) = await scores(hub)
    assert (found.runs, found.slots) == (2, 91), "no run before the gate reaches further"
    assert found.mae == pytest.approx((48 * 1.0 + 43 * 3.0) / 91)
    assert found.last_mae == 2.0


async def test_what_the_members_at_rest_would_have_said_is_scored_too(hub: Hub) -> None:
    clock_of(hub).at_us = NOON_US
    await auctions(hub)
    await index(hub)
    await run(hub, NIGHT, 54.0, ("of_index", "spread_rests"), "last_price", resting=58.0)
    (found,) = await scores(hub)
    assert found.slots == 91, "the run ends before the day does"
    assert (found.mae, found.heard, found.heard_mae, found.heard_last_mae) == (6.0, 91, 2.0, 6.0)


@pytest.mark.parametrize(("missing", "is_scored"), [(1, True), (30, False)])
async def test_a_day_with_holes_waits_two_days_and_needs_three_quarters(
    hub: Hub, missing: int, *, is_scored: bool
) -> None:
    clock_of(hub).at_us = NOON_US
    await auctions(hub)
    await index(hub, range(96 - missing))
    await run(hub, NIGHT, 57.0)
    await run(hub, MORNING, 57.0)
    assert await scores(hub) == []
    clock_of(hub).at_us += 2 * DAY_US
    assert [one.slots for one in await scores(hub)] == ([96 - missing] if is_scored else [])


async def test_a_day_that_has_not_ended_and_a_market_without_an_aim_have_no_score(
    hub: Hub,
) -> None:
    clock_of(hub).at_us = FIRST_US + DAY_US - 1
    await run(hub, NIGHT, 57.0)
    await keep(hub, 50.0, Told.PRICE_DAY_AHEAD, "SDAC", FIRST_US - 11 * HOUR_US)
    clock_of(hub).at_us = NOON_US
    assert await scores(hub) == [], "day-ahead prices are decided before"


async def _no_stand_in(_area: Area) -> None:
    """It is past the gate: nothing is issued."""


async def test_a_week_worse_than_the_last_price_shuts_the_gate_until_fourteen_good_days(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    clock_of(hub).at_us = NOON_US + 3 * HOUR_US
    await auctions(hub)
    watcher = Watcher(hub, [AT], _no_stand_in)
    open_job = (await admin.post("/api/forecast/intraday", json={"area": "AT"})).json()["job_id"]
    assert not await _is_told_shut(hub, open_job)
    await _add(hub, [replace(BAD, day=TODAY - timedelta(days=7 - n)) for n in range(7)])
    await watcher.look(AT)
    assert await is_shut(hub.database, AT, hub.clock.now_us())
    seen = (await admin.get("/api/forecast/watch", params={"area": "AT"})).json()
    assert [one["code"] for one in seen["alarms"]] == ["INTRADAY"]
    assert seen["intraday"]["shut"] is True
    assert (seen["intraday"]["mae14"], seen["intraday"]["last_mae14"]) == (6.0, 5.0)
    assert len(seen["intraday"]["scores"]) == 7
    async with hub.database.reading() as connection:
        told = list(await connection.scalars(select(events.events_table.c.text)))
    assert any("INTRADAY: intraday MAE of 7 days 6.00, of the last price" in one for one in told)
    assert '_intraday_mae_eur_mwh{area="AT"} 6.0' in metrics.render().decode()
    shut_job = (await admin.post("/api/forecast/intraday", json={"area": "AT"})).json()["job_id"]
    assert shut_job != open_job, "another forecast of the same prices"
    assert await _is_told_shut(hub, shut_job)
    await _add(hub, [replace(GOOD, day=TODAY + timedelta(days=n)) for n in range(7)])
    clock_of(hub).at_us += 7 * DAY_US
    await watcher.look(AT)
    assert await is_shut(hub.database, AT, hub.clock.now_us()), "fourteen days longer"
    clock_of(hub).at_us += 14 * DAY_US
    assert not await is_shut(hub.database, AT, hub.clock.now_us())


async def _is_told_shut(hub: Hub, job_id: str) -> bool:
    """Tell whether whoever computes a job is told that the gate is shut."""
    async with hub.database.reading() as connection:
        job = await forecasts.job_of(connection, job_id)
    assert job is not None
    archive = Archive(hub.database, catalogue.load())
    return (await recent.gather(hub.database, archive, job)).task.shut


async def _add(hub: Hub, found: Sequence[Score]) -> None:
    async with hub.database.transaction() as connection:
        for one in found:
            await store.add(connection, one)
