"""agent.scada.opcua: the plant for a SCADA, for readers who sign in, and never to be written."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.scada import opcua
from agent.scada.config import ScadaSettings
from agent.scada.values import Shown
from drivers.base import Driver, PowerSetter
from drivers.errors import DeviceRefused
from drivers.opcua.config import OpcUaConfig
from drivers.registry import open_driver
from tests.support.opcua_peer import quality_is, readings, unreachable, value_is
from tests.support.patience import eventually
from tests.support.system import free_port
from wire.block import Quality
from wire.clock import SystemClock

PASSWORD = "read-the-plant"
PROFILE = """
[profile]
id = "scada"
version = 1
source = "our own server"
confirmed = true
[link]
protocol = "opcua"
namespace = "urn:phoenyra:bess"
[watchdog]
kind = "write-refresh"
timeout_s = 10
[control]
setpoint = "battery.soc_pct"
[[point]]
name = "battery.soc_pct"
node = "s=bess/inverter/battery.soc_pct"
access = "read-write"
[[point]]
name = "ac.power_kw"
path = "/bess/inverter/ac.power_kw"
"""


class Picture:
    """What there is to be shown."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.soc_pct = 55.0
        self.quality = Quality.GOOD

    def look(self) -> list[Shown]:
        now_us = self.clock.now_us()
        return [
            Shown("inverter", "battery.soc_pct", self.soc_pct, self.quality, now_us),
            Shown("inverter", "ac.power_kw", -5.0, Quality.GOOD, now_us),
        ]


@asynccontextmanager
async def serving(settings: ScadaSettings, folder: Path, picture: Picture) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(opcua.run(settings, folder, picture.clock, picture.look))
        yield
        work.cancel()


@asynccontextmanager
async def reader(folder: Path, port: int, **changes: object) -> AsyncIterator[Driver]:
    profile = folder / "scada.toml"
    profile.write_text(PROFILE)
    config = {
        "id": "scada",
        "kind": "opcua",
        "profile": str(profile),
        "url": f"opc.tcp://127.0.0.1:{port}",
        "certificate": str(folder / "client.pem"),
        "key": str(folder / "client.key.pem"),
        "trust": str(folder / "own.pem"),
        "user": "control-room",
        "password": PASSWORD,
    }
    async with open_driver(OpcUaConfig.model_validate(config | changes), SystemClock()) as driver:
        yield driver


async def test_who_signs_in_reads_the_plant_and_writes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, picture = free_port(), Picture()
    settings = ScadaSettings.model_validate(
        {"port": port, "users": [{"name": "control-room", "password": PASSWORD}]}
    )
    with caplog.at_level(logging.INFO):
        async with serving(settings, tmp_path, picture):
            await eventually(
                lambda: f"OPC UA server at opc.tcp://127.0.0.1:{port}" in caplog.text, 60
            )
            async with reader(tmp_path, port) as driver:
                await value_is(driver, "battery.soc_pct", 55.0)
                assert (await readings(driver))["ac.power_kw"].value == -5.0
                picture.soc_pct = 56.5
                await value_is(driver, "battery.soc_pct", 56.5)
                picture.quality = Quality.STALE
                await quality_is(driver, "battery.soc_pct", Quality.BAD)
                assert isinstance(driver, PowerSetter)
                with pytest.raises(DeviceRefused, match="BadUserAccessDenied"):
                    await driver.write_power_kw(5.0)
            async with reader(tmp_path, port, password="guessed-wrong") as driver:
                await unreachable(driver, "BadUserAccessDenied")
    assert PASSWORD not in caplog.text


async def test_a_port_that_is_taken_costs_one_line_and_not_the_gateway(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = ScadaSettings.model_validate({"port": port, "security": "none"})
        async with serving(settings, tmp_path, Picture()):
            await eventually(
                lambda: f"no OPC UA server on 127.0.0.1 port {port}" in caplog.text, 60
            )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "users or trust is expected"),
        ({"security": "none", "trust": "x"}, "Basic256Sha256 is expected with users or trust"),
        ({"trust": "x", "key": "y"}, "certificate and key are expected together"),
        ({"users": [{"name": "a", "password": "short"}]}, "at least 8"),
        ({"users": [{"name": "a", "password": "long-enough"}] * 2}, "each name once"),
    ],
)
def test_a_door_that_would_stand_open_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ScadaSettings.model_validate(settings)
