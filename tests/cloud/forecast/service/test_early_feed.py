"""The early auction as a feed tells it, in quarter-hours, on its way into a forecast."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.inputs import gather
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.model import Job, Request, State
from cloud.forecast.service.model import Kind as ForecastKind
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.areas.model import EXAA, SDAC
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Quality, Series
from tests.support.forecasts import MORNING_US, asked, fill, status
from tests.support.hub import admin_key, client_of, opened_hub

AREA = catalogue.load()["AT"]
TOMORROW = AREA.day_of(MORNING_US) + timedelta(days=1)
QUARTER_US = 900_000_000
TOLD = 60.0 + 10.0 * np.sin(np.arange(96.0))


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with opened_hub(tmp_path, at_us=MORNING_US) as opened:
        yield opened


@pytest.fixture
async def admin(hub: Hub) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(hub, admin_key(hub)) as client:
        yield client


def batch(start_us: int, values: FloatArray, name: str) -> Batch:
    return Batch(
        series=Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, EXAA),
        starts_us=tuple(range(start_us, start_us + len(values) * QUARTER_US, QUARTER_US)),
        values=tuple(float(value) for value in values),
        known_us=MORNING_US - 1,
        received_us=MORNING_US,
        created_us=MORNING_US,
        document=name,
        quality=Quality.SIMULATED,
    )


async def past(archive: Archive) -> None:
    """Keep the early prices of the last 25 days: those of the other auction, and 3 EUR/MWh."""
    start_us = AREA.day_us(TOMORROW - timedelta(days=26))[0]
    price = Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, SDAC)
    known = await archive.as_of(price, start_us, AREA.day_us(TOMORROW)[0])
    await archive.append([batch(start_us, np.array(known.values) + 3.0, "past")])


def job(granularity_min: int = 15) -> Job:
    start_us, end_us = AREA.day_us(TOMORROW)
    request = Request(
        kind=ForecastKind.DAYAHEAD,
        area="AT",
        start_us=start_us,
        end_us=end_us,
        granularity_min=granularity_min,
    )
    return Job(
        id="job",
        request=request,
        as_of_us=MORNING_US,
        model="",
        state=State.QUEUED,
        progress=0.0,
        attempts=0,
        created_us=MORNING_US,
    )


async def test_quarter_hours_of_the_early_auction_reach_the_members(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=30)
    archive = Archive(hub.database, catalogue.load())
    await past(archive)
    late = await gather(hub.database, archive, job())
    assert "no_exaa" in late.task.flags
    assert late.task.early is None
    assert late.task.early_quarters is None, "yesterday's never takes the place of tomorrow's"
    await archive.append([batch(AREA.day_us(TOMORROW)[0], TOLD, "tomorrow")])
    come = await gather(hub.database, archive, job())
    assert come.task.early_quarters is not None
    np.testing.assert_array_equal(come.task.early_quarters[-1], TOLD)
    np.testing.assert_allclose(come.task.early_quarters[-2], come.task.quarters[-2] + 3.0)
    assert late.members != come.members
    assert (await gather(hub.database, archive, job(60))).members != come.members
    job_id = await asked(admin)
    assert await jobs.next()
    done = await status(admin, job_id)
    weights, rows = done["weights"], done["series"]
    assert isinstance(weights, dict)
    assert isinstance(rows, list)
    assert weights["exaa"] + weights["exaa-ridge-56"] > 0.2
    prices = np.array([row["price_eur_mwh"] for row in rows])
    steps = np.diff(prices.reshape(24, 4), axis=1).ravel()
    assert np.corrcoef(steps, np.diff(TOLD.reshape(24, 4), axis=1).ravel())[0, 1] > 0.9
