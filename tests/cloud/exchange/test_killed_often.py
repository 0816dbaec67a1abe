"""The whole hub, traded with over HTTP and sockets, and killed at any moment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 15


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hub_killed_at_any_moment_loses_nothing_that_it_said(tmp_path: Path) -> None:
    """See `bench.crash_exchange_hub`: no answer is lost, repeats get the same answer, every start
    has the same books, the database is what the journal says, the feed told nothing else."""
    command = [sys.executable, "-m", "bench.crash_exchange_hub", str(tmp_path), str(KILLS), "5"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["wrong"] == []
    assert (found["lost"], found["duplicates"]) == (0, 0)
    assert found["acknowledged"] > KILLS
    assert found["repeats"] > 0
    assert found["trades"] > 0
