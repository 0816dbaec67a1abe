"""The whole system as real processes on free ports: hub, simulated inverter, agent.

Everything lives in one temporary folder and is stopped when the test ends; a process whose
parent dies without a word is ended by the kernel. Logs are shown when a start fails.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support import forked
from tests.support.forked import Running, end_with_parent
from wire.clock import SHIFT_VARIABLE

START_TIMEOUT_S = 30.0
_TRADER_HEADERS = "Authorization"
_TLS = httpx.create_ssl_context()
"""Made once: each client would read all the authorities of the world for itself."""


def free_port() -> int:
    """Return a TCP port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(happened: Callable[[], Any], timeout_s: float, what: str) -> Any:
    """Return what `happened` returns once it is true; real processes leave no other way."""
    deadline_s = time.monotonic() + timeout_s
    while not (result := happened()):
        assert time.monotonic() < deadline_s, f"not within {timeout_s} s: {what}"
        time.sleep(0.05)
    return result


def read_registers(port: int, function: int, address: int, count: int) -> list[int]:
    """Ask a Modbus TCP device (unit 1) with nothing but a socket: no library of ours or others."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, function, address, count))
        answer = b""
        while len(answer) < 9 + 2 * count:
            more = line.recv(300)
            assert more, f"the device hung up after {answer!r}"
            answer += more
            assert answer[7] == function, f"the device refused: {answer!r}"
    return list(struct.unpack(f">{count}H", answer[9 : 9 + 2 * count]))


def write_registers(port: int, address: int, words: list[int]) -> None:
    """Write to a Modbus TCP device (unit 1) as somebody else does: function 16."""
    count = len(words)
    body = struct.pack(f">BBHHB{count}H", 1, 16, address, count, 2 * count, *words)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(struct.pack(">HHH", 1, 0, len(body)) + body)
        answer = line.recv(300)
        assert answer[7:8] == b"\x10", f"the device refused: {answer!r}"


@dataclass(slots=True)
class Box:
    """One site's simulated inverter and agent."""

    site: str
    config: Path
    device_port: int
    page_port: int
    access_code: str


@dataclass(slots=True)
class System:
    """Processes by name, and how to reach the hub."""

    folder: Path
    shift_s: float = 0.0
    start_s_max: float = START_TIMEOUT_S
    hub_port: int = 0
    processes: dict[str, Running] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}"

    @property
    def admin_key(self) -> str:
        return (self.folder / "hub" / "admin.key").read_text().strip()

    def start(self, name: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start ``python -m ARGUMENTS`` under `name`, its output in ``NAME.log``."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment(environment),
                preexec_fn=end_with_parent,
            )
        self.processes[name] = process
        return process

    def kill(self, name: str) -> None:
        """End a process as a power cut would, without a chance to tidy up."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def kill_child(self, name: str, word: str) -> None:
        """End, with SIGKILL, the one child of a process that has `word` on its command line."""
        parent = self.processes[name].pid

        def child() -> str | None:
            """Return its id; one that is just being started has no command line of its own yet."""
            for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                with suppress(OSError):
                    if word in Path(f"/proc/{pid}/cmdline").read_text():
                        return pid
            return None

        os.kill(int(wait_until(child, 10.0, f"{name} has a child with {word!r}")), signal.SIGKILL)

    def stop(self, name: str) -> int:
        """Ask a process to end; return its exit code."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(timeout=15)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start_hub(self, **environment: str) -> None:
        """Start the hub, on the port it had before if it had one, and wait until it answers."""
        self.hub_port = self.hub_port or free_port()
        words = {
            "PHOENYRA_HUB_DATA_DIR": str(self.folder / "hub"),
            "PHOENYRA_HUB_PORT": str(self.hub_port),
            **environment,
        }
        hub = forked.start_hub(["serve"], self._environment(words), self.folder / "hub.log")
        self.processes["hub"] = hub

        def healthy() -> bool:
            assert hub.poll() is None, self.log("hub")
            try:
                return httpx.get(f"{self.hub_url}/healthz", verify=_TLS).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(healthy, self.start_s_max, "the hub answers")

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {**os.environ, SHIFT_VARIABLE: str(self.shift_s), **more}

    def admin(self) -> httpx.Client:
        return self.client(self.admin_key)

    def client(self, key: str) -> httpx.Client:
        headers = {_TRADER_HEADERS: f"Bearer {key}"}
        return httpx.Client(base_url=self.hub_url, headers=headers, timeout=30, verify=_TLS)

    def post(self, path: str, **body: object) -> dict[str, Any]:
        """Post as the administrator; the answer must be a good one."""
        with self.admin() as client:
            answer = client.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return dict[str, Any](answer.json())

    def add_site(
        self,
        site: str,
        account: str,
        *,
        power_kw: int = 100,
        energy_kwh: int = 200,
        fcr_kw: int = 0,
    ) -> None:
        self.post(
            "/api/v1/sites",
            id=site,
            name=site.replace("-", " ").title(),
            account=account,
            power_kw=power_kw,
            energy_kwh=energy_kwh,
            fcr_kw=fcr_kw,
        )

    def trader_key(self, account: str) -> str:
        key: str = self.post("/api/v1/keys", account=account, role="trader")["key"]
        return key

    def start_device(self, name: str, port: int, *arguments: str) -> None:
        """Start a simulated inverter and wait until it listens."""
        device = self.start(
            name,
            "simulators.main",
            "device",
            "reference-inverter",
            *("--port", str(port), "--power-kw", "100", "--capacity-kwh", "200", "--soc", "60"),
            *arguments,
        )

        def listens() -> bool:
            assert device.poll() is None, self.log(name)
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listens, START_TIMEOUT_S, "the simulated inverter listens")

    def add_box(
        self, site: str, *, hub_port: int | None = None, record_period_s: float = 1.0
    ) -> Box:
        """Enrol a gateway for `site` and write its settings; nothing is started yet."""
        enrolled = self.post("/api/v1/gateways", site=site)
        box = Box(
            site=site,
            config=self.folder / f"{site}.toml",
            device_port=free_port(),
            page_port=free_port(),
            access_code="technician-" + site,
        )
        box.config.touch(mode=0o600)
        box.config.write_text(
            f"""
site = "{site}"
site_name = "{site.replace("-", " ").title()}"
data_dir = "{self.folder / site}"

[hub]
url = "http://127.0.0.1:{hub_port or self.hub_port}"
gateway = "{enrolled["gateway"]}"
key_id = "{enrolled["key_id"]}"
secret = "{enrolled["secret"]}"

[page]
port = {box.page_port}
access_code = "{box.access_code}"

[buffer]
commit_period_s = 0.5

[control]
discharge_kw_max = 100
charge_kw_max = 100
record_period_s = {record_period_s}

[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = {box.device_port}
"""
        )
        self.boxes[site] = box
        return box

    def start_agent(self, box: Box) -> subprocess.Popen[bytes]:
        return self.start(f"agent-{box.site}", "agent.main", "run", "--config", str(box.config))

    def newest(self, site: str) -> dict[str, float | None]:
        """Return the newest value of each point of a site, as the hub has it."""
        with self.admin() as client:
            answer = client.get(f"/api/v1/sites/{site}/telemetry/newest")
        assert answer.is_success, answer.text
        return {value["point"]: value["value"] for value in answer.json()["values"]}


@contextmanager
def running_system(
    folder: Path, shift_s: float = 0.0, start_s_max: float = START_TIMEOUT_S
) -> Iterator[System]:
    """Start a hub in `folder`; what a test starts beside it is stopped with it."""
    system = System(folder, shift_s, start_s_max)
    try:
        system.start_hub()
        yield system
    finally:
        for process in system.processes.values():
            process.terminate()
        for process in system.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
