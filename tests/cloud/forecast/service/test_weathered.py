"""Sun and wind from the weather before the operator's forecast has come, in a hub."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import inputs
from cloud.forecast.service.inputs import Gathered
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.model import Job, Request, State
from cloud.forecast.service.model import Kind as Of
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.simulated import Simulated
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Quality, Series
from cloud.market.series.vintages import Eve, of_eves
from tests.support.forecasts import DAY_US, MORNING_US, asked, fill, status
from tests.support.hub import add_key, client_of, clock_of

AT = catalogue.load()["AT"]
TOMORROW = AT.day_us(date(2026, 11, 22))
KINDS = (Kind.PRICE_DAY_AHEAD, Kind.LOAD_FORECAST, Kind.GENERATION_FORECAST, Kind.GENERATION_ACTUAL)
WEATHER = (Kind.WEATHER_RADIATION, Kind.WEATHER_WIND)
HOUR_US = 3_600_000_000


def job(as_of_us: int = MORNING_US) -> Job:
    request = Request(
        kind=Of.DAYAHEAD,
        area="AT",
        start_us=TOMORROW[0],
        end_us=TOMORROW[1],
        granularity_min=60,
    )
    return Job(
        id="a" * 24,
        request=request,
        as_of_us=as_of_us,
        model="",
        state=State.RUNNING,
        progress=0.0,
        attempts=1,
        created_us=as_of_us,
    )


async def gathered(hub: Hub, as_of_us: int = MORNING_US) -> Gathered:
    archive = Archive(hub.database, catalogue.load())
    return await inputs.gather(hub.database, archive, job(as_of_us))


async def filled(hub: Hub, *kinds: Kind) -> None:
    clock_of(hub).at_us = MORNING_US
    await fill(hub, days=60, kinds=kinds)


async def true(hub: Hub) -> FloatArray:
    """Return tomorrow's sun and wind as the operator will foresee them, hours."""
    clock_of(hub).at_us = MORNING_US + DAY_US
    feed = Simulated(1, catalogue.load(), hub.clock)
    wish = Wish(kind=Kind.GENERATION_FORECAST, area="AT", start_us=TOMORROW[0], end_us=TOMORROW[1])
    last = {batch.series.detail: batch.values async for batch in feed.fetch(wish)}
    clock_of(hub).at_us = MORNING_US
    return np.array([np.reshape(last[name], (24, 4)).mean(axis=1) for name in ("B16", "B19")])


async def test_without_weather_tomorrow_has_no_sun_and_no_wind(hub: Hub) -> None:
    await filled(hub, *KINDS)
    task = (await gathered(hub)).task
    assert np.isnan(task.foreseen["solar"]).all()
    assert "no_renewables" in task.flags
    assert not {"own_solar", "own_wind"} & set(task.flags)


async def test_with_weather_both_are_told_near_what_the_operator_will_say(hub: Hub) -> None:
    await filled(hub, *KINDS, *WEATHER)
    found = await gathered(hub)
    task = found.task
    assert {"own_solar", "own_wind"} <= set(task.flags)
    assert "no_renewables" not in task.flags
    solar, wind = await true(hub)
    before = task.past["solar"][1][-3]
    own = task.foreseen["solar"], task.foreseen["wind"]
    assert np.abs(own[0] - solar).mean() < 0.35 * max(np.abs(before - solar).mean(), 100.0)
    assert np.abs(own[1] - wind).mean() < 0.2 * wind.mean()
    assert np.allclose(task.groups["renewables"][-1], own[0] + own[1])
    assert np.isfinite(task.past["solar"][0][-20:]).all(), "errors of our own lie round our own"
    assert found.data_age_s["weather"] >= 0


async def test_what_became_known_later_changes_no_bit(hub: Hub) -> None:
    await filled(hub, *KINDS, *WEATHER)
    before = (await gathered(hub)).task.pack()
    archive = Archive(hub.database, catalogue.load())
    hours = tuple(range(MORNING_US // HOUR_US * HOUR_US - 20 * DAY_US, TOMORROW[1], HOUR_US))
    for kind in WEATHER:
        late = Batch(
            series=Series("simulated", kind, "AT", 3_600, "mitte"),
            starts_us=hours,
            values=tuple(7.0 for _ in hours),
            known_us=MORNING_US + 1,
            received_us=MORNING_US + 1,
            created_us=MORNING_US + 1,
            revision=9,
            quality=Quality.SIMULATED,
        )
        await archive.append([late])
    assert (await gathered(hub)).task.pack() == before
    assert (await gathered(hub, MORNING_US + 1)).task.pack() != before


async def test_what_the_operator_says_counts_as_soon_as_it_has_come(hub: Hub) -> None:
    await filled(hub, *KINDS, *WEATHER)
    clock_of(hub).at_us = MORNING_US + 9 * HOUR_US
    await fill(hub, days=2, kinds=[Kind.GENERATION_FORECAST])
    task = (await gathered(hub, MORNING_US + 9 * HOUR_US)).task
    assert not {"own_solar", "own_wind"} & set(task.flags)
    assert np.isfinite(task.foreseen["wind"]).all()


async def test_the_past_is_read_as_it_was_known_on_each_eve(hub: Hub) -> None:
    clock_of(hub).at_us = MORNING_US
    archive = Archive(hub.database, catalogue.load())
    series = Series("weather", Kind.WEATHER_WIND, "AT", 3_600, "wien")
    days = [AT.day_us(date(2026, 11, day)) for day in (18, 19)]

    def said(value: float, known_us: int) -> Batch:
        hours = tuple(range(days[0][0], days[1][1], HOUR_US))
        return Batch(
            series=series,
            starts_us=hours,
            values=tuple(value for _ in hours),
            known_us=known_us,
            received_us=known_us,
            created_us=known_us,
        )

    first_us = days[0][0] - 12 * HOUR_US
    await archive.append([said(3.0, first_us), said(5.0, first_us + DAY_US)])
    eves = [Eve(*day, day[0] - 12 * HOUR_US) for day in days]
    one, other = await of_eves(archive, series, eves)
    assert (set(one.values), set(other.values)) == ({3.0}, {5.0})
    assert len(one.starts_us) == len(other.starts_us) == 24
    none = await of_eves(archive, replace(series, detail="linz"), eves)
    assert [values.starts_us for values in none] == [(), ()]


@pytest.mark.slow
async def test_the_forecast_says_that_sun_and_wind_are_our_own(hub: Hub, jobs: Jobs) -> None:
    await filled(hub, *KINDS, *WEATHER)
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.TRADER)) as client:
        job_id = await asked(client)
        assert await jobs.next()
        told = await status(client, job_id)
    assert told["status"] == "done", told
    flags = told["flags"]
    assert isinstance(flags, list)
    assert {"own_solar", "own_wind"} <= set(flags)
    rows = told["series"]
    assert isinstance(rows, list)
    assert all(row["gen_wind_mw"] is not None for row in rows)
    assert max(row["gen_solar_mw"] for row in rows) > 100
