"""agent.gateway.latchbook: what waits for a reset outlives every restart, and is never lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.inlet import Inlet
from agent.gateway.latchbook import FILE, UNREADABLE, Latchbook
from agent.gateway.latest import Latest
from agent.latches import Kept
from wire.clock import SetClock

NOON_US = 1_790_000_000_000_000


@pytest.fixture
async def buffer(tmp_path: Path) -> AsyncIterator[Buffer]:
    async with open_buffer(tmp_path / "buffer.db", SetClock(NOON_US), 64 * 1024**2) as buffer:
        yield buffer


def restored(folder: Path, buffer: Buffer) -> Kept:
    latest, clock = Latest(), SetClock(NOON_US)
    inlet = Inlet(buffer, latest, clock, folder / "control.sock", "werk-sued")
    book = Latchbook(folder, inlet, latest, buffer, clock)
    book.restore()
    return book.kept


async def test_a_box_that_never_kept_anything_begins_without(
    tmp_path: Path, buffer: Buffer
) -> None:
    assert restored(tmp_path, buffer) == Kept()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"latches": 1, "proved": []}', b"\xff"])
async def test_a_file_that_cannot_be_read_stops_the_plant_until_somebody_has_looked(
    tmp_path: Path, buffer: Buffer, content: bytes
) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert restored(tmp_path, buffer) == Kept((UNREADABLE,))
