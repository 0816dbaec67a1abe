"""cloud.exchange.recovery: the venue is what it was, with a snapshot or without."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from cloud.exchange.facts import Fact, Traded
from cloud.exchange.journal import segment, snapshot
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import Execution, Side, State
from cloud.exchange.recovery import recover, take
from cloud.exchange.snapshots import Snapshots, checked_venue
from cloud.exchange.venue.replay import ReplayDiffers
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Writer
from tests.support.journals import FailingCall
from tests.support.venues import OPENS_US, Pit, quarter
from wire.clock import SetClock

SEGMENT_BYTES = 4_096
GIVEN_UP_S = 100
_EXECUTIONS = (Execution.NON, Execution.NON, Execution.AON, Execution.IOC)


def traded(folder: Path, messages: int, seed: int = 1) -> Venue:
    """Go on with the journal for so many messages of all sorts; return the venue at the end."""
    journal, pit, chance = (
        Journal(folder, segment_bytes=SEGMENT_BYTES),
        Pit(checked_venue()),
        Random(seed),
    )
    recover(journal, pit.venue)
    pit.at_us = max(OPENS_US, pit.venue.desk.last_us)
    pit.step_us = 500_000
    for number in range(messages):
        account = f"trader-{chance.randint(0, 3)}"
        answer = pit.enter(
            account,
            chance.choice((Side.BUY, Side.SELL)),
            chance.randint(-5, 5),
            chance.randint(1, 20),
            chance.choice(_EXECUTIONS),
            of=quarter(number // 50, closes_us=OPENS_US + (number // 50 + 3) * 30_000_000),
            client_order_id=f"{seed}-{number}",
        )
        journal.commit(pit.facts)
        if number % 7 == 0 and answer.state == State.ACTIVE.value:
            pit.switch(answer, account, State.INACTIVE)
            journal.commit(pit.facts)
    journal.close()
    return pit.venue


def recovered(folder: Path) -> Venue:
    journal, venue = Journal(folder, segment_bytes=SEGMENT_BYTES), checked_venue()
    try:
        recover(journal, venue)
    finally:
        journal.close()
    return venue


def test_a_venue_comes_back_the_same_from_facts_alone(tmp_path: Path) -> None:
    venue = traded(tmp_path / "journal", 300)
    assert venue.desk.trades
    assert recovered(tmp_path / "journal").dump() == venue.dump()


def test_a_venue_comes_back_the_same_from_any_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    venue = checked_venue()
    for seed in range(4):
        venue = traded(folder, 100, seed)
        path = take(folder, checked_venue())
        assert path is not None
        found = snapshot.newest(folder, venue.dump()["version"])
        assert found is not None
        assert path.stem == f"{found.sequence:020d}"
        assert recovered(folder).dump() == venue.dump()
    assert len(snapshot.listed(folder)) == snapshot.KEPT
    for _, old in segment.listed(folder)[:2]:
        old.unlink()
    assert recovered(folder).dump() == venue.dump(), "what a snapshot knows is not read again"


def test_a_snapshot_is_only_taken_of_what_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    traded(folder, 100)
    assert take(folder, checked_venue()) is not None
    assert take(folder, checked_venue()) is None


def test_snapshots_that_cannot_be_used_are_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    traded(folder, 100)
    take(folder, checked_venue())
    venue = traded(folder, 100, 2)
    take(folder, checked_venue())
    older, newer = snapshot.listed(folder)
    content = bytearray(newer.read_bytes())
    content[len(content) // 2] ^= 1
    newer.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert recovered(folder).dump() == venue.dump()
    assert f"{newer} is passed over: it is damaged" in caplog.text
    older.write_bytes(b"")
    assert recovered(folder).dump() == venue.dump()
    assert f"{older} is passed over: it is too short" in caplog.text


def test_a_snapshot_of_another_program_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "journal"
    venue = traded(folder, 100)
    with monkeypatch.context() as other:
        other.setattr("cloud.exchange.venue.snapshot.VERSION", 99)
        take(folder, checked_venue())
    assert recovered(folder).dump() == venue.dump()
    assert "its state is of version 99" in caplog.text


def test_a_snapshot_that_is_ahead_of_the_journal_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    traded(folder, 200)
    take(folder, checked_venue())
    for _, path in segment.listed(folder)[3:]:
        path.unlink()
    with pytest.raises(JournalUnusable, match="is known; bring back the files"):
        recovered(folder)


@pytest.mark.parametrize("calls", range(1, 7))
@pytest.mark.parametrize("how", ["before", "half", "after"])
def test_a_snapshot_that_fails_leaves_the_others_as_they_were(
    tmp_path: Path, calls: int, how: str
) -> None:
    folder = tmp_path / "journal"
    traded(folder, 60)
    take(folder, checked_venue())
    venue = traded(folder, 60, 2)
    with suppress(OSError):
        take(folder, checked_venue(), FailingCall(calls, how))
    assert recovered(folder).dump() == venue.dump()
    take(folder, checked_venue())
    assert not list(folder.glob("*.snapshot-tmp"))


def test_a_journal_that_says_what_cannot_have_happened_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    traded(folder, 10)
    journal = Journal(folder)
    list(journal.recover())
    journal.commit([Traded(OPENS_US + 1, 999, 1, 100, 5, 1, 2, 1, 2, Side.SELL, False)])
    journal.close()
    with pytest.raises(ReplayDiffers, match="the journal says Traded"):
        recovered(folder)


async def test_snapshots_are_taken_while_the_writer_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, venue, pit = Journal(folder, segment_bytes=SEGMENT_BYTES), checked_venue(), Pit()
    recover(journal, venue)
    snapshots = Snapshots(folder, facts_min=40)

    def committed(first: int, facts: Sequence[Fact]) -> None:
        snapshots.look(journal.closed_until)

    writer = Writer(venue, journal, SetClock(OPENS_US), committed)
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(GIVEN_UP_S):
        started = [tasks.create_task(writer.run()), tasks.create_task(snapshots.run())]
        answered = 0
        while len(snapshot.listed(folder)) < snapshot.KEPT:
            order = pit.entry("ada", Side.BUY, answered % 40, 1, client_order_id=f"{answered}")
            await writer.ask(order)
            answered += 1
        await writer.ask(pit.entry("ada", Side.SELL, 20, 3))
        for task in started:
            task.cancel()
    journal.close()
    assert answered > 40
    assert recovered(folder).dump() == venue.dump()


async def test_a_snapshot_that_cannot_be_taken_is_reported_and_the_writer_not_concerned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    traded(folder, 200)
    path = segment.listed(folder)[0][1]
    path.write_bytes(b"x" + path.read_bytes()[1:])
    assert not await Snapshots(folder).take()
    assert "no snapshot was taken" in caplog.text
    assert "this is no journal" in caplog.text
