"""agent.gateway.buffer: a killed writer loses nothing it called stored, and doubles nothing."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from agent.gateway.buffer import open_buffer
from tests.support.buffer_writer import BYTES_MAX, FRAMES_A_GROUP
from wire.clock import SystemClock

KILLS = 15
_BATCH = 64 * 1024**2


@pytest.mark.slow
async def test_a_writer_killed_at_any_moment_keeps_all_that_it_called_stored(
    tmp_path: Path,
) -> None:
    chance = random.Random(20_261_120)
    path = tmp_path / "buffer.db"
    for _ in range(KILLS):
        tried, stored = await asyncio.to_thread(_write_and_kill, path, chance.randint(2, 60))
        async with open_buffer(path, SystemClock(), BYTES_MAX) as buffer:
            state = await buffer.state()
            assert stored <= state.cursor.number <= tried
            frames = await buffer.batch(state.acked, _BATCH)
            groups = range((state.acked + 1) // FRAMES_A_GROUP, state.cursor.number + 1)
            expected = [
                (FRAMES_A_GROUP * group + i, f"{group}:{i}".encode())
                for group in groups
                for i in range(FRAMES_A_GROUP)
            ]
            whole = [(f.seq, f.payload) for f in frames]
            assert whole == expected
            assert state.n == len(whole)


def _write_and_kill(path: Path, groups: int) -> tuple[int, int]:
    """Let a writer store some groups, kill it, and return the last group tried and stored."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.buffer_writer", str(path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(groups)]
        writer.kill()
        said += writer.stdout.readlines()
    words = [line.split() for line in said if line.endswith("\n")]
    assert words, "the writer ended by itself"
    tried = max((int(number) for word, number in words if word == "try"), default=0)
    stored = max((int(number) for word, number in words if word == "stored"), default=0)
    return tried, stored
