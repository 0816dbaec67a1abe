"""agent.gateway.wear, agent.gateway.reserve: what the disk is given, and what is kept free."""

import os
from pathlib import Path

from agent.gateway.reserve import BYTES, Reserve
from agent.gateway.wear import DAY_S, EARLY_S, Wear, bytes_written


def test_a_day_is_told_at_the_rate_so_far_and_not_before_there_is_one() -> None:
    now_s, written = [100.0], [5_000]
    wear = Wear(lambda: now_s[0], lambda: written[0])
    written[0] += 600
    now_s[0] += EARLY_S - 1
    assert wear.bytes_day() is None
    now_s[0] += 301
    assert wear.bytes_day() == DAY_S


def test_a_kernel_that_does_not_count_says_nothing(tmp_path: Path) -> None:
    assert bytes_written(tmp_path / "io") is None
    (tmp_path / "io").write_text("rchar: 5\n")
    assert bytes_written(tmp_path / "io") is None
    assert Wear(lambda: 0.0, lambda: None).bytes_day() is None


def test_this_process_is_counted() -> None:
    assert bytes_written() is not None


def test_the_reserve_is_there_until_it_is_given_up_and_made_again(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "buffer.reserve")
    assert reserve.make()
    assert os.stat(tmp_path / "buffer.reserve").st_blocks * 512 >= BYTES
    reserve.free()
    assert reserve.spent
    assert not (tmp_path / "buffer.reserve").exists()
    assert reserve.make()


def test_a_folder_that_cannot_be_written_has_no_reserve(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "nowhere" / "buffer.reserve").make()
