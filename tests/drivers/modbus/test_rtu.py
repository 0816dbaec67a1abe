"""drivers.modbus on serial lines and behind converters: whatever comes, an answer is right.

The line is a pty, or a TCP connection that carries the same frames.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.errors import DeviceUnreachable
from drivers.modbus.backoff import BACK_OFF_S_MAX
from drivers.modbus.bus import UnitLine, line_to
from drivers.modbus.config import Parity
from drivers.modbus.endpoint import SerialEndpoint, TcpEndpoint
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import load
from tests.support import serial_peer
from tests.support.serial_peer import SerialPeer, Trick

TIMEOUT_S = 0.2
LINK = replace(load("reference-inverter").link, timeout_s=TIMEOUT_S)
KINDS = ["pty", "tcp"]


def peer_on(kind: str, *units: int) -> AbstractAsyncContextManager[SerialPeer]:
    return SerialPeer.on_pty(*units) if kind == "pty" else SerialPeer.on_tcp(*units)


def port_at(path: Path) -> SerialEndpoint:
    return SerialEndpoint(str(path), 115_200, Parity.EVEN, 1)


@asynccontextmanager
async def line_of(peer: SerialPeer, unit: int = 1) -> AsyncIterator[UnitLine]:
    endpoint = TcpEndpoint("127.0.0.1", peer.port, rtu=True) if peer.port else port_at(peer.path)
    with line_to(endpoint, unit, LINK) as line:
        yield line
    await asyncio.sleep(0)


async def read_when_it_may(line: UnitLine, start: int = 10, count: int = 2) -> object:
    async with asyncio.timeout(BACK_OFF_S_MAX + 1.0):
        while True:
            try:
                return await line.read(Kind.INPUT, start, count)
            except DeviceUnreachable:
                await asyncio.sleep(0.01)


async def failure(asking: Awaitable[object]) -> str:
    with pytest.raises(DeviceUnreachable) as caught:
        await asking
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_read_and_every_function_writes(kind: str) -> None:
    async with peer_on(kind, 7) as peer, line_of(peer, 7) as line:
        unit = peer.units[7]
        unit.tables[Kind.INPUT] |= {10: 1, 11: 65_535}
        unit.tables[Kind.DISCRETE] |= {8: 1}
        assert await line.read(Kind.INPUT, 10, 2) == [1, 65_535]
        assert await line.read(Kind.INPUT, 0, 125) == [0] * 10 + [1, 65_535] + [0] * 113
        assert await line.read(Kind.DISCRETE, 0, 9) == [0] * 8 + [1]
        assert await line.write(Kind.HOLDING, 100, [1, 2]) is None
        assert await line.write(Kind.HOLDING, 102, [3], multiple=False) is None
        assert await line.write(Kind.COIL, 5, [1]) is None
        assert await line.write(Kind.COIL, 6, [1, 0, 1]) is None
        assert await line.read(Kind.HOLDING, 100, 3) == [1, 2, 3]
        assert await line.read(Kind.COIL, 5, 4) == [1, 1, 0, 1]
        assert [function for function, _, _ in unit.requests] == [4, 4, 2, 16, 6, 5, 15, 3, 1]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_exception_is_a_fact_about_registers(kind: str) -> None:
    async with peer_on(kind, 1) as peer, line_of(peer) as line:
        peer.units[1].refused.add((Kind.INPUT, 11))
        assert await line.read(Kind.INPUT, 10, 2) == Refusal(2)
        assert await line.read(Kind.INPUT, 12, 1) == [0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "trick",
    [
        serial_peer.silent,
        serial_peer.half,
        serial_peer.wrong_checksum,
        serial_peer.wrong_unit,
        serial_peer.other_function,
        serial_peer.one_register_less,
        serial_peer.only_echoed,
        serial_peer.late(TIMEOUT_S * 1.2),
        serial_peer.say(b"\x00"),
        serial_peer.say(bytes(200)),
        serial_peer.say(b"\x01\x04" * 400),
        serial_peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ],
)
async def test_a_wrong_answer_costs_one_request(kind: str, trick: Trick) -> None:
    async with peer_on(kind, 1) as peer, line_of(peer) as line:
        peer.units[1].tables[Kind.INPUT] |= {10: 1, 11: 2}
        peer.tricks.append(trick)
        assert "no answer within 0.2" in await failure(line.read(Kind.INPUT, 10, 2))
        assert await read_when_it_may(line) == [1, 2]
        wanted, probes = 2, 1
        assert len(peer.requests) <= wanted + probes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "trick", [serial_peer.noise_around, serial_peer.in_pieces, serial_peer.twice]
)
async def test_an_answer_is_found_among_noise_in_pieces_and_twice(kind: str, trick: Trick) -> None:
    async with peer_on(kind, 1) as peer, line_of(peer) as line:
        peer.units[1].tables[Kind.INPUT] |= {10: 1, 11: 2, 20: 3, 21: 4}
        peer.tricks.append(trick)
        assert await line.read(Kind.INPUT, 10, 2) == [1, 2]
        assert await line.read(Kind.INPUT, 20, 2) == [3, 4]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_late_answer_is_never_taken_for_another_of_the_same_length(kind: str) -> None:
    async with peer_on(kind, 1, 2) as peer, line_of(peer) as line, line_of(peer, 2) as neighbour:
        peer.units[1].tables[Kind.INPUT] |= {10: 1, 11: 2, 20: 3, 21: 4}
        for by_s in (TIMEOUT_S * 1.05, TIMEOUT_S * 1.5, TIMEOUT_S * 1.6, TIMEOUT_S * 2):
            assert await neighbour.read(Kind.INPUT, 0, 1) == [0]
            peer.tricks.append(serial_peer.late(by_s))
            await failure(line.read(Kind.INPUT, 10, 2))
            assert await read_when_it_may(line, start=20) == [3, 4]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_converter_that_hears_itself_is_understood(kind: str) -> None:
    async with peer_on(kind, 1) as peer, line_of(peer) as line:
        peer.always = serial_peer.echoed
        peer.units[1].tables[Kind.INPUT] |= {10: 1, 11: 2}
        assert await line.read(Kind.INPUT, 10, 2) == [1, 2]
        assert await line.write(Kind.HOLDING, 100, [5], multiple=False) is None
        assert await line.write(Kind.HOLDING, 101, [6, 7]) is None
        peer.units[1].refused.add((Kind.HOLDING, 100))
        assert await line.write(Kind.HOLDING, 100, [8], multiple=False) == Refusal(2)
        peer.always = serial_peer.only_echoed
        message = await failure(line.write(Kind.HOLDING, 100, [9], multiple=False))
        assert "no answer" in message, "the echo of a write looks like its answer"
        peer.always = None
        assert await read_when_it_may(line) == [1, 2]
        assert await line.write(Kind.HOLDING, 102, [5], multiple=False) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cancelled_wait_ends_at_once_and_its_answer_is_nobodys(kind: str) -> None:
    loop = asyncio.get_running_loop()
    async with peer_on(kind, 1) as peer, line_of(peer) as line, asyncio.TaskGroup() as tasks:
        peer.units[1].tables[Kind.INPUT] |= {10: 1, 11: 2, 20: 3, 21: 4}
        peer.tricks.append(serial_peer.late(TIMEOUT_S * 0.5))
        reading = tasks.create_task(line.read(Kind.INPUT, 10, 2))
        await peer.asked.wait()
        began_s = loop.time()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert loop.time() - began_s < 0.1
        assert await line.read(Kind.INPUT, 20, 2) == [3, 4]


async def test_a_lost_converter_is_connected_to_anew() -> None:
    async with SerialPeer.on_tcp(1) as peer, line_of(peer) as line:
        before = line.connections
        peer.tricks.append(serial_peer.hang_up)
        assert "closed the connection" in await failure(line.read(Kind.INPUT, 10, 2))
        assert await read_when_it_may(line) == [0, 0]
        assert peer.connections == 2
        assert line.connections > before


async def test_an_unplugged_port_is_opened_anew_once_it_is_back(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    with line_to(port_at(port), 1, LINK) as line:
        assert "No such file or directory" in await failure(line.read(Kind.INPUT, 10, 2))
        for _ in range(2):
            async with SerialPeer.on_pty(1) as peer:
                port.symlink_to(peer.path)
                assert await read_when_it_may(line) == [0, 0]
                before = line.connections
            port.unlink()
            assert f"{port}" in await failure(line.read(Kind.INPUT, 10, 2))
            assert line.connections > before


async def test_what_keeps_a_port_from_opening_is_said(tmp_path: Path) -> None:
    regular = tmp_path / "file"
    regular.touch()
    with line_to(port_at(regular), 1, LINK) as line:
        message = await failure(line.read(Kind.INPUT, 10, 2))
        assert message.startswith(f"{regular}: no connection: ")
    async with SerialPeer.on_pty(1) as peer:
        holder = os.open(peer.path, os.O_RDWR | os.O_NOCTTY)
        try:
            _lock(holder)
            async with line_of(peer) as line:
                message = await failure(line.read(Kind.INPUT, 10, 2))
                assert message == f"{peer.path}: no connection: another program uses the port"
        finally:
            os.close(holder)


def _lock(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_a_silent_port_is_opened_anew_after_some_silences() -> None:
    async with SerialPeer.on_pty(1) as peer, line_of(peer) as line:
        peer.silent.add(1)
        held = line._bus._connection
        while (now := line._bus._connection) is held or now is not None:
            held = held or now
            await asyncio.sleep(0.01)
            with pytest.raises(DeviceUnreachable):
                await line.read(Kind.INPUT, 10, 2)
        assert len(peer.requests) == 3
        peer.silent.clear()
        assert await read_when_it_may(line) == [0, 0]


async def test_slow_lines_have_time_for_their_bytes() -> None:
    slow = SerialEndpoint("/dev/null", 1_200, Parity.EVEN, 1)
    assert slow.transfer_s(255) == pytest.approx(255 * 11 / 1_200)
    assert slow.gap_s == pytest.approx(3.5 * 11 / 1_200)
    fast = SerialEndpoint("/dev/null", 115_200, Parity.NONE, 1)
    assert fast.transfer_s(255) == pytest.approx(255 * 10 / 115_200)
    assert fast.gap_s == 0.001_75
