"""agent.gateway.buffer after a power cut: the file is as of the last fsync, its end is anything.

What `append` has called stored was synced before it returned, so the files as they are then are
what any disk must have. What the next append was writing may be there in whole, in part, by
sectors in any order, or as garbage behind it.
"""

import random
import shutil
from pathlib import Path

from agent.gateway.buffer import open_buffer
from agent.gateway.rows import Cursor
from tests.support.buffers import NOON_US, ROOMY, draft
from wire.clock import SetClock
from wire.sync import FrameClass

APPENDS = 60
SECTOR = 512
BATCH = 64 * 1024**2


def copied(source: Path) -> dict[str, bytes]:
    return {name: (source / name).read_bytes() for name in ("buffer.db", "buffer.db-wal")}


def torn(before: bytes, after: bytes, chance: random.Random) -> bytes:
    """Return the log with some sectors of what was being written, and garbage for others."""
    if not after.startswith(before[:32]):
        return before  # The log began anew: what it was is in the file itself.
    found = bytearray(before.ljust(len(after), b"\0"))
    for start in range(0, len(after), SECTOR):
        if after[start : start + SECTOR] != bytes(found[start : start + SECTOR]):
            kind = chance.randrange(3)
            if kind == 0:
                found[start : start + SECTOR] = after[start : start + SECTOR]
            elif kind == 1 and start >= len(before):
                found[start : start + SECTOR] = chance.randbytes(len(after[start : start + SECTOR]))
    return bytes(found[: chance.randint(len(before), len(found))])


def put_back(files: dict[str, bytes], folder: Path) -> Path:
    """Make the folder as the disk has it after the cut."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "buffer.db"


async def check(files: dict[str, bytes], folder: Path, stored: int, tried: int) -> None:
    async with open_buffer(
        put_back(files, folder), SetClock(NOON_US), ROOMY, boot_id="after"
    ) as buffer:
        state = await buffer.state()
        assert stored <= state.cursor.number <= tried
        frames = await buffer.batch(-1, BATCH)
        own = [f.payload for f in frames if f.kind is FrameClass.TELEMETRY]
        assert own == [b"%d" % i * 300 for i in range(state.cursor.number + 1)]
        assert sorted({f.kind for f in frames} - {FrameClass.TELEMETRY}) == [FrameClass.EVENTS]


async def test_whatever_a_power_cut_leaves_of_the_next_append_all_that_was_stored_is_there(
    tmp_path: Path,
) -> None:
    chance = random.Random(7)
    live, cut = tmp_path / "live", tmp_path / "cut"
    live.mkdir()
    path = live / "buffer.db"
    async with open_buffer(path, SetClock(NOON_US), ROOMY, boot_id="before") as buffer:
        await buffer.append([draft("0" * 300)], Cursor("boot", 0))
        before = copied(live)
        for number in range(1, APPENDS):
            await buffer.append([draft(f"{number}" * 300)], Cursor("boot", number))
            after = copied(live)
            await check(before, cut, number - 1, number - 1)
            if after["buffer.db"] == before["buffer.db"]:
                wal = torn(before["buffer.db-wal"], after["buffer.db-wal"], chance)
                await check({**before, "buffer.db-wal": wal}, cut, number - 1, number)
            if number % 7 == 0:
                await buffer._database.execute("PRAGMA wal_checkpoint(RESTART)")
                after = copied(live)
            before = after
        await check(before, cut, APPENDS - 1, APPENDS - 1)


async def test_a_log_with_garbage_behind_its_end_is_read_up_to_there(tmp_path: Path) -> None:
    live, cut = tmp_path / "live", tmp_path / "cut"
    live.mkdir()
    path = live / "buffer.db"
    async with open_buffer(path, SetClock(NOON_US), ROOMY, boot_id="before") as buffer:
        for number in range(5):
            await buffer.append([draft(f"{number}" * 300)], Cursor("boot", number))
        files = copied(live)
        for length in (1, 24, 512, 1048, 4096, 50_000):
            garbage = random.Random(length).randbytes(length)
            wal = files["buffer.db-wal"] + garbage
            await check({**files, "buffer.db-wal": wal}, cut, 4, 4)
