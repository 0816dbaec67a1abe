"""cloud.exchange.journal beside another process: followers, and writers that are too late."""

from pathlib import Path

import pytest

from cloud.exchange.journal import reading, segment
from cloud.exchange.journal.errors import Fenced, JournalUnusable
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Follower
from tests.support.journals import (
    batch,
    flat,
    opened,
    recovered,
    written,
)

CALLS = 60
"""System calls of a life that closes two segments."""


def test_a_follower_reads_what_is_committed_and_no_more(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, 5)
    journal, _ = opened(folder)
    follower = Follower(folder)
    seen = flat(follower.read(0, journal.next_sequence - 1, 1_000))
    while journal.next_sequence < 200:
        journal.commit(batch(journal.next_sequence, 4))
        until = journal.next_sequence - 1
        journal.commit(batch(journal.next_sequence, 4))
        seen += flat(follower.read(len(seen), until, 1_000))
        assert len(seen) == until
    assert seen == batch(1, len(seen))
    assert [f.last for f in follower.read(0, 199, 2)] == [3, 6], "it can begin again"
    with pytest.raises(JournalUnusable, match="not there any more"):
        follower.read(journal.next_sequence - 1, journal.next_sequence, 1)
    follower.close()
    journal.close()


def test_the_last_day_is_found_without_reading_the_year(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, 60)
    firsts = [first for first, _ in segment.listed(folder)]
    assert reading.since(folder, 0) == 0
    for at in (1_005, 1_060, 1_180):
        after = reading.since(folder, at)
        assert after + 1 in firsts
        assert after < at - 1_000
    assert reading.since(folder, 5_000) + 1 in firsts[-2:]


def test_an_older_writer_neither_opens_nor_appends(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, _ = opened(folder, fence=7)
    journal.commit(batch(1))
    journal.close()
    with pytest.raises(Fenced, match="writer 7 comes too late; writer 7 had it"):
        Journal(folder, 7)
    with pytest.raises(Fenced):
        Journal(folder, 6)


def test_what_an_older_writer_appends_after_it_lost_the_journal_is_promised_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines on one disk, where a lock holds only on each of them."""
    folder = tmp_path / "journal"
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    for rotates in (False, True):
        older, _ = opened(folder)
        older.commit(batch(older.next_sequence))
        while rotates and not older.wants_spare:
            older.commit(batch(older.next_sequence))
        newer, frames = opened(folder)
        kept = flat(frames)
        assert kept == batch(1, len(kept))
        with pytest.raises(Fenced, match="has taken over"):
            older.commit(batch(older.next_sequence, 30 if rotates else 3))
        newer.commit(batch(newer.next_sequence, 4))
        older.close()
        newer.close()
        assert recovered(folder) == batch(1, len(kept) + 4)


def test_a_segment_that_an_older_writer_made_is_no_part_of_the_journal(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    everything = written(folder, 30)
    (_, path), *_ = segment.listed(folder)
    header = segment.read(path).header._replace(first=40_000, fence=0)
    (folder / segment.name_of(40_000)).write_bytes(segment.encode(header))
    assert recovered(folder) == everything
