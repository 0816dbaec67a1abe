"""The whole hub, traded with over HTTP and sockets, and killed at any moment."""

from pathlib import Path

import pytest

from bench import crash_exchange_hub
from tests.support.forked import result_of

KILLS = 15


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hub_killed_at_any_moment_loses_nothing_that_it_said(tmp_path: Path) -> None:
    """See `bench.crash_exchange_hub`: no answer is lost, repeats get the same answer, every start
    has the same books, the database is what the journal says, the feed told nothing else."""
    found = result_of(crash_exchange_hub.kills, tmp_path, KILLS, 5)
    assert found.wrong == []
    assert (found.lost, found.duplicates) == (0, 0)
    assert found.acknowledged > KILLS
    assert found.repeats > 0
    assert found.trades > 0
