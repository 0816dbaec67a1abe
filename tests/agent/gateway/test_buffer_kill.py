"""agent.gateway.buffer: a killed writer loses nothing it called stored, and doubles nothing."""

from pathlib import Path

import pytest

from bench.crash_gateway import kills

KILLS = 200


@pytest.mark.slow
def test_a_writer_killed_at_200_moments_keeps_or_accounts_for_all_that_it_called_stored(
    tmp_path: Path,
) -> None:
    result = kills(tmp_path, KILLS, seed=20_261_120)
    assert result.wrong == []
    assert (result.kills, result.lost, result.duplicates) == (KILLS, 0, 0)
    assert result.acknowledged > 10_000
    assert result.gaps > 0, "the buffer was never full"
