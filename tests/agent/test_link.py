"""agent/link.py: every message crosses a real socket exactly; a bad one raises only BadMessage."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import link
from agent.link import Item, Message
from agent.status import DeviceState, Reason
from tests.support import messages, strategies
from wire.fields import BadMessage

BODIES = {name: link.encode(message)[4:] for name, message in messages.LINK.items()}


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


async def receive(data: bytes) -> Message:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await link.receive(reader)


def received(data: bytes) -> Message:
    return asyncio.run(receive(data))


@asynccontextmanager
async def line() -> AsyncIterator[tuple[asyncio.StreamReader, socket.socket]]:
    """The reader of one end of a Unix socket, and the other end."""
    here, there = socket.socketpair(socket.AF_UNIX)
    reader, writer = await asyncio.open_unix_connection(sock=here)
    try:
        yield reader, there
    finally:
        there.close()
        writer.close()


@pytest.mark.parametrize("message", messages.LINK.values(), ids=messages.LINK)
async def test_every_message_crosses_a_real_socket_exactly(message: Message) -> None:
    async with line() as (reader, there):
        there.sendall(link.encode(message) * 2)
        assert await link.receive(reader) == message
        assert await link.receive(reader) == message


@given(st.builds(Item, st.integers(0, 2**60), strategies.blocks() | strategies.events))
def test_every_item_comes_back_exactly(item: Item) -> None:
    assert received(link.encode(item)) == item


@pytest.mark.parametrize("cut", [0, 1, 4, 5])
async def test_a_closed_line_is_the_end_also_in_the_middle_of_a_frame(cut: int) -> None:
    async with line() as (reader, there):
        there.sendall(link.encode(messages.LINK["hello"])[:cut])
        there.close()
        with pytest.raises(EOFError):
            await link.receive(reader)


async def test_a_line_that_is_reset_is_the_end_too() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    reader, writer = await asyncio.open_unix_connection(sock=here)
    writer.write(b"never read")
    await writer.drain()
    there.close()  # with unread data: the kernel resets the connection
    with pytest.raises(EOFError):
        await link.receive(reader)
    writer.close()


async def test_a_frame_over_the_limit_is_refused_before_it_is_awaited() -> None:
    async with line() as (reader, there):
        there.sendall(struct.pack(">I", link.FRAME_BYTES_MAX + 1))
        with pytest.raises(BadMessage, match=f"at most {link.FRAME_BYTES_MAX}"):
            await link.receive(reader)


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_bad_message(body: bytes) -> None:
    with pytest.raises(BadMessage):
        received(frame(body))


@given(st.sampled_from(sorted(BODIES)).flatmap(lambda n: strategies.damaged(json.loads(BODIES[n]))))
def test_a_damaged_message_is_refused_or_can_be_sent_on(text: str) -> None:
    try:
        message = received(frame(text.encode()))
    except BadMessage as error:
        messages.check_refusal(error)
    else:
        assert received(link.encode(message)) is not None


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"reasons": [["FCR", "txt", "nan", "", None, None]]}, r"status\.reasons\.power_kw: 'nan'"),
        ({"reasons": [["FCR", "text"]]}, r"status\.reasons: a list of 2 .* \[code, text, power_kw"),
        ({"readings": [["d", "a.b", "1", 0, 0]]}, r"status\.readings\.value: '1'"),
        ({"readings": [["d", "a.b", 1, 4, 0]]}, r"status\.readings\.quality: 4"),
        ({"devices": [["d", 1, None, ""]]}, r"status\.devices\.connected: 1 .* true or false"),
        ({"schedule_version": "7"}, r"status\.schedule_version: '7'"),
        ({"setpoint_kw": 1e8}, r"status\.setpoint_kw: 100000000"),
    ],
)
def test_a_wrong_part_of_a_status_is_named(part: Mapping[str, Any], says: str) -> None:
    document = {**json.loads(BODIES["status"]), **part}
    with pytest.raises(BadMessage, match=says):
        received(frame(json.dumps(document).encode()))


@given(st.text())
def test_no_quoted_text_can_make_a_status_that_the_other_side_refuses(text: str) -> None:
    status = replace(
        messages.STATUS,
        reasons=(Reason("X", text, 0.0),),
        devices=(DeviceState(device="d", connected=False, answered_us=None, trouble=text),),
    )
    assert received(link.encode(status)) is not None
