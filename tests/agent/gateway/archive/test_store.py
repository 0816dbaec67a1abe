"""agent.gateway.archive.store and agent.archive.reader: what is kept is found again, once."""

import sqlite3
from pathlib import Path

import pytest

from agent.archive.config import ArchiveSettings
from agent.archive.reader import NoArchive, reading
from agent.archive.schema import FILE
from agent.gateway.archive.store import SUSPECT
from agent.status import Reason
from tests.support.archives import SECOND_US, items, reader, row, seconds, store, trace
from tests.support.virtual import EPOCH_US

HOUR_US = 3_600 * SECOND_US
ALL = (EPOCH_US, EPOCH_US + 24 * HOUR_US)


def pieces(folder: Path) -> list[tuple[int, int]]:
    with sqlite3.connect(folder / FILE) as database:
        return database.execute("SELECT open, n FROM pieces ORDER BY t0_us, id").fetchall()


def test_rows_of_a_minute_become_one_piece_and_come_back_in_order(tmp_path: Path) -> None:
    with store(tmp_path) as archive:
        for start in range(0, 130, 5):
            seen = [
                row(s, {"f_hz": 50.0 + s / 1e4, "p_set_kw": 7.0}) for s in range(start, start + 5)
            ]
            archive.keep("b", items(seen, first=start))
        assert pieces(tmp_path) == [(0, 60), (0, 60), (1, 5), (1, 5)]
        with reader(tmp_path) as archived:
            assert seconds(archived.rows(*ALL, ["f_hz"])) == list(range(130))
            (found,) = archived.rows(
                EPOCH_US + 65 * SECOND_US,
                EPOCH_US + 67 * SECOND_US,
                ["f_hz", "p_set_kw", "soc_pct"],
            )
            assert list(found.columns["f_hz"]) == [50.0065, 50.0066]
            assert list(found.columns["p_set_kw"]) == [7.0, 7.0]
            assert list(found.columns["soc_pct"]) == [None, None]


def test_what_control_sends_again_after_a_kill_is_kept_once(tmp_path: Path) -> None:
    sent = items([row(s, {"f_hz": 50.0}) for s in range(10)])
    with store(tmp_path) as archive:
        archive.keep("b", sent[:6])
    with store(tmp_path) as archive:
        archive.keep("b", sent)
        archive.keep("b", sent)
    with reader(tmp_path) as archived:
        assert seconds(archived.rows(*ALL, ["f_hz"])) == list(range(10))


def test_another_run_of_control_counts_from_its_own_beginning(tmp_path: Path) -> None:
    with store(tmp_path) as archive:
        archive.keep("one", items([row(s, {"f_hz": 50.0}, "one") for s in range(10)]))
        archive.keep("two", items([row(s, {"f_hz": 50.0}, "two") for s in range(12, 15)]))
    with reader(tmp_path) as archived:
        found = list(archived.rows(*ALL, ["f_hz"]))
    assert {rows.boot for rows in found} == {"one", "two"}
    assert seconds(iter(found)) == [*range(10), 12, 13, 14]


def test_a_range_begins_with_the_trace_in_force(tmp_path: Path) -> None:
    with store(tmp_path) as archive:
        archive.keep(
            "b",
            items(
                [trace(1.2, Reason("RAMP", "on its way", 3.0)), trace(8), trace(20, mode="safe")]
            ),
        )
    with reader(tmp_path) as archived:
        found = list(archived.traces(EPOCH_US + 5 * SECOND_US, EPOCH_US + 20 * SECOND_US))
    assert [(one.at_us - EPOCH_US) / SECOND_US for one in found] == [1.2, 8.0]
    assert found[0].reasons == (Reason("RAMP", "on its way", 3.0),)


def test_beyond_its_bytes_the_archive_lets_the_oldest_go(tmp_path: Path) -> None:
    small = ArchiveSettings(bytes_max=8 * 1024**2).model_copy(update={"bytes_max": 60_000})
    with store(tmp_path, small) as archive:
        for minute in range(120):
            seen = [row(60 * minute + s, {"f_hz": 50 + (s * 7919 % 97) / 1e4}) for s in range(60)]
            archive.keep("b", items(seen, first=60 * minute))
    with sqlite3.connect(tmp_path / FILE) as database:
        (held,) = database.execute("SELECT sum(length(payload) + 64) FROM pieces").fetchone()
        (counted,) = database.execute("SELECT bytes FROM state").fetchone()
    assert held == counted <= 60_000
    with reader(tmp_path) as archived:
        kept = seconds(archived.rows(*ALL, ["f_hz"]))
    assert kept[-1] == 7_199
    assert kept == list(range(kept[0], 7_200))


def test_what_is_older_than_its_days_goes_once_the_time_is_known(tmp_path: Path) -> None:
    with store(tmp_path, ArchiveSettings(days_max=14)) as archive:
        archive.keep("b", items([row(s, {"f_hz": 50.0}) for s in range(180)]))
        later_us = EPOCH_US + 14 * 24 * HOUR_US + 61 * SECOND_US
        assert archive.expire(None) == 0
        assert archive.expire(later_us) == 1
    with reader(tmp_path) as archived:
        assert seconds(archived.rows(*ALL, ["f_hz"])) == list(range(60, 180))


def test_a_piece_that_the_disk_has_changed_is_left_out_and_counted(tmp_path: Path) -> None:
    with store(tmp_path) as archive:
        archive.keep("b", items([row(s, {"f_hz": 50.0}) for s in range(150)]))
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE pieces SET payload = zeroblob(40) WHERE t0_us = ?", (EPOCH_US,))
    with reader(tmp_path) as archived:
        assert seconds(archived.rows(*ALL, ["f_hz"])) == list(range(60, 150))
        assert archived.damaged == 1


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 500)
    with store(tmp_path) as archive:
        archive.keep("b", items([row(0, {"f_hz": 50.0})]))
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    (tmp_path / f"{FILE}{SUSPECT}").touch()
    with store(tmp_path):
        pass
    with reader(tmp_path) as archived:
        assert archived.span() is None


def test_a_missing_archive_costs_one_line(tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match="there is no archive yet"), reading(tmp_path / FILE):
        pass


def test_reading_goes_on_while_rows_are_written(tmp_path: Path) -> None:
    with store(tmp_path) as archive, reader(tmp_path) as archived:
        archive.keep("b", items([row(s, {"f_hz": 50.0}) for s in range(8_000)]))
        found = archived.rows(*ALL, ["f_hz"])
        read = list(next(found).at_us)
        archive.keep("b", items([row(s, {"f_hz": 50.0}) for s in range(8_000, 8_100)], 8_000))
        for rows in found:
            read += rows.at_us
    assert [(at_us - EPOCH_US) // SECOND_US for at_us in read] == list(range(8_100))
