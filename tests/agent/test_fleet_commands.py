"""A real hub commands a real box: what is asked over the API happens there, and both say so."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.system import Box, System, running_system, wait_until
from wire.clock import SystemClock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SITE = "werk"
NEAR_KW = 0.1
"""Read back while the last watts of the ramp are still to come."""


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path) as system:
        system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
        system.add_site(SITE, "stadtwerk")
        box = system.add_box(SITE)
        system.start_device("inverter", box.device_port)
        system.start_agent(box)
        wait_until(lambda: state(system)["connected"], 60, "the box has reported")
        yield system


def get(system: System, path: str) -> Any:
    with system.admin() as client:
        answer = client.get(path)
    assert answer.is_success, answer.text
    return answer.json()


def state(system: System) -> dict[str, Any]:
    """Return what the page of the box says."""
    box = system.boxes[SITE]
    with on_page(box) as page:
        try:
            picture: dict[str, Any] = page.get("/api/picture").json()
        except httpx.TransportError:
            return {"connected": False}
    linked = picture["linked"] and picture["control"] is not None
    well = linked and all(device["connected"] for device in picture["devices"])
    return {"connected": well and picture["hub"]["connected"], **picture}


def on_page(box: Box) -> httpx.Client:
    headers = {"Authorization": f"Bearer {box.access_code}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{box.page_port}", headers=headers)


def ask(system: System, kind: str, payload: dict[str, Any], within_s: float = 60) -> dict[str, Any]:
    """Ask over the API; return the command at its end."""
    body = {"sites": [SITE], "kind": kind, "payload": payload, "reason": "a test"}
    (issued,) = system.post("/api/v1/commands", **body)["commands"]
    assert issued.get("id"), issued

    def ended() -> dict[str, Any] | None:
        command: dict[str, Any] = get(system, f"/api/v1/commands/{issued['id']}")
        return command if command["state"] in ("done", "failed", "refused", "expired") else None

    found: dict[str, Any] = wait_until(ended, within_s, f"{kind} comes to its end")
    return found


def alarms(system: System, code: str) -> list[dict[str, Any]]:
    rows = get(system, "/api/v1/alarms")["alarms"]
    return [row for row in rows if row["code"] == code]


def test_what_is_asked_over_the_api_happens_on_the_box(system: System) -> None:
    until_us = SystemClock().now_us() + 600_000_000
    done = ask(system, "setpoint", {"power_kw": -8.0, "until_us": until_us})
    assert done["state"] == "done", done
    assert done["read_back_kw"] == pytest.approx(-8.0, abs=NEAR_KW)

    def followed() -> bool:
        return bool(state(system)["control"]["setpoint_kw"] == -8.0)

    wait_until(followed, 30, "the last step of the ramp is done, too")
    assert ask(system, "mode", {"mode": "standby"})["state"] == "done"
    assert state(system)["control"]["mode"] == "standby"
    assert ask(system, "rotate_key", {})["state"] == "done"
    restarted = ask(system, "restart", {"part": "agent"}, within_s=100)
    assert restarted["state"] == "done", restarted
    wait_until(lambda: state(system)["connected"], 60, "the box is back, with its newer key")

    def stands_by() -> bool:
        return bool(state(system)["control"]["mode"] == "standby")

    wait_until(stands_by, 30, "control has been told again")


def test_settings_pushed_by_the_hub_keep_the_key_that_was_rotated_before(system: System) -> None:
    assert ask(system, "rotate_key", {})["state"] == "done"
    text = system.boxes[SITE].config.read_text()
    faster = text.replace("record_period_s = 1.0", "record_period_s = 0.5")
    assert faster != text
    done = ask(system, "configuration", {"toml": faster, "dry_run": False}, within_s=120)
    assert done["state"] == "done", done
    wait_until(lambda: state(system)["connected"], 60, "the box is back")
    assert system.boxes[SITE].config.read_text() == faster


def test_logs_arrive_and_tell_no_secret(system: System) -> None:
    done = ask(system, "logs", {"hours": 1})
    assert done["state"] == "done", done
    with system.admin() as client:
        bundle = client.get(f"/api/v1/commands/{done['id']}/bundle")
    assert bundle.is_success, bundle.text
    with tarfile.open(fileobj=io.BytesIO(bundle.content), mode="r:gz") as archive:
        assert "phoenyra/settings.toml" in archive.getnames()
    assert system.boxes[SITE].access_code.encode() not in bundle.content


def test_an_alarm_is_the_same_row_on_box_and_hub_also_after_an_outage_of_the_hub(
    system: System,
) -> None:
    system.kill("inverter")
    (row,) = wait_until(lambda: alarms(system, "DEVICE_LOST"), 30, "the hub knows of the alarm")
    system.kill("hub")
    box = system.boxes[SITE]
    with on_page(box) as page:
        seen = page.post(
            f"/api/alarms/{row['id']}/acknowledge", json={"who": "Meyer", "note": "on my way"}
        )
        assert seen.status_code == 200
    system.start_device("inverter", box.device_port)
    wait_until(
        lambda: all(a["cleared_us"] for a in state(system)["alarms"]), 30, "the alarm is over"
    )
    system.start_hub()
    wait_until(lambda: state(system)["connected"], 60, "the hub is back")

    def same() -> bool:
        (there,) = alarms(system, "DEVICE_LOST")
        return bool(there["cleared_at"]) and there["acknowledged_by"] == "Meyer"

    wait_until(same, 60, "the hub has what happened on the box meanwhile")


def test_what_is_acknowledged_at_the_hub_is_acknowledged_on_the_box(system: System) -> None:
    system.kill("inverter")
    (row,) = wait_until(lambda: alarms(system, "DEVICE_LOST"), 30, "the hub knows of the alarm")
    system.post(f"/api/v1/alarms/{row['gateway']}/{row['id']}/acknowledge", note="the fuse")

    def seen() -> bool:
        return any(a["acked_us"] and a["note"] == "the fuse" for a in state(system)["alarms"])

    wait_until(seen, 30, "the box knows who has seen it")
