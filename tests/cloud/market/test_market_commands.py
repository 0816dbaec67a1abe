"""phoenyra-hub market: files taken in and the past filled in, from the command line."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cloud.main import main

OWN = "start_utc,end_utc,series,value,unit\n"
LINE = "2026-01-14T23:00:00Z,2026-01-15T00:00:00Z,price.day_ahead/AT/SDAC,-12.5,EUR/MWh\n"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHOENYRA_HUB_DATA_DIR", str(tmp_path / "hub"))
    monkeypatch.setattr("os.umask", lambda _mask: 0)
    return tmp_path / "hub"


def told(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> tuple[int, str, str]:
    code = main(["market", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_file_is_taken_in_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "january.csv"
    path.write_text(OWN + LINE)
    code, out, _ = told(capsys, ["import", str(path)])
    assert (code, out.splitlines()) == (
        0,
        [
            "january.csv: 1 values new, 0 known before",
            "  file:january/price.day_ahead/AT/3600s/SDAC",
        ],
    )
    assert "0 values new, 1 known before" in told(capsys, ["import", str(path)])[1]


def test_a_wrong_file_costs_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "january.csv"
    path.write_text(OWN + LINE.replace("EUR/MWh", "ct/kWh"))
    for file, words in (
        (path, "line 2: unit: 'ct/kWh'"),
        (tmp_path / "none.csv", "cannot be read"),
    ):
        code, out, err = told(capsys, ["import", str(file)])
        assert (code, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1


def test_the_past_is_filled_in_and_a_second_time_nothing_is_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask = ["backfill", "--source", "simulated", "--series", "price.day_ahead/AT"]
    days = ["--from", "2026-03-28", "--to", "2026-03-30"]
    code, out, _ = told(capsys, [*ask, *days])
    assert code == 0
    assert out.startswith("simulated/price.day_ahead/AT: 3 days, 285 values new"), (
        "one is corrected"
    )
    assert ": 0 days, 0 values new" in told(capsys, [*ask, *days])[1]
    backwards = told(capsys, [*ask, "--from", "2026-03-30", "--to", "2026-03-28"])
    assert backwards[0] == 2
    assert "--to: 2026-03-28 is before --from" in backwards[2]


def test_a_source_without_its_token_says_which_one_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ask = ["backfill", "--source", "entsoe", "--series", "price.day_ahead/AT"]
    code, _, err = told(capsys, [*ask, "--from", "2026-03-28", "--to", "2026-03-30"])
    assert (code, "PHOENYRA_HUB_ENTSOE_TOKEN: is missing" in err) == (2, True)


@pytest.mark.parametrize(
    "wrong", [["--series", "price/AT"], ["--series", "price.day_ahead/XX"], ["--from", "gestern"]]
)
def test_wrong_arguments_name_what_is_allowed(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    usual = {"--source": "smard", "--series": "price.day_ahead/DE-LU", "--from": "2026-03-28"}
    usual |= {"--to": "2026-03-28"} | {wrong[0]: wrong[1]}
    arguments = [part for pair in usual.items() for part in pair]
    with pytest.raises(SystemExit):
        main(["market", "backfill", *arguments])
    assert "is not allowed" in capsys.readouterr().err
