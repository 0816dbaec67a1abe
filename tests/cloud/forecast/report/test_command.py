"""``phoenyra-hub backtest`` as a process: files, one line for what is wrong, resumed to the bit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloud.main import main
from tests.support.own_market import own_market

ROOT = Path(__file__).resolve().parents[4]
OUTPUTS = ("report.json", "report.html", "report.de.html", "forecasts.csv")


def price_file(folder: Path, days: int) -> Path:
    market = own_market(days)
    lines = ["hour,price,load,wind"]
    for day in range(days):
        columns = (market.prices, market.inputs["load"], market.inputs["wind"])
        for hour in range(24):
            cells = ",".join(f"{values[day, hour]:.3f}" for values in columns)
            lines.append(f"{market.on(day)} {hour:02d}:00:00,{cells}")
    path = folder / "own.csv"
    path.write_text("\n".join(lines))
    return path


def backtest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "cloud.main", "backtest", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
    )


@pytest.mark.slow
def test_a_run_is_resumed_and_leaves_the_same_bytes(tmp_path: Path) -> None:
    data = price_file(tmp_path, 50)
    asked = ("--area", "AT", "--data", str(data), "--from", "2020-02-16", "--to", "2020-02-19")
    first = backtest(tmp_path, *asked, "--out", "out")
    assert first.returncode == 0, first.stderr
    assert "AT 2020-02-16 to 2020-02-19: 4 of 4 days scored" in first.stdout
    assert "leakage: none" in first.stdout
    assert "days: 22/22" in first.stderr
    out = tmp_path / "out"
    before = {name: (out / name).read_bytes() for name in OUTPUTS}
    kept = sorted(out.rglob("*.day"))
    for path in kept[1:]:
        path.unlink()
    assert backtest(tmp_path, *asked, "--out", "out").returncode == 0
    assert {name: (out / name).read_bytes() for name in OUTPUTS} == before
    assert json.loads((out / "run.json").read_text())["days_calculated"] == len(kept) - 1
    assert json.loads(before["report.json"])["data"]["holidays"] == 2, "New Year and Epiphany"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--data", "none.csv"], "none.csv: No such file or directory"),
        (["--data", "own.csv", "--from", "2019-01-01"], "--from 2019-01-01 --to 2020-02-09 is not"),
        (["--data", "own.csv", "--to", "2021-01-01"], "within 2020-01-29 to 2020-02-09 is"),
        (["--data", "own.csv", "--inputs", "sun"], "input 'sun' is not allowed; one of load, wind"),
        (["--data", "bad.csv"], "bad.csv: line 2: 'x' is no time"),
        (["--data", "own.csv", "--reference", "bad.csv"], "bad.csv: line 2: 'x' is no time"),
    ],
)
def test_what_is_wrong_costs_one_line(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    price_file(tmp_path, 40)
    (tmp_path / "bad.csv").write_text("t,price\nx,1\n")
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o077)
    os.umask(mask)
    try:
        assert main(["backtest", "--area", "AT", *arguments]) == 2
    finally:
        os.umask(mask)
    said = capsys.readouterr().err
    assert said.startswith("phoenyra-hub: ")
    assert said.count("\n") == 1
    assert line in said
    assert not list(tmp_path.glob("backtest-*"))


def test_a_day_that_is_none_is_refused_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["backtest", "--area", "AT", "--data", "x.csv", "--from", "2020-13-01"])
    assert "'2020-13-01' is not allowed; 2026-11-21 is expected" in capsys.readouterr().err
