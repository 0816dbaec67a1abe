"""``doctor`` and ``status`` against real processes: what works is good, what does not is named."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agents import LoneBox, lone_box
from tests.support.system import free_port, wait_until

START_S = 20.0


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        yield box


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneBox]:
    """A box at work, for tests that only look at it."""
    with lone_box(tmp_path_factory.mktemp("working")) as box:
        started(box)
        yield box


def asked(box: LoneBox, *arguments: str, config: Path | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "agent.main", *arguments, "--config", str(config or box.config)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def found(box: LoneBox) -> tuple[int, dict[str, Any]]:
    """Return the doctor's exit code and its findings by subject."""
    code, text = asked(box, "doctor", "--json")
    return code, {finding["subject"]: finding for finding in json.loads(text)}


def started(box: LoneBox) -> None:
    box.start_inverter()
    box.start_control()
    box.start_gateway()
    headers = {"Authorization": "Bearer technician-1"}
    with httpx.Client(headers=headers, timeout=30) as client:

        def works() -> bool:
            try:
                shown = client.get(f"http://127.0.0.1:{box.page_port}/api/picture")
            except httpx.TransportError:
                return False
            control = shown.json()["control"]
            return bool(control and control["mode"] == "automatic")

        wait_until(works, START_S, "the page shows a plant at work")


def test_of_a_box_at_work_all_is_good_and_status_shows_it(working: LoneBox) -> None:
    code, findings = found(working)
    assert code == 0, findings
    assert findings["control"]["verdict"] == "good"
    assert findings["device inverter"]["verdict"] == "good"
    assert findings["hub key"]["verdict"] == "warning"
    code, text = asked(working, "status")
    assert code == 0
    assert "automatic: setpoint 0 kW" in text
    assert "battery.soc_pct" in text


def test_of_a_box_that_is_off_the_device_is_asked_directly(box: LoneBox) -> None:
    box.start_inverter()
    code, findings = found(box)
    assert code == 1
    assert findings["gateway"]["verdict"] == "bad"
    assert findings["control"]["remedy"] == "systemctl status phoenyra-control"
    assert findings["device inverter"]["verdict"] == "good"
    assert "battery.soc_pct" in findings["device inverter"]["text"]
    code, text = asked(box, "status")
    assert code == 1
    assert len(text.splitlines()) == 1


def test_a_dead_device_is_named_with_what_to_do(box: LoneBox) -> None:
    code, findings = found(box)
    assert code == 1
    assert findings["device inverter"]["verdict"] == "bad"
    assert "cable" in findings["device inverter"]["remedy"]


def test_control_keeps_its_devices_to_itself(box: LoneBox) -> None:
    box.start_inverter()
    box.start_control()
    _, findings = found(box)
    assert findings["control"]["verdict"] == "good"
    assert "device inverter" not in findings


def test_a_hub_that_is_not_there_is_named_and_the_secret_is_not(box: LoneBox) -> None:
    box.write_settings(hub_port=free_port())
    code, text = asked(box, "doctor")
    assert code == 1
    assert " FAIL  hub line" in text
    assert "ab" * 16 not in text


def test_a_page_of_somebody_else_is_not_taken_for_the_gateway(
    working: LoneBox, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.touch(mode=0o600)
    other.write_text(working.config.read_text().replace("technician-1", "technician-2"))
    code, text = asked(working, "status", config=other)
    assert code == 1
    assert "another site's gateway" in text


def test_wrong_settings_are_told_before_anything_is_looked_at(box: LoneBox) -> None:
    box.config.write_text("site = 3\n")
    code, text = asked(box, "doctor")
    assert code == 2
    assert "site: 3 is not allowed" in text
