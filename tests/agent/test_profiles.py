"""agent.profiles: a technician sees what a profile says, and every mistake in it at once."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from agent import profiles
from agent.main import main
from drivers.document import Protocol, names
from drivers.errors import ProfileError

WRONG = """
[profile]
id = "maker-model"
version = "three"
source = "manual 1.0"
[link]
protocol = "modbus"
timeout_s = 99
notation = "modicon"
[watchdog]
kind = "write-refresh"
timeout_s = 0
[control]
start = [["pcs.mode"]]
setpoint = "battery.voltage_v"
[[point]]
name = "pcs.set_power_kw"
kind = "holding"
address = 40010
type = "int33"
access = "read-write"
[[point]]
name = "battery.soc_pct"
kind = "input"
address = 40005
type = "uint16"
[[point]]
name = "battery.voltage_v"
kind = "input"
address = 30005
type = "uint16"
[[point]]
name = "battery.voltage_v"
kind = "input"
address = 30006
type = "uint16"
"""


def written(folder: Path, text: str, name: str = "mine.toml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", names())
def test_every_shipped_profile_is_good_and_can_be_shown(name: str) -> None:
    assert profiles.checked(name).startswith(f"{name}: good; ")
    lines = profiles.shown(name)
    assert name in lines[0]
    assert lines[1].startswith("source: ")
    assert len(lines) > 3
    assert not any("\n" in line for line in lines)


def test_every_shipped_profile_is_listed_with_its_protocol_and_its_source() -> None:
    lines = profiles.listed()
    assert [line.split()[0] for line in lines] == list(names())
    assert "modbus    Phoenyra reference inverter" in "\n".join(lines)


def test_every_protocol_has_a_module_that_explains_its_profiles() -> None:
    assert set(profiles.DESCRIBE) == set(Protocol)
    for place in profiles.DESCRIBE.values():
        module, function = place.split(":")
        assert callable(getattr(import_module(module), function))


def test_what_is_shown_names_place_type_unit_rights_rate_confidence_and_texts() -> None:
    lines = profiles.shown("reference-inverter")
    line = next(line for line in lines if line.startswith("battery.soc_pct"))
    assert line.split() == [
        "battery.soc_pct",
        "input",
        "3",
        "uint16",
        "%",
        "r",
        "fast",
        "confirmed",
    ]
    line = next(line for line in lines if line.startswith("pcs.timeout_s"))
    assert line.split()[-3:] == ["slow", "confirmed,", "flash"]
    texts = "\n".join(profiles.shown("hithium-ess-bms"))
    assert "0 init, 1 charging, 2 discharging, 3 ready" in texts


def test_a_profile_that_waits_for_a_word_of_the_site_says_so() -> None:
    lines = profiles.shown("wstech-pcs")
    assert any("not to be opened yet" in line and "wire0 or modicon" in line for line in lines)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        profiles.checked(written(tmp_path, WRONG))
    lines = caught.value.lines
    told = [line.removeprefix("mine.toml: ").split(":")[0] for line in lines]
    assert told == [
        "profile.version",
        "link.timeout_s",
        "point 1 (pcs.set_power_kw).type",
        "point 2 (battery.soc_pct).address",
        "point 4 (battery.voltage_v).name",
        "watchdog.timeout_s",
        "control.setpoint",
    ]
    assert not any("\n" in line for line in lines)


def test_what_only_follows_from_a_mistake_is_not_told(tmp_path: Path) -> None:
    wrong = WRONG.replace('setpoint = "battery.voltage_v"', 'setpoint = "pcs.set_power_kw"')
    with pytest.raises(ProfileError) as caught:
        profiles.checked(written(tmp_path, wrong))
    assert not any("control" in line for line in caught.value.lines)


def test_the_command_prints_each_mistake_on_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", "check", written(tmp_path, WRONG)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("phoenyra-agent: mine.toml: ") == err.count("\n") == 7


def test_mistakes_of_a_sunspec_profile_are_told_too(tmp_path: Path) -> None:
    changes = '[[point]]\nname = "a.b"\nsunspec = "124.Nothing"\n'
    changes += '[[point]]\nname = "a.c"\nsunspec = "99999.W"\n'
    with pytest.raises(ProfileError) as caught:
        profiles.checked("sunspec-battery", written(tmp_path, changes))
    assert len(caught.value.lines) == 2


def test_a_sites_changes_are_shown_and_checked_with_the_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path, '[[point]]\nname = "battery.status"\nremove = true\n', "site.toml")
    assert main(["profile", "show", "reference-inverter", "--override", good]) == 0
    shown = capsys.readouterr().out
    assert "battery.soc_pct" in shown
    assert "battery.status" not in shown
    bad = written(tmp_path, "[link]\nunit = 256\n", "bad.toml")
    assert main(["profile", "check", "reference-inverter", "--override", bad]) == 2
    line = capsys.readouterr().err
    assert "reference-inverter.toml with bad.toml: link.unit: 256 is not allowed" in line


def test_looking_at_a_profile_of_registers_loads_no_library_of_any_protocol() -> None:
    code = (
        "import sys; from agent import profiles; profiles.shown('reference-inverter');"
        "print([n for n in ('pymodbus', 'asyncua', 'aiomqtt', 'httpx') if n in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"
