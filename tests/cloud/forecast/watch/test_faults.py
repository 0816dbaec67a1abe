"""Feeds that are cut, stuck, in another unit or mixed up: a forecast in time, flagged, and told."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from cloud.forecast.service import store as forecasts
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.watch import store
from cloud.forecast.watch.store import Alarm
from cloud.forecast.watch.watcher import Watcher
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.areas.model import EXAA
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Quality, Series
from tests.support.forecasts import KINDS, asked, fill, status
from tests.support.hub import NOON_US, admin_key, client_of, clock_of, opened_hub

AT = catalogue.load()["AT"]
TODAY = AT.day_of(NOON_US)
MINUTE_US = 60_000_000
PAST_DAYS = 45


def at_us(hour: int, minute: int) -> int:
    """Return an instant of the day in Vienna, which is an hour ahead."""
    return NOON_US + ((hour - 13) * 60 + minute) * MINUTE_US


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub in SQLite whose forecasts used to read the load."""
    async with opened_hub(tmp_path, at_us=at_us(9, 0)) as opened:
        async with opened.database.transaction() as connection:
            for back in range(5):
                model = ("AT", "dayahead-1-short", "load", TODAY - timedelta(days=back))
                await forecasts.register(connection, model, (TODAY, TODAY), NOON_US, {})
        yield opened


@pytest.fixture
async def admin(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(hub, admin_key(hub)) as client:
        yield client


async def forecast(hub: Hub, admin: httpx.AsyncClient) -> dict[str, object]:
    """Return the forecast of tomorrow, made now; then the watch looks."""
    job_id = await asked(admin)
    jobs = Jobs(hub)
    try:
        assert await jobs.next()
    finally:
        await jobs.workshop.close()
    await Watcher(hub, [AT], jobs.stand_in).look(AT)
    done = await status(admin, job_id)
    rows = done["series"]
    assert isinstance(rows, list)
    assert len(rows) == 96
    assert all(row["price_eur_mwh"] is not None for row in rows)
    return done


async def standing(hub: Hub) -> dict[str, Alarm]:
    async with hub.database.reading() as connection:
        return {one.code: one for one in await store.standing(connection, "AT")}


async def retreats(hub: Hub) -> list[str]:
    query = select(events.events_table.c.text).where(
        events.events_table.c.code == "FORECAST_RETREAT"
    )
    async with hub.database.reading() as connection:
        return list(await connection.scalars(query))


@pytest.mark.parametrize(("cut", "missing"), [((9, 0), True), ((10, 25), False), ((11, 29), False)])
async def test_a_feed_that_is_cut_costs_an_input_and_no_forecast(
    hub: Hub, admin: httpx.AsyncClient, cut: tuple[int, int], missing: bool
) -> None:
    clock_of(hub).at_us = at_us(*cut)
    await fill(hub, days=PAST_DAYS)
    clock_of(hub).at_us = at_us(11, 30)
    done = await forecast(hub, admin)
    flags = done["flags"]
    assert isinstance(flags, list)
    assert done["quality"] == "short_history"
    assert ("no_load" in flags) is missing
    alarms = await standing(hub)
    assert ("INPUTS" in alarms) is missing
    assert "JOBS" not in alarms
    if missing:
        alarm = alarms["INPUTS"]
        assert (alarm.text, alarm.forecast) == ("load missing", done["forecast_id"])
        await fill(hub, days=2)
        await forecast(hub, admin)
        assert "INPUTS" not in await standing(hub), "it has come"


@pytest.mark.parametrize("fault", ["stuck", "kilowatts"])
async def test_a_feed_that_tells_nonsense_is_left_out_and_told(
    hub: Hub, admin: httpx.AsyncClient, fault: str
) -> None:
    clock_of(hub).at_us = at_us(10, 10)
    await fill(hub, days=PAST_DAYS)
    archive = Archive(hub.database, catalogue.load())
    load = next(
        one.series for one in await archive.extents() if one.series.kind is Kind.LOAD_FORECAST
    )
    known = await archive.as_of(load, *AT.day_us(TODAY + timedelta(days=1)))
    assert known.values, "it has come"
    wrong = {
        "stuck": tuple(known.values[0] for _ in known.values),
        "kilowatts": tuple(value * 1_000 for value in known.values),
    }[fault]
    clock_of(hub).at_us = at_us(10, 20)
    await archive.append([_batch(load, known.starts_us, wrong, hub.clock.now_us())])
    clock_of(hub).at_us = at_us(10, 30)
    done = await forecast(hub, admin)
    flags = done["flags"]
    assert isinstance(flags, list)
    now = await archive.as_of(load, *AT.day_us(TODAY + timedelta(days=1)))
    if fault == "kilowatts":  # set apart on its way in: what was known stays
        assert now.values == known.values
        assert "odd_load" not in flags
        return
    assert "odd_load" in flags
    alarm = (await standing(hub))["INPUTS"]
    assert (alarm.text, alarm.forecast) == ("load not believed", done["forecast_id"])
    told = await retreats(hub)
    assert len(told) == 1
    assert "load left out (" in told[0]
    assert str(done["forecast_id"]) in told[0]


async def test_an_early_auction_that_may_be_the_coupled_one_is_left_out_and_told(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    clock_of(hub).at_us = at_us(10, 30)
    await fill(hub, days=PAST_DAYS, kinds=KINDS[:1])
    archive = Archive(hub.database, catalogue.load())
    price = Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
    early = Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, EXAA)
    first_us = AT.day_us(TODAY - timedelta(days=40))[0]
    known = await archive.as_of(price, first_us, NOON_US + 2 * 86_400_000_000)
    shifted_us = tuple(start + 86_400_000_000 for start in known.starts_us)
    for starts in (known.starts_us[:96], shifted_us):
        await archive.append([_batch(early, starts, known.values[: len(starts)], at_us(10, 20))])
    async with hub.database.transaction() as connection:
        alarm = Alarm("AT", "SEQUENCE", at_us(8, 0), None, "mixed up", "f")
        await store.raise_(connection, alarm)
    done = await forecast(hub, admin)
    flags, weights = done["flags"], done["weights"]
    assert isinstance(flags, list)
    assert isinstance(weights, dict)
    assert "odd_exaa" in flags
    assert not [name for name in weights if "exaa" in name]
    assert "exaa left out" in (await retreats(hub))[0]


def _batch(
    series: Series, starts_us: tuple[int, ...], values: tuple[float, ...], now_us: int
) -> Batch:
    return Batch(
        series=series,
        starts_us=starts_us,
        values=values,
        known_us=now_us,
        received_us=now_us,
        created_us=now_us,
        revision=2,
        quality=Quality.SIMULATED,
    )
