"""`agent.discover`: the verb finds what answers, recognises it by reading, and disturbs nobody."""

import asyncio
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers import profile as profiles
from drivers.point import Kind
from simulators import modbus_rtu, modbus_server
from simulators.battery import Rating
from simulators.device import Device
from simulators.frequency import Recording
from simulators.plant import Plant

STEADY = Recording((0.0, 1.0), (49.987, 49.987))


class Watched:
    """A simulated device that notes every write."""

    def __init__(self, name: str) -> None:
        self.profile = profiles.load(name)
        rating = Rating(capacity_kwh=200.0, power_kw=100.0)
        now_s = asyncio.get_running_loop().time
        self._device = Device(self.profile, Plant(rating, 60.0, STEADY, now_s))
        self.writes: list[tuple[Kind, int]] = []

    def read(self, kind: Kind, start: int, count: int) -> "list[int]":
        return list(self._device.read(kind, start, count))

    def write(self, kind: Kind, start: int, values: object) -> None:
        self.writes.append((kind, start))


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """Answer everything with the same bytes; the value is the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def discover(*options: str) -> tuple[int, str, str]:
    """Run the verb as a process; return exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent.main", "discover", *options),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("name", ["reference-inverter", "hithium-ess-bms", "huawei-luna"])
async def test_a_device_on_the_network_is_recognised_and_nothing_is_written(name: str) -> None:
    device = Watched(name)
    unit, most = device.profile.link.unit, device.profile.link.max_clients
    async with modbus_server.serve(device, unit=unit, clients_max=most) as port:
        code, out, _ = await discover("--network", "127.0.0.1", "--ports", str(port))
    site = tomllib.loads(out[out.index("# Written") :])
    assert (code, device.writes) == (0, [])
    assert [(found["profile"], found["port"]) for found in site["devices"]] == [(name, port)]


async def test_a_device_on_a_serial_line_is_found_in_the_manner_in_which_it_answers(
    tmp_path: Path,
) -> None:
    device, link, written = Watched("reference-inverter"), tmp_path / "line", tmp_path / "site.toml"
    async with modbus_rtu.serve(device, link, unit=2):
        code, out, err = await discover(
            *("--serial", str(link), "--units", "1-3", "--out", str(written))
        )
    site = tomllib.loads(written.read_text())
    assert (code, device.writes) == (0, []), err
    assert [(found["serial"], found["unit"]) for found in site["devices"]] == [(str(link), 2)]
    assert f"written to {written}" in out


async def test_brokers_opc_ua_servers_and_strangers_are_told_apart() -> None:
    async with (
        answering(b"ACKF" + bytes(24)) as opcua,
        answering(b"\x20\x02\x00\x05") as broker,
        answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as stranger,
    ):
        ports = f"opcua:{opcua},mqtt:{broker},opcua:{stranger},mqtt:{stranger}"
        code, out, _ = await discover("--network", "127.0.0.1", "--ports", ports)
    found = out[: out.index("# Written")].strip().splitlines()
    assert code == 0
    assert len(found) == 2
    assert "OPC UA server" in out
    assert "MQTT broker, wants user and password" in out


async def test_a_peer_that_speaks_nonsense_is_named_and_ends_nothing() -> None:
    async with answering(b"\xff" * 64) as port:
        code, out, _ = await discover("--network", "127.0.0.1", "--ports", f"{port}")
    assert code == 0
    assert "something listens, no Modbus unit answers" in out


async def test_where_nobody_answers_the_verb_says_so() -> None:
    code, out, err = await discover("--network", "127.0.0.0/28", "--ports", "9", "--rate", "1000")
    assert (code, out) == (1, "nothing answered\n")
    assert err.splitlines()[-1] == "network 14/14, found 0"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ((), "discover: name what to look at"),
        (("--network", "10.0.0.0/8"), "at most 4096 are expected"),
        (("--network", "127.0.0.1", "--rate", "0"), "--rate: 0 is not allowed"),
        (("--serial", "/nowhere/at/all"), "serial: '/nowhere/at/all' is no serial port"),
        (("--network", "127.0.0.1", "--units", "300"), "units: '300' is not allowed"),
    ],
)
async def test_a_mistake_costs_one_line_and_asks_nobody(
    options: tuple[str, ...], line: str
) -> None:
    code, out, err = await discover(*options)
    assert (code, out) == (2, "")
    assert line in err
    assert len(err.splitlines()) == 1


async def test_a_file_that_exists_is_never_written_over(tmp_path: Path) -> None:
    kept = tmp_path / "site.toml"
    kept.write_text("mine")
    code, _, err = await discover("--network", "127.0.0.1", "--out", str(kept))
    assert (code, kept.read_text()) == (2, "mine")
    assert "the name of a new file is expected" in err
