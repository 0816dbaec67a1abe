"""The feed against a simulated platform over real HTTP: what comes, what does not, what is kept.

Values are compared with what the platform published, never with another reading of ours.
"""

import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote_plus

import pytest

from cloud.market.areas.catalogue import load
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.entsoe import client as clients
from cloud.market.feeds.entsoe import feed as feeds
from cloud.market.feeds.entsoe.feed import EntsoeFeed, open_feed
from cloud.market.feeds.errors import (
    AnswerTooLarge,
    BadAnswer,
    FeedError,
    FeedRefused,
    FeedUnavailable,
)
from cloud.market.feeds.limiter import Limiter
from cloud.market.series.model import Batch, Kind, Series
from simulators.entsoe_documents import acknowledgement
from simulators.entsoe_server import Fault, Platform, archive, platform_server
from wire.clock import SetClock, micros

AREAS = load()
AT, CH = "10YAT-APG------L", "10YCH-SWISSGRIDZ"
DAY = date(2026, 10, 25)
NOW_US = micros(datetime(2026, 10, 24, 13, tzinfo=UTC))
STEP_US = 900_000_000


@dataclass
class Asking:
    feed: EntsoeFeed
    platform: Platform
    told: list[str]

    async def get(
        self, kind: Kind, first: date = DAY, days: int = 1, detail: str = "", history: bool = False
    ) -> dict[Series, dict[int, float]]:
        """Return all values by series and start."""
        found: dict[Series, dict[int, float]] = {}
        async for batch in self.feed.fetch(wish(kind, first, days, detail, history)):
            values = found.setdefault(batch.series, {})
            assert not values.keys() & set(batch.starts_us)
            values.update(zip(batch.starts_us, batch.values, strict=True))
        return found

    def published(self, name: str, first: date = DAY, days: int = 1) -> dict[int, float]:
        """Return what the platform has under a name of its own."""
        asked = wish(Kind.LOAD_ACTUAL, first, days)
        starts_us = range(asked.start_us, asked.end_us, STEP_US)
        return {at_us: self.platform.value(name, at_us) for at_us in starts_us}


def wish(
    kind: Kind, first: date = DAY, days: int = 1, detail: str = "", history: bool = False
) -> Wish:
    area = AREAS["AT"]
    return Wish(
        kind=kind,
        area="AT",
        start_us=area.day_us(first)[0],
        end_us=area.day_us(first + timedelta(days=days))[0],
        detail=detail,
        history=history,
    )


@asynccontextmanager
async def asking(platform: Platform, token: str = "") -> AsyncIterator[Asking]:
    told: list[str] = []
    async with (
        platform_server(platform) as address,
        open_feed(
            token or platform.token,
            AREAS,
            SetClock(NOW_US),
            limiter=Limiter(10_000, 100_000),
            tell=told.append,
            addresses=(address,),
        ) as feed,
    ):
        yield Asking(feed, platform, told)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "BACKOFF_S", 0.0)


@pytest.fixture
async def at() -> AsyncIterator[Asking]:
    async with asking(Platform()) as opened:
        yield opened


def series(kind: Kind, detail: str = "") -> Series:
    return Series("entsoe", kind, "AT", 900, detail)


async def test_two_auctions_of_the_longest_day_come_whole_and_apart(at: Asking) -> None:
    found = await at.get(Kind.PRICE_DAY_AHEAD)
    assert found == {
        series(Kind.PRICE_DAY_AHEAD, "EXAA"): at.published(f"A44{AT}2"),
        series(Kind.PRICE_DAY_AHEAD, "SDAC"): at.published(f"A44{AT}1"),
    }
    assert all(len(values) == 100 for values in found.values())
    assert at.told == []


async def test_load_wind_and_solar_flows_and_imbalance_come_as_published(at: Asking) -> None:
    assert await at.get(Kind.LOAD_FORECAST) == {
        series(Kind.LOAD_FORECAST): at.published(f"A65A01{AT}")
    }
    assert await at.get(Kind.LOAD_ACTUAL) == {series(Kind.LOAD_ACTUAL): at.published(f"A65A16{AT}")}
    assert await at.get(Kind.GENERATION_FORECAST) == {
        series(Kind.GENERATION_FORECAST, plant): at.published(f"A69{plant}{AT}")
        for plant in ("B16", "B19")
    }
    only_wind = await at.get(Kind.GENERATION_ACTUAL, detail="B19")
    assert list(only_wind) == [series(Kind.GENERATION_ACTUAL, "B19")]
    assert await at.get(Kind.PRICE_IMBALANCE) == {
        series(Kind.PRICE_IMBALANCE): at.published(f"A85{AT}")
    }
    leaves, enters = at.published(f"A11{AT}{CH}"), at.published(f"A11{CH}{AT}")
    (net,) = (await at.get(Kind.FLOW, detail="CH")).values()
    assert net == {at_us: leaves[at_us] - enters[at_us] for at_us in leaves}


async def test_all_borders_come_without_a_name(at: Asking) -> None:
    found = await at.get(Kind.FLOW)
    assert [of.detail for of in found] == list(AREAS["AT"].neighbours)


async def test_outages_come_from_an_archive(at: Asking) -> None:
    found = await at.get(Kind.UNAVAILABLE, days=3)
    assert [len(values) for values in found.values()] == [48, 48, 48]
    assert {value for values in found.values() for value in values.values()} == {300.0}


async def test_answers_packed_on_the_way_are_unpacked() -> None:
    async with asking(Platform(packed=True)) as at:
        assert len(await at.get(Kind.PRICE_DAY_AHEAD)) == 2


async def test_what_is_not_published_yet_is_no_error_and_no_value(at: Asking) -> None:
    at.platform.published_until_us = wish(Kind.LOAD_ACTUAL).start_us
    assert await at.get(Kind.PRICE_DAY_AHEAD) == {}
    body = acknowledgement("999", "No matching data found for Data item [12.1.D]")
    at.platform.published_until_us = None
    at.platform.faults.append(Fault(400, body))
    assert await at.get(Kind.PRICE_DAY_AHEAD) == {}


async def test_an_interval_within_a_day_is_cropped_out_of_the_whole_day(at: Asking) -> None:
    day = wish(Kind.LOAD_ACTUAL)
    part = day.within(day.start_us + 3 * STEP_US, day.start_us + 7 * STEP_US)
    (batch,) = [batch async for batch in at.feed.fetch(part)]
    assert batch.starts_us == tuple(range(part.start_us, part.end_us, STEP_US))


async def test_more_than_a_hundred_series_come_in_pages(at: Asking) -> None:
    at.feed._span_days = 366
    found = await at.get(Kind.PRICE_DAY_AHEAD, date(2026, 1, 1), 120)
    assert [asked.get("offset") for asked in at.platform.asked] == [None, "100", "200"]
    for name, number in (("SDAC", "1"), ("EXAA", "2")):
        published = at.published(f"A44{AT}{number}", date(2026, 1, 1), 120)
        assert found[series(Kind.PRICE_DAY_AHEAD, name)] == published


async def test_too_much_asked_is_halved_until_it_is_not(at: Asking) -> None:
    at.platform.days_max = 4
    found = await at.get(Kind.LOAD_ACTUAL, date(2026, 1, 1), 31)
    assert found == {series(Kind.LOAD_ACTUAL): at.published(f"A65A16{AT}", date(2026, 1, 1), 31)}
    assert len(at.platform.asked) == 1 + 2 + 4 + 8


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
    await at.get(Kind.UNAVAILABLE)
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
            tell=said.append,
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


async def test_a_correction_comes_as_a_newer_document_and_not_as_another_series(
    at: Asking,
) -> None:
    before = [batch async for batch in at.feed.fetch(wish(Kind.LOAD_ACTUAL))]
    at.platform.shift, at.platform.revision = 5.0, 2
    at.platform.created_us += 1_000_000
    after = [batch async for batch in at.feed.fetch(wish(Kind.LOAD_ACTUAL))]
    assert [batch.series for batch in before] == [batch.series for batch in after]
    assert (before[0].created_us, before[0].revision) < (after[0].created_us, after[0].revision)
    assert before[0].values != after[0].values


async def test_hundreds_of_strange_series_are_told_in_few_lines(at: Asking) -> None:
    series_xml = b"<TimeSeries><mRID>1</mRID></TimeSeries>" * 500
    body = b"<GL_MarketDocument><type>A65</type>" + series_xml + b"</GL_MarketDocument>"
    at.platform.faults.append(Fault(200, body))
    assert await at.get(Kind.LOAD_FORECAST) == {}
    assert len(at.told) == feeds.TOLD_MAX + 1
    assert "480 more" in at.told[-1]


@pytest.mark.slow
async def test_a_year_of_prices_load_wind_and_solar_takes_less_than_sixty_requests() -> None:
    async with asking(Platform()) as at:
        first: list[Batch] = []
        for kind in (Kind.PRICE_DAY_AHEAD, Kind.LOAD_FORECAST, Kind.GENERATION_FORECAST):
            asked = wish(kind, date(2025, 1, 1), 365, history=True)
            first += [batch async for batch in at.feed.fetch(asked)]
        assert len(at.platform.asked) <= 60
        counts: dict[Series, int] = {}
        for batch in first:
            counts[batch.series] = counts.get(batch.series, 0) + len(batch.values)
        assert list(counts.values()) == [35_040] * 5
        asked = wish(Kind.LOAD_FORECAST, date(2025, 1, 1), 365, history=True)
        again = [batch async for batch in at.feed.fetch(asked)]
        assert again == [batch for batch in first if batch.series.kind is Kind.LOAD_FORECAST]
        assert all(batch.assumed and batch.known_us < NOW_US for batch in again)


async def test_the_feed_offers_what_the_platform_has_where_it_knows_the_area(at: Asking) -> None:
    feed: MarketFeed = at.feed
    assert feed.name == "entsoe"
    assert feed.offers(Kind.PRICE_DAY_AHEAD, "AT")
    assert not feed.offers(Kind.PRICE_DAY_AHEAD, "XX")
    assert not feed.offers(Kind.PRICE_INTRADAY, "AT")
