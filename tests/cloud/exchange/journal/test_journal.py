"""cloud.exchange.journal: what was committed comes back, whatever happens to the disk."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange.facts import Fact
from cloud.exchange.journal import frame, segment, snapshot
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.journal import Journal
from tests.support.journals import (
    batch,
    opened,
    recovered,
    written,
)

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


def test_copies_under_names_of_their_own_are_no_part_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    facts = written(folder, 1)
    first = folder / segment.name_of(1)
    (folder / f"{first.stem} (copy){segment.SUFFIX}").write_bytes(first.read_bytes())
    (folder / "1 old.snapshot").write_text("a snapshot of somebody's")
    assert recovered(folder) == facts
    assert not snapshot.listed(folder)


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
