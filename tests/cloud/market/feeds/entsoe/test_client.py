"""Patience of the client, on virtual time: pauses for all, back-off, an end to both, one rate."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from cloud.market.feeds.entsoe import client as clients
from cloud.market.feeds.entsoe.client import Answer, Client, Secret
from cloud.market.feeds.errors import (
    FeedError,
    FeedPaused,
    FeedRefused,
    FeedUnavailable,
)
from cloud.market.feeds.limiter import Limiter
from tests.support.virtual import VirtualClock
from wire.clock import utc

pytestmark = pytest.mark.virtual_time
ADDRESSES = ("http://one.test/api", "http://two.test/api")
TOKEN = "c0ffee00-1234-5678-9abc-def012345678"


def answer(status: int = 200, body: bytes = b"<a/>") -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(body))


Reply = Callable[[httpx.Request], httpx.Response]


class Line:
    """The far end of a line: what it answers, and when it was asked for what."""

    def __init__(self, *replies: httpx.Response | Exception, then: Reply | None = None) -> None:
        self._replies = list(replies)
        self._then = then or (lambda _: answer())
        self.at_s: list[float] = []
        self.urls: list[httpx.URL] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.at_s.append(asyncio.get_running_loop().time())
        self.urls.append(request.url)
        await asyncio.sleep(0.05)
        if not self._replies:
            return self._then(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def opened(line: Line, addresses: tuple[str, ...] = ADDRESSES[:1]) -> Client:
    secret = Secret(TOKEN)
    transport = clients._WithToken(httpx.MockTransport(line), secret)
    http = httpx.AsyncClient(transport=transport)
    return Client(http, addresses, Limiter(), VirtualClock(), secret)


def refusal(status: int, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"busy"))


async def test_twenty_jobs_stay_below_the_limit_and_after_429_nobody_asks_for_ten_minutes() -> None:
    line = Line(*[answer() for _ in range(500)], refusal(429))
    client = opened(line)

    async def job() -> None:
        for _ in range(50):
            await client.ask({})

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(job())
    assert len(line.at_s) == 1_001
    for number, at_s in enumerate(line.at_s):
        within = sum(1 for other_s in line.at_s[number:] if other_s < at_s + 60)
        assert within <= 360
    refused_s = line.at_s[500] + 0.05
    on_their_way = [at_s for at_s in line.at_s if line.at_s[500] <= at_s <= refused_s]
    assert len(on_their_way) <= clients.CONCURRENT_MAX
    assert not [at_s for at_s in line.at_s if refused_s < at_s < refused_s + 600]


@pytest.mark.parametrize(
    ("status", "headers", "least_s", "most_s"),
    [
        (429, {}, 600, 661),
        (429, {"Retry-After": "120"}, 120, 121),
        (429, {"Retry-After": "0"}, 0, 1),
        (429, {"Retry-After": "soon"}, 600, 661),
        (429, {"Retry-After": "-5"}, 600, 661),
        (429, {"Retry-After": "1e3"}, 600, 661),
        (429, {"Retry-After": "999999999"}, 6 * 3600, 6 * 3600 + 1),
        (503, {"Retry-After": "45"}, 45, 46),
        (503, {}, 1, 3),
        (500, {"Retry-After": "45"}, 1, 3),
    ],
)
async def test_a_pause_lasts_as_long_as_the_platform_says_or_ten_minutes(
    status: int, headers: dict[str, str], least_s: float, most_s: float
) -> None:
    line = Line(refusal(status, headers))
    assert await opened(line).ask({}) == Answer(200, b"<a/>")
    assert least_s <= line.at_s[1] - line.at_s[0] <= most_s


async def test_a_pause_may_be_told_as_a_date() -> None:
    at = utc(VirtualClock().now_us()) + timedelta(seconds=90)
    line = Line(refusal(429, {"Retry-After": format_datetime(at, usegmt=True)}))
    await opened(line).ask({})
    assert 89 <= line.at_s[1] - line.at_s[0] <= 91


async def test_trouble_is_tried_again_after_a_while_that_doubles_and_then_told() -> None:
    line = Line(then=lambda _: refusal(502))
    with pytest.raises(FeedUnavailable, match="answers 502: 'busy'"):
        await opened(line).ask({})
    waited_s = [right - left - 0.05 for left, right in zip(line.at_s, line.at_s[1:], strict=False)]
    assert len(line.at_s) == clients.TRIES_MAX
    for number, wait_s in enumerate(waited_s):
        assert 2**number <= wait_s <= 2 ** (number + 1)


async def test_a_platform_that_only_asks_for_pauses_is_given_up_too() -> None:
    line = Line(then=lambda _: refusal(429))
    with pytest.raises(FeedPaused, match="answers 429"):
        await opened(line).ask({})
    assert len(line.at_s) == clients.TRIES_MAX


async def test_broken_lines_are_tried_again_and_at_the_second_address() -> None:
    line = Line(
        httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.RemoteProtocolError("?")
    )
    assert await opened(line, ADDRESSES).ask({"a": "b"}) == Answer(200, b"<a/>")
    assert [url.host for url in line.urls] == ["one.test", "two.test", "one.test", "two.test"]


async def test_an_answer_that_never_ends_is_given_up_and_tried_again() -> None:
    async def endless(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1e6)
        raise AssertionError

    http = httpx.AsyncClient(transport=httpx.MockTransport(endless))
    client = Client(http, ADDRESSES, Limiter(), VirtualClock(), Secret(TOKEN))
    with pytest.raises(FeedUnavailable, match="no whole answer in 180 s"):
        await client.ask({})
    assert client.requests == clients.TRIES_MAX


@pytest.mark.parametrize("status", [401, 403, 404, 301, 204, 413])
async def test_what_no_other_try_will_change_is_asked_once(status: int) -> None:
    line = Line(then=lambda _: refusal(status))
    with pytest.raises(FeedRefused, match=str(status)):
        await opened(line).ask({})
    assert len(line.at_s) == 1


async def test_who_is_cancelled_while_he_waits_ends_at_once() -> None:
    line = Line(then=lambda _: refusal(429))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(30):
            await opened(line).ask({})
    assert asyncio.get_running_loop().time() == pytest.approx(30, abs=0.1)


async def test_the_token_is_in_the_address_on_the_line_and_nowhere_above(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    line = Line(then=lambda _: answer(500, f"no {TOKEN}".encode()))
    try:
        with pytest.raises(FeedError) as caught:
            await opened(line).ask({"documentType": "A44"})
    finally:
        logging.getLogger("httpx").setLevel(logging.WARNING)
    assert all(url.params["securityToken"] == TOKEN for url in line.urls)
    assert all(url.params["documentType"] == "A44" for url in line.urls)
    assert TOKEN not in caplog.text
    assert "one.test" in caplog.text
    assert str(caught.value) == f"the platform answers 500: 'no {'*' * len(TOKEN)}'"


@pytest.mark.parametrize(
    "token", ["", "short", "with space in it", "ümlaut-in-the-token", "a" * 201]
)
async def test_what_cannot_be_a_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(ValueError, match="is not allowed") as caught:
        Secret(token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "web-api.tp.entsoe.eu", "ftp://a/b", "https://", "https://u:p@a/b", "https://a/b?x=1", "https://a:b:c/"],
)  # fmt: skip
async def test_an_address_is_checked_before_it_is_used(address: str) -> None:
    with pytest.raises(ValueError, match="is not allowed"):
        async with clients.open_client((address,), Secret(TOKEN), Limiter(), VirtualClock()):
            pass
    assert TOKEN not in repr(Secret(TOKEN))
