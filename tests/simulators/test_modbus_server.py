"""`simulators.modbus_server`: Modbus TCP as others speak it, also to clients that do not."""

import asyncio
import shutil
import struct
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.point import Kind
from simulators import modbus_server
from simulators.modbus_server import ExceptionCode, Refusal, respond

SIZE = 200


class Memory:
    """A device with `SIZE` addresses in each table; inputs hold their own address."""

    def __init__(self) -> None:
        self.tables = {
            Kind.COIL: [0] * SIZE,
            Kind.DISCRETE: [n % 2 for n in range(SIZE)],
            Kind.INPUT: list(range(SIZE)),
            Kind.HOLDING: [0] * SIZE,
        }

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        self._check(start, count)
        return self.tables[kind][start : start + count]

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        self._check(start, len(values))
        self.tables[kind][start : start + len(values)] = values

    def _check(self, start: int, count: int) -> None:
        if start + count > SIZE:
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
async def port(memory: Memory) -> AsyncIterator[int]:
    async with modbus_server.serve(memory, unit=3) as port:
        yield port


def pdu(text: str) -> bytes:
    return bytes.fromhex(text)


def test_inputs_and_holding_registers_are_read_as_words(memory: Memory) -> None:
    memory.tables[Kind.HOLDING][5] = 0xABCD
    assert respond(pdu("04 0002 0003"), memory) == pdu("04 06 0002 0003 0004")
    assert respond(pdu("03 0005 0001"), memory) == pdu("03 02 ABCD")


def test_bits_are_packed_lowest_first(memory: Memory) -> None:
    assert respond(pdu("02 0000 000A"), memory) == pdu("02 02 AA 02")
    memory.tables[Kind.COIL][3] = 1
    assert respond(pdu("01 0003 0001"), memory) == pdu("01 01 01")


def test_single_writes_are_echoed(memory: Memory) -> None:
    assert respond(pdu("06 0007 1234"), memory) == pdu("06 0007 1234")
    assert respond(pdu("05 0008 FF00"), memory) == pdu("05 0008 FF00")
    assert memory.tables[Kind.HOLDING][7] == 0x1234
    assert memory.tables[Kind.COIL][8] == 1
    assert respond(pdu("05 0008 0000"), memory) == pdu("05 0008 0000")
    assert memory.tables[Kind.COIL][8] == 0


def test_many_writes_are_answered_with_their_range(memory: Memory) -> None:
    assert respond(pdu("10 0001 0002 04 000A 0102"), memory) == pdu("10 0001 0002")
    assert memory.tables[Kind.HOLDING][1:3] == [0x000A, 0x0102]
    assert respond(pdu("0F 0000 000A 02 CD 01"), memory) == pdu("0F 0000 000A")
    assert memory.tables[Kind.COIL][:10] == [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("request_text", "answer"),
    [
        ("2B 0E 01 00", "AB 01"),  # a function we do not have
        ("07", "87 01"),
        ("03 00C8 0001", "83 02"),  # behind the last address
        ("04 FFFF 0002", "84 02"),  # behind the last address there can be
        ("03 0000 0000", "83 03"),
        ("03 0000 007E", "83 03"),  # 126 words
        ("01 0000 07D1", "81 03"),  # 2001 bits
        ("03 0000", "83 03"),  # cut short
        ("03 0000 0001 00", "83 03"),
        ("05 0000 0100", "85 03"),  # neither on nor off
        ("06 0000", "86 03"),
        ("10 0000 0002 02 0001", "90 03"),  # two words promised, one there
        ("10 0000 0001 02 0001 00", "90 03"),
        ("10 0000 0001", "90 03"),
        ("0F 0000 0009 01 FF", "8F 03"),
        ("10 00C7 0002 04 0001 0002", "90 02"),
    ],
)
def test_a_bad_request_is_answered_with_the_exception_that_names_it(
    memory: Memory, request_text: str, answer: str
) -> None:
    assert respond(pdu(request_text), memory) == pdu(answer)


@given(st.binary(min_size=1, max_size=253))
def test_every_request_is_answered_in_a_length_that_fits(request_pdu: bytes) -> None:
    answer = respond(request_pdu, Memory())
    assert 2 <= len(answer) <= 253
    assert answer[0] & 0x7F == request_pdu[0] & 0x7F


@given(st.integers(0, SIZE - 1), st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123))
def test_what_is_written_is_read_back(start: int, words: list[int]) -> None:
    memory = Memory()
    count = len(words)
    answer = respond(struct.pack(f">BHHB{count}H", 16, start, count, 2 * count, *words), memory)
    if start + count > SIZE:
        assert answer == b"\x90\x02"
    else:
        read = respond(struct.pack(">BHH", 3, start, count), memory)
        assert struct.unpack(f">{count}H", read[2:]) == tuple(words)


async def exchange(port: int, *parts: bytes, expect: int) -> bytes:
    """Send the parts one by one, and return `expect` bytes of answers."""
    async with asyncio.timeout(5.0):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            return await reader.readexactly(expect)
        finally:
            writer.close()
            await writer.wait_closed()


async def test_requests_may_arrive_in_pieces_and_several_at_once(port: int) -> None:
    one = pdu("0001 0000 0006 03 04 0002 0001")
    two = pdu("0002 0000 0006 03 04 0003 0001")
    answers = pdu("0001 0000 0005 03 04 02 0002") + pdu("0002 0000 0005 03 04 02 0003")
    both = one + two
    assert await exchange(port, both, expect=len(answers)) == answers
    pieces = [both[n : n + 5] for n in range(0, len(both), 5)]
    assert await exchange(port, *pieces, expect=len(answers)) == answers


async def test_another_unit_is_said_to_be_silent_and_255_is_everyone(port: int) -> None:
    other = pdu("0001 0000 0006 01 04 0002 0001")
    assert await exchange(port, other, expect=9) == pdu("0001 0000 0003 01 84 0B")
    everyone = pdu("0001 0000 0006 FF 04 0002 0001")
    assert await exchange(port, everyone, expect=11) == pdu("0001 0000 0005 FF 04 02 0002")


@pytest.mark.parametrize("garbage", ["0001 0001 0006 01", "0001 0000 0001 03", "0001 0000 FFFF 03"])
async def test_what_is_not_modbus_ends_the_connection_and_nothing_else(
    port: int, garbage: str
) -> None:
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await exchange(port, pdu(garbage) + bytes(40), expect=1)
    whole = pdu("0001 0000 0006 03 04 0002 0001")
    assert len(await exchange(port, whole, expect=11)) == 11


async def test_a_client_that_never_fetches_answers_is_not_served_without_end(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**10)
    request = pdu("0001 0000 0006 03 04 0000 007D") * 1000
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            while True:
                writer.write(request)
                await writer.drain()
    writer.transport.abort()
    reader.feed_eof()
    assert len(await exchange(port, pdu("0001 0000 0006 03 04 0002 0001"), expect=11)) == 11


async def test_too_many_clients_are_turned_away(port: int) -> None:
    async with asyncio.timeout(5.0):
        clients = [
            await asyncio.open_connection("127.0.0.1", port)
            for _ in range(modbus_server.CLIENTS_MAX + 1)
        ]
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await clients[-1][0].readexactly(1)
        for _, writer in clients:
            writer.transport.abort()


async def test_closing_the_server_closes_its_connections(memory: Memory) -> None:
    async with modbus_server.serve(memory) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(pdu("0001 0000 0006 01 04 0000 0001"))
        await reader.readexactly(11)
    async with asyncio.timeout(5.0):
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1)
    writer.transport.abort()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def mbpoll(port: int, *arguments: str) -> str:
    """Run one command of the independent client, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        *("mbpoll", "-m", "tcp", "-p", str(port), "-a", "3", "-0", "-1"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode()


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="the program mbpoll is not installed")
async def test_an_independent_client_reads_and_writes(port: int, memory: Memory) -> None:
    assert "[11]: \t11" in await mbpoll(port, "-t", "3", "-r", "10", "-c", "3", "127.0.0.1")
    assert "[1]: \t1" in await mbpoll(port, "-t", "1", "-r", "0", "-c", "9", "127.0.0.1")

    written = await mbpoll(port, "-t", "4", "-r", "20", "127.0.0.1", "77", "78")
    assert "Written 2 references" in written
    assert memory.tables[Kind.HOLDING][20:22] == [77, 78]
    assert "Written 1 references" in await mbpoll(port, "-t", "4", "-r", "30", "127.0.0.1", "5")
    assert memory.tables[Kind.HOLDING][30] == 5

    assert "Written 3 references" in await mbpoll(
        port, "-t", "0", "-r", "2", "127.0.0.1", "1", "0", "1"
    )
    assert memory.tables[Kind.COIL][:6] == [0, 0, 1, 0, 1, 0]
    assert "Written 1 references" in await mbpoll(port, "-t", "0", "-r", "9", "127.0.0.1", "1")
    assert "[9]: \t1" in await mbpoll(port, "-t", "0", "-r", "9", "127.0.0.1")

    negative = await mbpoll(port, "-t", "4:int", "-B", "-r", "40", "127.0.0.1", "--", "-30000")
    assert "Written 1 references" in negative
    assert struct.pack(">2H", *memory.tables[Kind.HOLDING][40:42]) == struct.pack(">i", -30000)
    refused = await mbpoll(port, "-t", "3", "-r", "199", "-c", "2", "127.0.0.1")
    assert "Illegal data address" in refused
