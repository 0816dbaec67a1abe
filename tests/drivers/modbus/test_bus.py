"""drivers.modbus.bus: units that share a line take turns, and a dead one starves nobody."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.base import Rate
from drivers.errors import DeviceUnreachable, ProfileError
from drivers.modbus.bus import UnitLine, line_to
from drivers.modbus.config import ModbusRtuConfig, ModbusRtuTcpConfig, ModbusTcpConfig, Parity
from drivers.modbus.endpoint import Endpoint, SerialEndpoint, TcpEndpoint, endpoint_of
from drivers.point import Kind
from drivers.profile import load
from drivers.registry import open_driver
from tests.support import modbus_peer, serial_peer
from tests.support.modbus_peer import ModbusPeer
from tests.support.serial_peer import SerialPeer
from wire.block import Quality
from wire.clock import SetClock

TIMEOUT_S = 0.05
LINK = replace(load("reference-inverter").link, timeout_s=TIMEOUT_S)
CLOCK = SetClock(1_800_000_000_000_000)


def port_of(peer: SerialPeer) -> Endpoint:
    return SerialEndpoint(str(peer.path), 115_200, Parity.EVEN, 1)


def joined(stack: ExitStack, endpoint: Endpoint, units: Sequence[int]) -> list[UnitLine]:
    return [stack.enter_context(line_to(endpoint, unit, LINK)) for unit in units]


async def poll(line: UnitLine, period_s: float, until_s: float, kept: Counter[int]) -> int:
    """Read at a fixed beat; return how many beats there were, and count those that were kept."""
    loop = asyncio.get_running_loop()
    due_s, beats = loop.time(), 0
    while due_s < until_s:
        await asyncio.sleep(due_s - loop.time())
        beats += 1
        try:
            await line.read(Kind.INPUT, 0, 10)
        except DeviceUnreachable:
            pass
        else:
            kept[line.unit] += loop.time() < due_s + period_s
        due_s += period_s
    return beats


async def test_devices_that_name_the_same_port_share_one_line(tmp_path: Path) -> None:
    async with SerialPeer.on_pty(1, 2) as peer:
        by_id = tmp_path / "usb-FTDI"
        by_id.symlink_to(peer.path)
        configs = [
            ModbusRtuConfig(
                id=f"unit-{unit}",
                kind="modbus_rtu",
                profile="reference-inverter",
                serial=serial,
                unit=unit,
                baud=115_200,
            )
            for unit, serial in ((1, str(peer.path)), (2, str(by_id)))
        ]
        async with open_driver(configs[0], CLOCK) as one, open_driver(configs[1], CLOCK) as two:
            for driver in (one, two):
                readings = await driver.read(Rate.FAST)
                assert Quality.GOOD in {reading.quality for reading in readings}
        assert {unit for unit, _ in peer.requests} == {1, 2}


async def test_units_behind_a_converter_share_its_connection() -> None:
    async with SerialPeer.on_tcp(1, 2) as peer:
        config = ModbusRtuTcpConfig(
            id="one",
            kind="modbus_rtu_tcp",
            profile="reference-inverter",
            host="127.0.0.1",
            port=peer.port,
        )
        other = config.model_copy(update={"unit": 2})
        async with open_driver(config, CLOCK) as one, open_driver(other, CLOCK) as two:
            assert await one.read(Rate.FAST)
            assert await two.read(Rate.FAST)
        assert peer.connections == 1


async def test_a_line_cannot_be_used_in_two_manners() -> None:
    one = SerialEndpoint("/dev/ttyS9", 9_600, Parity.EVEN, 1)
    other = SerialEndpoint("/dev/ttyS9", 19_200, Parity.NONE, 2)
    with (
        line_to(one, 1, LINK),
        pytest.raises(ProfileError) as caught,
        line_to(other, 2, LINK),
    ):
        pass
    assert str(caught.value) == (
        "/dev/ttyS9: 19200 baud, parity none, 2 stop bits is not allowed; 9600 baud, parity even,"
        " 1 stop bits, as another device on this line has it, is expected"
    )
    with line_to(other, 2, LINK):
        pass  # nobody has it any more in the first manner


@pytest.mark.parametrize("unit", [0, 248])
async def test_a_serial_line_has_units_from_1_to_247(unit: int) -> None:
    endpoint = TcpEndpoint("127.0.0.1", 502, rtu=True)
    with (
        pytest.raises(ProfileError, match=f"unit: {unit} is not allowed"),
        line_to(endpoint, unit, LINK),
    ):
        pass


def test_an_endpoint_is_what_the_settings_name() -> None:
    where = {"id": "one", "profile": "reference-inverter", "host": "10.0.0.7"}
    tcp = ModbusTcpConfig.model_validate(where)
    assert endpoint_of(tcp, 1_502) == TcpEndpoint("10.0.0.7", 1_502)
    tcp = ModbusTcpConfig.model_validate({**where, "port": 503})
    assert endpoint_of(tcp, 1_502) == TcpEndpoint("10.0.0.7", 503)


async def test_one_request_is_on_the_line_and_units_take_turns() -> None:
    async with SerialPeer.on_pty(1, 2, 3) as peer:
        peer.always = serial_peer.late(0.01)
        with ExitStack() as stack:
            lines = joined(stack, port_of(peer), [1, 2, 3])
            async with asyncio.TaskGroup() as tasks:
                for line in lines:
                    tasks.create_task(_often(line, 10))
        units = [unit for unit, _ in peer.requests]
        assert units == [1, 2, 3] * 10, "first come, first served"
        times_s = [at_s for _, at_s in peer.requests]
        gaps_s = [later - sooner for sooner, later in pairwise(times_s)]
        assert min(gaps_s) >= 0.01


async def _often(line: UnitLine, times: int) -> None:
    for _ in range(times):
        await line.read(Kind.INPUT, 0, 4)


@pytest.mark.slow
@pytest.mark.parametrize("dead", [1, 2])
async def test_dead_units_leave_their_neighbours_nine_polls_in_ten(dead: int) -> None:
    loop = asyncio.get_running_loop()
    async with SerialPeer.on_pty(1, 2, 3, 4) as peer:
        peer.silent |= set(range(1, dead + 1))
        kept: Counter[int] = Counter()
        with ExitStack() as stack:
            lines = joined(stack, port_of(peer), [1, 2, 3, 4])
            until_s = loop.time() + 6.0
            async with asyncio.TaskGroup() as tasks:
                polling = [
                    tasks.create_task(poll(line, 4 * TIMEOUT_S, until_s, kept)) for line in lines
                ]
        for unit in range(dead + 1, 5):
            assert kept[unit] >= 0.9 * polling[unit - 1].result()
        asked = Counter(unit for unit, _ in peer.requests)
        assert all(asked[unit] <= 8 for unit in range(1, dead + 1)), "ever more rarely"


async def test_a_unit_that_comes_back_is_found_and_its_neighbour_did_not_notice() -> None:
    async with SerialPeer.on_pty(1, 2) as peer:
        with ExitStack() as stack:
            dead, alive = joined(stack, port_of(peer), [1, 2])
            assert await alive.read(Kind.INPUT, 0, 1) == [0]
            peer.silent.add(1)
            known, missed = alive.connections, dead.connections
            for _ in range(3):
                async with asyncio.timeout(3.0):
                    while not await _failed_anew(dead):
                        assert await alive.read(Kind.INPUT, 0, 1) == [0]
            peer.silent.clear()
            await _found(dead)
            assert alive.connections == known
            assert dead.connections > missed, "it may have restarted"


async def _failed(line: UnitLine) -> bool:
    try:
        await line.read(Kind.INPUT, 0, 1)
    except DeviceUnreachable:
        return True
    return False


async def _found(line: UnitLine) -> None:
    async with asyncio.timeout(3.0):
        while True:
            if not await _failed(line):
                return
            await asyncio.sleep(0.01)


async def _failed_anew(line: UnitLine) -> bool:
    """Ask if it may be asked; say whether that was a request that failed."""
    before = line.failures
    await _failed(line)
    return line.failures > before


@pytest.mark.parametrize("trick", [modbus_peer.hang, modbus_peer.exception(11)])
async def test_a_dead_unit_behind_a_gateway_costs_its_neighbour_no_connection(
    trick: modbus_peer.Trick,
) -> None:
    async with ModbusPeer.listening() as peer:
        with ExitStack() as stack:
            dead, alive = joined(stack, TcpEndpoint("127.0.0.1", peer.port), [1, 2])
            assert await alive.read(Kind.INPUT, 0, 1) == [0]
            before = dead.connections
            peer.tricks.append(trick)
            assert await _failed(dead)
            assert await alive.read(Kind.INPUT, 0, 1) == [0]
            assert peer.connections == 1
            assert dead.connections == before, "one lost frame is no restart"


async def test_a_connection_on_which_nobody_answers_is_given_up() -> None:
    async with ModbusPeer.listening() as peer:
        with ExitStack() as stack:
            one, two = joined(stack, TcpEndpoint("127.0.0.1", peer.port), [1, 2])
            assert await one.read(Kind.INPUT, 0, 1) == [0]
            assert await two.read(Kind.INPUT, 0, 1) == [0]
            peer.tricks.extend([modbus_peer.hang, modbus_peer.hang])
            assert await _failed(one)
            assert await _failed(two)
            await _found(one)
            assert peer.connections == 2


async def test_a_device_that_wants_a_pause_between_requests_gets_it() -> None:
    async with ModbusPeer.listening() as peer:
        endpoint = TcpEndpoint("127.0.0.1", peer.port)
        loop = asyncio.get_running_loop()
        with line_to(endpoint, 1, replace(LINK, turnaround_s=0.03)) as line:
            await line.read(Kind.INPUT, 0, 1)
            began_s = loop.time()
            await _often(line, 5)
            assert loop.time() - began_s >= 5 * 0.03
