"""cloud.exchange.writer: an answer is a promise, in turn and in time; no answer, no effect."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.exchange.facts import Closed, Entered, Joined, Listed, Refused
from cloud.exchange.matching.codes import Side
from tests.support.venues import OPENS_US, quarter
from tests.support.writers import (
    GIVEN_UP_S,
    PIT,
    GatedJournal,
    Shown,
    bid,
    in_journal,
    running,
    turns,
)
from wire.clock import SetClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


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
        assert len(venue.desk.orders) == 601, "the venue did not wait for the disk"
        journal.gate.set()
        answers = [(await waiting)[0] for waiting in [first, *later]]
        assert [answer.order_id for answer in answers] == list(range(1, 602))
        assert journal.commits == 2
    assert [len(commit) for commit in in_journal(folder)] == [3, 600]


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


async def test_a_clock_that_is_set_ahead_closes_the_gates_that_it_has_passed(folder: Path) -> None:
    shown, clock = Shown(), SetClock(quarter().closes_us - 3_600_000_000)
    async with running(folder, clock, shown) as (writer, venue, _):
        await writer.ask(bid())
        await turns()  # until it sleeps to the gate, an hour away
        shown.news.clear()
        clock.at_us = quarter().closes_us
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
