"""Weather forecasts: what an answer says, when it counts as known, and a real server's habits."""

import json
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud.kernel.database import Database
from cloud.market.areas import catalogue
from cloud.market.feeds import feeds_file, weather
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer, FeedRefused
from cloud.market.feeds.feeds_file import BadFeeds
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.weather import Asked, Place
from cloud.market.feeds.weather_feed import Settings, open_weather
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Quality
from tests.support.market_series import DAY_US, HOUR_US, local_us
from tests.support.small_http import Answer, serving
from tests.support.weather import told
from wire.clock import SetClock

AREAS = catalogue.load()
AT = AREAS["AT"]
WIEN = Place(name="wien", latitude_degrees=48.21, longitude_degrees=16.37)
NOW_US = local_us(2026, 10, 24, 11, 30)
START_US, END_US = AT.day_us(date(2026, 10, 25))
SUN, WIND = Kind.WEATHER_RADIATION, Kind.WEATHER_WIND
SIX_H = 6 * HOUR_US


def wish(kind: Kind = SUN, *, history: bool = False, start_us: int = START_US) -> Wish:
    return Wish(kind=kind, area="AT", start_us=start_us, end_us=END_US, history=history)


def read(body: bytes, of: Wish, now_us: int = NOW_US) -> list[Batch]:
    asked = Asked(wish=of, place=WIEN, area=AT, received_us=now_us, delay_us=SIX_H)
    return weather.parse(body, asked)


def _query(of: Wish) -> dict[str, str]:
    return weather.question(of, WIEN)


def test_a_day_of_25_hours_comes_whole_and_radiation_belongs_to_the_hour_before() -> None:
    (batch,) = read(told(_query(wish())), wish())
    assert batch.starts_us == tuple(range(START_US, END_US, HOUR_US))
    assert len(batch.starts_us) == 25
    assert (batch.series.source, batch.series.detail) == ("weather", "wien")
    assert (batch.series.resolution_s, batch.known_us) == (3_600, NOW_US)
    # The server's value is the hour of UTC of its time; the interval ends there.
    assert batch.values[0] == (batch.starts_us[0] // HOUR_US + 1) % 24
    (wind,) = read(told(_query(wish(WIND))), wish(WIND))
    assert wind.values[0] == (wind.starts_us[0] // HOUR_US) % 24


def test_an_hour_that_has_begun_is_no_forecast_any_more() -> None:
    of = wish(start_us=START_US - DAY_US)
    (batch,) = read(told(_query(of)), of)
    assert batch.starts_us[0] == NOW_US // HOUR_US * HOUR_US + HOUR_US


def test_old_forecasts_count_as_known_so_long_before_their_day_ends_and_the_delay_later() -> None:
    of = wish(history=True)
    earliest, newer = read(told(_query(of)), of, END_US)
    assert earliest.known_us == END_US - 2 * DAY_US + SIX_H
    assert newer.known_us == END_US - DAY_US + SIX_H
    assert earliest.assumed
    assert newer.assumed
    for batch, days in ((earliest, 2), (newer, 1)):
        for start_us in batch.starts_us:
            assert batch.known_us >= start_us - days * DAY_US + SIX_H
    (only,) = read(told(_query(of)), of, END_US - 2 * DAY_US + SIX_H)
    assert only.known_us == earliest.known_us


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"hourly": []}',
        told(_query(wish())).replace("W/m²".encode(), b"MJ/m2"),
        told(_query(wish())).replace(b"shortwave_radiation", b"temperature_2m"),
        told(_query(wish()))[:200],
        json.dumps({"error": True, "reason": "x"}).encode(),
        json.dumps(
            {
                "hourly_units": {"shortwave_radiation": "W/m²"},
                "hourly": {"time": [1_700_000_001], "shortwave_radiation": [1]},
            }
        ).encode(),
        json.dumps(
            {
                "hourly_units": {"shortwave_radiation": "W/m²"},
                "hourly": {"time": [1_699_999_200], "shortwave_radiation": [1, 2]},
            }
        ).encode(),
    ],
)
def test_what_is_no_answer_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(body, wish())


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database, AREAS)


async def test_what_no_sky_can_do_is_set_apart(archive: Archive) -> None:
    (batch,) = read(told(_query(wish(WIND)), scale=100.0), wish(WIND))
    kept = await archive.append([batch])
    assert (kept.new, kept.apart) == (2, 23), "hours 0 and 1: 0 and 100 m/s"
    values = await archive.as_of(batch.series, START_US, END_US)
    assert {one.quality for one in values.apart} == {Quality.IMPLAUSIBLE}


async def test_over_http_the_newest_and_the_old_ones_have_an_address_each() -> None:
    asked: list[str] = []

    def service(path: str) -> Answer:
        asked.append(path)
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        return 200, told(query)

    async with serving(service) as newest, serving(service) as old:
        settings = Settings(
            addresses=(newest, old), places={"AT": [WIEN]}, delay_us=SIX_H, key="top-secret"
        )
        clock = SetClock(NOW_US)
        async with open_weather(settings, AREAS, clock, lambda: Limiter(50, 500)) as feed:
            assert feed.offers(SUN, "AT")
            assert not feed.offers(SUN, "FR")
            assert not feed.offers(Kind.PRICE_DAY_AHEAD, "AT")
            live = [batch async for batch in feed.fetch(wish())]
            past = wish(WIND, history=True, start_us=START_US - 40 * DAY_US)
            history = [batch async for batch in feed.fetch(past)]
    assert len(live) == 1
    assert len({batch.starts_us[0] for batch in history}) == 41
    assert len(history) == 81, "what is said of tomorrow on its own day has not been said yet"
    assert "previous_day" not in asked[0]
    assert all("wind_speed_80m_previous_day2" in path for path in asked[1:])
    assert len(asked) == 3, "a month at once"
    assert all("apikey=top-secret" in path for path in asked)


async def test_a_key_that_the_service_repeats_is_told_to_nobody() -> None:
    def service(path: str) -> Answer:
        return 400, path.encode()

    async with serving(service) as address:
        settings = Settings(
            addresses=(address,), places={"AT": [WIEN]}, delay_us=SIX_H, key="top-secret"
        )
        clock = SetClock(NOW_US)
        async with open_weather(settings, AREAS, clock, lambda: Limiter(50, 500)) as feed:
            assert [batch async for batch in feed.fetch(wish(history=True))] == []
            with pytest.raises(FeedRefused) as refused:
                _ = [batch async for batch in feed.fetch(wish())]
    assert "400" in str(refused.value)
    assert "top-secret" not in str(refused.value)


ROW = '[[feed]]\nsource = "weather"\nareas = ["AT"]\nkinds = ["weather.radiation"]\n'
PLACE = '[[feed.places]]\narea = "AT"\nname = "wien"\nlatitude = 48.2\nlongitude = 16.4\n'
HERE = 'addresses = ["http://x"]\n'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (ROW + PLACE, "addresses: is missing"),
        (ROW + HERE, "each of the areas needs one"),
        (ROW + HERE + PLACE.replace("48.2", "148.2"), "latitude: 148.2 is not allowed"),
        (ROW + HERE + PLACE.replace('"wien"', '"Wien!"'), "name: 'Wien!' is not allowed"),
        (ROW + HERE + PLACE.replace('"AT"', '"DE-LU"'), "each of the areas needs one"),
        (ROW + HERE + PLACE + PLACE, "a name is used twice"),
        (ROW.replace("weather.radiation", "load.actual") + HERE + PLACE, "only weather."),
        (ROW.replace('"weather"', '"awattar"') + PLACE, "places: only of source 'weather'"),
    ],
)
def test_a_wrong_row_costs_one_line(text: str, wrong: str) -> None:
    with pytest.raises(BadFeeds) as raised:
        feeds_file.parse(text, "f")
    assert wrong in str(raised.value)
    assert str(raised.value).count("\n") == 0


def test_a_whole_row_is_taken() -> None:
    row = feeds_file.parse(ROW + HERE + "history_days = 120\n" + PLACE, "f").feed[0]
    assert row.places[0].name == "wien"
    assert row.delay_h == 6.0
