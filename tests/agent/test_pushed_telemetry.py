"""POST /api/telemetry through the real processes: from a device's request to control's picture."""

from pathlib import Path

import httpx
import pytest

from tests.support.agents import lone_box
from tests.support.system import wait_until

KEY = "a-key-of-the-seed-device"
PUSH = f"""
[[devices]]
id = "seed"
kind = "push"
profile = "seed-push"
api_key = "{KEY}"
"""


@pytest.mark.slow
def test_what_is_pushed_to_the_gateway_is_a_reading_of_control(tmp_path: Path) -> None:
    with lone_box(tmp_path) as box:
        box.config.write_text(box.config.read_text() + PUSH)
        box.start_inverter()
        box.start_control()
        box.start_gateway()
        page = f"http://127.0.0.1:{box.page_port}"
        with httpx.Client(base_url=page, timeout=10, headers={"X-API-Key": KEY}) as client:
            sign = {"authorization": "Bearer technician-1"}

            def taken() -> bool:
                try:
                    body = {"soc_percent": 61.5, "points": {"meter.power_kw": -3.25}}
                    return client.post("/api/telemetry", json=body).status_code == 202
                except httpx.TransportError:
                    return False

            def shown() -> dict[str, object]:
                taken()
                values = client.get("/api/picture", headers=sign).json()["values"]
                return {value["point"]: value["v"] for value in values if value["device"] == "seed"}

            wait_until(taken, 20, "control takes what is pushed")
            wait_until(lambda: shown().get("battery.soc_pct") == 61.5, 20, "it is on the page")
            assert shown()["meter.power_kw"] == -3.25
            assert client.get("/api/picture").status_code == 401
        logs = box.system.log("gateway") + box.system.log("control")
    assert KEY not in logs
