"""Many boxes at once on one real hub process: nothing fails, nothing is lost, nothing swells."""

import pytest

from bench import fleet
from bench.fleet import Load
from bench.options import Figures
from tests.support import postgres

QUICK = Load(gateways=20, seconds=10.0)
FULL = Load(gateways=200, seconds=60.0)
RSS_GROWS_MB_MAX = 60.0
"""What 200 boxes may cost the hub: connections and newest values, not each second of theirs."""
QUICK_RSS_GROWS_MB_MAX = 20.0


async def test_a_few_boxes_meet_no_error_and_every_sample_is_at_the_hub_once() -> None:
    figures = await fleet.measure(QUICK, None)
    _check(figures, QUICK)
    assert _grown_mb(figures) < QUICK_RSS_GROWS_MB_MAX


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(300)
async def test_200_boxes_for_a_minute_meet_no_error_and_every_sample_is_at_the_hub_once() -> None:
    figures = await fleet.measure(FULL, None)
    _check(figures, FULL)
    assert _grown_mb(figures) < RSS_GROWS_MB_MAX


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(180)
async def test_on_postgresql_as_well() -> None:
    where = postgres.programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.running(where) as server:
        figures = await fleet.measure(QUICK, server.new_database())
    _check(figures, QUICK)


def _check(figures: Figures, load: Load) -> None:
    assert figures["errors_by_kind"] == {}
    assert (figures["lost"], figures["duplicates"]) == (0, 0)
    # On a busy machine the last of them begin some seconds after the first.
    blocks = load.gateways * (load.seconds / 5 - 2)
    assert _number(figures, "values") >= blocks * 5 * 40
    assert (figures["commands"], figures["commands_undone"]) == (load.gateways, 0)
    # All of it has happened: reports, light frames of those watched, and pages that show them.
    for name in ("report", "live", "shown"):
        assert figures[f"{name}_p95_ms"] is not None, name


def _grown_mb(figures: Figures) -> float:
    return _number(figures, "hub_rss_mb") - _number(figures, "hub_rss_start_mb")


def _number(figures: Figures, name: str) -> float:
    value = figures[name]
    assert isinstance(value, int | float), name
    return value
