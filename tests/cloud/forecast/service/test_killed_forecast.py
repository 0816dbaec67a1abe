"""A hub that is killed while it computes a forecast: the job is done after the next start."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.system import System, running_system, wait_until

FEEDS = """
[[feed]]
source = "simulated"
areas = ["AT"]
kinds = ["price.day_ahead", "load.forecast"]
"""
PAST_THE_LEASE_S = 60.0
DONE_S_MAX = 60.0

pytestmark = pytest.mark.slow


def asked(client: httpx.Client) -> str | None:
    """Return the job of a forecast of tomorrow; None: the feed has brought no price yet."""
    answer = client.post("/api/forecast/dayahead", json={"area": "AT", "horizon_h": 72})
    if answer.status_code == 409:
        return None
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def status(client: httpx.Client, job_id: str) -> dict[str, Any]:
    answer = client.get(f"/api/forecast/status/{job_id}")
    assert answer.status_code == 200, answer.text
    return dict[str, Any](answer.json())


def done(system: System, job_id: str) -> dict[str, Any] | None:
    with system.admin() as client:
        found = status(client, job_id)
    return found if found["status"] == "done" else None


def test_a_hub_that_is_killed_finishes_the_job_after_the_next_start(tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(FEEDS)
    with running_system(tmp_path) as system:
        system.stop("hub")
        system.start_hub(PHOENYRA_HUB_MARKET_FEEDS_FILE=str(feeds))
        with system.admin() as client:
            job_id = wait_until(lambda: asked(client), DONE_S_MAX, "prices are there")
        system.kill("hub")
        system.shift_s += PAST_THE_LEASE_S
        system.start_hub(PHOENYRA_HUB_MARKET_FEEDS_FILE=str(feeds))
        found = wait_until(lambda: done(system, job_id), DONE_S_MAX, "the job is done")
        assert found["simulated"] is True
        assert all(row["price_eur_mwh"] is not None for row in found["series"])
        system.kill_child("hub", "cloud.forecast.service.worker")
        with system.admin() as client:
            answer = client.post(
                "/api/forecast/dayahead", json={"area": "AT", "granularity_min": 60}
            )
        again = answer.json()["job_id"]
        wait_until(lambda: done(system, again), DONE_S_MAX, "another process computes the next")
