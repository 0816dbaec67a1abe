"""drivers.modbus against hostile peers: recovery within 10 s in 100 of 100 runs, no wrong value.

Each run is a peer of its own that misbehaves at random, on TCP or on a serial line, while a
device is polled; a value that belongs to another register fails the run at once.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import pytest

from drivers.errors import DeviceUnreachable
from drivers.modbus.bus import UnitLine, line_to
from drivers.modbus.config import Parity
from drivers.modbus.endpoint import SerialEndpoint, TcpEndpoint
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import load
from tests.support import modbus_peer, serial_peer
from tests.support.modbus_peer import ModbusPeer
from tests.support.serial_peer import SerialPeer

RUNS = 100
RECOVERY_S_MAX = 10.0
TIMEOUT_S = 0.1
MISHAPS = 8
REGISTERS = 60
LINK = replace(load("reference-inverter").link, timeout_s=TIMEOUT_S)
TCP_TRICKS: Sequence[modbus_peer.Trick] = [
    modbus_peer.hang,
    modbus_peer.hang_up,
    modbus_peer.late(TIMEOUT_S * 1.3),
    modbus_peer.late(TIMEOUT_S * 3),
    modbus_peer.exception(4),
    modbus_peer.exception(6),
    modbus_peer.exception(11),
    modbus_peer.wrong_transaction,
    modbus_peer.no_transaction,
    modbus_peer.wrong_unit,
    modbus_peer.other_function,
    modbus_peer.half,
    modbus_peer.twice,
    modbus_peer.in_pieces,
    modbus_peer.say(bytes(40)),
    modbus_peer.say(b"\xff" * 3_000),
]
RTU_TRICKS: Sequence[serial_peer.Trick] = [
    serial_peer.silent,
    serial_peer.late(TIMEOUT_S * 1.3),
    serial_peer.late(TIMEOUT_S * 3),
    serial_peer.exception(4),
    serial_peer.exception(6),
    serial_peer.wrong_checksum,
    serial_peer.wrong_unit,
    serial_peer.other_function,
    serial_peer.half,
    serial_peer.twice,
    serial_peer.in_pieces,
    serial_peer.echoed,
    serial_peer.only_echoed,
    serial_peer.noise_around,
    serial_peer.say(bytes(40)),
    serial_peer.say(b"\xff" * 3_000),
]


@dataclass(frozen=True, slots=True)
class Run:
    """A line, and how much of what is to go wrong on it still has to."""

    line: UnitLine
    left: Callable[[], int]


async def tcp_run(stack: AsyncExitStack, chance: random.Random) -> Run:
    peer = await stack.enter_async_context(ModbusPeer.listening())
    peer.tables[Kind.INPUT] |= {address: address + 1 for address in range(REGISTERS)}
    peer.tricks.extend(chance.choices(TCP_TRICKS, k=MISHAPS))
    line = stack.enter_context(line_to(TcpEndpoint("127.0.0.1", peer.port), 1, LINK))
    return Run(line, lambda: len(peer.tricks))


async def pty_run(stack: AsyncExitStack, chance: random.Random) -> Run:
    peer = await stack.enter_async_context(SerialPeer.on_pty(1))
    endpoint = SerialEndpoint(str(peer.path), 115_200, Parity.NONE, 1)
    return _rtu_run(stack, chance, peer, endpoint)


async def converter_run(stack: AsyncExitStack, chance: random.Random) -> Run:
    peer = await stack.enter_async_context(SerialPeer.on_tcp(1))
    peer.tricks.append(serial_peer.hang_up)
    return _rtu_run(stack, chance, peer, TcpEndpoint("127.0.0.1", peer.port, rtu=True))


def _rtu_run(
    stack: AsyncExitStack,
    chance: random.Random,
    peer: SerialPeer,
    endpoint: SerialEndpoint | TcpEndpoint,
) -> Run:
    peer.units[1].tables[Kind.INPUT] |= {address: address + 1 for address in range(REGISTERS)}
    peer.tricks.extend(chance.choices(RTU_TRICKS, k=MISHAPS))
    return Run(stack.enter_context(line_to(endpoint, 1, LINK)), lambda: len(peer.tricks))


@pytest.mark.slow
@pytest.mark.parametrize("make", [tcp_run, pty_run, converter_run])
async def test_a_hundred_of_a_hundred_runs_recover_without_a_wrong_value(
    make: Callable[[AsyncExitStack, random.Random], Awaitable[Run]],
) -> None:
    recovered_s: list[float] = []

    async def one(seed: int) -> None:
        chance = random.Random(seed)
        async with AsyncExitStack() as stack:
            run = await make(stack, chance)
            recovered_s.append(await _polled(run, chance))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for seed in range(RUNS):
            tasks.create_task(one(seed))
    assert len(recovered_s) == RUNS
    assert max(recovered_s) <= RECOVERY_S_MAX


async def _polled(run: Run, chance: random.Random) -> float:
    """Poll until nothing is wrong any more; return how long the first good answer then took."""
    loop = asyncio.get_running_loop()
    while run.left():
        await _asked(run.line, chance)
        await asyncio.sleep(0.005)
    began_s = loop.time()
    while not await _asked(run.line, chance):
        assert loop.time() - began_s <= RECOVERY_S_MAX
        await asyncio.sleep(0.005)
    return loop.time() - began_s


async def _asked(line: UnitLine, chance: random.Random) -> bool:
    """Read a few registers somewhere; say whether they came. Wrong ones must never come."""
    start, count = chance.randrange(REGISTERS - 4), chance.randrange(2, 5)
    try:
        answer = await line.read(Kind.INPUT, start, count)
    except DeviceUnreachable:
        return False
    if isinstance(answer, Refusal):
        return False
    assert answer == [address + 1 for address in range(start, start + count)]
    return True
