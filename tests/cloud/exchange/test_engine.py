"""cloud.exchange.engine: an answer is a promise, kept through a kill; no answer, no effect seen."""

import asyncio
import json
import random
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cloud.exchange import engine as engines
from cloud.exchange import journal_v1 as journals
from cloud.exchange.book import Side
from cloud.exchange.engine import Busy, Committed, Engine, Stopped, open_floor
from cloud.exchange.floor import Floor
from cloud.exchange.journal_v1 import Journal
from cloud.exchange.records import Closed, Placed, Record, Turned, Withdrawn
from tests.support.exchange import NOON_US, contract, order, picture
from wire.clock import QUARTER_HOUR_US, SetClock


class GatedJournal(Journal):
    """A real journal whose disk is as slow as the test wants."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.gate.set()

    def commit(self, batch: Sequence[Record]) -> None:
        assert self.gate.wait(10)
        super().commit(batch)


class FullJournal(Journal):
    """A real journal on a disk that has no room for new orders."""

    def free_bytes(self) -> int:
        return engines.DISK_FREE_BYTES_MIN - 1


class BrokenJournal(Journal):
    """A journal whose disk fails."""

    def commit(self, batch: Sequence[Record]) -> None:
        raise OSError("input/output error")


@asynccontextmanager
async def running(
    journal: Journal, clock: SetClock, committed: Committed = lambda _: None
) -> AsyncIterator[tuple[Engine, Floor]]:
    floor = Floor()
    for frame in journal.recover():
        for record in frame.records:
            floor.replay(record)
    engine = Engine(floor, journal, clock, committed)
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(engine.run())
            yield engine, floor
            task.cancel()
    finally:
        journal.close()


def minute_before() -> SetClock:
    return SetClock(NOON_US - 60_000_000)


async def test_an_answer_comes_after_the_commit_that_covers_it(tmp_path: Path) -> None:
    journal, seen = GatedJournal(tmp_path / "journal"), list[Record]()
    async with (
        running(journal, minute_before(), seen.extend) as (engine, _),
        asyncio.TaskGroup() as tasks,
    ):
        journal.gate.clear()
        waiting = tasks.create_task(engine.place(order("ada", Side.BUY, 100, 5)))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert seen == []
        journal.gate.set()
        record = await waiting
        assert seen == [record]
        assert [list(f.records) for f in journals.read(journal.path, 0)] == [[record]]


async def test_what_comes_during_a_commit_shares_the_next_one(tmp_path: Path) -> None:
    journal = GatedJournal(tmp_path / "journal")
    async with running(journal, minute_before()) as (engine, _), asyncio.TaskGroup() as tasks:
        journal.gate.clear()
        for number in range(20):
            tasks.create_task(engine.place(order("ada", Side.BUY, 100 + number, 5)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        journal.gate.set()
    frames = list(journals.read(tmp_path / "journal", 0))
    assert sum(len(frame.records) for frame in frames) == 20
    assert len(frames) == 2


async def test_a_repeated_client_order_id_gets_the_first_answer_also_after_a_restart(
    tmp_path: Path,
) -> None:
    new = order("ada", Side.BUY, 100, 5, client_order_id="mine")
    refused = order("ada", Side.BUY, 9_999_999, 5, client_order_id="dear")
    async with running(Journal(tmp_path / "journal"), minute_before()) as (engine, _):
        first = await engine.place(new)
        turned = await engine.place(refused)
        assert isinstance(turned, Turned)
        assert await engine.place(new) == first
    async with running(Journal(tmp_path / "journal"), minute_before()) as (engine, floor):
        assert await engine.place(new) == first
        assert await engine.place(refused) == turned
        assert len(floor.stalls["PHO", NOON_US].book) == 1


async def test_a_gate_closes_on_time_without_any_command(tmp_path: Path) -> None:
    seen, closed = list[Record](), asyncio.Event()

    def committed(batch: Sequence[Record]) -> None:
        seen.extend(batch)
        if isinstance(batch[-1], Closed):
            closed.set()

    clock = SetClock(NOON_US - 20_000)
    async with running(Journal(tmp_path / "journal"), clock, committed) as (engine, floor):
        record = await engine.place(order("ada", Side.BUY, 100, 5))
        assert isinstance(record, Placed)
        clock.at_us = NOON_US
        async with asyncio.timeout(5):
            await closed.wait()
        assert seen[1] == Closed(NOON_US, "PHO", NOON_US, (record.order_id,))
        assert floor.stalls == {}


async def test_a_gate_closes_before_a_command_of_the_same_instant(tmp_path: Path) -> None:
    seen: list[Record] = []
    clock = minute_before()
    async with running(Journal(tmp_path / "journal"), clock, seen.extend) as (engine, _):
        await engine.place(order("ada", Side.BUY, 100, 5))
        clock.at_us = NOON_US
        late = await engine.place(order("bob", Side.SELL, 100, 5))
        assert isinstance(late, Turned)
        assert late.code == "CONTRACT_CLOSED"
        assert [type(record) for record in seen] == [Placed, Closed, Turned]


async def test_time_never_runs_backwards_in_the_journal(tmp_path: Path) -> None:
    clock = minute_before()
    async with running(Journal(tmp_path / "journal"), clock) as (engine, _):
        first = await engine.place(order("ada", Side.BUY, 100, 5))
        clock.at_us -= 30_000_000
        second = await engine.place(order("ada", Side.BUY, 100, 5))
    assert second is not None
    assert first.at_us == second.at_us


async def test_a_full_disk_refuses_orders_and_still_lets_them_be_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    async with running(Journal(path), minute_before()) as (engine, _):
        record = await engine.place(order("ada", Side.BUY, 100, 5))
        assert isinstance(record, Placed)
    async with running(FullJournal(path), minute_before()) as (engine, _):
        refused = await engine.place(order("ada", Side.BUY, 100, 5))
        assert isinstance(refused, Turned)
        assert refused.code == "DISK_FULL"
        assert await engine.withdraw("ada", record.order_id) is not None


async def test_a_disk_that_fails_ends_the_engine_and_answers_nobody(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        async with running(BrokenJournal(tmp_path / "journal"), minute_before()) as (engine, _):
            with pytest.raises(Stopped):
                await engine.place(order("ada", Side.BUY, 100, 5))
    assert raised.group_contains(OSError, match="input/output error")
    with pytest.raises(Stopped):
        await engine.place(order("ada", Side.BUY, 100, 5))


async def test_more_commands_than_the_inbox_holds_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "INBOX_MAX", 2)
    journal = GatedJournal(tmp_path / "journal")
    async with running(journal, minute_before()) as (engine, _), asyncio.TaskGroup() as tasks:
        journal.gate.clear()
        tasks.create_task(engine.place(order("ada", Side.BUY, 1, 1)))
        for _ in range(5):
            await asyncio.sleep(0)
        tasks.create_task(engine.place(order("ada", Side.BUY, 2, 1)))
        tasks.create_task(engine.place(order("ada", Side.BUY, 3, 1)))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await engine.place(order("ada", Side.BUY, 4, 1))
        journal.gate.set()


async def test_cancelling_the_engine_while_it_commits_keeps_the_commit_whole(
    tmp_path: Path,
) -> None:
    journal = GatedJournal(tmp_path / "journal")
    async with asyncio.TaskGroup() as tasks:
        async with running(journal, minute_before()) as (engine, _):
            journal.gate.clear()
            waiting = tasks.create_task(_expect_stopped(engine))
            for _ in range(5):
                await asyncio.sleep(0)
            threading.Timer(0.05, journal.gate.set).start()
        await waiting
    (frame,) = journals.read(tmp_path / "journal", 0)
    assert len(frame.records) == 1


async def _expect_stopped(engine: Engine) -> None:
    with pytest.raises(Stopped):
        await engine.place(order("ada", Side.BUY, 1, 1))


@pytest.mark.slow
def test_a_killed_exchange_loses_no_answered_order_and_repeats_no_trade(tmp_path: Path) -> None:
    path, dice, promised = tmp_path / "journal", random.Random(7), list[dict[str, object]]()
    for seed in range(6):
        promised += _trade_until_killed(path, seed, answers=dice.randint(50, 1_500))

    happened = [record for frame in journals.read(path, 0) for record in frame.records]
    placed = {r.order_id: r for r in happened if isinstance(r, Placed)}
    withdrawn = {r.order_id for r in happened if isinstance(r, Withdrawn)}
    answers = [answer for answer in promised if "placed" in answer]
    assert len({answer["placed"] for answer in answers}) == len(answers)
    for answer in answers:
        record = placed[int(str(answer["placed"]))]
        assert json.loads(json.dumps(record.trades)) == answer["trades"]
        assert [record.account, record.client_order_id] == answer["client"]
    assert {int(str(a["withdrawn"])) for a in promised if "withdrawn" in a} <= withdrawn
    trades = [trade.trade_id for record in placed.values() for trade in record.trades]
    assert trades == list(range(1, len(trades) + 1))

    pictures = []
    for _ in range(2):
        with open_floor(path, SetClock(NOON_US)) as (floor, _):
            pictures.append(picture(floor))
    assert pictures[0] == pictures[1]
    assert set(pictures[0]) == {
        (contract().market, NOON_US + n * QUARTER_HOUR_US) for n in range(3)
    }


def _trade_until_killed(path: Path, seed: int, answers: int) -> list[dict[str, object]]:
    """Return what the process had said, up to the last whole line, when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.trading_process", str(path), str(seed)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(answers)]
    process.kill()
    lines += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    return [json.loads(line) for line in lines if line.endswith(b"\n")]
