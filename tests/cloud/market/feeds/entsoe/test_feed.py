"""The feed against a simulated platform over real HTTP: what it publishes is what comes.

Values are compared with what the platform published, never with another reading of ours.
"""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from cloud.market.feeds.base import MarketFeed
from cloud.market.series.model import Batch, Kind, Series
from simulators.entsoe_documents import acknowledgement
from simulators.entsoe_platform import Fault, Platform
from tests.support.entsoe import (
    AREAS,
    EIC,
    NOW_US,
    STEP_US,
    Asking,
    asking,
    wish,
)

CH = "10YCH-SWISSGRIDZ"


@pytest.fixture
async def at() -> AsyncIterator[Asking]:
    async with asking(Platform()) as opened:
        yield opened


def series(kind: Kind, detail: str = "") -> Series:
    return Series("entsoe", kind, "AT", 900, detail)


async def test_two_auctions_of_the_longest_day_come_whole_and_apart(at: Asking) -> None:
    found = await at.get(Kind.PRICE_DAY_AHEAD)
    assert found == {
        series(Kind.PRICE_DAY_AHEAD, "EXAA"): at.published(f"A44{EIC}2"),
        series(Kind.PRICE_DAY_AHEAD, "SDAC"): at.published(f"A44{EIC}1"),
    }
    assert all(len(values) == 100 for values in found.values())
    assert at.told == []


async def test_load_wind_and_solar_flows_and_imbalance_come_as_published(at: Asking) -> None:
    assert await at.get(Kind.LOAD_FORECAST) == {
        series(Kind.LOAD_FORECAST): at.published(f"A65A01{EIC}")
    }
    assert await at.get(Kind.LOAD_ACTUAL) == {
        series(Kind.LOAD_ACTUAL): at.published(f"A65A16{EIC}")
    }
    assert await at.get(Kind.GENERATION_FORECAST) == {
        series(Kind.GENERATION_FORECAST, plant): at.published(f"A69{plant}{EIC}")
        for plant in ("B16", "B19")
    }
    only_wind = await at.get(Kind.GENERATION_ACTUAL, detail="B19")
    assert list(only_wind) == [series(Kind.GENERATION_ACTUAL, "B19")]
    assert await at.get(Kind.PRICE_IMBALANCE) == {
        series(Kind.PRICE_IMBALANCE): at.published(f"A85{EIC}")
    }
    leaves, enters = at.published(f"A11{EIC}{CH}"), at.published(f"A11{CH}{EIC}")
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
        published = at.published(f"A44{EIC}{number}", date(2026, 1, 1), 120)
        assert found[series(Kind.PRICE_DAY_AHEAD, name)] == published


async def test_too_much_asked_is_halved_until_it_is_not(at: Asking) -> None:
    at.platform.days_max = 4
    found = await at.get(Kind.LOAD_ACTUAL, date(2026, 1, 1), 31)
    assert found == {series(Kind.LOAD_ACTUAL): at.published(f"A65A16{EIC}", date(2026, 1, 1), 31)}
    assert len(at.platform.asked) == 1 + 2 + 4 + 8


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
