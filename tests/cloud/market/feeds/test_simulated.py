"""cloud.market.feeds.simulated: the same for the same seed, labelled, and with all that happens."""

from datetime import date, timedelta

from cloud.market.areas import catalogue
from cloud.market.feeds.base import Wish
from cloud.market.feeds.simulated import Simulated, issues
from cloud.market.series.model import Kind, Quality
from tests.support.market_series import DAY_US, local_us
from wire.clock import SetClock

AREAS = catalogue.load()
AT = AREAS["AT"]
PRICE = Kind.PRICE_DAY_AHEAD
LATER_US = local_us(2028, 1, 1)
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]


def test_a_year_has_negative_prices_late_days_holes_and_corrections() -> None:
    of_day = {day: list(issues(1, AT, PRICE, "SDAC", day, LATER_US)) for day in YEAR}
    assert of_day == {day: list(issues(1, AT, PRICE, "SDAC", day, LATER_US)) for day in YEAR}
    last = [found[-1].values for found in of_day.values()]
    assert sum(map(len, last)) == 35_040
    assert {len(values) for values in last} == {92, 96, 100}
    assert any(value < 0 for values in last for value in values)
    assert all(-500 <= value <= 4_000 for values in last for value in values)
    holes = [day for day, found in of_day.items() if len(found[0].values) < len(found[-1].values)]
    corrected = [day for day, found in of_day.items() if found[-1].revision == 3]
    noon_us = {day: local_us(day.year, day.month, day.day) - DAY_US // 2 for day in YEAR}
    late = [day for day, found in of_day.items() if found[0].known_us > noon_us[day] + 2 * 3.6e9]
    for some in (holes, corrected, late):
        assert 10 < len(some) < 80


async def test_nothing_is_told_before_its_hour() -> None:
    clock = SetClock(local_us(2026, 6, 14, 12, 56))
    feed = Simulated(1, AREAS, clock)
    start_us, end_us = AT.day_us(date(2026, 6, 15))
    for kind, hour in ((PRICE, 20), (Kind.LOAD_FORECAST, 13), (Kind.GENERATION_FORECAST, 21)):
        wish = Wish(kind=kind, area="AT", start_us=start_us, end_us=end_us)
        clock.at_us = local_us(2026, 6, 14, 9, 59)
        assert [batch async for batch in feed.fetch(wish)] == []
        clock.at_us = local_us(2026, 6, 14, hour)
        found = [batch async for batch in feed.fetch(wish)]
        assert found
        assert all(batch.quality is Quality.SIMULATED for batch in found)
        assert all("simulated" in batch.licence for batch in found)
        assert all(batch.known_us == clock.at_us for batch in found)


async def test_what_is_measured_comes_quarter_by_quarter() -> None:
    clock = SetClock(local_us(2026, 6, 15, 12, 0))
    start_us, end_us = AT.day_us(date(2026, 6, 15))
    wish = Wish(kind=Kind.LOAD_ACTUAL, area="AT", start_us=start_us, end_us=end_us)
    (batch,) = [batch async for batch in Simulated(1, AREAS, clock).fetch(wish)]
    assert len(batch.values) == 47, "the quarter-hour that ended at 11:45 is the last one"
    assert min(batch.values) > 0


async def test_the_weather_is_told_before_the_day_and_the_sun_follows_it() -> None:
    clock = SetClock(local_us(2026, 6, 14, 11, 30))
    feed = Simulated(1, AREAS, clock)
    start_us, end_us = AT.day_us(date(2026, 6, 15))
    sun = Wish(kind=Kind.WEATHER_RADIATION, area="AT", start_us=start_us, end_us=end_us)
    told = [batch async for batch in feed.fetch(sun)]
    assert [batch.revision for batch in told] == [1, 2], "the evening's run is still to come"
    assert {batch.series.detail for batch in told} == {"mitte"}
    assert {batch.series.resolution_s for batch in told} == {3_600}
    wish = Wish(kind=Kind.GENERATION_FORECAST, area="AT", start_us=start_us, end_us=end_us)
    assert [batch async for batch in feed.fetch(wish)] == [], "the operator's comes at 17:30"
    clock.at_us = LATER_US
    solar = [batch async for batch in feed.fetch(wish) if batch.series.detail == "B16"][-1]
    power = [sum(solar.values[4 * n : 4 * n + 4]) / 4 for n in range(24)]
    radiation = told[-1].values
    shares = [p / r for p, r in zip(power, radiation, strict=True) if r > 50]
    assert max(shares) < 1.5 * min(shares)


async def test_auctions_of_the_day_come_in_turn_and_the_index_ends_where_the_news_were() -> None:
    clock = SetClock(local_us(2026, 6, 15, 10, 20))
    feed = Simulated(1, AREAS, clock)
    start_us, end_us = AT.day_us(date(2026, 6, 15))
    auctions = Wish(kind=Kind.PRICE_INTRADAY_AUCTION, area="AT", start_us=start_us, end_us=end_us)
    found = {batch.series.detail: batch async for batch in feed.fetch(auctions)}
    assert {name: len(batch.values) for name, batch in found.items()} == {"IDA1": 96, "IDA2": 96}
    index = Wish(kind=Kind.PRICE_INTRADAY, area="AT", start_us=start_us, end_us=end_us)
    (batch,) = [batch async for batch in feed.fetch(index)]
    assert len(batch.values) == 39, "the quarter-hour that ended at 9:45 is the last one"
    clock.at_us = local_us(2026, 6, 16, 1)
    found = {batch.series.detail: batch async for batch in feed.fetch(auctions)}
    assert len(found["IDA3"].values) == 48
    assert found["IDA3"].starts_us[0] == local_us(2026, 6, 15, 12)
    (batch,) = [batch async for batch in feed.fetch(index)]
    steps = [
        after - before
        for after, before in zip(batch.values[48:], found["IDA3"].values, strict=True)
    ]
    assert 0.5 < sum(map(abs, steps)) / len(steps) < 10.0
    before = [a - b for a, b in zip(found["IDA2"].values, found["IDA1"].values, strict=True)]
    assert 0.2 < sum(map(abs, before)) / len(before) < 3.0
