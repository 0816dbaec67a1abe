"""cloud.exchange.journal_v1: what was committed comes back, whatever its end looks like."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.exchange import journal_v1 as journals
from cloud.exchange.journal_v1 import Journal, JournalUnusable
from cloud.exchange.records_v1 import Record, Turned, Withdrawn


def batch(first: int, size: int = 3) -> list[Record]:
    return [Withdrawn(1_000 + n, "PHO", 0, n, n * 2) for n in range(first, first + size)]


def written(path: Path, batches: int) -> list[Record]:
    journal = Journal(path)
    everything = list[Record](r for frame in journal.recover() for r in frame.records)
    for _ in range(batches):
        more = batch(journal.next_number)
        journal.commit(more)
        everything += more
    journal.close()
    return everything


def recovered(path: Path) -> list[Record]:
    journal = Journal(path)
    try:
        return [record for frame in journal.recover() for record in frame.records]
    finally:
        journal.close()


def test_records_come_back_in_order_and_numbers_go_on(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, 3)
    everything = written(path, 2)
    assert recovered(path) == everything
    frames = list(journals.read(path, 0))
    assert [frame.first for frame in frames] == [1, 4, 7, 10, 13]
    assert list(journals.read(path, frames[1].end, frames[3].end)) == frames[2:4]


def test_text_of_any_language_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    record = Turned(1, "wärme-süd", "№ 7", "PHO", 2, "SITE_LIMIT", "zu viel „Leistung“")
    journal.commit([record])
    journal.close()
    assert recovered(path) == [record]


@settings(max_examples=60)
@given(st.data())
def test_a_commit_torn_anywhere_is_cut_and_all_before_it_stays(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("torn") / "journal"
    kept = written(path, 2)
    safe = path.stat().st_size
    written(path, 1)
    whole = path.read_bytes()
    cut = data.draw(st.integers(safe, len(whole) - 1), label="bytes that reached the disk")
    zeros = data.draw(st.sampled_from([0, len(whole) - cut]), label="zeros behind them")
    path.write_bytes(whole[:cut] + bytes(zeros))

    assert recovered(path) == kept
    assert path.stat().st_size == safe
    assert recovered(path) == kept
    assert len(written(path, 1)) == len(kept) + 3, "it can be written again"


@settings(max_examples=60)
@given(st.data())
def test_a_flipped_bit_before_the_last_commit_stops_the_start(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("flip") / "journal"
    written(path, 2)
    damaged_before = path.stat().st_size
    written(path, 1)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, damaged_before - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)

    with pytest.raises(JournalUnusable):
        recovered(path)
    assert path.read_bytes() == content, "nothing was cut"


def test_a_missing_commit_in_the_middle_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, 3)
    first, second, _ = journals.read(path, 0)
    content = path.read_bytes()
    path.write_bytes(content[: first.end] + content[second.end :])
    with pytest.raises(JournalUnusable, match="record 4 is expected"):
        recovered(path)


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("price;quantity\n")
    with pytest.raises(JournalUnusable, match="no journal"):
        recovered(path)
    assert path.read_text() == "price;quantity\n"


def test_a_journal_of_a_newer_program_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    with monkeypatch.context() as newer:
        newer.setattr(journals, "VERSION", 2)
        written(path, 1)
    with pytest.raises(JournalUnusable, match="version 2"):
        recovered(path)


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    with pytest.raises(JournalUnusable, match="another process"):
        Journal(path)
    journal.close()
    Journal(path).close()


def test_a_journal_in_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="No such file or directory"):
        Journal(tmp_path / "nowhere" / "journal")


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    Journal(path).close()
    assert os.stat(path).st_mode & 0o077 == 0
