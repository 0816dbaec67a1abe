"""deploy/systemd/: units that systemd accepts, that start what exists, and that may do little."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.source import ROOT

FOLDER = ROOT / "deploy" / "systemd"
UNITS = ("phoenyra-control.service", "phoenyra-gateway.service", "phoenyra-hub.service")
INSTALLED = "/opt/phoenyra/bin/"
EXPOSURE_MAX = 18
"""Tenths, as systemd-analyze counts: 0 is locked in, 100 may do anything."""


def settings(unit: str) -> dict[str, list[str]]:
    """Return every key of a unit with its values in order."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / unit).read_text(encoding="utf-8").splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def analyze(tmp_path: Path) -> tuple[str, list[Path]]:
    """The program, and copies of the units whose programs exist."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("the program systemd-analyze is not installed")
    copies = []
    for unit in UNITS:
        text = (FOLDER / unit).read_text(encoding="utf-8")
        copies.append(tmp_path / unit)
        copies[-1].write_text(text.replace(INSTALLED, f"{tmp_path}/"), encoding="utf-8")
    for name in ("phoenyra-agent", "phoenyra-hub"):
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return program, copies


def test_systemd_accepts_every_unit_without_a_word(analyze: tuple[str, list[Path]]) -> None:
    program, copies = analyze
    run = subprocess.run(
        [program, "verify", "--man=no", *map(str, copies)], capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_exposes_little(analyze: tuple[str, list[Path]], unit: str) -> None:
    program, copies = analyze
    (copy,) = [copy for copy in copies if copy.name == unit]
    run = subprocess.run(
        [program, "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", str(copy)],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_says_when_it_is_ready_and_is_watched(unit: str) -> None:
    found = settings(unit)
    assert found["Type"] == ["notify"]
    assert int(found["WatchdogSec"][0]) > 0
    assert found["Restart"] == ["always"]
    assert found["RestartPreventExitStatus"] == ["2"]


@pytest.mark.parametrize("unit", UNITS)
def test_restarts_are_bounded_and_the_bound_can_be_reached(unit: str) -> None:
    found = settings(unit)
    burst, interval_s = int(found["StartLimitBurst"][0]), int(found["StartLimitIntervalSec"][0])
    slowest_death_s = int(found["RestartSec"][0]) + int(found["WatchdogSec"][0])
    assert unit != "phoenyra-control.service" or burst * slowest_death_s < interval_s
    assert burst * int(found["RestartSec"][0]) < interval_s


def test_control_runs_before_everything_else_and_the_others_do_not() -> None:
    control, *others = (settings(unit) for unit in UNITS)
    assert control["CPUSchedulingPolicy"] == ["fifo"]
    assert control["LimitRTPRIO"] == control["CPUSchedulingPriority"] == ["20"]
    for other in others:
        assert "CPUSchedulingPolicy" not in other
        assert other["RestrictRealtime"] == ["yes"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_starts_a_program_of_the_wheel_as_a_user_of_its_own(unit: str) -> None:
    found = settings(unit)
    program = found["ExecStart"][0].split()[0].removeprefix(INSTALLED)
    scripts = re.findall(
        r"^(phoenyra-[a-z]+) = ", (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert program in scripts
    users = (FOLDER / "phoenyra.sysusers").read_text(encoding="utf-8")
    assert re.search(rf"^u {found['User'][0]} ", users, re.MULTILINE)
    assert found["StateDirectory"] == found["User"]


def test_the_gateway_may_ask_the_kernel_about_the_clock_and_may_not_set_it() -> None:
    found = settings("phoenyra-gateway.service")
    assert "ProtectClock" not in found, "it takes the question away along with the answer"
    assert "ProcSubset" not in found, "it hides which run of the machine this is"
    assert found["SystemCallFilter"][-1].split() == ["adjtimex", "clock_adjtime", "clock_adjtime64"]
    assert found["CapabilityBoundingSet"] == [""]
