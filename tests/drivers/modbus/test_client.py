"""drivers.modbus.client and .bus on TCP: whatever the peer does, an answer is the right one.

Or it is an error in time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pymodbus.pdu import ModbusPDU

from drivers.errors import DeviceUnreachable
from drivers.modbus.backoff import BACK_OFF_S_MAX
from drivers.modbus.bus import Bus, UnitLine
from drivers.modbus.endpoint import TcpEndpoint
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import Link, load
from tests.support import modbus_peer
from tests.support.modbus_peer import ModbusPeer, Trick
from tests.support.system import free_port

TIMEOUT_S = 0.2
SLACK_S = 0.3
"""For a busy machine; far below a second time-out on top of the first."""
LINK = replace(load("reference-inverter").link, timeout_s=TIMEOUT_S)


def line_at(port: int, link: Link = LINK) -> UnitLine:
    return Bus(TcpEndpoint("127.0.0.1", port)).join(1, link)


@asynccontextmanager
async def connected(peer: ModbusPeer) -> AsyncIterator[UnitLine]:
    client = line_at(peer.port)
    try:
        yield client
    finally:
        client.close()
        await asyncio.sleep(0)


async def read_when_it_may(client: UnitLine) -> list[int] | Refusal:
    """Read registers 10 and 11 once the back-off is over."""
    async with asyncio.timeout(BACK_OFF_S_MAX + 1.0):
        while True:
            try:
                return await client.read(Kind.INPUT, 10, 2)
            except DeviceUnreachable:
                await asyncio.sleep(0.01)


async def test_registers_and_bits_arrive_as_the_peer_has_them() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tables[Kind.INPUT] |= {10: 1, 11: 65_535}
        peer.tables[Kind.HOLDING] |= {10: 7}
        peer.tables[Kind.COIL] |= {3: 1}
        peer.tables[Kind.DISCRETE] |= {8: 1}
        assert await client.read(Kind.INPUT, 10, 2) == [1, 65_535]
        assert await client.read(Kind.HOLDING, 10, 1) == [7]
        assert await client.read(Kind.COIL, 0, 5) == [0, 0, 0, 1, 0]
        assert await client.read(Kind.DISCRETE, 0, 9) == [0] * 8 + [1]
        assert await client.read(Kind.INPUT, 0, 125) == [0] * 10 + [1, 65_535] + [0] * 113
        assert peer.connections == 1


async def test_writes_arrive_in_the_peer() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        assert await client.write(Kind.HOLDING, 100, [1, 2]) is None
        assert await client.write(Kind.COIL, 5, [1]) is None
        assert peer.tables[Kind.HOLDING] == {100: 1, 101: 2}
        assert peer.tables[Kind.COIL] == {5: 1}
        assert [function for function, _, _ in peer.requests] == [16, 5]


async def test_a_device_that_knows_only_single_writes_gets_function_6() -> None:
    async with ModbusPeer.listening() as peer:
        client = line_at(peer.port, replace(LINK, single_writes=True))
        assert await client.write(Kind.HOLDING, 100, [9]) is None
        client.close()
        assert peer.requests == [(6, 100, 1)]


async def test_an_exception_is_a_fact_about_registers_and_keeps_the_connection() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.refused.add((Kind.INPUT, 11))
        refusal = await client.read(Kind.INPUT, 10, 2)
        assert refusal == Refusal(2)
        assert str(refusal) == "Modbus exception 2 (illegal address)"
        assert await client.read(Kind.INPUT, 12, 1) == [0]
        assert peer.connections == 1


@pytest.mark.parametrize("code", [5, 6, 10, 11])
async def test_a_busy_device_is_unreachable_for_now_and_keeps_the_connection(code: int) -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tricks.append(modbus_peer.exception(code))
        with pytest.raises(DeviceUnreachable, match=r"busy|gateway|not finished"):
            await client.read(Kind.INPUT, 10, 2)
        assert await read_when_it_may(client) == [0, 0]
        assert peer.connections == 1


async def test_a_hung_device_costs_one_timeout_and_then_nothing_until_the_next_try() -> None:
    loop = asyncio.get_running_loop()
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tricks.append(modbus_peer.hang)
        started_s = loop.time()
        with pytest.raises(DeviceUnreachable, match=r"no answer within 0\.2 s"):
            await client.read(Kind.INPUT, 10, 2)
        assert TIMEOUT_S * 0.9 <= loop.time() - started_s < TIMEOUT_S + SLACK_S
        started_s = loop.time()
        with pytest.raises(DeviceUnreachable, match=r"no answer within 0\.2 s"):
            await client.write(Kind.HOLDING, 100, [1])
        assert loop.time() - started_s < TIMEOUT_S / 2
        assert len(peer.requests) == 1


async def test_a_cancelled_wait_for_a_hung_device_ends_at_once_with_cancelled_error() -> None:
    loop = asyncio.get_running_loop()
    patient = replace(LINK, timeout_s=30.0)
    async with ModbusPeer.listening() as peer, asyncio.TaskGroup() as tasks:
        client = line_at(peer.port, patient)
        peer.tricks.append(modbus_peer.hang)
        reading = tasks.create_task(client.read(Kind.INPUT, 10, 2))
        await peer.asked.wait()
        started_s = loop.time()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert loop.time() - started_s < 1.0
        assert await client.read(Kind.INPUT, 10, 2) == [0, 0]
        assert peer.connections == 2, "a late answer must find its connection closed"
        client.close()


async def test_a_cancelled_wait_for_the_connection_is_cancelled_too() -> None:
    waiting = replace(LINK, connect_delay_s=30.0)
    async with ModbusPeer.listening() as peer, asyncio.TaskGroup() as tasks:
        client = line_at(peer.port, waiting)
        reading = tasks.create_task(client.read(Kind.INPUT, 10, 2))
        await peer.joined.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert peer.requests == []


async def test_a_cancellation_in_the_same_turn_as_the_answer_is_not_lost() -> None:
    async with ModbusPeer.listening() as peer, asyncio.TaskGroup() as tasks:
        client = line_at(peer.port)
        assert await client.read(Kind.INPUT, 10, 2) == [0, 0]
        reading = tasks.create_task(client.read(Kind.INPUT, 10, 2))

        def cancel_on_answer(sending: bool, pdu: ModbusPDU) -> ModbusPDU:
            if not sending:
                reading.cancel()
            return pdu

        assert client._bus._connection is not None
        client._bus._connection._client.ctx.trace_pdu = cancel_on_answer
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await client.read(Kind.INPUT, 10, 2) == [0, 0]
        client.close()


async def test_a_cancellation_in_the_same_turn_as_a_refused_connection_is_not_lost() -> None:
    for turns in range(1, 20):
        client = line_at(free_port())
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_failure(client.read(Kind.INPUT, 10, 2)))
            for _ in range(turns):
                await asyncio.sleep(0)
            if reading.cancel():
                with pytest.raises(asyncio.CancelledError):
                    await reading
        client.close()


async def test_read_and_write_never_have_two_requests_in_flight() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tricks.append(modbus_peer.hang)
        async with asyncio.TaskGroup() as tasks:
            read = tasks.create_task(_failure(client.read(Kind.INPUT, 10, 2)))
            write = tasks.create_task(_failure(client.write(Kind.HOLDING, 100, [1])))
        assert read.result() == write.result()
        assert len(peer.requests) == 1


async def _failure(asking: Awaitable[object]) -> str:
    with pytest.raises(DeviceUnreachable) as caught:
        await asking
    return str(caught.value)


async def test_a_device_that_restarts_is_found_again_within_the_same_call() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        assert await client.read(Kind.INPUT, 10, 2) == [0, 0]
        await peer.stop()
        await peer.start()
        assert await client.read(Kind.INPUT, 10, 2) == [0, 0]
        assert client.connections == 2


async def test_a_device_that_is_off_is_tried_ever_more_rarely_and_found_within_the_cap() -> None:
    loop = asyncio.get_running_loop()
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        await peer.stop()
        tries, started_s = 0, loop.time()
        while loop.time() - started_s < 1.0:
            before_s = client._bus._again_s
            with pytest.raises(DeviceUnreachable, match="no connection"):
                await client.read(Kind.INPUT, 10, 2)
            tries += client._bus._again_s != before_s
            await asyncio.sleep(0.01)
        assert 2 <= tries <= 10, "a chance between 0.05 s and 0.1, 0.2, 0.4, 0.8 s apart"
        assert client._bus._again_s - loop.time() <= BACK_OFF_S_MAX
        await peer.start()
        assert await read_when_it_may(client) == [0, 0]


@pytest.mark.parametrize(
    ("trick", "trouble"),
    [
        (modbus_peer.hang_up, "closed the connection"),
        (modbus_peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no Modbus frame"),
        (modbus_peer.say(bytes(20)), "no Modbus frame"),
        (modbus_peer.say(bytes(3_000)), "no answer"),
        (modbus_peer.short, "something else"),
        (modbus_peer.no_transaction, "something else"),
        (modbus_peer.other_function, "something else"),
        (modbus_peer.wrong_transaction, "no answer"),
        (modbus_peer.wrong_unit, "no answer"),
        (modbus_peer.half, "no answer"),
        (modbus_peer.late(TIMEOUT_S * 1.5), "no answer"),
    ],
)
async def test_a_wrong_answer_is_never_believed_and_the_device_comes_back(
    trick: Trick, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tables[Kind.INPUT] |= {10: 1, 11: 2}
        peer.tricks.append(trick)
        with pytest.raises(DeviceUnreachable, match=trouble) as caught:
            await client.read(Kind.INPUT, 10, 2)
        assert str(caught.value).startswith(f"127.0.0.1:{peer.port} unit 1: ")
        assert await read_when_it_may(client) == [1, 2]
        assert peer.connections == 2
        assert caplog.records == []


async def test_an_answer_in_single_bytes_is_put_together() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tables[Kind.INPUT] |= {10: 1, 11: 2}
        peer.tricks.append(modbus_peer.in_pieces)
        assert await client.read(Kind.INPUT, 10, 2) == [1, 2]


async def test_a_repeated_answer_is_not_taken_for_the_next_one() -> None:
    async with ModbusPeer.listening() as peer, connected(peer) as client:
        peer.tables[Kind.INPUT] |= {10: 1, 11: 2, 20: 3, 21: 4}
        for _ in range(20):
            peer.tricks.append(modbus_peer.twice)
            assert await read_when_it_may(client) == [1, 2]
            assert await client.read(Kind.INPUT, 20, 2) == [3, 4]
