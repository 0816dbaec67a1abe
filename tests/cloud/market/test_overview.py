"""cloud.market.overview: feeds, series, whole days, comparisons and back-fills at a glance."""

from datetime import date, timedelta
from typing import Any

import pytest

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import FeedUnavailable
from cloud.market.feeds.feeds_file import parse
from cloud.market.feeds.fills import fills, told_backfill
from cloud.market.feeds.running import Follower
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Series
from tests.support.hub import NOON_US, add_key, client_of, clock_of
from tests.support.market_series import DAY_US, PRICES, batch, local_us, prices
from tests.support.scripted_feed import ScriptedFeed

OTHER = Series("energy-charts", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
OUTAGE = Series("entsoe", Kind.UNAVAILABLE, "AT", 900, "mill")
TODAY = date(2026, 11, 21)


@pytest.fixture
def archive(hub: Hub) -> Archive:
    return Archive(hub.database, catalogue.load())


async def seen(hub: Hub) -> dict[str, Any]:
    async with client_of(hub, await add_key(hub, "stadtwerk")) as client:
        answer = await client.get("/api/v1/market/overview")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_series_shows_its_newest_value_and_how_whole_its_days_are(
    hub: Hub, archive: Archive
) -> None:
    for day, count in ((TODAY - timedelta(days=1), 96), (TODAY, 95)):
        start_us = local_us(day.year, day.month, day.day)
        await archive.append([batch(start_us, prices(day, count), NOON_US - DAY_US)])
    await archive.append([batch(local_us(2026, 11, 21), [10.0], NOON_US, series=OUTAGE)])
    old = Series("smard", Kind.LOAD_ACTUAL, "DE-LU", 3_600)
    await archive.append([batch(local_us(2020, 2, 1), [5.0] * 24, NOON_US - DAY_US, series=old)])
    found = await seen(hub)
    shown = {str(one["series"]): one for one in found["series"]}
    assert sorted(shown) == sorted([str(PRICES), str(old)])
    one = shown[str(PRICES)]
    assert [(d["present"], d["expected"]) for d in one["days"]] == [(96, 96), (95, 96), (0, 96)]
    assert (one["newest"], one["value"]) == ("2026-11-21T22:30:00Z", prices(TODAY, 95)[-1])
    assert (shown[str(old)]["days"], shown[str(old)]["value"]) == ([], 5.0)
    assert (found["outages"], found["left_out"], found["waiting"]) == (1, 0, 0)


async def test_sources_are_shown_beside_each_other_with_their_largest_difference(
    hub: Hub, archive: Archive
) -> None:
    numbers = [50.0] * 96
    await archive.append([batch(local_us(2026, 11, 21), numbers, NOON_US)])
    numbers[7], numbers[8] = 50.02, 48.0
    await archive.append([batch(local_us(2026, 11, 21), numbers[:90], NOON_US, series=OTHER)])
    file = parse('[[compare]]\narea = "AT"\nsources = ["entsoe", "energy-charts"]\n', "f")
    await Follower(hub, archive, file).refresh()
    today, tomorrow = (await seen(hub))["comparisons"]
    assert (today["ours"], today["theirs"], today["day"]) == ("entsoe", OTHER.source, "2026-11-21")
    assert (today["compared"], today["differing"], today["worst"]) == (90, 2, 2.0)
    assert today["worst_at"] == "2026-11-21T01:00:00Z"
    assert (tomorrow["compared"], tomorrow["differing"], tomorrow["worst"]) == (0, 0, None)


async def test_a_back_fill_shows_how_far_it_is_and_why_it_ended(hub: Hub, archive: Archive) -> None:
    feed = ScriptedFeed(lambda _wish: [])
    asked = Asked("scripted", "AT", Kind.PRICE_DAY_AHEAD)
    span = (date(2026, 1, 1), date(2026, 3, 31))
    async for progress in told_backfill(archive, feed, asked, *span, hub.clock):
        if progress.done:
            break
    (fill,) = (await seen(hub))["fills"]
    assert (fill["state"], fill["done"], fill["total"]) == ("running", 31, 90)
    clock_of(hub).at_us += 3_600_000_000

    def down(_wish: Wish) -> list[Batch]:
        raise FeedUnavailable("the line is down")

    broken = ScriptedFeed(down)
    with pytest.raises(FeedUnavailable):
        async for _ in told_backfill(archive, broken, asked, *span, hub.clock):
            pass
    (found,) = await fills(hub.database)
    assert (found.standing(hub.clock.now_us()), found.error) == ("failed", "the line is down")
