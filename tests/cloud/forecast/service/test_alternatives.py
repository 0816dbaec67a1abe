"""Scenarios of a forecast: its quantiles slot by slot, kept small, read on their own."""

import json
import zlib
from dataclasses import replace

import httpx
import numpy as np
import pytest

from cloud.forecast.scenarios import SCENARIOS
from cloud.forecast.service import store
from cloud.forecast.service.alternatives import BYTES_MAX, BadAlternatives, as_json, pack
from cloud.forecast.service.issue import issue
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.task import Result
from cloud.kernel.context import Hub
from tests.cloud.forecast.service.test_issue import made, rows
from tests.support.forecasts import fill
from tests.support.hub import NOON_US, clock_of

MORNING_US = NOON_US - 5_400_000_000


def courses(packed: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(json.loads(as_json(packed)), dtype=np.float64)


def test_slot_by_slot_the_scenarios_have_the_quantiles_of_the_forecast() -> None:
    task = replace(made(100), seed=20260411)
    result = issue(task, {})
    found = courses(result.scenarios)
    assert found.shape == (SCENARIOS, 96)
    told = np.array([row["price_q"] for row in rows(result)])
    seen = np.quantile(found, LEVELS, axis=0).T
    widths = told[:, -1] - told[:, 0]
    assert (np.abs(seen - told).max(axis=1) < 0.25 * widths).all()
    assert np.abs(seen - told).mean() < 0.05 * widths.mean()


def test_the_seed_alone_decides_which_scenarios_are_drawn() -> None:
    task = made(100)
    first = issue(task, {})
    assert issue(task, {}).scenarios == first.scenarios
    other = issue(replace(task, told=first.told, seed=1), {})
    assert other.scenarios != first.scenarios
    assert other.series == first.series
    assert Result.unpack(first.pack()).scenarios == first.scenarios


def test_hours_of_one_day_go_together() -> None:
    task = made(100)
    level = np.random.default_rng(2).normal(0, 12, (len(task.prices), 1))
    moved = replace(task, prices=task.prices + level, quarters=task.quarters + level)
    found = courses(issue(moved, {}).scenarios)
    assert np.corrcoef(found[:, 40], found[:, 60])[0, 1] > 0.6


def test_a_decided_day_is_alike_in_all_and_days_behind_it_are_joint() -> None:
    task = made(100, targets=2)
    prices = task.prices.copy()
    prices[100] = 77.0
    known = np.concatenate([np.full(96, 77.0), np.full(96, np.nan)])
    decided = replace(task, prices=prices, decided=1, foreseen={"price": known})
    found = courses(issue(decided, {}).scenarios)
    assert (found[:, :96] == 77.0).all()
    assert found[:, 96:].std(axis=0).min() > 0
    both = courses(issue(task, {}).scenarios)
    assert np.corrcoef(both[:, 20], both[:, 116])[0, 1] > 0.9


def test_without_quantiles_there_are_none() -> None:
    result = issue(made(20), {})
    assert "no_quantiles" in result.flags
    assert result.scenarios == b""
    assert pack([np.ones((96, SCENARIOS)), None]) == b""


def test_what_is_too_long_or_broken_is_refused() -> None:
    assert len(pack([np.random.default_rng(0).normal(60, 20, (288, SCENARIOS))])) < BYTES_MAX
    bomb = zlib.compress(bytes(BYTES_MAX + 4 * SCENARIOS))
    for packed in (bomb, b"nothing", b"", zlib.compress(b"123")):
        with pytest.raises(BadAlternatives):
            as_json(packed)


async def test_scenarios_are_read_at_an_address_of_their_own(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    clock_of(hub).at_us = MORNING_US
    await fill(hub, days=60)
    answer = await admin.post("/api/forecast/dayahead", json={"area": "AT"})
    job_id = answer.json()["job_id"]
    path = f"/api/forecast/scenarios/{job_id}"
    assert (await admin.get(path)).status_code == 404
    jobs = Jobs(hub)
    try:
        assert await jobs.next()
    finally:
        await jobs.workshop.close()
    done = (await admin.get(f"/api/forecast/status/{job_id}")).json()
    answer = await admin.get(path)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["count"], found["unit"], found["granularity_min"]) == (SCENARIOS, "EUR/MWh", 15)
    assert found["seed"] == done["scenario_seed"]
    assert found["start"] == done["series"][0]["ts"]
    assert np.array(found["price_eur_mwh"]).shape == (SCENARIOS, len(done["series"]))
    async with hub.database.reading() as connection:
        kept = await store.scenarios_of(connection, job_id)
    assert kept is not None
    assert len(kept) < 40_000


async def test_a_forecast_without_quantiles_says_that_it_has_no_scenarios(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    clock_of(hub).at_us = MORNING_US
    await fill(hub, days=4)
    job_id = (await admin.post("/api/forecast/dayahead", json={"area": "AT"})).json()["job_id"]
    jobs = Jobs(hub)
    try:
        assert await jobs.next()
    finally:
        await jobs.workshop.close()
    answer = await admin.get(f"/api/forecast/scenarios/{job_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "NO_SCENARIOS")
