"""cloud.exchange.journal on disks that fail, tear, forget and are full."""

import subprocess
import sys
from pathlib import Path
from random import Random
from shutil import copytree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.journal import Journal
from tests.support.journals import (
    Deceiving,
    FailingCall,
    Forgetful,
    Gone,
    LastCall,
    batch,
    flat,
    opened,
    recovered,
    written,
)
from tests.support.small_disk import NOT_ALLOWED

CALLS = 60
"""System calls of a life that closes two segments."""


@pytest.mark.parametrize("how", ["before", "half", "after"])
@pytest.mark.parametrize("disk", [LastCall, FailingCall])
def test_whatever_system_call_is_the_last_one_nothing_that_was_committed_is_lost(
    tmp_path: Path, disk: type[LastCall], how: str
) -> None:
    before = written(tmp_path / "before", 3)
    for calls in range(1, CALLS):
        folder = tmp_path / f"{calls}"
        copytree(tmp_path / "before", folder)
        promised, offered = list(before), list(before)
        journal = None
        try:
            journal = Journal(folder, None, disk(calls, how), 512)
            list(journal.recover())
            while journal.next_sequence < 60:
                offered += batch(journal.next_sequence)
                journal.commit(batch(journal.next_sequence))
                promised = list(offered)
                journal.prepare()
        except (Gone, OSError, JournalUnusable):
            pass
        finally:
            if journal is not None:
                journal.close()
        found = recovered(folder)
        assert found in (promised, offered), f"call {calls} was the last"
        assert len(written(folder, 1)) == len(found) + 3, "and it goes on"


def test_a_journal_that_failed_once_is_not_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    files = FailingCall(0, "before")
    journal, _ = opened(folder, files=files)
    files.left = 2
    with pytest.raises(OSError, match="Input/output"):
        journal.commit(batch(1))
    with pytest.raises(AssertionError, match="failed once"):
        journal.commit(batch(1))
    journal.close()


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_disk_that_takes_no_writers_number_is_one_clear_line(tmp_path: Path, calls: int) -> None:
    with pytest.raises(JournalUnusable, match=r"journal/fence: .*Input/output error"):
        Journal(tmp_path / "journal", None, FailingCall(calls, "before"))


def test_a_segment_takes_commits_to_its_end_where_there_is_no_room_for_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    files = FailingCall(0, "before")
    journal, _ = opened(folder, files=files)
    while not journal.wants_spare:
        journal.commit(batch(journal.next_sequence))
    commits = journal.commits
    files.left = 2
    journal.prepare()
    assert "no room for the next segment: Input/output error" in caplog.text
    (spare,) = folder.glob("spare-*")
    assert spare.stat().st_size == 0
    while journal.closed_until == 0:
        journal.commit(batch(journal.next_sequence))
        journal.prepare()
    promised = journal.next_sequence - 1
    assert journal.commits > commits + 2
    assert caplog.text.count("no room") == 1
    journal.close()
    assert recovered(folder) == batch(1, promised)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 12))
def test_a_power_cut_loses_nothing_that_was_synced(
    tmp_path_factory: pytest.TempPathFactory, random: Random, commits: int
) -> None:
    folder = tmp_path_factory.mktemp("power") / "journal"
    disk = Forgetful()
    journal, _ = opened(folder, files=disk)
    for _ in range(commits):
        journal.commit(batch(journal.next_sequence, 10))
    promised = journal.next_sequence - 1
    disk.power_ends = True
    with pytest.raises(Gone):
        journal.commit(batch(journal.next_sequence, 40))
    disk.power_cut(random)
    journal.close()
    assert recovered(folder) in (batch(1, promised), batch(1, promised + 40))


def test_a_commit_that_was_read_back_after_a_failed_sync_survives_a_power_cut(
    tmp_path: Path,
) -> None:
    """Once a start has read it, its orders are known and repeats are answered with them."""
    folder, disk = tmp_path / "journal", Deceiving()
    journal, _ = opened(folder, files=disk)
    journal.commit(batch(1))
    disk.fails = True
    with pytest.raises(OSError, match="Input/output"):
        journal.commit(batch(4))
    journal.close()
    journal, frames = opened(folder, files=disk)
    assert flat(frames) == batch(1, 6)
    journal.commit(batch(7))
    journal.close()
    disk.power_cut(folder)
    assert recovered(folder) == batch(1, 9)


def test_a_full_disk_stops_the_writer_and_a_bigger_one_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.small_disk",
            folder,
            "1",
            "tests.support.full_journal",
        ],
        check=False,
        capture_output=True,
        timeout=100,
    )
    if ended.returncode == NOT_ALLOWED:
        pytest.skip("a file system of its own is not allowed to this user")
    assert ended.returncode == 0, ended.stderr
