"""The box stays small: resident memory of the real processes, read from the system."""

from pathlib import Path

import httpx
import pytest

from bench.edge_poll import DEVICES, device_entry, device_profile
from bench.registers import REGISTERS
from tests.support.agents import LoneBox, lone_box
from tests.support.system import free_port, wait_until

CONTROL_MB_MAX = 48
LARGE_CONTROL_MB_MAX = 96
GATEWAY_MB_MAX = 80
PAGES = 50
BEATS = 100
NEVER = {"beats": 0}
"""Until control has connected the page has no picture of it."""


def resident_mb(box: LoneBox, name: str) -> float:
    status = Path(f"/proc/{box.system.processes[name].pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def log_in(client: httpx.Client) -> None:
    answer = client.post("/login", data={"code": "technician-1"})
    assert answer.status_code == 303, answer.text


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_control_and_gateway_stay_within_their_memory_at_work(tmp_path: Path) -> None:
    with lone_box(tmp_path) as box:
        box.write_settings(hub_port=free_port())
        box.start_inverter()
        box.start_control()
        box.start_gateway()
        with httpx.Client(base_url=f"http://127.0.0.1:{box.page_port}", timeout=10) as client:
            wait_until(lambda: _answers(client), 20, "the page answers")
            log_in(client)
            for _ in range(PAGES):
                assert client.get("/").is_success
            wait_until(
                lambda: (client.get("/api/picture").json()["control"] or NEVER)["beats"] >= BEATS,
                30,
                "control has worked for a while",
            )
        control_mb, gateway_mb = resident_mb(box, "control"), resident_mb(box, "gateway")
    assert control_mb <= CONTROL_MB_MAX
    assert gateway_mb <= GATEWAY_MB_MAX


@pytest.mark.slow
def test_control_stays_small_with_ten_thousand_points_and_the_page_shows_them(
    tmp_path: Path,
) -> None:
    with lone_box(tmp_path) as box:
        ports = [free_port() for _ in range(DEVICES)]
        profile = tmp_path / "rack.toml"
        profile.write_text(device_profile(1.0))
        with box.config.open("a") as settings:
            for number, port in enumerate(ports):
                settings.write(device_entry(number, profile, port))
        box.start_inverter()
        served = (str(tmp_path / "racks.json"), *map(str, ports))
        box.system.start("racks", "bench.registers", *served)
        box.start_control()
        box.start_gateway()
        with httpx.Client(base_url=f"http://127.0.0.1:{box.page_port}", timeout=10) as client:
            wait_until(lambda: _answers(client), 20, "the page answers")
            log_in(client)

            def racks_shown() -> bool:
                values = client.get("/api/picture").json()["values"]
                racks = [v for v in values if v["device"] != "inverter" and v["q"] == "good"]
                return len(racks) == DEVICES * REGISTERS

            wait_until(racks_shown, 30, "every point is shown")
            picture = client.get("/api/picture").json()
        control_mb = resident_mb(box, "control")
    assert picture["control"]["missed"] == 0
    assert control_mb <= LARGE_CONTROL_MB_MAX
