"""Real processes: a second controller latches, the latch outlives control, the page resets it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.profile import load
from tests.support.agents import LoneBox, lone_box
from tests.support.gateway_peer import held_kw
from tests.support.system import wait_until, write_registers

pytestmark = pytest.mark.slow

METER = """
[profile]
id = "meter"
version = 1
source = "a test"
confirmed = true
[link]
protocol = "modbus"
timeout_s = 0.5
max_clients = 4
notation = "wire0"
[watchdog]
kind = "none"
[[point]]
name = "site.power_kw"
kind = "input"
address = 0
type = "int32"
scale = SCALE
rate = "fast"
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


def ask(box: LoneBox, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{box.page_port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer technician-1"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, {}


def latches(box: LoneBox) -> list[str]:
    return [latch["code"] for latch in ask(box, "/api/latches")[1].get("latches", [])]


def runs(box: LoneBox) -> bool:
    picture = ask(box, "/api/picture")[1]
    return '"mode": "automatic"' in json.dumps(picture)


def test_a_second_controller_is_yielded_to_until_somebody_resets_it(box: LoneBox) -> None:
    box.start_inverter()
    box.start_control()
    box.start_gateway()
    wait_until(lambda: runs(box), 30.0, "the box runs")
    setpoint = load("reference-inverter").point("pcs.set_power_kw").address

    fought = 0

    def fight() -> bool:
        """Write now and then: whoever writes all the time is found by I11."""
        nonlocal fought
        beats = ask(box, "/api/picture")[1]["control"]["beats"]
        if beats >= fought + 5 and held_kw(box.device_port) == 0.0:
            fought = beats
            write_registers(box.device_port, setpoint, [0xFFFF, 0xFFFF - 4_999])
        return "I16" in latches(box)

    wait_until(fight, 60.0, "the box yields")
    box.system.kill("control")
    box.start_control()
    wait_until(
        lambda: runs(box) or "I16" in json.dumps(ask(box, "/api/picture")), 20.0, "it is back"
    )
    assert "I16" in latches(box), "a latch outlives control"
    since_us = ask(box, "/api/picture")[1]["latches"][0]["since_us"]
    assert since_us > 0
    box.system.kill("gateway")
    box.start_gateway()
    wait_until(lambda: latches(box) == ["I16"], 30.0, "the gateway is back")
    assert ask(box, "/api/picture")[1]["latches"][0]["since_us"] == since_us
    assert ask(box, "/api/latches/I99/reset", {"who": "Meyer", "reason": "?"})[0] == 404

    def reset() -> bool:
        said = {"who": "Meyer", "reason": "the other one is gone"}
        return ask(box, "/api/latches/I16/reset", said)[0] == 200

    wait_until(reset, 30.0, "it is reset")
    assert latches(box) == []
    wait_until(lambda: held_kw(box.device_port) == 0.0, 20.0, "the box controls again")


@pytest.mark.parametrize(("scale", "code", "text"), [("-0.001", 0, "passed"), ("0.001", 1, "NOT")])
def test_i24_a_self_test_proves_the_sign_or_finds_it_wrong(
    box: LoneBox, tmp_path: Path, scale: str, code: int, text: str
) -> None:
    profile = tmp_path / "meter.toml"
    profile.write_text(METER.replace("SCALE", scale))
    with box.config.open("a") as config:
        config.write(
            f'[[devices]]\nid = "meter"\nkind = "modbus_tcp"\nprofile = "{profile}"\n'
            f'host = "127.0.0.1"\nport = {box.device_port}\n'
            '[control.supervision]\nself_test = "required"\n'
        )
    box.start_inverter()
    box.start_control()
    box.start_gateway()
    wait_until(lambda: runs(box), 30.0, "the box runs")
    done = subprocess.run(
        [sys.executable, "-m", "agent.main", "selftest", "--config", str(box.config)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, text in done.stdout) == (code, True), done.stdout + done.stderr
