"""cloud.exchange.writer at its limits: full and broken disks, full inbox, numbers, an end."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.exchange import writer as writers
from cloud.exchange.facts import Entered, Withdrawn
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import State
from cloud.exchange.recovery import recover
from cloud.exchange.venue.commands import Basket, Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Busy, Stopped, Writer
from tests.support.venues import OPENS_US
from tests.support.writers import (
    BrokenJournal,
    FullJournal,
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
