"""`simulators.demo`: a newcomer's first look starts, shows, stops cleanly and goes on later."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from simulators import demo
from simulators.demo_world import SITES, Ports
from tests.support.simulators import ended
from tests.support.system import wait_until

START_S = 60.0
PROGRAMS = 10
"""Hub, market, 2 inverters, 2 agents of 3 processes."""


class Started:
    """A demonstration in a process of its own, read line by line."""

    def __init__(self, data: Path, base: int, *more: str) -> None:
        self.said = ""
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "simulators.demo", "--no-browser", "--data", str(data)),
                *("--port-base", str(base), *more),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.children: list[int] = []

    def until(self, text: str) -> None:
        """Read on until a line with `text`; all programs then running are remembered."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line
            if text in line:
                self.children = descendants(self._process.pid)
                return
        raise AssertionError(f"it ended without saying {text!r}:\n{self.said}")

    def until_there_are(self, programs: int) -> None:
        """Wait for so many programs; they are remembered."""

        def there_are() -> bool:
            self.children = descendants(self._process.pid)
            return len(self.children) >= programs

        wait_until(there_are, START_S, f"{programs} programs")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Read no further."""
        assert self._process.stdout is not None
        self._process.stdout.close()

    def code(self) -> int:
        """Wait for the end; return the exit code."""
        assert self._process.stdout is not None
        if not self._process.stdout.closed:
            self.said += self._process.communicate(timeout=START_S)[0]
        self._process.wait(timeout=START_S)
        return self._process.returncode

    def orphans(self) -> list[int]:
        """Return the programs that still run, after at most a moment."""
        left = []
        for child in self.children:
            try:
                handle = os.pidfd_open(child)
            except ProcessLookupError:
                continue
            if not select.select([handle], [], [], 3.0)[0]:
                left.append(child)
            os.close(handle)
        return left

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture
def base() -> int:
    """A port base of which all ports are free now, below those that outgoing connections take."""
    for candidate in range(11_000 + os.getpid() % 100 * 100, 32_000, 600):
        if all(is_free(port) for port in Ports(candidate).named()):
            return candidate
    raise AssertionError("no free ports")


@pytest.fixture
def demos(tmp_path: Path, base: int) -> Iterator["Demos"]:
    """Starts on a folder of their own."""
    with started_on(tmp_path / "data", base) as demos:
        yield demos


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that start after start uses: its market's history is told only once."""
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture
def whole(data: Path, base: int) -> Iterator["Demos"]:
    """Starts on the folder that is kept."""
    with started_on(data, base) as demos:
        yield demos


@contextmanager
def started_on(data: Path, base: int) -> Iterator["Demos"]:
    demos = Demos(data, base)
    try:
        yield demos
    finally:
        for started in demos.started:
            started.end()


class Demos:
    """Starts on one folder."""

    def __init__(self, data: Path, base: int) -> None:
        self.data = data
        self.base = base
        self.started: list[Started] = []

    def start(self, *more: str) -> Started:
        self.started.append(Started(self.data, self.base, *more))
        return self.started[-1]

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.data.glob("logs/*.log")))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def descendants(pid: int) -> list[int]:
    """Return the processes below this one."""
    found = []
    with suppress(OSError):  # it may end meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_it_shows_where_to_look_ends_by_itself_and_the_next_start_goes_on_with_the_same_log_ins(
    whole: Demos,
) -> None:
    demo = whole.start("--fresh", "--minutes", "0.1")
    demo.until("Stop with")
    assert len(demo.children) >= PROGRAMS
    demo.until("EUR/MWh")
    assert demo.code() == 0, demo.said
    assert demo.orphans() == []
    for port in (whole.base, whole.base + 81, whole.base + 82):
        assert f"http://127.0.0.1:{port}" in demo.said
    assert re.search(r"API key +pho_\w+", demo.said)
    assert len(re.findall(r"access code +\w{8}", demo.said)) == len(SITES)
    assert "Werk Süd" in demo.said
    assert "stopping" in demo.said
    for trouble in ("Traceback", "ERROR", "CRITICAL"):
        assert trouble not in whole.logs()

    again = whole.start()
    again.until("Stop with")
    again.send(signal.SIGINT)
    assert again.code() == 0, again.said
    assert again.orphans() == []
    first, second = (re.findall(r"pho_\w+|access code +\w+", one.said) for one in (demo, again))
    assert first == second
    assert len(first) == 1 + len(SITES)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_killed_without_a_word_it_leaves_nobody_behind(whole: Demos) -> None:
    demo = whole.start()
    demo.until("starting two agents and the market")
    demo.until_there_are(PROGRAMS)
    demo.send(signal.SIGKILL)
    demo.code()
    assert demo.orphans() == []


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_program_that_dies_is_named_and_everything_else_is_stopped(whole: Demos) -> None:
    demo = whole.start()
    demo.until("Stop with")
    (hub,) = (pid for pid in demo.children if b"cloud.main" in command_line(pid))
    os.kill(hub, signal.SIGKILL)
    assert demo.code() == 1, demo.said
    (line,) = [line for line in demo.said.splitlines() if line.startswith("demo: hub ended")]
    assert line == f"demo: hub ended with code -9 (Killed); see {whole.data / 'logs' / 'hub.log'}"
    assert "Traceback" not in demo.said
    assert demo.orphans() == []


@pytest.mark.slow
def test_whoever_reads_no_further_ends_it(whole: Demos) -> None:
    demo = whole.start()
    demo.until("starting the hub")
    demo.hang_up()
    assert demo.code() == 0
    assert demo.orphans() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_to_be_stopped_during_the_start_is_clean_too(demos: Demos, number: signal.Signals) -> None:
    demo = demos.start()
    demo.until("starting the hub")
    demo.send(number)
    assert demo.code() == 0, demo.said
    assert "Traceback" not in demo.said
    assert demo.orphans() == []


def test_taken_ports_are_named_with_a_way_out(demos: Demos) -> None:
    taken = [socket.create_server(("127.0.0.1", demos.base + n)) for n in (0, 82)]
    with taken[0], taken[1]:
        demo = demos.start()
        assert demo.code() == 2
    assert demo.said.count("\n") == 1
    assert f"port {demos.base} (hub), {demos.base + 82} (page of Hafen)" in demo.said
    assert "--port-base" in demo.said


def test_a_mistake_costs_one_line_and_exit_code_2(demos: Demos) -> None:
    demo = demos.start("--colour", "red")
    assert demo.code() == 2
    assert demo.said.count("\n") == 1
    assert "--colour" in demo.said


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--minutes", "soon", "'soon' is not allowed; a number from 0.1"),
        ("--port-base", "80", "'80' is not allowed; a whole number from 1024"),
        ("--data", "/dev/null", "/dev/null cannot be used"),
    ],
)
def test_every_mistake_is_named_with_what_is_allowed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, value: str, named: str
) -> None:
    options = ["--no-browser", "--data", str(tmp_path / "data"), option, value]
    code, said = ended(capsys, demo.main, *options)
    assert code == 2
    assert said.count("\n") == 1
    assert named in said
