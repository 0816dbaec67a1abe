"""The real writer, journal and snapshots in a process that is killed again and again."""

from pathlib import Path

import pytest

from bench import crash_exchange
from tests.support.forked import result_of

KILLS, KILLS_QUICK = 200, 12


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "kills", [KILLS_QUICK, pytest.param(KILLS, marks=pytest.mark.slow)], ids=["quick", "slow"]
)
def test_a_writer_killed_at_any_moment_loses_nothing_that_it_answered(
    tmp_path: Path, kills: int
) -> None:
    """See `bench.crash_exchange`: no answer is lost, nothing is there twice, the books agree."""
    found = result_of(crash_exchange.kills, tmp_path, kills, 5)
    assert found.wrong == []
    assert (found.lost, found.duplicates) == (0, 0)
    assert found.acknowledged > kills
    assert found.starts_compared > kills // 3
    assert found.trades > kills
