"""agent.gateway.buffer: a damaged file, a full disk, a second owner, a cancelled append."""

import asyncio
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from agent.gateway import bufferfile, gaps
from agent.gateway.buffer import open_buffer
from agent.gateway.errors import BufferBlocked, BufferDamaged, BufferUnusable
from agent.gateway.rows import Cursor
from tests.support.buffers import BATCH, NOON_US, ROOMY, codes, draft, opened, texts
from wire.clock import SetClock
from wire.gap import Cause


def damaged_files(folder: Path) -> list[Path]:
    return list(folder.glob("buffer.db.damaged-*"))


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.glob("buffer.db*")}


async def test_a_payload_that_the_disk_has_changed_goes_to_quarantine(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("good"), draft("bad"), draft("fine")])
    with sqlite3.connect(tmp_path / "buffer.db") as database:
        database.execute("UPDATE frames SET payload = X'626178' WHERE seq = 1")
    database.close()
    async with opened(tmp_path) as buffer:
        assert (await texts(buffer))[:2] == ["good", "fine"]
        assert await codes(buffer) == ["FRAME_SET_ASIDE"]
        (gap,) = await buffer.look_up(partial(gaps.ledger, most=9))
        assert (gap.cause, gap.n, gap.first_seq, gap.last_seq) == (Cause.CORRUPT, 1, 1, 1)


async def test_a_damaged_file_is_set_aside_and_a_new_one_begins_with_an_event(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a" * 4000) for _ in range(50)])
        epoch = (await buffer.state()).epoch
    file = tmp_path / "buffer.db"
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 8] = b"\x5a" * 4096 * 7
    file.write_bytes(content)
    async with opened(tmp_path) as buffer:
        assert (await buffer.state()).epoch != epoch
        assert await codes(buffer) == ["BUFFER_DAMAGED"]
        (gap,) = await buffer.look_up(partial(gaps.ledger, most=9))
        assert (gap.cause, gap.n, gap.to_us) == (Cause.DAMAGED, None, NOON_US)
        assert gap.from_us <= NOON_US
    (aside,) = damaged_files(tmp_path)
    assert aside.read_bytes() == bytes(content)


async def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "buffer.db").write_bytes(b"not a database at all, but long enough" * 100)
    async with opened(tmp_path) as buffer:
        assert await codes(buffer) == ["BUFFER_DAMAGED"]


async def test_damage_met_while_running_ends_the_process_and_the_next_start_is_clean(
    tmp_path: Path,
) -> None:
    file = tmp_path / "buffer.db"
    with pytest.raises(BufferDamaged):
        async with opened(tmp_path) as buffer:
            await buffer.append([draft("a" * 4000) for _ in range(2000)])
            await buffer.settle()
            await buffer._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            await buffer._database.execute("PRAGMA cache_size = 1")
            with file.open("r+b") as raw:
                raw.seek(4096)
                raw.write(b"\x5a" * (file.stat().st_size - 4096))
            await buffer.batch(-1, ROOMY)
    async with opened(tmp_path) as buffer:
        assert await codes(buffer) == ["BUFFER_DAMAGED"]


async def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    for hour in range(4):
        (tmp_path / "buffer.db").write_bytes(b"garbage" * 1000)
        clock = SetClock(NOON_US + hour * 3_600_000_000)
        async with open_buffer(tmp_path / "buffer.db", clock, ROOMY):
            pass
    assert len(damaged_files(tmp_path)) == bufferfile.SET_ASIDE_MAX


async def test_nobody_else_may_read_the_file_for_orders_with_secrets_are_in_it(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("ours")])
        assert modes(tmp_path) == {"buffer.db": 0o600, "buffer.db-wal": 0o600}
    (tmp_path / "buffer.db").chmod(0o644)
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("of an older version")])
        assert modes(tmp_path) == {"buffer.db": 0o600, "buffer.db-wal": 0o600}


async def test_a_second_gateway_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(BufferUnusable, match="another process"):
            async with opened(tmp_path):
                pass


async def test_a_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a")])
    with sqlite3.connect(tmp_path / "buffer.db") as database:
        database.execute("PRAGMA user_version = 9")
    database.close()
    with pytest.raises(BufferUnusable, match="newer program"):
        async with opened(tmp_path):
            pass


async def test_a_full_disk_stores_nothing_and_heals_by_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a")], Cursor("boot", 0))
        await buffer._database.execute("PRAGMA max_page_count = 10")
        with pytest.raises(BufferBlocked, match="full"):
            await buffer.append([draft("b" * 100_000)], Cursor("boot", 1))
        assert (await buffer.state()).cursor == Cursor("boot", 0)
        await buffer._database.execute("PRAGMA max_page_count = 100000")
        await buffer.append([draft("b" * 100_000)], Cursor("boot", 1))
        assert await codes(buffer) == ["DISK_FULL", "DISK_FREE"]
        kept = [text for text in await texts(buffer) if not text.startswith("{")]
        assert kept == ["a", "b" * 100_000]


async def test_an_append_cancelled_at_any_moment_is_whole_or_not_at_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        for number in range(40):
            task_started = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(task_started + number * 0.0001):
                    await buffer.append([draft(f"{number}"), draft("x")], Cursor("boot", number))
            except TimeoutError:
                pass
            state = await buffer.state()
            frames = await buffer.batch(-1, BATCH)
            stored = {f.payload for f in frames} - {b"x"}
            assert (f"{number}".encode() in stored) == (state.cursor.number == number)
            assert state.n == len(frames) == 2 * len(stored)
