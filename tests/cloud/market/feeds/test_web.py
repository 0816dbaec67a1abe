"""The open sources over real HTTP: nothing there, trouble, a pause, and answers without an end."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from cloud.market.areas import catalogue
from cloud.market.feeds import web
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.errors import (
    AnswerTooLarge,
    BadAnswer,
    FeedPaused,
    FeedRefused,
    FeedUnavailable,
)
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.sources import Open, open_source
from cloud.market.series.model import Batch, Kind
from tests.support.market_series import DAY_US, HOUR_US, QUARTER_US, local_us
from tests.support.small_http import Answer, serving
from wire.clock import SetClock

AREAS = catalogue.load()
START_US = local_us(2026, 11, 22)
WISH = Wish(kind=Kind.PRICE_DAY_AHEAD, area="DE-LU", start_us=START_US, end_us=START_US + DAY_US)
Asked = Callable[[str], Answer]


@asynccontextmanager
async def source(name: str, answer: Asked, limiter: Limiter) -> AsyncIterator[MarketFeed]:
    async with serving(answer) as address:
        common = Open(AREAS, SetClock(START_US), lambda: limiter)
        async with open_source(name, common, address) as feed:
            yield feed


async def fetched(name: str, answer: Asked, wish: Wish = WISH) -> list[Batch]:
    async with source(name, answer, Limiter(50, 500)) as feed:
        return [batch async for batch in feed.fetch(wish)]


def charts(starts: range) -> bytes:
    seconds = [at_us // 1_000_000 for at_us in starts]
    prices = [1.5] * len(seconds)
    return json.dumps({"unix_seconds": seconds, "price": prices, "unit": "EUR/MWh"}).encode()


async def test_each_source_is_asked_by_its_own_rules() -> None:
    asked = []

    def answer(path: str) -> Answer:
        asked.append(path)
        if "index" in path:
            return 200, json.dumps({"timestamps": [START_US // 1_000 - 7_200_000]}).encode()
        if path.startswith("/app"):
            return 200, json.dumps({"series": [[START_US // 1_000, -1.0]]}).encode()
        if path.startswith("/v1"):
            row = {"start_timestamp": START_US // 1_000, "marketprice": 2, "unit": "Eur/MWh"}
            row["end_timestamp"] = (START_US + HOUR_US) // 1_000
            return 200, json.dumps({"data": [row]}).encode()
        return 200, charts(range(START_US, START_US + DAY_US, QUARTER_US))

    (price,) = await fetched("energy-charts", answer)
    assert len(price.values) == 96
    (hour,) = await fetched("awattar", answer)
    assert (hour.series.resolution_s, hour.values) == (3_600, (2.0,))
    (week,) = await fetched("smard", answer)
    assert (str(week.series), week.values) == ("smard/price.day_ahead/DE-LU/900s/SDAC", (-1.0,))
    first, second = START_US // 1_000_000, (START_US + DAY_US) // 1_000_000 - 1
    assert asked[0] == f"/price?bzn=DE-LU&start={first}&end={second}"
    assert asked[1].startswith("/v1/marketdata?start=")
    assert asked[2] == "/app/chart_data/4169/DE-LU/index_quarterhour.json"


async def test_404_is_nothing_published_and_no_error() -> None:
    for name in ("energy-charts", "awattar", "smard"):
        assert await fetched(name, lambda _path: (404, b"{}")) == []


async def test_a_pause_holds_everybody_who_shares_the_limiter() -> None:
    limiter = Limiter(50, 500)
    async with source("smard", lambda _path: (429, b""), limiter) as feed:
        with pytest.raises(FeedPaused, match="429"):
            await anext(aiter(feed.fetch(WISH)))
    assert 590 < limiter.wait_s() <= 600


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b"no", FeedRefused),
        (302, b"", FeedRefused),
        (200, b"<html>maintenance</html>", BadAnswer),
        (200, b"", BadAnswer),
        (200, b'{"unix_seconds": [1', BadAnswer),
    ],
)
async def test_what_no_other_try_will_change_is_told_at_once(
    status: int, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await fetched("energy-charts", lambda _path: (status, body))


async def test_trouble_is_tried_again_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BACKOFF_S", 0.001)
    asked = []

    def answer(path: str, good_after: int) -> Answer:
        asked.append(path)
        if len(asked) <= good_after:
            return 503, b"busy"
        return 200, charts(range(START_US, START_US + HOUR_US, QUARTER_US))

    (batch,) = await fetched("energy-charts", partial(answer, good_after=2))
    assert len(batch.values) == 4
    asked.clear()
    with pytest.raises(FeedUnavailable, match="503"):
        await fetched("energy-charts", partial(answer, good_after=9))
    assert len(asked) == web.TRIES_MAX


async def test_an_answer_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ANSWER_BYTES_MAX", 10_000)
    with pytest.raises(AnswerTooLarge):
        await fetched("energy-charts", lambda _path: (200, b" " * 20_000))


async def test_a_wish_that_a_source_cannot_meet_is_refused() -> None:
    wish = Wish(kind=Kind.LOAD_ACTUAL, area="AT", start_us=START_US, end_us=START_US + DAY_US)
    for name in ("energy-charts", "awattar", "smard"):
        with pytest.raises(FeedRefused, match=r"load\.actual of AT"):
            await fetched(name, lambda _path: (200, b"{}"), wish)
