"""agent.gateway.buffer: what was stored stays, in order and once, until the hub has it."""

import asyncio
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.gateway import gaps
from agent.gateway.buffer import SETTLE_FRAMES, Buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.rows import ROW_BYTES, Cursor, Draft
from agent.gateway.storage import SETTLE_APPENDS
from tests.support.buffers import BATCH, ROOMY, codes, draft, opened, texts
from wire import records
from wire.gap import Cause
from wire.sync import FrameClass, Severity


async def test_frames_are_numbered_from_zero_and_given_back_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a"), draft("b")])
        await buffer.append([draft("c", FrameClass.EVENTS)])
        frames = await buffer.batch(-1, BATCH)
        assert [(f.seq, f.kind, f.payload) for f in frames] == [
            (0, FrameClass.TELEMETRY, b"a"),
            (1, FrameClass.TELEMETRY, b"b"),
            (2, FrameClass.EVENTS, b"c"),
        ]


async def test_everything_is_there_after_a_restart_and_numbers_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a"), draft("b")], Cursor("boot", 7))
        epoch = (await buffer.state()).epoch
    async with opened(tmp_path) as buffer:
        state = await buffer.state()
        assert (state.epoch, state.cursor) == (epoch, Cursor("boot", 7))
        await buffer.append([draft("c")])
        assert [f.seq for f in await buffer.batch(-1, BATCH)] == [0, 1, 2]


async def test_numbers_are_never_given_twice_though_everything_was_released(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a"), draft("b")])
        await buffer.release(1)
        await buffer.settle()
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("c")])
        state = await buffer.state()
        assert [f.seq for f in await buffer.batch(state.acked, BATCH)] == [2]


async def test_released_frames_are_deleted_with_one_of_the_next_appends(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a"), draft("b"), draft("c")])
        await buffer.settle()
        await buffer.release(1)
        for _ in range(SETTLE_APPENDS):
            await buffer.append([draft("d")])
        assert await texts(buffer) == ["c"] + ["d"] * SETTLE_APPENDS


async def test_a_backlog_that_goes_out_is_deleted_without_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("x") for _ in range(SETTLE_FRAMES + 10)])
        await buffer.settle()
        await buffer.release(SETTLE_FRAMES)
        assert len(await buffer.batch(-1, BATCH)) == 9


async def test_the_state_counts_what_the_hub_does_not_have(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("aaaa", n=40), draft("bb", n=2)])
        assert (await buffer.state()).n == 42
        await buffer.release(0)
        state = await buffer.state()
        assert (state.n, state.bytes, state.acked) == (2, 2 + ROW_BYTES, 0)
        await buffer.settle()
        assert await buffer.state() == state


async def test_an_acknowledgement_of_frames_not_yet_numbered_releases_only_what_is_there(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a")])
        await buffer.release(99)
        await buffer.settle()
        await buffer.append([draft("b")])
        assert (await buffer.batch(-1, BATCH))[-1].seq == 1


async def test_a_batch_is_limited_in_bytes_but_never_empty(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("x" * 1000), draft("y" * 1000), draft("z" * 1000)])
        assert len(await buffer.batch(-1, 10)) == 1
        assert len(await buffer.batch(-1, 2 * (1000 + ROW_BYTES))) == 2
        assert [f.seq for f in await buffer.batch(1, BATCH)] == [2]


async def test_a_full_buffer_drops_the_oldest_telemetry_and_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, bytes_max=20_000) as buffer:
        await buffer.append([draft("alarm", FrameClass.EVENTS)])
        await buffer.append([draft("meter", FrameClass.SETTLEMENT)])
        for i in range(40):
            await buffer.append([draft(f"{i:03}" * 300)])
        state = await buffer.state()
        assert state.bytes <= 20_000
        assert state.dropped > 0
        kept = await texts(buffer)
        assert kept[:2] == ["alarm", "meter"]
        numbers = [text[:3] for text in kept if text[:3].isdigit()]
        assert numbers == [f"{i:03}" for i in range(40 - len(numbers), 40)]
        assert len(numbers) + state.dropped == 40
        assert "BUFFER_DROPPED" in "".join(kept)


async def test_a_buffer_full_of_events_drops_the_oldest_but_never_a_settlement_frame(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, bytes_max=20_000) as buffer:
        for i in range(20):
            await buffer.append([draft("m" * 700, FrameClass.SETTLEMENT)])
            await buffer.append([draft(f"e{i}" * 500, FrameClass.EVENTS)])
        kept = await buffer.batch(-1, BATCH)
        assert sum(f.kind is FrameClass.SETTLEMENT for f in kept) == 20
        assert kept[-1].kind is FrameClass.EVENTS


async def test_a_frame_in_quarantine_is_kept_reported_and_out_of_the_way(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("good"), draft("bad"), draft("fine")])
        assert await buffer.quarantine(1, "the hub says: no") == 1
        assert [f.seq for f in await buffer.batch(-1, BATCH)] == [0, 2, 3]
        said = records.decode((await buffer.batch(2, BATCH))[0].payload)
        (event,), (gap,) = said.events, said.gaps
        assert (event.code, event.severity) == ("FRAME_SET_ASIDE", Severity.ALARM)
        assert (gap.cause, gap.n, gap.first_seq, gap.last_seq) == (Cause.REFUSED, 1, 1, 1)
        assert (await buffer.state()).n == 4
    with sqlite3.connect(tmp_path / "buffer.db") as database:
        assert database.execute("SELECT seq, payload FROM quarantine").fetchall() == [(1, b"bad")]
    database.close()


async def test_a_restored_copy_is_numbered_anew_with_everything_it_holds(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        await buffer.append([draft("a"), draft("b"), draft("c")])
        await buffer.release(0)
        before = await buffer.state()
        await buffer.renew_epoch()
        after = await buffer.state()
        assert after.epoch != before.epoch
        assert after.acked == -1
        frames = await buffer.batch(-1, BATCH)
        assert [(f.seq, f.payload) for f in frames][:2] == [(0, b"b"), (1, b"c")]
        assert await codes(buffer) == ["BUFFER_RENEWED"]
        assert after.n == 3


async def test_the_schedule_is_there_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer:
        assert await buffer.schedule() is None
        await buffer.save_schedule("one")
        await buffer.save_schedule("two")
    async with opened(tmp_path) as buffer:
        assert await buffer.schedule() == "two"


async def test_waiting_for_more_ends_with_the_next_append(tmp_path: Path) -> None:
    async with opened(tmp_path) as buffer, asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(buffer.wait_for_more(0))
        await buffer.append([draft("a")])
        await buffer.append([draft("b")])


_steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("append"),
            st.lists(
                st.tuples(st.sampled_from(FrameClass), st.integers(0, 400)), min_size=1, max_size=5
            ),
        ),
        st.tuples(st.just("release"), st.integers(-1, 60)),
        st.tuples(st.just("quarantine"), st.integers(0, 60)),
        st.tuples(st.just("reopen"), st.none()),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_steps)
def test_in_any_history_every_frame_is_delivered_or_kept_or_in_the_gap_ledger(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, object]]
) -> None:
    asyncio.run(_history(tmp_path_factory.mktemp("buffer"), steps))


async def _history(folder: Path, steps: list[tuple[str, object]]) -> None:
    past = History()
    position = 0
    while position < len(steps):
        async with opened(folder, bytes_max=8_000) as buffer:
            for kind, argument in steps[position:]:
                position += 1
                if kind == "reopen":
                    break
                await past.step(buffer, kind, argument)
            await buffer.settle()
            await past.agrees(buffer)


class History:
    """What was asked of a buffer, and what must follow."""

    def __init__(self) -> None:
        self.stored: dict[int, bytes] = {}
        self.delivered: set[int] = set()
        self.acked = -1
        self.number = 0

    async def step(self, buffer: Buffer, kind: str, argument: object) -> None:
        newest = await buffer.newest_seq()
        if kind == "append":
            assert isinstance(argument, list)
            drafts = [
                Draft(frame_kind, 0, 1, b"%d:" % (self.number + i) + b"." * size)
                for i, (frame_kind, size) in enumerate(argument)
            ]
            self.number += len(drafts)
            with suppress(BufferBlocked):
                await buffer.append(drafts)
                self.stored.update({newest + 1 + i: d.payload for i, d in enumerate(drafts)})
        elif kind == "release":
            assert isinstance(argument, int)
            there = await buffer.batch(self.acked, ROOMY)
            self.delivered |= {f.seq for f in there if f.seq <= argument} & set(self.stored)
            self.acked = max(self.acked, min(argument, newest))
            await buffer.release(min(argument, newest))
        elif (seq := int(str(argument))) in self.stored or seq > newest:
            # What the buffer itself has told is no frame of ours: its loss is not ours to count.
            await buffer.quarantine(seq, "why not")

    async def agrees(self, buffer: Buffer) -> None:
        frames = await buffer.batch(self.acked, ROOMY)
        state = await buffer.state()
        own = [f for f in frames if f.seq in self.stored]
        told = [records.decode(f.payload) for f in frames if f not in own]
        assert state.acked == self.acked
        assert state.n == len(own) + sum(len(said) for said in told)
        assert state.bytes == sum(len(f.payload) + ROW_BYTES for f in frames)
        assert [f.seq for f in frames] == sorted({f.seq for f in frames})
        assert all(self.stored[f.seq] == f.payload for f in own)
        lost = sum(gap.n or 0 for gap in await buffer.look_up(partial(gaps.ledger, most=10_000)))
        assert len(self.delivered) + len(own) + lost == len(self.stored)
        settlement = [f for f in own if f.kind is FrameClass.SETTLEMENT]
        assert state.settlement.n == len(settlement)
