"""simulators.rest_device, serial_meter: real processes by command, driven by our drivers."""

import asyncio
import signal
from asyncio.subprocess import Process
from pathlib import Path

import httpx
import pytest

from drivers.base import Driver, PowerSetter, Rate
from drivers.document import open_document
from drivers.errors import DeviceUnreachable
from drivers.rest.config import RestConfig
from drivers.rest.device import open_rest
from drivers.rest.profile import describe, read_profile
from drivers.serial.config import SerialConfig
from drivers.serial.device import open_serial_device
from simulators import rest_device
from simulators.errors import BadInput
from simulators.main import main
from simulators.rest_device import RestDevice
from tests.support.serial_meters import plant_at_rest
from tests.support.simulators import ended, simulator
from wire.block import Quality
from wire.clock import SystemClock

TOKEN = "a-token-of-the-simulator"


async def ready(process: Process) -> str:
    """Wait for the line that says where it listens."""
    assert process.stdout is not None
    while True:
        line = (await process.stdout.readline()).decode().strip()
        assert line, "the simulator has ended"
        if line.startswith("listening on "):
            return line.removeprefix("listening on ")


async def values(device: Driver, rate: Rate) -> dict[str, float | None]:
    async with asyncio.timeout(10):
        while True:
            try:
                readings = await device.read(rate)
            except DeviceUnreachable:
                readings = []
            if readings and all(reading.quality is Quality.GOOD for reading in readings):
                return {reading.point: reading.value for reading in readings}
            await asyncio.sleep(0.05)


async def until(device: Driver, point: str, wanted: float) -> None:
    async with asyncio.timeout(15):
        while True:
            if (await values(device, Rate.FAST))[point] == pytest.approx(wanted, abs=0.01):
                return
            await asyncio.sleep(0.05)


async def test_a_rest_device_is_read_and_dispatched_and_falls_back_without_us() -> None:
    async with simulator(
        *("rest", "generic-rest", "--token", TOKEN, "--soc", "42", "--watchdog-s", "1.5")
    ) as process:
        config = RestConfig.model_validate(
            {
                "kind": "rest",
                "id": "pcs",
                "profile": "generic-rest",
                "url": await ready(process),
                "token": TOKEN,
            }
        )
        async with open_rest(config, SystemClock()) as device:
            assert (await values(device, Rate.SLOW))["battery.soc_pct"] == 42.0
            assert isinstance(device, PowerSetter)
            await device.take_over()
            for power_kw in (30.0, -20.0):
                await device.write_power_kw(power_kw)
                await until(device, "ac.power_kw", power_kw)
            await until(device, "ac.power_kw", 0.0)


async def test_a_rest_device_refuses_strangers_and_what_is_no_setpoint() -> None:
    async with simulator("rest", "generic-rest", "--token", TOKEN) as process:
        url = await ready(process)
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.get("/api/status")).status_code == 401
            client.headers["authorization"] = f"Bearer {TOKEN}"
            for body in (b"", b"{", b'{"power_w": "5"}', b'{"power_w": 1e12}', b"x" * 5_000):
                answer = await client.put("/api/setpoint", content=body)
                assert answer.status_code == 422
            assert (await client.get("/api/status")).json()["ac"]["setpoint_w"] == 0
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        assert process.returncode == 0


async def test_faults_of_a_rest_device_can_be_set_from_outside() -> None:
    async with simulator("rest", "generic-rest", "--control-port", "0") as process:
        assert process.stdout is not None
        where, _, token = (await process.stdout.readline()).decode().strip().partition(" token ")
        url = await ready(process)
        faults = where.removeprefix("faults at ") + "/faults"
        sign = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(timeout=0.5) as client:
            await client.put(faults, json={"exception": 4}, headers=sign)
            assert (await client.get(url + "/api/status")).status_code == 500
            await client.put(faults, json={"garbage": True}, headers=sign)
            assert len((await client.get(url + "/api/status")).content) == 64
            await client.put(faults, json={"drop": True}, headers=sign)
            with pytest.raises(httpx.ReadTimeout):
                await client.get(url + "/api/status")


@pytest.mark.parametrize("profile", ["frequency-meter-line", "sml-meter"])
async def test_a_serial_meter_is_read_over_its_pty(tmp_path: Path, profile: str) -> None:
    pty = tmp_path / "tty"
    async with simulator(
        "serial-meter", profile, "--pty", str(pty), "--period-s", "0.1"
    ) as process:
        assert await ready(process) == str(pty)
        config = SerialConfig.model_validate(
            {"kind": "serial", "id": "meter", "profile": profile, "serial": str(pty)}
        )
        async with open_serial_device(config, SystemClock()) as device:
            assert await values(device, Rate.FAST)
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    assert not pty.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["rest", "seed-push"], "protocol: 'push' is not allowed; rest is expected"),
        (["rest", "generic-rest", "--port", "x"], "--port: 'x' is not allowed"),
        (["serial-meter", "sml-meter"], "--pty"),
        (["serial-meter", "sml-meter", "--pty", "/no/such/folder"], "--pty: /no/such/folder"),
        (["serial-meter", "generic-rest", "--pty", "/x"], "protocol: 'rest' is not allowed"),
    ],
)
def test_a_mistake_costs_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    code, said = ended(capsys, main, *arguments)
    assert code == 2
    assert named in said
    assert said.count("\n") == 1


def test_a_path_that_only_a_reader_understands_is_not_served(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[profile]\nid = "m"\nversion = 1\nsource = "t"\n[link]\nprotocol = "rest"\n'
        'resource = "/a?b=c"\n[[point]]\nname = "a.b_kw"\npath = "list[id=x].power"\n'
        '[[point]]\nname = "a.c_kw"\npath = "list[1].power"\nresource = "/b"\n'
    )
    profile = read_profile(open_document(str(file)))
    with pytest.raises(BadInput, match=r"a\.b_kw: 'list\[id=x\]\.power' cannot be served"):
        RestDevice(profile, plant_at_rest(), SystemClock(), watchdog_s=0)
    file.write_text(file.read_text().replace("list[id=x].power", "list[1].power"))
    profile = read_profile(open_document(str(file)))
    device = rest_device.RestDevice(profile, plant_at_rest(), SystemClock(), watchdog_s=0)
    assert device.document("/b") == {"list": [{}, {"power": 0.0}]}


def test_the_generic_profile_is_described_a_line_a_point_and_its_order() -> None:
    lines = describe(open_document("generic-rest"))
    assert lines[-1] == "pcs.set_power_kw: PUT /api/setpoint"
    assert len(lines) == 6
