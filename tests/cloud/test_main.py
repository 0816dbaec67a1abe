"""cloud.main as a process: one line for what is wrong, a clean end, nothing lost."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.forked import hub_command
from tests.support.system import System, free_port, running_system, wait_until

PASSWORD = "geheim"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path) as running:
        yield running


def environment_of(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PHOENYRA_HUB_DATA_DIR": str(folder),
        "PHOENYRA_HUB_PORT": "0",
    }


def command(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Do what the command does, in a process that is forked from one that has imported it."""
    return hub_command(arguments, environment_of(folder) | more, folder.parent)


def typed(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command itself, as a person types it; a warning would be an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "cloud.main", *arguments],
        env=environment_of(folder) | more,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_first_start_leaves_a_key_that_only_we_may_read(system: System) -> None:
    path = system.folder / "hub" / "admin.key"
    assert path.stat().st_mode & 0o777 == 0o600
    with system.admin() as client:
        assert client.get("/api/v1/me").json()["role"] == "admin"
    log = system.log("hub")
    assert str(path) in log
    assert system.admin_key not in log
    secrets = [p.name for p in (system.folder / "hub").iterdir() if p.stat().st_mode & 0o077]
    assert secrets == [], "nobody else may read these"


def test_a_hub_that_is_killed_comes_back_with_all_it_acknowledged(system: System) -> None:
    system.post("/api/v1/accounts", id="stadtwerk")
    system.add_site("werk-sued", "stadtwerk")
    key = system.trader_key("stadtwerk")
    system.kill("hub")
    system.start_hub()
    with system.client(key) as client:
        assert [site["id"] for site in client.get("/api/v1/sites").json()["sites"]] == ["werk-sued"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_that_is_told_to_stop_ends_well_and_without_a_complaint(
    system: System, end: signal.Signals
) -> None:
    hub = system.processes["hub"]
    with system.admin() as client:
        assert client.get("/api/v1/sites").status_code == 200
        hub.send_signal(end)
        assert hub.wait(timeout=15) == 0
    log = system.log("hub")
    assert "Traceback" not in log
    assert "ERROR" not in log
    assert "WARNING" not in log


def test_systemd_hears_when_the_hub_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(30)
        system = System(tmp_path, hub_port=free_port())
        hub = system.start(
            "hub",
            "cloud.main",
            "serve",
            PHOENYRA_HUB_DATA_DIR=str(tmp_path / "hub"),
            PHOENYRA_HUB_PORT=str(system.hub_port),
            NOTIFY_SOCKET=str(tmp_path / "notify"),
            WATCHDOG_USEC="400000",
        )
        heard = [line.recv(100).decode() for _ in range(4)]
        hub.terminate()
        while heard[-1] != "STOPPING=1":
            heard.append(line.recv(100).decode())
        assert hub.wait(timeout=15) == 0, system.log("hub")
    assert heard.count("READY=1") == 1
    assert heard.count("WATCHDOG=1") >= 2


def test_a_second_hub_in_the_same_folder_is_refused(system: System) -> None:
    second = command(system.folder / "hub", "serve")
    assert second.returncode == 2
    assert second.stderr.splitlines() == [
        f"phoenyra-hub: data_dir: another hub is at work in {system.folder / 'hub'}"
    ]


def test_a_port_that_is_taken_costs_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = typed(tmp_path, "serve", PHOENYRA_HUB_PORT=str(port))
    assert ended.returncode == 2
    assert ended.stderr == (
        f"phoenyra-hub: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    )


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("PHOENYRA_HUB_PORT", "http", "PHOENYRA_HUB_PORT: 'http' is not allowed; "),
        ("PHOENYRA_HUB_COLOUR", "red", "PHOENYRA_HUB_COLOUR: no such setting; known are "),
        (
            "PHOENYRA_HUB_DATABASE_URL",
            f"mysql://u:{PASSWORD}@h/d",
            "database: 'mysql' is not allowed; ",
        ),
        ("PHOENYRA_HUB_HOST", "192.0.2.1", "cannot listen on 192.0.2.1:0: "),
        ("PHOENYRA_CLOCK_SHIFT_S", "noon", "PHOENYRA_CLOCK_SHIFT_S: 'noon' is not allowed; "),
        ("PHOENYRA_HUB_DATA_DIR", "/dev/null/x", "data_dir: /dev/null/x cannot be used; "),
    ],
)
def test_a_wrong_setting_costs_one_line_and_exit_code_2(
    tmp_path: Path, setting: str, value: str, said: str
) -> None:
    ended = command(tmp_path, "serve", **{setting: value})
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"phoenyra-hub: {said}")
    assert ended.returncode == 2
    assert PASSWORD not in line


def test_keys_are_made_listed_and_revoked_beside_a_running_hub(system: System) -> None:
    folder = system.folder / "hub"
    made = command(folder, "key", "add", "--account", "handel", "--role", "trader")
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    with system.client(key) as client:
        assert client.get("/api/v1/me").json()["account"] == "handel"
        key_id = key.split("_")[1]
        assert f"{key_id} handel trader valid" in command(folder, "key", "list").stdout
        assert command(folder, "key", "revoke", key_id).returncode == 0
        revoked = 401  # after a moment: the hub looks a key up once a second
        wait_until(lambda: client.get("/api/v1/me").status_code == revoked, 30, "it is revoked")
    assert f"{key_id} handel trader revoked" in command(folder, "key", "list").stdout


def test_keys_made_and_revoked_on_the_command_line_are_in_the_audit_log(system: System) -> None:
    folder = system.folder / "hub"
    add = ("key", "add", "--account", "handel", "--role", "trader")
    first, second = (command(folder, *add).stdout.strip().split("_")[1] for _ in range(2))
    command(folder, "key", "revoke", first)
    assert command(folder, "key", "revoke", "000000000000").returncode == 2
    with system.admin() as client:
        log = client.get("/api/v1/audit", params={"key_id": "command line"}).json()["audit"]
    assert [(row["action"], row["subject"], row["result"]) for row in reversed(log)] == [
        ("account.create", "account handel", ""),
        ("key.create", f"key {first}", "trader of handel"),
        ("key.create", f"key {second}", "trader of handel"),
        ("key.revoke", f"key {first}", ""),
    ]


def test_a_key_command_that_cannot_work_costs_one_line(tmp_path: Path) -> None:
    ended = typed(tmp_path, "key", "revoke", "000000000000")
    assert (ended.returncode, ended.stderr) == (
        2,
        "phoenyra-hub: key '000000000000' is not known\n",
    )
    for wrong in (("--account", "A B", "--role", "trader"), ("--account", "a", "--role", "king")):
        ended = command(tmp_path, "key", "add", *wrong)
        assert ended.returncode == 2
        assert "Traceback" not in ended.stderr


def test_a_page_that_is_open_does_not_hold_up_the_end(system: System) -> None:
    """An idle kept connection and a request that never becomes one."""
    with socket.create_connection(("127.0.0.1", system.hub_port)) as idle, system.admin() as client:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost:")
        assert client.get("/healthz").status_code == 200
        assert system.stop("hub") == 0


def test_healthz_answers_everybody(system: System) -> None:
    answer = wait_until(lambda: httpx.get(f"{system.hub_url}/healthz"), 5, "an answer")
    assert answer.json() == {"status": "ok"}
