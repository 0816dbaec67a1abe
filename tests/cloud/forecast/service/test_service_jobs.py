"""Jobs of the forecasts: asked for, computed aside, kept; nothing is lost with who computes."""

from dataclasses import replace
from pathlib import Path

import httpx

from cloud.forecast.service import store
from cloud.forecast.service.jobs import LEASE_US, Jobs
from cloud.kernel.context import Hub
from tests.support.forecasts import asked, fill, status
from tests.support.hub import clock_of


async def test_a_job_is_queued_computed_and_read(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=30)
    job_id = await asked(admin)
    queued = await admin.get(f"/api/forecast/status/{job_id}")
    assert queued.json()["status"] == "queued"
    assert "series" not in queued.json()
    assert int(queued.headers["retry-after"]) > 0

    assert await jobs.next()
    done = await status(admin, job_id)

    assert done["status"] == "done"
    assert done["forecast_id"] == job_id
    assert done["quality"] == "short_history"
    assert done["simulated"] is True
    rows = done["series"]
    assert isinstance(rows, list)
    assert len(rows) == 96
    assert rows[0]["ts"] == "2026-11-21T23:00:00Z"
    assert set(rows[0]) >= {
        "ts", "price_eur_mwh", "load_mw", "gen_solar_mw", "gen_wind_mw", "soc_target_pct",
    }  # fmt: skip
    assert all(row["price_eur_mwh"] is not None for row in rows)
    assert all(row["soc_target_pct"] is None for row in rows)
    newest = await admin.get("/api/forecast/newest", params={"area": "AT", "type": "dayahead"})
    assert newest.json() == done


async def test_the_operators_own_limits_cut_what_is_forecast(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs, tmp_path: Path
) -> None:
    await fill(hub, days=30)
    job_id = await asked(admin)
    path = tmp_path / "areas.toml"
    path.write_text(
        '[[limit]]\nkind = "price.day_ahead"\nvalid_from = 2026-11-01\n'
        'low = 10.0\nhigh = 12.0\nsource = "a test"\nareas = ["AT"]\n'
    )
    own = Jobs(replace(hub, settings=hub.settings.model_copy(update={"areas_file": path})))
    try:
        assert await own.next()
    finally:
        await own.workshop.close()
    done = await status(admin, job_id)
    flags, rows = done["flags"], done["series"]
    assert isinstance(flags, list)
    assert isinstance(rows, list)
    assert any(flag.startswith("clipped_") for flag in flags)
    assert all(10 <= row["price_eur_mwh"] <= 12 for row in rows)


async def test_the_same_request_with_nothing_new_is_the_same_job(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=10)
    first = await asked(admin)
    clock_of(hub).at_us += 60_000_000
    assert await asked(admin) == first
    assert await asked(admin, horizon_h=20) == first, "whole local days"
    assert await asked(admin, horizon_h=25) != first
    assert await asked(admin, granularity_min=60) != first
    await fill(hub, days=12)
    assert await asked(admin) != first, "more is known"


async def test_the_job_of_a_dead_hub_is_taken_over_when_its_lease_ends(
    hub: Hub, admin: httpx.AsyncClient, jobs: Jobs
) -> None:
    await fill(hub, days=10)
    job_id = await asked(admin)
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        taken = await store.take(connection, "dead", now_us, LEASE_US)
    assert taken is not None
    assert not await jobs.next()
    clock_of(hub).at_us += LEASE_US
    assert await jobs.next()
    assert (await status(admin, job_id))["status"] == "done"
    async with hub.database.transaction() as connection:
        assert not await store.end(connection, job_id, "dead", now_us, None), "it came too late"
