"""The real writer, journal and snapshots in a process that is killed again and again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLS, KILLS_QUICK = 200, 12


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "kills", [KILLS_QUICK, pytest.param(KILLS, marks=pytest.mark.slow)], ids=["quick", "slow"]
)
def test_a_writer_killed_at_any_moment_loses_nothing_that_it_answered(
    tmp_path: Path, kills: int
) -> None:
    """See `bench.crash_exchange`: no answer is lost, nothing is there twice, the books agree."""
    command = [sys.executable, "-m", "bench.crash_exchange", str(tmp_path), str(kills), "5"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["wrong"] == []
    assert (found["lost"], found["duplicates"]) == (0, 0)
    assert found["acknowledged"] > kills
    assert found["starts_compared"] > kills // 3
    assert found["trades"] > kills
