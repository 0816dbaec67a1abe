"""`simulators.main`: real processes that say when they are ready, and one line when they cannot."""

import asyncio
import shutil
import signal
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from simulators.main import main
from tests.support.simulators import ended, simulator
from wire.clock import SHIFT_VARIABLE


async def listening(process: Process) -> int:
    """Wait for the line that says so; return the port."""
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    text, _, port = line.strip().rpartition(":")
    assert text == "listening on 127.0.0.1"
    return int(port)


async def mbpoll(port: int, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("mbpoll", "-m", "tcp", "-p", str(port), "-a", "1", "-0", "-1", "127.0.0.1", *arguments),
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_device_serves_until_it_is_told_to_stop_and_leaves_with_zero(
    how: signal.Signals,
) -> None:
    async with simulator("device", "reference-inverter", "--port", "0") as process:
        port = await listening(process)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes.fromhex("0001 0000 0006 01 04 0003 0001"))
        assert (await reader.readexactly(11))[9:] == (6000).to_bytes(2, "big")
        process.send_signal(how)
        _, errors = await process.communicate()
        writer.transport.abort()
    assert process.returncode == 0
    assert errors == b""


async def test_a_site_may_change_the_profile_that_is_served(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[[point]]\nname = "battery.soc_pct"\naddress = 900\nscale = 0.1\n')
    arguments = ("device", "reference-inverter", "--override", str(site), "--port", "0")
    async with simulator(*arguments) as process:
        reader, writer = await asyncio.open_connection("127.0.0.1", await listening(process))
        writer.write(bytes.fromhex("0001 0000 0006 01 04 0384 0001"))
        assert (await reader.readexactly(11))[9:] == (600).to_bytes(2, "big")
        writer.transport.abort()


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="the program mbpoll is not installed")
async def test_an_independent_client_commands_a_device() -> None:
    async with simulator("device", "reference-inverter", "--port", "0", "--soc", "42") as process:
        port = await listening(process)
        assert "[3]: \t4200" in await mbpoll(port, "-t", "3", "-r", "3")
        assert "Written" in await mbpoll(port, "-t", "4:int", "-B", "-r", "100", "--", "-30000")
        assert "Written" in await mbpoll(port, "-t", "4", "-r", "102", "1")
        while "[0]: \t-30000" not in await mbpoll(port, "-t", "3:int", "-B", "-r", "0"):
            pass  # it ramps for 0.2 s; 30 kW of discharge is -30,000 W to this device


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="the program mbpoll is not installed")
async def test_a_sunspec_device_shows_its_mark_to_an_independent_client() -> None:
    async with simulator("device", "sunspec-battery", "--port", "0") as process:
        port = await listening(process)
        shown = await mbpoll(port, "-t", "4:hex", "-r", "40000", "-c", "4")
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("[")] == [
        "0x5375",
        "0x6E53",
        "0x0001",
        "0x0042",
    ]


async def test_a_suspended_device_is_silent_and_then_goes_on() -> None:
    async with simulator("device", "reference-inverter", "--port", "0") as process:
        reader, writer = await asyncio.open_connection("127.0.0.1", await listening(process))
        process.send_signal(signal.SIGSTOP)
        writer.write(bytes.fromhex("0001 0000 0006 01 04 0003 0001"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await reader.readexactly(1)
        process.send_signal(signal.SIGCONT)
        assert len(await reader.readexactly(11)) == 11
        writer.transport.abort()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "KIND"),
        (["device", "nothing"], "profile: 'nothing' is not allowed; fenecon-bms"),
        (["device", "reference-inverter", "--override", "/no"], "/no"),
        (["device", "reference-inverter", "--soc", "300"], "--soc: '300' is not allowed; a number"),
        (["device", "reference-inverter", "--port", "x"], "--port: 'x' is not allowed; a whole"),
        (["device", "reference-inverter", "--frequency", "/no"], "No such file"),
        (["market", "--hub", "http://127.0.0.1:1", "--keys", "/no"], "--keys: /no:"),
        (["market", "--hub", "http://127.0.0.1:1"], "--keys"),
    ],
)
def test_a_mistake_costs_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    code, said = ended(capsys, main, *arguments)
    assert code == 2
    assert named in said
    assert said.count("\n") == 1


async def test_a_taken_port_costs_one_line_and_exit_code_2() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = str(server.sockets[0].getsockname()[1])
    async with server, simulator("device", "reference-inverter", "--port", port) as process:
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert errors.decode().count("\n") == 1
    assert f"--port: {port}" in errors.decode()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[]", "is expected"),
        ("{", "Expecting"),
        ('{"broker": "x"}', "at least one of these roles"),
        ('{"maker": 3}', "a text for each role"),
        ('{"maker": []}', "a text for each role"),
        ('{"maker": ["pho_1_x", 3]}', "a text for each role"),
    ],
)
def test_a_bad_key_file_costs_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, named: str
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    code, said = ended(capsys, main, "market", "--hub", "http://127.0.0.1:1", "--keys", str(file))
    assert code == 2
    assert named in said
    assert said.count("\n") == 1


def test_a_wrong_clock_shift_costs_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text('{"maker": "pho_1_x"}')
    monkeypatch.setenv(SHIFT_VARIABLE, "soon")
    code, said = ended(capsys, main, "market", "--hub", "http://127.0.0.1:1", "--keys", str(file))
    assert code == 2
    assert said.count("\n") == 1
    assert "PHOENYRA_CLOCK_SHIFT_S: 'soon' is not allowed" in said
