"""From a code on the hub's command line to the first value: real processes, no key by hand."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.enrol.credentials import KEY_FILE
from tests.support import forked
from tests.support.system import System, free_port, running_system, wait_until

SITE = "werk-sued"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(tmp_path_factory.mktemp("enrol")) as running:
        running.post("/api/v1/accounts", id="stadtwerk")
        running.add_site(SITE, "stadtwerk")
        yield running


def hub_command(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PHOENYRA_HUB_DATA_DIR": str(system.folder / "hub")}
    return forked.hub_command(arguments, environment, system.folder)


def new_code(system: System, *arguments: str) -> str:
    """Add a gateway on the command line and return its code."""
    done = hub_command(
        system, "gateway", "add", "--site", SITE, "--url", system.hub_url, *arguments
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"^code    (\S{4}-\S{4}-\S{4}-\S{4}) ", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    return found[1]


def config(folder: Path, device_port: int, hub: str = "", site: str = SITE) -> Path:
    path = folder / "agent.toml"
    path.write_text(
        f"""
site = "{site}"
data_dir = "{folder / "data"}"
{hub}
[page]
port = {free_port()}

[buffer]
commit_period_s = 0.5

[control]
discharge_kw_max = 100
charge_kw_max = 100

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {device_port}
"""
    )
    return path


def enrol(url: str, code: str, path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent.main", "enrol", url, code, "--config", str(path), *more],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_box_that_has_nothing_but_a_code_is_at_the_hub(system: System, tmp_path: Path) -> None:
    device_port = free_port()
    path = config(tmp_path, device_port)
    code = new_code(system, "--name", "gw-first")
    done = enrol(system.hub_url, code.lower(), path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"enrolled: gateway gw-first of site {SITE}, key gwk-")
    assert stat.S_IMODE((tmp_path / "data" / KEY_FILE).stat().st_mode) == 0o600
    assert json.loads((tmp_path / "data" / KEY_FILE).read_text())["url"] == system.hub_url
    again = enrol(system.hub_url, code, path)
    assert again.stdout == done.stdout, "the first answer may have been lost"
    system.start_device("inverter", device_port)
    system.start("agent", "agent.main", "run", "--config", str(path))
    wait_until(
        lambda: system.newest(SITE).get("battery.soc_pct"), 30, "the box's values are at the hub"
    )
    listed = hub_command(system, "gateway", "list").stdout
    assert re.search(rf"^gw-first {SITE} gwk-[0-9a-f]{{16}} valid$", listed, re.MULTILINE)
    secret = json.loads((tmp_path / "data" / KEY_FILE).read_text())["current"]["secret"]
    assert secret not in listed + done.stdout + done.stderr + system.log("agent")
    system.stop("agent")
    system.stop("inverter")


def test_a_second_box_gets_nothing_for_the_same_code(system: System, tmp_path: Path) -> None:
    code = new_code(system)
    (tmp_path / "other").mkdir()
    first, second = config(tmp_path, 1), config(tmp_path / "other", 1)
    assert enrol(system.hub_url, code, first).returncode == 0
    done = enrol(system.hub_url, code, second)
    assert done.returncode == 1
    assert re.fullmatch(r"phoenyra-agent: \S+: 409 CODE_USED: [^\n]+\n", done.stderr)
    assert not (tmp_path / "other" / "data" / KEY_FILE).exists()


@pytest.mark.parametrize(
    ("url", "code", "hub", "says"),
    [
        ("http://hub.example", "0" * 16, "", "--insecure-http"),
        ("https://127.0.0.1:1", "0" * 16, "", "https://127.0.0.1:1: "),
        ("http://127.0.0.1:1", "0" * 15, "", "16 letters and digits"),
        ("http://127.0.0.1:1/hub", "0" * 16, "", "https://host is expected"),
        ("ftp://127.0.0.1", "0" * 16, "", "https://host is expected"),
        ("http://127.0.0.1:1", "0" * 16, '[hub]\nurl = "https://hub.example"', "hub.url"),
    ],
)
def test_what_is_wrong_costs_one_line(
    tmp_path: Path, url: str, code: str, hub: str, says: str
) -> None:
    done = enrol(url, code, config(tmp_path, 1, hub))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr
    assert code not in done.stderr


def test_a_code_that_nobody_made_and_a_code_for_another_site_give_nothing(
    system: System, tmp_path: Path
) -> None:
    done = enrol(system.hub_url, "0" * 16, config(tmp_path, 1))
    assert "403 CODE_UNKNOWN" in done.stderr
    done = enrol(system.hub_url, new_code(system), config(tmp_path, 1, site="hafen"))
    assert done.returncode == 1
    assert "for site 'werk-sued'; the settings say 'hafen'" in done.stderr
    assert not (tmp_path / "data" / KEY_FILE).exists()


def test_the_hubs_command_line_prints_a_picture_and_revokes(system: System, tmp_path: Path) -> None:
    png = tmp_path / "code.png"
    add = ("gateway", "add", "--site", SITE, "--name", "gw-qr", "--ttl", "30m")
    done = hub_command(system, *add, "--url", "https://hub.example", "--png", str(png))
    assert done.returncode == 0, done.stderr
    assert "phoenyra-agent enrol https://hub.example" in done.stdout
    assert done.stdout.count("█") + done.stdout.count("▀") > 100, "the code as a picture"
    assert png.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(png.stat().st_mode) == 0o600
    assert "gw-qr werk-sued - not enrolled" in hub_command(system, "gateway", "list").stdout
    code = hub_command(system, "gateway", "code", "gw-qr")
    assert re.search(r"^code    \S{19} ", code.stdout, re.MULTILINE)
    assert "--url" in code.stdout, "where the hub is, nobody has said"
    rotate = hub_command(system, "gateway", "rotate", "gw-qr", "--reason", "who left")
    assert rotate.stdout.startswith("gw-qr: cmd-")
    assert hub_command(system, "gateway", "revoke", "gw-qr").returncode == 0
    assert "gw-qr werk-sued - revoked" in hub_command(system, "gateway", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "--site", "none"), "site 'none' is not known"),
        (("code", "none"), "gateway 'none' is not known"),
        (("add", "--site", SITE, "--ttl", "1y"), "1m to 30d is expected"),
        (("add", "--site", "Werk Süd"), "is not allowed"),
        (("add", "--site", SITE, "--url", "hub"), "https://"),
        (
            ("add", "--site", SITE, "--url", "https://hub", "--png", "/no/such/a.png"),
            "No such file",
        ),
    ],
)
def test_the_hubs_command_line_says_what_is_wrong(
    system: System, arguments: tuple[str, ...], says: str
) -> None:
    done = hub_command(system, "gateway", *arguments)
    assert done.returncode == 2
    assert says in done.stderr.splitlines()[-1]
