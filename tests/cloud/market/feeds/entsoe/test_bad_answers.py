"""The feed against a platform in trouble: the right error, and no word of the token."""

import logging
import traceback
from collections.abc import AsyncIterator
from urllib.parse import quote_plus

import pytest

from cloud.market.feeds.entsoe import client as clients
from cloud.market.feeds.entsoe import feed as feeds
from cloud.market.feeds.entsoe.feed import open_feed
from cloud.market.feeds.errors import (
    AnswerTooLarge,
    BadAnswer,
    FeedError,
    FeedRefused,
    FeedUnavailable,
)
from cloud.market.feeds.limiter import Limiter
from cloud.market.series.model import Kind
from simulators.entsoe_documents import acknowledgement
from simulators.entsoe_platform import Fault, Platform
from simulators.entsoe_server import archive
from tests.support.entsoe import (
    AREAS,
    NOW_US,
    Asking,
    asking,
    wish,
)
from wire.clock import SetClock


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "BACKOFF_S", 0.0)


@pytest.fixture
async def at() -> AsyncIterator[Asking]:
    async with asking(Platform()) as opened:
        yield opened


async def test_halving_comes_to_an_end(at: Asking) -> None:
    body = acknowledgement("999", "The number of instances (400) exceeds the maximum (200)")
    at.platform.faults += [Fault(400, body)] * 50
    with pytest.raises(FeedRefused, match="too much asked"):
        await at.get(Kind.LOAD_ACTUAL)
    assert len(at.platform.asked) <= feeds.HALVINGS_MAX


async def test_a_page_that_comes_again_and_again_is_noticed(at: Asking) -> None:
    await at.get(Kind.UNAVAILABLE, days=1)
    at.platform.asked.clear()
    root = b"Unavailability_MarketDocument"
    body = archive([b"<%s><type>A77</type></%s>" % (root, root)] * 200)
    at.platform.faults += [Fault(200, body)] * 3
    await at.get(Kind.UNAVAILABLE, detail="A77")
    assert len(at.platform.asked) == 2
    assert "same page again" in at.told[0]


async def test_after_a_short_pause_the_feed_goes_on(at: Asking) -> None:
    at.platform.faults += [Fault(429, b"", {"Retry-After": "0"}), Fault(503), Fault(502)]
    assert len(await at.get(Kind.PRICE_DAY_AHEAD)) == 2
    assert len(at.platform.asked) == 4


HTML = b"<html><body>We are sorry</body></html>"
BAD: list[tuple[Fault, type[FeedError]]] = [
    (Fault(200, b""), BadAnswer),
    (Fault(200, HTML), BadAnswer),
    (Fault(200, b"<GL_MarketDocument><type>A65</type>"), BadAnswer),
    (Fault(200, b"<GL_MarketDocument><type>A44</type></GL_MarketDocument>"), BadAnswer),
    (Fault(200, b"PK\x03\x04garbage"), BadAnswer),
    (Fault(200, archive([b"\0" * 20_000_000])), AnswerTooLarge),
    (Fault(200, b"not packed", {"Content-Encoding": "gzip"}), FeedUnavailable),
    (Fault(200, b"x", {"Content-Encoding": "br"}), FeedRefused),
    (Fault(200, acknowledgement("B11", "not available")), FeedUnavailable),
    (Fault(200, acknowledgement("999", "Internal error: no data found")), FeedUnavailable),
    (Fault(200, acknowledgement("", "what")), FeedUnavailable),
    (Fault(400, HTML), FeedRefused),
    (Fault(400, acknowledgement("B11", "not available")), FeedUnavailable),
    (Fault(401, HTML), FeedRefused),
    (Fault(404, HTML), FeedRefused),
    (Fault(500, HTML), FeedUnavailable),
    (Fault(503, b"", {"Retry-After": "0"}), FeedUnavailable),
    (Fault(429, b"", {"Retry-After": "0"}), FeedUnavailable),
]


@pytest.mark.parametrize(("fault", "error"), BAD)
async def test_every_bad_answer_has_its_error_and_the_next_one_is_read(
    fault: Fault, error: type[FeedError], at: Asking
) -> None:
    at.platform.faults += [fault] * clients.TRIES_MAX
    with pytest.raises(error) as caught:
        await at.get(Kind.LOAD_FORECAST)
    assert "\n" not in str(caught.value)
    at.platform.faults.clear()
    assert len(await at.get(Kind.LOAD_FORECAST)) == 1


async def test_the_token_is_in_no_log_error_or_told_line_whatever_goes_wrong(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every error, with the platform repeating the token in whatever it answers."""
    caplog.set_level(logging.DEBUG)
    names = [name for name in logging.root.manager.loggerDict if name.startswith("http")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    said: list[str] = []
    platform = Platform(token="Ab+/=%20-" + Platform().token)
    try:
        async with asking(platform) as at:
            echo = platform.token.encode()
            echoes = [
                Fault(status, body + echo)
                for status in (200, 400, 401, 404, 500)
                for body in (b"", HTML, b"<GL_MarketDocument>", b"x" * 180)
            ]
            echoes.append(Fault(200, platform.token.encode("utf-16")))
            echoes.append(Fault(200, quote_plus(platform.token).encode()))
            echoes.append(Fault(200, archive([HTML + echo])))
            told = acknowledgement("B11", f"bad token {platform.token}")
            for fault in [*echoes, Fault(200, told), *(fault for fault, _ in BAD)]:
                platform.faults.clear()
                platform.faults += [fault] * clients.TRIES_MAX
                with pytest.raises(FeedError) as caught:
                    await at.get(Kind.LOAD_FORECAST)
                said += [*traceback.format_exception(caught.value), repr(caught.value)]
            said += [*at.told, repr(at.feed), repr(vars(at.feed))]
        async with open_feed(
            platform.token,
            AREAS,
            SetClock(NOW_US),
            limiter=Limiter(),
            tell=lambda _wish, line: said.append(line),
            addresses=("http://127.0.0.1:1/api",),
        ) as feed:
            with pytest.raises(FeedUnavailable, match="the line is down") as refused:
                _ = [batch async for batch in feed.fetch(wish(Kind.LOAD_FORECAST))]
            said += traceback.format_exception(refused.value)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    assert "127.0.0.1" in caplog.text
    everything = caplog.text + "".join(said)
    assert platform.token not in everything
    assert platform.token[:12] not in everything
    assert quote_plus(platform.token)[:12] not in everything
    assert "".join(f"{sign} " for sign in platform.token[:12]) not in everything


async def test_an_answer_of_fifty_megabytes_and_more_is_cut_off(
    at: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "ANSWER_BYTES_MAX", 5_000)
    with pytest.raises(AnswerTooLarge, match="more than 5000 bytes"):
        await at.get(Kind.LOAD_FORECAST)
    at.platform.packed = True
    with pytest.raises(AnswerTooLarge, match="more than 5000 bytes"):
        await at.get(Kind.LOAD_FORECAST)


async def test_a_wrong_token_is_told_to_the_operator() -> None:
    async with asking(Platform(), token="somebody-elses") as at:
        with pytest.raises(FeedRefused, match="the token is missing or wrong"):
            await at.get(Kind.LOAD_FORECAST)
        assert len(at.platform.asked) == 1


async def test_hundreds_of_strange_series_are_told_in_few_lines(at: Asking) -> None:
    series_xml = b"<TimeSeries><mRID>1</mRID></TimeSeries>" * 500
    body = b"<GL_MarketDocument><type>A65</type>" + series_xml + b"</GL_MarketDocument>"
    at.platform.faults.append(Fault(200, body))
    assert await at.get(Kind.LOAD_FORECAST) == {}
    assert len(at.told) == feeds.TOLD_MAX + 1
    assert "480 more" in at.told[-1]
