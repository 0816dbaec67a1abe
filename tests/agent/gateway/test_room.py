"""agent.gateway.room: a full buffer thins before it drops, and every loss is a row, exactly."""

import sqlite3
from contextlib import closing
from functools import cache, partial
from pathlib import Path

import pytest

from agent.gateway import gaps
from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.losses import Loss
from agent.gateway.pack import pack
from agent.gateway.room import Bounds
from agent.gateway.rows import Cursor, Draft
from agent.link import Item
from tests.support.buffers import NOON_US, ROOMY, draft, opened
from wire import block as blocks
from wire import records
from wire.block import Block, Quality, Reading
from wire.clock import SetClock
from wire.gap import Cause, Gap
from wire.sync import FrameClass

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
BATCH = 64 * 1024**2
POINTS = 40


def five_seconds(number: int, point: str = "test.point") -> list[Draft]:
    """Return the frames of 5 s of one device, that number of 5 s after noon."""
    return list(_five_seconds(number, point))


@cache
def _five_seconds(number: int, point: str) -> tuple[Draft, ...]:
    items = []
    for second in range(5 * number, 5 * number + 5):
        at_us = NOON_US + second * SECOND_US
        readings = [
            Reading(f"{point}_{p}", float((second * (p + 7919)) % 10_007), Quality.GOOD, at_us)
            for p in range(POINTS)
        ]
        items.append(Item(second, blocks.sample("inverter", "boot", second, at_us, readings)))
    return tuple(pack(items))


async def ledger(buffer: Buffer) -> list[Gap]:
    return list(reversed(await buffer.look_up(partial(gaps.ledger, most=10_000))))


async def telemetry(buffer: Buffer) -> list[Block]:
    return [
        blocks.decode(frame.payload)
        for frame in await buffer.batch(-1, BATCH)
        if frame.kind is FrameClass.TELEMETRY
    ]


def values(of: list[Block]) -> int:
    return sum(len(block.points) * len(block.at_us) for block in of)


async def test_a_full_buffer_thins_the_oldest_and_keeps_the_newest_as_they_were_read(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, bytes_max=150_000) as buffer:
        for number in range(300):
            await buffer.append(five_seconds(number))
        state = await buffer.state()
        found = await telemetry(buffer)
        assert state.bytes <= 150_000 + 150_000 // 64
        assert [bool(block.step_us) for block in found] == sorted(
            (bool(block.step_us) for block in found), reverse=True
        )
        assert any(block.step_us for block in found)
        assert not found[-1].step_us
        rows = await ledger(buffer)
        assert {row.cause for row in rows} == {Cause.THINNED}
        assert values(found) + sum(row.n or 0 for row in rows) == 300 * 5 * POINTS
        assert state.dropped == sum(row.n or 0 for row in rows)
        minutes = {at // 60_000_000 for block in found for at in block.at_us}
        assert len(minutes) == 26, "no minute is missing"


async def test_what_is_thinned_already_is_dropped_when_there_is_nothing_left_to_thin(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, bytes_max=8_000) as buffer:
        for number in range(600):
            await buffer.append(five_seconds(number))
        found = await telemetry(buffer)
        rows = await ledger(buffer)
        assert {row.cause for row in rows} == {Cause.THINNED, Cause.FULL}
        assert values(found) + sum(row.n or 0 for row in rows) == 600 * 5 * POINTS
        assert (await buffer.state()).bytes <= 8_000 + 8_000 // 64


async def test_a_frame_that_was_handed_out_is_never_rewritten_and_goes_last(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, bytes_max=150_000) as buffer:
        for number in range(20):
            await buffer.append(five_seconds(number))
        handed = await buffer.batch(-1, BATCH)
        for number in range(20, 300):
            await buffer.append(five_seconds(number))
        again = {frame.seq: frame.payload for frame in await buffer.batch(-1, BATCH)}
        assert all(again[frame.seq] == frame.payload for frame in handed)


async def test_after_a_start_what_may_be_on_its_way_is_not_rewritten(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        for number in range(20):
            await buffer.append(five_seconds(number))
        before = await buffer.batch(-1, BATCH)
    async with opened(tmp_path, bytes_max=150_000) as buffer:
        for number in range(20, 300):
            await buffer.append(five_seconds(number))
        again = {frame.seq: frame.payload for frame in await buffer.batch(-1, BATCH)}
        assert all(again[frame.seq] == frame.payload for frame in before)


async def test_a_dropped_range_names_its_frames_and_none_of_them_is_left(tmp_path: Path) -> None:
    async with opened(tmp_path, bytes_max=20_000) as buffer:
        for i in range(60):
            await buffer.append([draft(f"{i:03}" * 300, n=3)])
            if i == 30:
                await buffer.batch(-1, 4_000)
        left = {frame.seq for frame in await buffer.batch(-1, BATCH)}
        rows = await ledger(buffer)
        assert sum(row.n or 0 for row in rows) == (await buffer.state()).dropped
        for row in rows:
            assert row.first_seq is not None
            assert row.last_seq is not None
            gone = set(range(row.first_seq, row.last_seq + 1))
            kinds = {f.seq: f.kind for f in await buffer.batch(-1, BATCH)}
            assert {kinds[seq] for seq in gone & left} <= {FrameClass.EVENTS}


async def test_losses_that_follow_each_other_are_one_row_while_nobody_was_told(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, bytes_max=150_000) as buffer:
        for number in range(300):
            await buffer.append(five_seconds(number))
        (row,) = await ledger(buffer)
        told = [
            gap
            for frame in await buffer.batch(-1, BATCH)
            if frame.kind is FrameClass.EVENTS
            for gap in records.decode(frame.payload).gaps
        ]
        assert told == [row]
        for number in range(300, 600):
            await buffer.append(five_seconds(number))
        first, *_ = await ledger(buffer)
        assert first == row, "it has been handed out and must not change"


async def test_telemetry_makes_way_for_settlement_which_is_refused_rather_than_lost(
    tmp_path: Path,
) -> None:
    bounds = Bounds(settlement_bytes_max=10_000)
    clock = SetClock(NOON_US)
    async with open_buffer(tmp_path / "buffer.db", clock, 20_000, bounds) as buffer:
        await buffer.append(five_seconds(0))
        stored = 0
        with pytest.raises(BufferBlocked, match="settlement"):
            while stored < 100:
                meter = draft("m" * 900, FrameClass.SETTLEMENT)
                await buffer.append([meter], Cursor("boot", stored))
                stored += 1
        frames = await buffer.batch(-1, BATCH)
        assert sum(frame.kind is FrameClass.SETTLEMENT for frame in frames) == stored > 15
        assert (await buffer.state()).cursor == Cursor("boot", stored - 1)
        said = [e.code for f in frames if f.kind == 1 for e in records.decode(f.payload).events]
        assert "SETTLEMENT_FULL" in said


async def test_what_is_too_old_is_deleted_and_the_ledger_says_so(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    bounds = Bounds(telemetry_days_max=1, events_days_max=2, settlement_days_max=3)
    async with open_buffer(tmp_path / "buffer.db", clock, ROOMY, bounds) as buffer:
        for day in range(5):
            clock.at_us = NOON_US + day * DAY_US
            for kind in FrameClass:
                await buffer.append([Draft(kind, clock.at_us, 2, b"%d" % day)])
        clock.at_us += DAY_US // 2
        await buffer.expire()
        kept = {
            kind: [f.payload for f in await buffer.batch(-1, BATCH) if f.kind is kind][:4]
            for kind in FrameClass
        }
        assert kept[FrameClass.TELEMETRY] == [b"4"]
        assert kept[FrameClass.EVENTS][:2] == [b"3", b"4"]
        assert kept[FrameClass.SETTLEMENT] == [b"2", b"3", b"4"]
        rows = await ledger(buffer)
        assert {(row.cause, row.cls, row.n) for row in rows} == {
            (Cause.AGE, FrameClass.TELEMETRY, 8),
            (Cause.AGE, FrameClass.EVENTS, 6),
            (Cause.AGE, FrameClass.SETTLEMENT, 4),
        }
        before = (await buffer.state()).n
        await buffer.expire()
        assert (await buffer.state()).n == before
    with closing(sqlite3.connect(tmp_path / "buffer.db")) as database:
        found = database.execute("SELECT count(*) FROM frames WHERE payload IN ('0', '1')")
        assert found.fetchone() == (0,)


async def test_what_a_doubtful_clock_has_stamped_is_not_too_old(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        in_1970 = Draft(FrameClass.TELEMETRY, 5, 1, b"x", boot_id="boot", offset_us=0)
        await buffer.append([in_1970, draft("y")])
        await buffer.expire()
        assert [f.payload for f in await buffer.batch(-1, BATCH)] == [b"x", b"y"]


async def test_a_machine_that_went_down_without_a_word_leaves_a_gap_of_unknown_size(
    tmp_path: Path,
) -> None:
    path = tmp_path / "buffer.db"
    async with open_buffer(path, SetClock(NOON_US), ROOMY, boot_id="one") as buffer:
        await buffer.append([draft("a")])
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE state SET in_order = 0")
        database.commit()
    async with open_buffer(path, SetClock(NOON_US + 60), ROOMY, boot_id="one") as buffer:
        assert await ledger(buffer) == [], "only the program had ended"
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE state SET in_order = 0")
        database.commit()
    async with open_buffer(path, SetClock(NOON_US + 90), ROOMY, boot_id="two") as buffer:
        (row,) = await ledger(buffer)
        assert (row.cause, row.n) == (Cause.POWER, None)
        assert (row.from_us, row.to_us) == (NOON_US, NOON_US + 90)
    async with open_buffer(path, SetClock(NOON_US + 99), ROOMY, boot_id="three") as buffer:
        assert len(await ledger(buffer)) == 1, "the run before ended in good order"


async def test_a_loss_told_by_another_is_stored_with_the_frames_it_came_with(
    tmp_path: Path,
) -> None:
    ring = Loss(
        cause=Cause.RING,
        cls=FrameClass.TELEMETRY,
        from_us=NOON_US,
        to_us=NOON_US + 5,
        n=None,
        text="7 items",
    )
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a")], Cursor("boot", 9), lost=[ring])
        frames = await buffer.batch(-1, BATCH)
        (row,) = records.decode(frames[1].payload).gaps
        assert (row.cause, row.text) == (Cause.RING, "7 items")
        assert row.id == f"{(await buffer.state()).epoch}-0"
        assert await ledger(buffer) == [row]
