"""agent.gateway.machine: what the kernel says of the clock and of this run of the machine."""

from pathlib import Path

import pytest

from agent.gateway import machine
from agent.gateway.machine import boot_id, error_us, synchronised, this_machine
from wire.clock import SystemClock


def test_the_kernel_names_this_run_of_the_machine() -> None:
    assert boot_id() == boot_id()
    assert len(boot_id()) == 36


def test_where_the_kernel_hides_it_no_two_runs_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "BOOT_ID", tmp_path / "nothing")
    assert boot_id() != boot_id()


def test_the_kernel_answers_and_a_clock_that_is_moved_is_kept_by_nobody() -> None:
    assert synchronised() in (True, False)
    assert this_machine(SystemClock()).synchronised() == synchronised()
    assert not this_machine(SystemClock(shift_us=1)).synchronised()


def test_what_the_kernel_is_kept_to_is_a_number_or_nobody_says() -> None:
    said_us = error_us()
    assert said_us is None or said_us > 0
