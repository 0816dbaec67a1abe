"""cloud.kernel.connections: what strangers who connect can take of a server, over real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.types import Receive, Scope, Send

from cloud.kernel.connections import Bounds
from cloud.kernel.server import listen, serve

GET = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 8\r\n\r\n"
LONG = b"GET /long HTTP/1.1\r\nHost: hub\r\n\r\n"
HUGE = b"GET /huge HTTP/1.1\r\nHost: hub\r\n\r\n"
GIVEN_UP_S = 30.0
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A server, its application, and those who are connected to it."""

    def __init__(self) -> None:
        self.port = 0
        self.left = asyncio.Event()
        """Set when the client of a huge answer, or of a long one, has gone."""
        self._lines: list[Line] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the length of the body, with much, or not before the client has gone."""
        length, more = 0, True
        while more:
            message = await receive()
            length, more = length + len(message.get("body", b"")), message.get("more_body", False)
        if scope["path"] != "/long":
            body = bytes(64 * 1024 * 1024) if scope["path"] == "/huge" else b"%d" % length
            headers = [(b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        if scope["path"] != "/":
            assert (await receive())["type"] == "http.disconnect"
            self.left.set()

    async def open(self, *parts: bytes) -> Line:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._lines.append((reader, writer))
        for part in parts:
            writer.write(part)
        await writer.drain()
        return reader, writer

    async def close(self) -> None:
        for _, writer in self._lines:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def served(bounds: Bounds) -> AsyncIterator[Served]:
    """Yield a server with these bounds."""
    app, started, stop = Served(), asyncio.Event(), asyncio.Event()
    with listen("127.0.0.1", 0) as line:
        app.port = line.getsockname()[1]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve(app, line, started.set, stop, bounds))
            await started.wait()
            try:
                yield app
            finally:
                await app.close()
                stop.set()


async def answered(line: Line) -> bytes:
    """Return the body of an answer of less than ten bytes."""
    head = await line[0].readuntil(b"\r\n\r\n")
    assert b" 200 " in head
    return await line[0].readexactly(1)


async def closed(line: Line) -> bool:
    try:
        async with asyncio.timeout(GIVEN_UP_S):
            return await line[0].read(1) == b""
    except ConnectionError:
        return True


async def test_at_the_limit_who_waits_longest_goes_and_who_is_being_answered_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(Bounds(connections_max=8)) as server:
        first = await server.open(LONG)
        kept = await server.open(GET)
        assert await answered(kept) == b"0"
        with caplog.at_level(logging.WARNING):
            crowd = [await server.open(b"GET / HT") for _ in range(40)]
            for line in [kept, *crowd[:-7]]:
                assert await closed(line)
        for line in crowd[-7:]:
            line[1].write(b"TP/1.1\r\nHost: hub\r\n\r\n")
            assert await answered(line) == b"0"
        assert await answered(await server.open(GET)) == b"0"
        assert not first[0].at_eof()
        told = [record for record in caplog.records if record.name == "cloud.kernel.connections"]
        assert len(told) == 1, "once a minute"


@pytest.mark.parametrize("part", [b"", b"GET / HTTP/1.1\r\nHo", POST, POST + b"abc"])
async def test_who_does_not_finish_a_request_is_closed(part: bytes) -> None:
    async with served(Bounds(head_s_max=0.1, pause_s_max=0.1)) as server:
        assert await closed(await server.open(part))


async def test_a_further_request_has_as_much_time_as_the_first() -> None:
    async with served(Bounds(head_s_max=0.1)) as server:
        line = await server.open(GET)
        assert await answered(line) == b"0"
        line[1].write(b"GET /")
        assert await closed(line)


async def test_a_body_may_come_slowly_and_a_head_may_not() -> None:
    async with served(Bounds(head_s_max=0.5)) as server:
        line = await server.open(POST)
        drip = await server.open(b"GET /")
        while not drip[0].at_eof():
            with suppress(ConnectionError):
                drip[1].write(b"a")
            await asyncio.sleep(0.05)
        line[1].write(b"12345678")
        assert await answered(line) == b"8"


async def test_who_takes_nothing_of_an_answer_is_closed() -> None:
    async with served(Bounds(pause_s_max=0.1)) as server:
        await server.open(HUGE)  # a stream reader takes no more than it may keep
        async with asyncio.timeout(GIVEN_UP_S):
            await server.left.wait()
