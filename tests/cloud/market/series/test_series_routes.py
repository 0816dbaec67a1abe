"""cloud.market.series.routes: series as programs read them, as of any instant, and the feeds."""

from datetime import timedelta

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds.states import Asked, FeedStates
from cloud.market.series.archive import Archive
from cloud.market.series.model import Kind, Quality, Series
from tests.support.hub import NOON_US, admin_key, client_of
from tests.support.market_series import HOUR_US, QUARTER_US, batch, local_us
from wire.clock import utc

NAME = "entsoe/price.day_ahead/AT/900s/SDAC"
START_US = local_us(2026, 11, 22)
PATH = "/api/v1/market/series/values"


async def fill(hub: Hub) -> None:
    values = [round(80 - n / 3, 2) for n in range(96)]
    archive = Archive(hub.database, catalogue.load())
    await archive.append([batch(START_US, values[:95], NOON_US - HOUR_US, document="d1")])
    await archive.append([batch(START_US, [*values[:4], -5.0], NOON_US - 60, document="d2")])
    await archive.append([batch(START_US, [99_999.0], NOON_US - 30, document="d3")])


def at(at_us: int) -> str:
    return utc(at_us).isoformat()


async def test_a_day_is_read_with_what_is_known_of_it(hub: Hub) -> None:
    await fill(hub)
    ask = {"series": NAME, "from": at(START_US), "to": at(START_US + 96 * QUARTER_US)}
    async with client_of(hub, admin_key(hub)) as client:
        now = (await client.get(PATH, params=ask)).json()
        before = ask | {"as_of": at(NOON_US - 61)}
        then = (await client.get(PATH, params=before)).json()
        (listed,) = (await client.get("/api/v1/market/series")).json()["series"]
        (aside,) = (await client.get("/api/v1/market/quarantine")).json()["quarantine"]
    assert (now["unit"], now["source"], now["quality"], now["simulated"]) == (
        "EUR/MWh",
        "entsoe",
        "good",
        False,
    )
    assert now["days"] == [{"day": "2026-11-22", "expected": 96, "present": 95, "complete": False}]
    assert len(now["values"]) == 95, "what is missing has no entry"
    assert (now["values"][4]["value"], then["values"][4]["value"]) == (-5.0, 78.67)
    assert now["documents"] == ["d2", "d1"] or now["documents"] == ["d1", "d2"]
    assert now["age_s"] == 60 / 1e6
    assert [one["values"] for one in now["apart"]] == [[99_999.0]]
    assert (listed["series"], listed["first"]) == (NAME, "2026-11-21T23:00:00Z")
    assert (aside["quality"], aside["values"]) == ("implausible", [99_999.0])


async def test_simulated_values_say_so(hub: Hub) -> None:
    series = Series("simulated", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
    one = batch(START_US, [1.0], NOON_US, series=series, quality=Quality.SIMULATED)
    await Archive(hub.database, catalogue.load()).append([one])
    async with client_of(hub, admin_key(hub)) as client:
        ask = {"series": str(series), "from": at(START_US), "to": at(START_US + HOUR_US)}
        found = (await client.get(PATH, params=ask)).json()
    assert (found["simulated"], found["quality"]) == (True, "simulated")


async def test_wrong_questions_are_told_in_one_line(hub: Hub) -> None:
    await fill(hub)
    long = {"from": at(START_US), "to": at(START_US + 367 * 96 * QUARTER_US)}
    async with client_of(hub, admin_key(hub)) as client:
        for wrong in (
            "",
            "x",
            "entsoe/price.day_ahead",
            "entsoe/price.day_ahead/AT/1e9s",
            NAME[:-1],
        ):
            answer = await client.get(PATH, params={"series": wrong})
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), wrong
        for params in (long, {"from": at(START_US), "to": at(START_US)}, {"from": "gestern"}):
            answer = await client.get(PATH, params={"series": NAME} | params)
            assert answer.status_code == 422, params
        assert (await client.get(PATH)).status_code == 422
    async with client_of(hub, None) as client:
        assert (await client.get("/api/v1/market/series")).status_code == 401


async def test_a_feed_that_fails_says_since_when_and_why_and_when_it_is_asked_again(
    hub: Hub,
) -> None:
    state = hub.service(FeedStates).of(Asked("entsoe", "AT", Kind.PRICE_DAY_AHEAD))
    state.failed(NOON_US, "the line is down")
    state.next_us = NOON_US + int(timedelta(minutes=1) / timedelta(microseconds=1))
    async with client_of(hub, admin_key(hub)) as client:
        (feed,) = (await client.get("/api/v1/market/feeds")).json()["feeds"]
    assert feed == {
        "source": "entsoe",
        "area": "AT",
        "kind": "price.day_ahead",
        "detail": "",
        "answered": None,
        "stale_since": "2026-11-21T12:00:00Z",
        "failures": 1,
        "error": "the line is down",
        "error_code": "unavailable",
        "odd": [],
        "next_try": "2026-11-21T12:01:00Z",
        "simulated": False,
    }


async def test_a_series_of_a_file_may_be_read_by_its_name(hub: Hub) -> None:
    series = Series("file:my/prices", Kind.LOAD_ACTUAL, "DE-LU", 3_600)
    await Archive(hub.database, catalogue.load()).append(
        [batch(START_US, [50_000.0], NOON_US, series=series)]
    )
    async with client_of(hub, admin_key(hub)) as client:
        ask = {"series": str(series), "from": at(START_US), "to": at(START_US + HOUR_US)}
        found = (await client.get(PATH, params=ask)).json()
    assert (found["detail"], found["values"][0]["value"]) == ("", 50_000.0)
