"""agent.gateway.storage on a real file system without a byte left."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.small_disk import NOT_ALLOWED

MEGABYTES = 24


def test_a_full_disk_keeps_every_settlement_value_raises_an_alarm_and_heals_by_itself(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "tests.support.small_disk", str(tmp_path), str(MEGABYTES)),
            "tests.support.full_disk",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode == NOT_ALLOWED:
        pytest.skip("a file system of its own is not allowed to this user")
    assert done.returncode == 0, done.stderr
