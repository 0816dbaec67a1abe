"""``phoenyra-agent compliance``: a past period out of the archive by the rule's own indicators."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.main import main
from tests.support.archives import items, row, store
from tests.support.virtual import EPOCH_US
from wire.clock import utc

SETTINGS = """
site = "nordhof"
data_dir = "FOLDER"

[control]
discharge_kw_max = 1250
charge_kw_max = 1250

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = 1502
"""
LASTS_S = 1_800


def hz_at(second: int) -> float:
    return 50.0 + 0.03 * math.sin(second / 40.0) + 0.02 * math.sin(second / 170.0)


def archived(folder: Path, delivered: Callable[[int, float], float | None]) -> Path:
    """Write half an hour of 1 MW of FCR; return the settings file."""
    config = folder / "site.toml"
    config.write_text(SETTINGS.replace("FOLDER", str(folder)))
    rows = []
    for second in range(LASTS_S):
        hz = hz_at(second)
        response_kw = delivered(second, -1000.0 * (hz - 50.0) / 0.2)
        values = {
            "f_hz": hz,
            "f_applied_hz": hz,
            "p_meas_kw": None if response_kw is None else 50.0 + response_kw,
            "p_base_kw": 40.0,
            "p_nem_kw": 10.0,
            "soc_pct": 50.0,
            "cap_armed_mw": 1.0,
        }
        rows.append(row(second, values))
    with store(folder) as archive:
        archive.keep("b", items(rows))
    return config


def judged(config: Path, ends_s: int = LASTS_S) -> tuple[int, dict[str, Any]]:
    """Judge the period; return the exit code and the report, which is empty if there is none."""
    begin, end = (f"{utc(EPOCH_US + s * 1_000_000):%Y-%m-%dT%H:%M:%SZ}" for s in (0, ends_s))
    code = main(["compliance", "tennet", "--config", str(config), "--from", begin, "--to", end])
    found = list((config.parent / "reports").glob("*.json"))
    return code, json.loads(found[0].read_text())["report"] if found else {}


def test_a_period_that_followed_the_curve_kept_the_rule(tmp_path: Path) -> None:
    code, report = judged(archived(tmp_path, lambda _second, wanted_kw: wanted_kw))
    assert code == 0
    assert report["kind"] == "compliance"
    assert report["capacity_kw"] == 1000.0
    (trial,) = report["tests"]
    found = {one["code"]: one for one in trial["verdicts"]}
    assert found["slope"]["value"] == pytest.approx(1.0, abs=0.001)
    assert found["out"]["value"] == 0.0
    assert trial["samples"] == LASTS_S


def test_a_period_that_delivered_too_little_did_not(tmp_path: Path) -> None:
    code, report = judged(archived(tmp_path, lambda _second, wanted_kw: 0.7 * wanted_kw))
    found = {one["code"]: one for one in report["tests"][0]["verdicts"]}
    assert code == 1
    assert not found["slope"]["passed"]


def test_a_second_that_is_not_known_is_no_breach_and_is_not_counted(tmp_path: Path) -> None:
    config = archived(tmp_path, lambda second, wanted: None if second % 10 == 0 else wanted)
    code, report = judged(config)
    assert code == 0
    assert report["tests"][0]["samples"] == LASTS_S * 9 // 10


def test_a_period_without_anything_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = archived(tmp_path, lambda _second, _wanted: None)
    assert judged(config) == (1, {})
    assert "no second of this period" in capsys.readouterr().err


def test_without_an_archive_and_for_too_long_a_period_there_is_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "site.toml"
    config.write_text(SETTINGS.replace("FOLDER", str(tmp_path)))
    assert judged(config) == (1, {})
    assert judged(config, ends_s=8 * 86_400) == (1, {})
    assert "at most a week" in capsys.readouterr().err
