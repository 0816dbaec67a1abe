"""Intraday jobs: what the store has of auctions, index and measured powers, computed aside."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx

from cloud.forecast.intraday.vintages import Spoken
from cloud.forecast.service.jobs import Jobs
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Series
from tests.support.forecasts import status
from tests.support.hub import clock_of
from tests.support.intraday_world import AREA, World

DAYS = 50
KINDS: Mapping[str, tuple[Kind, str]] = {
    "price": (Kind.PRICE_DAY_AHEAD, "SDAC"),
    "ida/IDA1": (Kind.PRICE_INTRADAY_AUCTION, "IDA1"),
    "ida/IDA2": (Kind.PRICE_INTRADAY_AUCTION, "IDA2"),
    "ida/IDA3": (Kind.PRICE_INTRADAY_AUCTION, "IDA3"),
    "index": (Kind.PRICE_INTRADAY, "ID3"),
    "load": (Kind.LOAD_FORECAST, ""),
    "actual/load": (Kind.LOAD_ACTUAL, ""),
    "solar": (Kind.GENERATION_FORECAST, "B16"),
    "actual/solar": (Kind.GENERATION_ACTUAL, "B16"),
    "wind": (Kind.GENERATION_FORECAST, "B19"),
    "actual/wind": (Kind.GENERATION_ACTUAL, "B19"),
}


async def fill(hub: Hub, world: World, names: Sequence[str] = tuple(KINDS)) -> None:
    """Keep what is known of the world by now; of what is measured a batch a day."""
    now_us = hub.clock.now_us()
    archive = Archive(hub.database, catalogue.load())
    for name, said in world.spoken(AREA.day_of(now_us)).items():
        if name not in names:
            continue
        kind, detail = KINDS[name]
        series = Series("file:world", kind, AREA.code, 900, detail)
        known = [one for one in said if one.known_us <= now_us]
        await archive.append(_batch(series, one) for one in _by_day(known))


def _by_day(said: Sequence[Spoken]) -> list[Spoken]:
    """Return statements of one value each joined by days, known when the last of them was."""
    found: dict[int, Spoken] = {}
    for one in said:
        day = AREA.day_of(one.starts_us[0]).toordinal()
        if len(one.values) > 1:
            found[-len(found)] = one
            continue
        before = found.get(day, one._replace(starts_us=(), values=()))
        starts, values = (*before.starts_us, *one.starts_us), (*before.values, *one.values)
        found[day] = one._replace(starts_us=starts, values=values)
    return list(found.values())


def _batch(series: Series, one: Spoken) -> Batch:
    return Batch(
        series=series,
        starts_us=tuple(one.starts_us),
        values=tuple(one.values),
        known_us=one.known_us,
        received_us=one.known_us,
        created_us=one.rank[0],
    )


async def made(client: httpx.AsyncClient, jobs: Jobs, **body: object) -> dict[str, object]:
    answer = await client.post("/api/forecast/intraday", json={"area": "AT", **body})
    assert answer.status_code == 202, answer.text
    assert await jobs.next()
    found = await status(client, answer.json()["job_id"])
    assert found["status"] == "done"
    return found


async def test_the_next_hours_are_the_last_price_with_quantiles_of_the_index(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, World(days=DAYS, slope=0.0))
    for minutes in (15, 60):
        _whole(await made(admin, jobs, horizon_h=12, granularity_min=minutes), minutes)


def _whole(found: dict[str, object], minutes: int) -> None:
    assert found["model"] == "intraday-2"
    assert found["quality"] == "last_price"
    assert found["simulated"] is False
    flags = found["flags"]
    assert isinstance(flags, list)
    assert set(flags) >= {"last_price", "of_index", "few_errors"}
    assert "no_quantiles" not in flags
    assert "no_actuals" not in flags
    ages = found["data_age_s"]
    assert isinstance(ages, dict)
    assert set(ages) >= {"price", "ida/IDA3", "index", "load", "actual/wind"}
    rows = found["series"]
    assert isinstance(rows, list)
    assert len(rows) == 12 * 60 // minutes
    known = [row for row in rows if row["price_q"] is not None]
    assert known
    for row in known:
        assert row["price_q"] == sorted(row["price_q"])
        assert row["price_q"][1] < row["price_eur_mwh"] < row["price_q"][5]
        assert row["load_q"] == sorted(row["load_q"])
        assert row["gen_wind_mw"] is not None
    assert rows[0]["soc_target_pct"] is None


async def test_what_is_known_later_makes_another_forecast_and_what_is_not_makes_the_same(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    world = World(days=30, slope=0.0)
    await fill(hub, world)
    first = await admin.post("/api/forecast/intraday", json={"area": "AT"})
    again = await admin.post("/api/forecast/intraday", json={"area": "AT"})
    assert first.json()["job_id"] == again.json()["job_id"]
    day = timedelta(days=1) // timedelta(microseconds=1)
    series = Series("file:world", Kind.PRICE_INTRADAY, AREA.code, 900, "ID3")
    now_us = hub.clock.now_us()
    start_us = now_us - now_us % 900_000_000 - day // 24
    batch = Spoken([start_us], [61.25], now_us, (now_us, 2), 900, 0)
    await Archive(hub.database, catalogue.load()).append([_batch(series, batch)])
    later = await admin.post("/api/forecast/intraday", json={"area": "AT"})
    assert later.json()["job_id"] != first.json()["job_id"]
    ahead = await admin.post("/api/forecast/dayahead", json={"area": "AT"})
    batch = batch._replace(starts_us=[start_us - 900_000_000])
    await Archive(hub.database, catalogue.load()).append([_batch(series, batch)])
    same = await admin.post("/api/forecast/dayahead", json={"area": "AT"})
    assert same.json()["job_id"] == ahead.json()["job_id"], "it does not read the index"


async def test_with_prices_alone_the_last_price_stands_without_quantiles(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, World(days=20, slope=0.0), ["price"])
    found = await made(admin, jobs)
    flags = found["flags"]
    assert isinstance(flags, list)
    assert set(flags) == {"last_price", "no_quantiles"}
    rows = found["series"]
    assert isinstance(rows, list)
    assert all(row["price_eur_mwh"] is not None and row["price_q"] is None for row in rows)
    assert all(row["load_mw"] is None and row["gen_wind_mw"] is None for row in rows)


async def test_a_feed_of_measured_powers_that_fell_silent_is_flagged(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, World(days=20, slope=0.0))
    clock_of(hub).at_us += 6 * 3_600_000_000
    found = await made(admin, jobs)
    flags = found["flags"]
    assert isinstance(flags, list)
    assert "no_actuals" in flags
