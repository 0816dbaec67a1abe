"""Publishing over MQTT costs a box only where its site asks for it, and then it reaches a host."""

import asyncio
from pathlib import Path

import pytest

from tests.agent.test_memory import GATEWAY_MB_MAX, resident_mb
from tests.agent.test_opcua_sites import IMPORTS, loaded
from tests.support import mosquitto
from tests.support.agents import LoneBox, lone_box
from tests.support.mqtt_site import driver_at, value_is
from tests.support.system import wait_until

LIBRARIES = {"aiomqtt", "paho", "google"}


def start(box: LoneBox, publish: str = "") -> None:
    box.write_settings()
    with box.config.open("a") as settings:
        settings.write(publish)
    box.start_inverter()
    box.start_control()
    box.start_gateway()
    wait_until(lambda: "begins" in box.system.log("control"), 20, "control works")
    wait_until(lambda: "control is connected" in box.system.log("gateway"), 20, "both work")


@pytest.mark.slow
def test_a_box_that_publishes_nothing_never_loads_the_libraries_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(IMPORTS, "1")
    with lone_box(tmp_path) as box:
        start(box)
        assert {"pymodbus", "uvicorn"} <= loaded(box, "control") | loaded(box, "gateway")
        assert not LIBRARIES & (loaded(box, "control") | loaded(box, "gateway"))


@pytest.mark.slow
@pytest.mark.skipif(not mosquitto.PROGRAM, reason="mosquitto is not installed")
async def test_a_real_box_is_read_by_our_own_host_within_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(IMPORTS, "1")
    profile = tmp_path / "ourselves.toml"
    profile.write_text(
        """
[profile]
id = "ourselves"
version = 1
source = "what the gateway publishes"
confirmed = true
[link]
protocol = "sparkplug"
[[point]]
name = "battery.soc_pct"
metric = "battery.soc_pct"
"""
    )
    async with mosquitto.running(tmp_path) as server:
        with lone_box(tmp_path) as box:
            publish = f'[publish]\nhost = "127.0.0.1"\nport = {server.port}\n'
            publish += "sparkplug = true\nhome_assistant = true\n"
            await asyncio.to_thread(start, box, publish)
            node = {"kind": "sparkplug", "group": "phoenyra", "node": "werk"}
            async with driver_at(
                server.port, profile=str(profile), device="inverter", **node
            ) as driver:
                await value_is(driver, "battery.soc_pct", lambda value: value is not None)
            assert loaded(box, "gateway") >= LIBRARIES
            assert not loaded(box, "control") & LIBRARIES
            gateway_mb = resident_mb(box, "gateway")
    assert gateway_mb <= GATEWAY_MB_MAX, gateway_mb
