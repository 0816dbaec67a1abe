"""Rehearsals: the box's own decisions pass with 300 ms, 500 ms and 1 % noise, and not with less."""

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.main import main
from agent.prequalify import judge, rulesets
from agent.prequalify.main import rehearsal_of
from agent.prequalify.model import Behaviour, GridModel, Noise, UnitModel
from agent.prequalify.rehearsal import rehearse
from agent.settings import load

SETTINGS = """
site = "nordhof"
data_dir = "FOLDER/data"

[control]
discharge_kw_max = 1340
charge_kw_max = 1340
soc_min_pct = 0
soc_max_pct = 100
capacity_kwh = CAPACITY

[[frequency.energy.products]]
product = "fcr_d_up"
rule = "nordic_d_v1_1"

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = 1502
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return written(tmp_path, capacity_kwh=2000)


def written(folder: Path, *, capacity_kwh: float) -> Path:
    path = folder / "site.toml"
    text = SETTINGS.replace("FOLDER", str(folder)).replace("CAPACITY", str(capacity_kwh))
    path.write_text(text)
    return path


def rehearsed(site: Path, ruleset: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Rehearse and return the exit code and the report."""
    folder = site.parent / "reports"
    code = main(
        ["prequalify", ruleset, "--config", str(site), "--rehearse", "--output", str(folder)]
        + list(options)
    )
    (path,) = folder.glob("*.json")
    report: dict[str, Any] = json.loads(path.read_text())["report"]
    return code, report


def verdicts(report: dict[str, Any], test: str) -> dict[str, dict[str, Any]]:
    (found,) = [one for one in report["tests"] if one["id"] == test]
    return {one["code"]: one for one in found["verdicts"]}


@pytest.mark.slow
def test_tennet_steps_and_ramps_pass_with_300_ms_500_ms_and_one_percent_of_noise(
    site: Path,
) -> None:
    options = ("--test", "a", "--test", "f", "--capacity-kw", "1000")
    code, report = rehearsed(site, "tennet", *options)
    assert code == 0
    assert report["passed"]
    found = verdicts(report, "a")
    assert all(one["passed"] and one["aimed"] for one in found.values()), found
    assert found["start"]["value"] <= 2.0
    assert found["half"]["value"] <= 15.0
    assert found["full"]["value"] <= 30.0
    assert found["steady"]["value"] <= 1.0
    assert found["out_strict"]["value"] <= 0.5
    assert 0.98 <= found["slope"]["value"] <= 1.05
    assert verdicts(report, "f")["ramp_lag"]["passed"]


@pytest.mark.slow
def test_the_fast_ramp_of_fcr_d_passes(site: Path) -> None:
    code, report = rehearsed(site, "fcr_d_up", "--test", "fast_ramp", "--capacity-kw", "1000")
    ramp = verdicts(report, "fast_ramp")
    assert code == 0, ramp
    assert ramp["power_7_5"]["value"] >= 0.95
    assert ramp["energy_7_5"]["value"] >= 4.0
    assert ramp["back"]["value"] <= 2.2


@pytest.mark.slow
def test_energy_management_follows_its_equations_to_the_second(tmp_path: Path) -> None:
    """The middle of the test of a limited reservoir: empty enough for both kinds to come."""
    options = argparse.Namespace(
        capacity_kw=1000.0, dead_ms=300.0, lag_ms=500.0, noise_pct=1.0, meter_lag_s=1.0
    )
    ruleset = rulesets.load("fcr_d_up")
    settings = load(written(tmp_path, capacity_kwh=750))
    case, rehearsal = rehearsal_of(settings, ruleset, options, 1_800_000_000_000_000)
    whole = next(trial for trial in ruleset.tests if trial.id == "ler")
    holds = tuple(replace(stage, lasts_s=60.0) for stage in whole.stages[1:4])
    short = replace(whole, stages=holds, start_soc_pct=45.0)
    found = {one.code: one for one in judge.judged(rehearse(rehearsal, short), short, case)}
    assert found["nem_error"].passed, found
    assert found["aem_error"].passed, found
    assert found["nem_charged"].value == 1.0
    assert found["aem_seen"].value == 1.0


@pytest.mark.slow
def test_static_fcr_d_stays_and_is_released_late_slowly_and_with_a_pause(site: Path) -> None:
    options = ("--test", "ramp", "--test", "pause", "--capacity-kw", "1000")
    code, report = rehearsed(site, "fcr_d_up_static", *options)
    ramp = verdicts(report, "ramp")
    assert code == 0, report["tests"]
    assert ramp["static_start"]["value"] <= 2.5
    assert 60.0 <= ramp["release_wait"]["value"] <= 70.0
    assert ramp["release_10"]["value"] <= 2.5
    assert verdicts(report, "pause")["pause_left"]["value"] > 50.0


@pytest.mark.slow
@pytest.mark.parametrize("ruleset", ["fcr_n_d_up", "fcr_n_d_down"])
def test_fcr_n_and_fcr_d_together_deliver_their_sum(site: Path, ruleset: str) -> None:
    code, report = rehearsed(site, ruleset, "--capacity-kw", "500")
    found = verdicts(report, "fast_ramp")
    assert code == 0, found
    assert found["sum"]["aimed"]
    assert found["mode_shift"]["note"] == "absent"


@pytest.mark.slow
def test_what_a_fast_inverter_does_passes_dynamic_moderation_and_a_slow_one_does_not(
    site: Path,
) -> None:
    capacity = ("--capacity-kw", "1000")
    fast = ("--dead-ms", "50", "--lag-ms", "100", "--output", str(site.parent / "fast"))
    assert rehearsed(site, "gb_dm", *capacity)[0] == 1
    options = ["prequalify", "gb_dm", "--config", str(site), "--rehearse", *capacity, *fast]
    assert main(options) == 0


@pytest.mark.slow
def test_what_belongs_into_the_inverter_fails_with_500_ms_of_lag_and_says_what(site: Path) -> None:
    code, report = rehearsed(site, "gb_dc", "--capacity-kw", "1000")
    found = verdicts(report, "steps")
    assert code == 1
    assert found["start"]["passed"]
    assert not found["full"]["passed"]


@pytest.mark.slow
def test_a_report_is_sealed_and_a_product_that_is_not_armed_delivers_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = written(tmp_path, capacity_kwh=100)  # not enough for 15 minutes of 1 MW
    code, report = rehearsed(site, "tennet", "--test", "f", "--capacity-kw", "1000")
    assert code == 1
    assert not report["passed"]
    (page,) = (tmp_path / "reports").glob("*.html")
    key = tmp_path / "data" / "report.key"
    assert key.stat().st_mode & 0o077 == 0
    assert main(["prequalify", "verify", str(page), "--key-file", str(key)]) == 0
    page.write_text(page.read_text().replace("✗", "✓"))
    assert main(["prequalify", "verify", str(page), "--key-file", str(key)]) == 1
    assert "CHANGED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tennis"], "RULESET: 'tennis' is not allowed"),
        (["tennet", "--rehearse", "--test", "z"], "--test: 'z' is not allowed"),
        (["tennet", "--test", "a"], "does not answer"),
    ],
)
def test_what_cannot_begin_says_so_in_one_line(
    site: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    if says == "does not answer":
        (site.parent / "data").mkdir()
        (site.parent / "data" / "access-code").write_text("technician-1")
        site.write_text(site.read_text() + "\n[page]\nport = 9\n")
    assert main(["prequalify", *arguments, "--config", str(site)]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_the_rule_sets_are_listed_with_their_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prequalify", "list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(rulesets.names())
    (static,) = [line for line in listed if line.startswith("fcr_d_up_static ")]
    assert static.endswith(": ramp, endurance, pause")


def test_without_settings_there_is_no_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prequalify", "tennet"]) == 2
    assert "--config" in capsys.readouterr().err


def test_a_setpoint_acts_after_the_dead_time_and_comes_with_the_lag() -> None:
    quiet = Behaviour(noise_share=0.0, efficiency=1.0)
    unit = UnitModel(
        behaviour=quiet, rated_kw=100.0, capacity_kwh=100.0, soc_pct=50.0, noise=Noise()
    )
    unit.tell(100.0, 0.0)
    unit.pass_time(0.0, 0.3)
    assert unit.power_kw == 0.0
    unit.pass_time(0.3, 0.8)
    assert unit.power_kw == pytest.approx(100.0 * (1 - math.exp(-1.0)), rel=1e-6)
    unit.pass_time(0.8, 3600.8)
    assert unit.soc_pct == 0.0


def test_noise_is_repeatable_even_and_within_its_bounds() -> None:
    noise = Noise(3)
    values = [noise.next() for _ in range(10_000)]
    assert values[:3] == [Noise(3).next(), values[1], values[2]]
    assert all(-1.0 <= value <= 1.0 for value in values)
    assert abs(sum(values) / len(values)) < 0.03


def test_the_grid_of_a_rehearsal_wanders_like_a_grid() -> None:
    grid = GridModel()
    hz = [grid.next(1.0) for _ in range(20_000)]
    assert all(49.8 < one < 50.2 for one in hz)
    spread = math.sqrt(sum((one - 50.0) ** 2 for one in hz) / len(hz))
    assert 0.01 < spread < 0.035
