"""A hub that asks a service of weather over HTTP: what was when known, and what goes wrong."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds import running
from cloud.market.feeds.states import FeedStates
from cloud.market.series.model import Kind, Series
from cloud.market.series.opened import archive_of
from cloud.market.series.vintages import Eve, of_eves
from tests.support.hub import NOON_US
from tests.support.patience import eventually
from tests.support.small_http import Answer, serving
from tests.support.weather import told

AT = catalogue.load()["AT"]
HOUR_US = 3_600_000_000
WIND = Series("weather", Kind.WEATHER_WIND, "AT", 3_600, "parndorf")
FILE = """
[[feed]]
source = "weather"
areas = ["AT"]
kinds = ["weather.wind_speed"]
addresses = ["{newest}", "{old}"]

[[feed.places]]
area = "AT"
name = "parndorf"
latitude = 47.98
longitude = 16.85
"""


def here(hub: Hub, folder: Path, text: str) -> Hub:
    path = folder / "feeds.toml"
    path.write_text(text)
    return replace(hub, settings=hub.settings.model_copy(update={"market_feeds_file": path}))


async def test_a_hub_asks_the_past_of_one_address_and_the_days_ahead_of_the_other(
    hub: Hub, tmp_path: Path
) -> None:
    asked: dict[str, list[dict[str, str]]] = {"newest": [], "old": []}

    def service(name: str, path: str) -> Answer:
        query = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        asked[name].append(query)
        return 200, told(query, scale=1.0 if name == "newest" else 0.5)

    async with (
        serving(lambda path: service("newest", path)) as newest,
        serving(lambda path: service("old", path)) as old,
    ):
        there = here(hub, tmp_path, FILE.format(newest=newest, old=old))
        async with running.running(there):
            await eventually(
                lambda: any(state.answered_us for state in hub.service(FeedStates)), 30.0
            )
    assert all("previous_day2" in query["hourly"] for query in asked["old"])
    assert {query["hourly"] for query in asked["newest"]} == {"wind_speed_80m"}
    assert max(query["end_date"] for query in asked["newest"]) == "2026-11-23"
    archive = archive_of(there)
    tomorrow = AT.day_us(date(2026, 11, 22))
    month_ago = AT.day_us(date(2026, 10, 20))
    now = await archive.as_of(WIND, *tomorrow, NOON_US)
    assert (len(now.values), max(now.values)) == (24, 23.0)
    assert (await archive.as_of(WIND, *tomorrow, NOON_US - 1)).values == ()
    eve_us = month_ago[0] - 12 * HOUR_US
    (past,) = await of_eves(archive, WIND, [Eve(*month_ago, eve_us)])
    assert (len(past.values), past.assumed, max(past.values)) == (24, True, 11.5)
    early_us = month_ago[1] - 48 * HOUR_US + 6 * HOUR_US - 1
    (nothing,) = await of_eves(archive, WIND, [Eve(*month_ago, early_us)])
    assert nothing.values == ()


async def test_a_service_in_another_unit_is_an_error_and_keeps_nothing(
    hub: Hub, tmp_path: Path
) -> None:
    def service(path: str) -> Answer:
        query = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        return 200, told(query).replace(b"m/s", b"km/h")

    async with serving(service) as address:
        there = here(hub, tmp_path, FILE.format(newest=address, old=address))
        async with running.running(there):
            await eventually(lambda: any(state.error for state in hub.service(FeedStates)), 30.0)
    (state,) = hub.service(FeedStates)
    assert "unit 'km/h' is not known; m/s is expected" in state.error
    assert await archive_of(there).extents() == []
    assert timedelta(microseconds=(state.next_us or 0) - NOON_US) <= timedelta(hours=1)
