"""cloud.exchange.journal: what was committed comes back, whatever happens to the disk."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange.facts import Fact
from cloud.exchange.journal import frame, reading, segment
from cloud.exchange.journal.errors import Fenced, JournalUnusable
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Follower
from tests.support.journals import (
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


def newest(folder: Path) -> Path:
    return segment.listed(folder)[-1][1]


def test_facts_come_back_in_order_over_many_lives_and_segments(tmp_path: Path) -> None:
    everything: list[Fact] = []
    for _ in range(4):
        everything = written(tmp_path / "journal", 12)
    assert len(everything) == 144
    assert recovered(tmp_path / "journal") == everything
    assert len(segment.listed(tmp_path / "journal")) > 6


def test_a_commit_larger_than_a_segment_has_one_for_itself(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    journal, _ = opened(folder)
    sizes = [3, 500, 3, 700]
    for size in sizes:
        journal.commit(batch(journal.next_sequence, size))
    journal.close()
    assert recovered(folder) == batch(1, sum(sizes))


def test_a_segment_is_full_of_zeros_ahead_and_has_its_true_size_when_it_is_closed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "journal"
    journal, _ = opened(folder)
    assert newest(folder).read_bytes()[segment.HEADER_BYTES :].count(0) == 2_048 - 64
    while len(segment.listed(folder)) < 3:
        journal.commit(batch(journal.next_sequence))
        journal.prepare()
    journal.close()
    *closed, (_, last) = segment.listed(folder)
    assert all(not path.read_bytes().endswith(bytes(64)) for _, path in closed)
    assert last.stat().st_size == 2_048
    assert closed[0][1].stat().st_size <= 2_048


def test_only_what_is_behind_a_sequence_is_read_from_it_on(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    everything = written(folder, 40)
    for after in (0, 1, 7, 60, 119, 120):
        assert recovered(folder, after) == everything[after:]
    with pytest.raises(JournalUnusable, match="fact 121 is known"):
        recovered(folder, 121)


def test_a_clean_end_is_told_apart_from_a_torn_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    written(folder, 2)
    recovered(folder)
    assert "cut" not in caplog.text
    written(folder, 1)
    path = newest(folder)
    content = bytearray(path.read_bytes())
    content[-1000:-990] = b"x" * 10
    path.write_bytes(content)
    assert len(recovered(folder)) == 9
    assert "of a commit that never ended" in caplog.text


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_commit_torn_anywhere_is_cut_and_all_before_it_stays(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("torn") / "journal"
    journal, _ = opened(folder)
    kept = batch(1, 6)
    journal.commit(kept)
    path = newest(folder)
    journal.commit(batch(7))
    journal.close()
    whole = path.read_bytes()
    safe, end = (head.end for head in segment.frames(segment.read(path)))
    end = len(whole[:end].rstrip(b"\0"))  # a byte that is zero is there without being written
    cut = data.draw(st.integers(safe, end - 1), label="bytes that reached the disk")
    zeros = data.draw(st.sampled_from([0, len(whole) - cut]), label="zeros behind them")
    path.write_bytes(whole[:cut] + bytes(zeros))

    assert recovered(folder) == kept
    assert len(written(folder, 1)) == len(kept) + 3, "it can be written again"


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_flipped_bit_before_the_last_commit_stops_the_start(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flip") / "journal"
    written(folder, data.draw(st.integers(2, 30), label="commits"))
    path = data.draw(st.sampled_from([path for _, path in segment.listed(folder)]))
    content = bytearray(path.read_bytes())
    used = [head.end for head in segment.frames(segment.read(path))]
    ends = [segment.HEADER_BYTES, *used]
    at = data.draw(st.integers(0, (ends[-2] if path == newest(folder) else ends[-1]) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)

    with pytest.raises(JournalUnusable):
        recovered(folder)
    assert path.read_bytes() == content, "nothing was cut"


def test_a_missing_segment_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, 40)
    segment.listed(folder)[1][1].unlink()
    with pytest.raises(JournalUnusable, match="the next segment begins with"):
        recovered(folder)
    segment.listed(folder)[0][1].unlink()
    with pytest.raises(JournalUnusable, match="facts 1 to"):
        recovered(folder)


def test_a_segment_of_another_journal_stops_the_start(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    written(ours, 40)
    written(theirs, 40)
    path = segment.listed(ours)[1][1]
    path.write_bytes((theirs / path.name).read_bytes())
    with pytest.raises(JournalUnusable, match="does not belong behind"):
        recovered(ours)


def test_bytes_that_look_like_a_frame_are_none_without_the_salt(tmp_path: Path) -> None:
    """What a member writes into a text, and the power fails while it is on its way."""
    folder = tmp_path / "journal"
    written(folder, 1)
    read = segment.read(newest(folder))
    (first,) = segment.frames(read)
    for salt, is_ours in ((read.header.salt ^ 1, False), (read.header.salt, True)):
        behind = b"torn" + frame.encode(5, batch(5), salt)
        (tmp_path / f"{is_ours}").mkdir()
        path = tmp_path / f"{is_ours}" / newest(folder).name
        path.write_bytes(read.content[: first.end] + behind)
        if is_ours:
            with pytest.raises(JournalUnusable, match="good again at byte"):
                recovered(path.parent)
        else:
            assert recovered(path.parent) == batch(1)


def test_a_file_that_is_no_segment_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, 1)
    path = folder / segment.name_of(9)
    path.write_text("price;quantity\n")
    with pytest.raises(JournalUnusable, match="no journal"):
        recovered(folder)
    assert path.read_text() == "price;quantity\n"


def test_a_journal_of_a_newer_program_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(frame, "VERSION", 3)
        written(tmp_path / "frames", 1)
        newer.setattr(segment, "VERSION", 3)
        written(tmp_path / "segments", 1)
    for name in ("frames", "segments"):
        with pytest.raises(JournalUnusable, match="version 3 is not allowed"):
            recovered(tmp_path / name)


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path / "journal")
    with pytest.raises(JournalUnusable, match="another process"):
        Journal(tmp_path / "journal")
    journal.close()
    Journal(tmp_path / "journal").close()


def test_a_journal_in_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="No such file or directory"):
        Journal(tmp_path / "nowhere" / "journal")


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    written(tmp_path / "journal", 1)
    for path in [tmp_path / "journal", *(tmp_path / "journal").iterdir()]:
        assert os.stat(path).st_mode & 0o077 == 0, path


@pytest.mark.parametrize("how", ["before", "half", "after"])
@pytest.mark.parametrize("disk", [LastCall, FailingCall])
def test_whatever_system_call_is_the_last_one_nothing_that_was_committed_is_lost(
    tmp_path: Path, disk: type[LastCall], how: str
) -> None:
    for calls in range(1, CALLS):
        folder = tmp_path / f"{calls}"
        promised = written(folder, 3)
        offered = list(promised)
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
        assert recovered(folder) == found
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
    assert reading.since(folder, 5_000) == firsts[-2] - 1 or firsts[-1] - 1


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


@pytest.mark.skipif(sys.platform != "linux", reason="needs a mount of its own")
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
        pytest.skip("this system does not let us mount")
    assert ended.returncode == 0, ended.stderr
