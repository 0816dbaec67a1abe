"""agent.main: the verbs, and one clear line with exit code 2 for everything that is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

import drivers
from agent.main import main
from tests.support.agents import LoneBox
from tests.support.system import System
from wire.clock import SHIFT_VARIABLE


@pytest.fixture
def config(tmp_path: Path) -> Path:
    box = LoneBox(System(tmp_path))
    box.write_settings()
    return box.config


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line that is said about a wrong call."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_good_settings_are_called_good(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(config)]) == 0
    assert "good; site werk, devices inverter" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("discharge_kw_max = 100", "discharge_kw_max = -1", ["discharge_kw_max", "-1"]),
        ("discharge_kw_max = 100", "discharge_kw_max = 10001", ["discharge_kw_max", "10000"]),
        ("charge_kw_max = 100\n", "charge_kw_max = 100\nsoc_min_pct = 95\n", ["soc_min_pct", "95"]),
        ('site = "werk"', 'site = "Werk Süd"', ["site", "Werk Süd"]),
        ('site = "werk"', 'site = "werk"\nspeed = 3', ["speed"]),
        ("reference-inverter", "nobody", ["profile", "nobody", "reference-inverter"]),
        ('kind = "modbus_tcp"', 'kind = "telepathy"', ["telepathy"]),
        ('data_dir = "', "data_dir = ", ["site.toml"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_in_one_line(
    config: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, named: list[str]
) -> None:
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after, 1))
    line = complaint(capsys, "check", "--config", str(config))
    assert all(word in line for word in named), line


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere.toml" in complaint(capsys, "check", "--config", str(tmp_path / "nowhere.toml"))


def test_a_site_needs_exactly_one_device_that_takes_power(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text()
    device = text[text.index("[[devices]]") :]
    config.write_text(text + device.replace('id = "inverter"', 'id = "second"'))
    line = complaint(capsys, "check", "--config", str(config))
    assert "inverter, second" in line


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ('"battery.soc_pct" = "meter"', "plant.sources.battery.soc_pct: 'meter' is not allowed"),
        ('"battery.soc" = "inverter"', "plant.sources.battery.soc: is not allowed; one of"),
        ('"battery.soc_pct" = "A"', "plant.sources.battery.soc_pct: 'A' is not allowed"),
    ],
)
def test_a_wrong_source_of_a_point_is_named_in_one_line(
    config: Path, sources: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text()
    config.write_text(f"{text}\n[plant]\nsources = {{ {sources} }}\n")
    assert expected in complaint(capsys, "check", "--config", str(config))


def test_a_source_of_a_point_may_be_named(config: Path) -> None:
    text = config.read_text()
    config.write_text(f'{text}\n[plant]\nsources = {{ "battery.soc_pct" = "inverter" }}\n')
    assert main(["check", "--config", str(config)]) == 0


def test_a_shift_of_the_clock_that_is_no_number_is_named(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SHIFT_VARIABLE, "tomorrow")
    assert SHIFT_VARIABLE in complaint(capsys, "check", "--config", str(config))


def test_profiles_are_listed_shown_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "list"]) == 0
    assert "reference-inverter" in capsys.readouterr().out
    assert main(["profile", "show", "reference-inverter"]) == 0
    assert "ac.power_kw" in capsys.readouterr().out
    assert main(["profile", "check", "reference-inverter"]) == 0
    assert "takes a setpoint" in capsys.readouterr().out


def test_a_mistake_in_a_profile_costs_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.toml"
    text = (Path(drivers.__file__).parent / "profiles" / "reference-inverter.toml").read_text()
    path.write_text(text.replace("version = 1", 'version = "one"'))
    assert "mine.toml" in complaint(capsys, "profile", "check", str(path))


@pytest.mark.parametrize("verb", ["run", "control"])
def test_a_process_with_wrong_settings_ends_with_code_2_and_no_traceback(
    config: Path, verb: str
) -> None:
    config.write_text(config.read_text().replace("reference-inverter", "nobody"))
    command = [sys.executable, "-m", "agent.main", verb, "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "nobody" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_too_deep_for_a_socket_is_turned_down_in_one_line(config: Path) -> None:
    text = config.read_text().replace("/data", "/" + "deep" * 30)
    config.write_text(text)
    command = [sys.executable, "-m", "agent.main", "control", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "data_dir" in ended.stderr
    assert ended.stderr.count("\n") == 1
