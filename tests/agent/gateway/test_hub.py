"""agent.gateway.hub: every trouble of the line is one of two errors, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from agent.gateway.errors import HubRefused, HubUnreachable
from agent.gateway.hub import Hub, open_hub
from agent.gateway.line import ANSWER_BYTES_MAX, OneKey, Way
from tests.support.hub_peer import KEY
from wire.clock import SystemClock

ACK = b'{"v":1,"epoch":"e","seq":3}'


def way_to(port: int) -> Way:
    return Way(url=f"http://127.0.0.1:{port}")


def answer(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def hub_that_says(raw: bytes) -> AsyncIterator[Hub]:
    """Serve raw bytes to whoever asks."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with open_hub(way_to(port), OneKey(KEY), SystemClock()) as hub:
            yield hub
    finally:
        server.close()


async def test_an_acknowledgement_is_read() -> None:
    async with hub_that_says(answer("200 OK", ACK)) as hub:
        assert (await hub.upload(b"body")).seq == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        answer("200 OK", b"<html>a captive portal</html>"),
        answer("200 OK", b"[1,2]"),
        answer("200 OK", b'{"v":1}'),
        answer("200 OK", b"[" * 100_000),
        answer("200 OK", b" " * (ANSWER_BYTES_MAX + 1)),
        answer("500 Oops", b""),
        answer("502 Bad Gateway", b"<html>"),
        answer("429 Slow", b'{"code":"TOO_MANY","message":"wait"}'),
    ],
    ids=lambda raw: raw[:40],
)
async def test_no_answer_or_a_senseless_one_is_to_be_tried_again(raw: bytes) -> None:
    async with hub_that_says(raw) as hub:
        with pytest.raises(HubUnreachable):
            await hub.upload(b"body")
        with pytest.raises(HubUnreachable):
            await hub.downlink(1, (), 0.1)


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (answer("401 No", b'{"code":"CLOCK_OFF","message":"set the clock"}'), 401, "CLOCK_OFF"),
        (answer("403 No", b"<html>forbidden</html>"), 403, "NO_CODE"),
        (answer("422 No", b'{"code":7,"message":null}'), 422, "7"),
        (answer("302 Elsewhere", b""), 302, "NO_CODE"),
    ],
    ids=["json", "html", "odd types", "redirect"],
)
async def test_a_refusal_carries_status_and_code(raw: bytes, status: int, code: str) -> None:
    async with hub_that_says(raw) as hub:
        with pytest.raises(HubRefused) as refused:
            await hub.upload(b"body")
        assert (refused.value.status, refused.value.code) == (status, code)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "http://no-such-host.invalid"]
)
async def test_a_hub_that_is_not_there_is_to_be_tried_again(url: str) -> None:
    async with open_hub(Way(url=url), OneKey(KEY), SystemClock()) as hub:
        with pytest.raises(HubUnreachable):
            await hub.upload(b"body")


async def test_a_cancelled_request_ends_at_once() -> None:
    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with open_hub(way_to(port), OneKey(KEY), SystemClock()) as hub:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await hub.downlink(1, (), 30)
        async with asyncio.timeout(5):
            await gone.wait()
    server.close()


def test_the_secret_is_not_printed() -> None:
    assert KEY.secret.hex() not in f"{KEY}"
    assert repr(KEY.secret) not in f"{KEY!r}"
