"""cloud.exchange.writer: an answer is a promise, kept through a kill; no answer, no effect seen."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.exchange import writer as writers
from cloud.exchange.facts import Closed, Entered, Fact, Joined, Listed, Refused, Withdrawn
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import Side, State
from cloud.exchange.recovery import recover
from cloud.exchange.venue.commands import Basket, Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Busy, Stopped, Writer
from tests.support.venues import OPENS_US, Pit, quarter
from wire.clock import SetClock

PIT = Pit()
"""Makes entries."""
GIVEN_UP_S = 30


class GatedJournal(Journal):
    """A real journal whose disk is as slow as the test wants."""

    gate = threading.Event()

    def commit(self, facts: Sequence[Fact]) -> None:
        assert self.gate.wait(GIVEN_UP_S)
        super().commit(facts)


class FullJournal(Journal):
    """A real journal on a disk that has no room for new orders."""

    def free_bytes(self) -> int:
        return writers.DISK_FREE_BYTES_MIN - 1


class BrokenJournal(Journal):
    """A journal whose disk fails."""

    def commit(self, facts: Sequence[Fact]) -> None:
        raise OSError("input/output error")


class Shown:
    """What a writer has shown, with the sequence that it said."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.news = asyncio.Event()

    def __call__(self, first: int, facts: Sequence[Fact]) -> None:
        self.facts += facts
        self.news.set()

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if type(fact) is kind]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@asynccontextmanager
async def running(
    folder: Path,
    clock: SetClock | None = None,
    shown: Shown | None = None,
    kind: type[Journal] = Journal,
) -> AsyncIterator[tuple[Writer, Venue, Journal]]:
    """Start a writer on what the last one left; stop it at the end of the block."""
    journal, venue = kind(folder), Venue()
    if isinstance(journal, GatedJournal):
        journal.gate.set()
    try:
        recover(journal, venue)
        writer = Writer(venue, journal, clock or SetClock(OPENS_US), shown or Shown())
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            yield writer, venue, journal
            task.cancel()
    finally:
        journal.close()


def bid(price_ticks: int = 100, steps: int = 5, client_order_id: str = "") -> Entry:
    return PIT.entry("ada", Side.BUY, price_ticks, steps, client_order_id=client_order_id)


def in_journal(folder: Path) -> list[list[Fact]]:
    journal = Journal(folder)
    frames = list(journal.recover())
    journal.close()
    return [list(frame.facts) for frame in frames]


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_an_answer_comes_after_the_commit_that_covers_it(folder: Path) -> None:
    shown = Shown()
    async with (
        running(folder, shown=shown, kind=GatedJournal) as (writer, _, journal),
        asyncio.TaskGroup() as tasks,
    ):
        assert isinstance(journal, GatedJournal)
        journal.gate.clear()
        waiting = tasks.create_task(writer.ask(bid()))
        await turns()
        assert not waiting.done()
        assert shown.facts == []
        assert writer.committed_until == 0
        journal.gate.set()
        (answer,) = await waiting
        assert answer.order_id == 1
        assert [type(fact) for fact in shown.facts] in (
            [Listed, Joined, Entered],
            [Joined, Listed, Entered],
        )
        assert writer.committed_until == len(shown.facts)
        kept = list(shown.facts)
    assert [fact for commit in in_journal(folder) for fact in commit] == kept


async def test_what_comes_during_a_commit_is_decided_meanwhile_and_shares_the_next_one(
    folder: Path,
) -> None:
    async with running(folder, kind=GatedJournal) as (writer, venue, journal):
        assert isinstance(journal, GatedJournal)
        journal.gate.clear()
        first = writer.submit(bid())
        await turns()
        later = [writer.submit(bid(100 + number)) for number in range(600)]
        await turns()
        assert len(venue.desk.orders) > 100, "the venue did not wait for the disk"
        journal.gate.set()
        answers = [(await waiting)[0] for waiting in [first, *later]]
        assert [answer.order_id for answer in answers] == list(range(1, 602))
        assert journal.commits == 4
    assert max(len(commit) for commit in in_journal(folder)) <= writers.BATCH_MAX + 2


async def test_a_repeated_client_order_id_gets_the_first_answer_also_after_a_restart(
    folder: Path,
) -> None:
    new = bid(client_order_id="mine")
    refused = replace(bid(client_order_id="dear"), price_ticks=99_999_999)
    async with running(folder) as (writer, _, journal):
        first, turned = await writer.ask(new), await writer.ask(refused)
        before = journal.next_sequence
        assert await writer.ask(new) == first
        assert journal.next_sequence == before
    async with running(folder) as (writer, venue, _):
        assert await writer.ask(new) == first
        assert await writer.ask(refused) == turned
        assert turned[0].code
        assert len(venue.desk.orders) == 1


async def test_a_repeat_waits_for_the_commit_of_the_first(folder: Path) -> None:
    async with running(folder, kind=GatedJournal) as (writer, _, journal):
        assert isinstance(journal, GatedJournal)
        journal.gate.clear()
        first, repeat = (writer.submit(bid(client_order_id="mine")) for _ in range(2))
        await turns()
        again = writer.submit(bid(client_order_id="mine"))
        await turns()
        assert [repeat.done(), again.done()] == [False, False]
        journal.gate.set()
        assert await first == await repeat == await again


async def test_a_gate_closes_on_time_without_any_command(folder: Path) -> None:
    shown, clock = Shown(), SetClock(quarter().closes_us - 20_000)
    async with running(folder, clock, shown) as (writer, venue, _):
        await writer.ask(bid())
        clock.at_us = quarter().closes_us
        shown.news.clear()
        async with asyncio.timeout(GIVEN_UP_S):
            await shown.news.wait()
        assert shown.of(Closed)
        assert not venue.desk.orders


async def test_a_gate_closes_before_a_command_of_the_same_instant(folder: Path) -> None:
    shown, clock = Shown(), SetClock(quarter().closes_us - 60_000_000)
    async with running(folder, clock, shown) as (writer, _, _):
        await writer.ask(bid())
        clock.at_us = quarter().closes_us
        (late,) = await writer.ask(PIT.entry("bob", Side.SELL, 100, 5))
        assert late.code == "CONTRACT_CLOSED"
    kinds = [type(fact) for fact in shown.facts]
    assert kinds.index(Closed) < kinds.index(Refused)


async def test_time_never_runs_backwards_in_the_journal(folder: Path) -> None:
    clock = SetClock(OPENS_US + 60_000_000)
    async with running(folder, clock) as (writer, _, _):
        (first,) = await writer.ask(bid())
        clock.at_us -= 30_000_000
        (second,) = await writer.ask(bid())
    assert first.at_us == second.at_us


async def test_a_full_disk_refuses_orders_and_still_lets_them_be_deleted(folder: Path) -> None:
    new = bid(client_order_id="mine")
    async with running(folder) as (writer, _, _):
        first = await writer.ask(new)
    shown = Shown()
    async with running(folder, shown=shown, kind=FullJournal) as (writer, _, _):
        (refused,) = await writer.ask(bid())
        assert refused.code == "DISK_FULL"
        assert [a.code for a in await writer.ask(Basket(entries=(bid(), bid())))] == [
            "DISK_FULL"
        ] * 2
        assert await writer.ask(new) == first
        assert shown.facts == []
        (deleted,) = await writer.ask(
            Switch(account="ada", order_id=first[0].order_id, to=State.INACTIVE)
        )
        assert not deleted.code
        assert shown.of(Withdrawn)


async def test_a_disk_that_fails_ends_the_writer_and_answers_nobody(folder: Path) -> None:
    shown = Shown()
    with pytest.raises(ExceptionGroup) as raised:
        async with running(folder, shown=shown, kind=BrokenJournal) as (writer, _, _):
            waiting = [writer.submit(bid()) for _ in range(3)]
            for one in waiting:
                with pytest.raises(Stopped):
                    await one
    assert raised.group_contains(OSError, match="input/output error", depth=2)
    assert shown.facts == []
    with pytest.raises(Stopped):
        writer.submit(bid())


async def test_more_commands_than_the_inbox_holds_are_refused_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "INBOX_MAX", 2)
    async with running(folder) as (writer, _, _):
        waiting = [writer.submit(bid()) for _ in range(2)]
        with pytest.raises(Busy):
            writer.submit(bid())
        for one in waiting:
            await one
        await writer.ask(bid())


async def test_what_no_journal_can_hold_never_comes_to_the_venue(folder: Path) -> None:
    shown = Shown()
    async with running(folder, shown=shown) as (writer, _, _):
        huge = replace(bid(), quantity_steps=10**30)
        for command in (huge, Basket(entries=(bid(), huge))):
            assert {answer.code for answer in await writer.ask(command)} == {"NUMBER_RANGE"}
        missing = Switch(account="ada", order_id=10**30, to=State.INACTIVE)
        assert (await writer.ask(missing))[0].code == "NUMBER_RANGE"
        assert shown.facts == []
        await writer.ask(replace(bid(), text="half a character: \ud83d"))
    assert [fact for commit in in_journal(folder) for fact in commit] == shown.facts


async def test_stopping_the_writer_while_it_commits_keeps_the_commit_whole(folder: Path) -> None:
    async with running(folder, kind=GatedJournal) as (writer, _, journal):
        assert isinstance(journal, GatedJournal)
        journal.gate.clear()
        waiting = [writer.submit(bid()) for _ in range(3)]
        await turns()
        waiting.append(writer.submit(bid()))
        await turns()
        threading.Timer(0.05, journal.gate.set).start()
    for one in waiting:
        with pytest.raises(Stopped):
            await one
    (commit,) = in_journal(folder)
    assert sum(isinstance(fact, Entered) for fact in commit) == 3


async def test_a_client_that_left_does_not_disturb_the_others(folder: Path) -> None:
    async with running(folder, kind=GatedJournal) as (writer, venue, journal):
        assert isinstance(journal, GatedJournal)
        journal.gate.clear()
        left, stays = writer.submit(bid()), writer.submit(bid())
        left.cancel()
        await turns()
        journal.gate.set()
        assert (await stays)[0].order_id == 2
        assert len(venue.desk.orders) == 2


async def test_facts_are_shown_with_their_sequence_and_a_start_goes_on_from_there(
    folder: Path,
) -> None:
    seen: list[tuple[int, int]] = []
    for _ in range(3):
        journal, venue = Journal(folder), Venue()
        recover(journal, venue, lambda first, facts: seen.append((first, len(facts))))
        writer = Writer(venue, journal, SetClock(OPENS_US), lambda *_: None)
        assert writer.committed_until == journal.next_sequence - 1
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(writer.run())
            await writer.ask(bid())
            task.cancel()
        journal.close()
    assert seen == [(1, 3), (1, 3), (4, 1)]
