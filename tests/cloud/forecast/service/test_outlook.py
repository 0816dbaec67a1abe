"""What is said where there is no forecast yet, and when a new hub makes its first one."""

from datetime import UTC, date, datetime

import pytest

from cloud.forecast.service import schedule, store
from cloud.forecast.service.model import Kind
from cloud.forecast.service.outlook import is_settled, outlooks
from cloud.forecast.service.scheduler import SETTLED_LOOKS, Scheduler
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds import store as feeds
from cloud.market.feeds.fill import Fill
from cloud.market.feeds.states import Asked, FeedStates, State
from cloud.market.series import model as series
from tests.support.forecasts import fill
from tests.support.hub import NOON_US, clock_of

AT = catalogue.load()["AT"]
PRICES = Asked("simulated", "AT", series.Kind.PRICE_DAY_AHEAD)
LOAD = Asked("simulated", "AT", series.Kind.LOAD_FORECAST)


def _us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("now", "kind", "expected"),
    [
        ("2026-11-21T09:00", Kind.DAYAHEAD, "2026-11-21T09:30"),
        ("2026-11-21T09:30", Kind.DAYAHEAD, "2026-11-21T10:30"),
        ("2026-11-21T20:00", Kind.INTRADAY, "2026-11-21T21:30"),
        ("2026-11-21T22:00", Kind.INTRADAY, "2026-11-22T09:30"),
        ("2026-10-24T20:00", Kind.DAYAHEAD, "2026-10-25T09:30"),  # the clock changes at night
    ],
)
def test_the_next_row_of_the_timetable_is_by_the_clock_of_the_area(
    now: str, kind: Kind, expected: str
) -> None:
    assert schedule.next_us(AT, _us(now), kind) == _us(expected)


async def test_without_feeds_and_prices_there_is_nothing_to_look_out_for(hub: Hub) -> None:
    assert await outlooks(hub, []) == []


async def test_an_area_of_a_file_is_forecast_by_hand(hub: Hub) -> None:
    await fill(hub, days=2)
    (found,) = await outlooks(hub, [])
    assert (found.area, found.scheduled, found.prices) == ("AT", False, True)
    assert found.next_us == {}


async def test_an_outlook_tells_what_its_feeds_do(hub: Hub) -> None:
    _state(hub, PRICES).failed(NOON_US, "no answer in 10 s")
    _state(hub, LOAD)
    running = Fill(
        asked=LOAD,
        first=date(2026, 1, 1),
        last=date(2026, 11, 20),
        done=30,
        total=300,
        new=720,
        begun_us=clock_of(hub).at_us,
        changed_us=clock_of(hub).at_us,
    )
    async with hub.database.transaction() as connection:
        await feeds.keep(connection, running)
    (found,) = await outlooks(hub, [AT])
    load, prices = found.sources
    assert (found.scheduled, found.prices) == (True, False)
    assert set(found.next_us) == {"dayahead", "intraday"}
    assert (prices.error, prices.answered_us, prices.done) == ("no answer in 10 s", None, None)
    assert (load.error, load.done, load.total) == ("", 30, 300)


async def test_a_new_hub_begins_as_soon_as_every_feed_has_answered_or_failed(hub: Hub) -> None:
    await fill(hub, days=10)
    clock_of(hub).at_us -= 3 * 3_600_000_000  # before the first row of the day
    scheduler = Scheduler(hub, [AT])
    await scheduler.look()
    _state(hub, PRICES).answered(NOON_US)
    _state(hub, LOAD)
    await scheduler.look()
    assert not is_settled(hub, AT)
    assert await _asked(hub) == 0
    _state(hub, LOAD).failed(NOON_US, "refused")
    await scheduler.look()
    assert await _asked(hub) == 1
    await scheduler.look()
    assert await _asked(hub) == 1


async def test_what_was_forecast_before_a_slow_feed_answered_is_forecast_once_more(
    hub: Hub,
) -> None:
    await fill(hub, days=10, kinds=[series.Kind.PRICE_DAY_AHEAD])
    clock_of(hub).at_us -= 3 * 3_600_000_000
    _state(hub, PRICES).answered(NOON_US)
    load, scheduler = _state(hub, LOAD), Scheduler(hub, [AT])
    for _ in range(SETTLED_LOOKS + 1):
        await scheduler.look()
    assert await _asked(hub) == 1
    await fill(hub, days=10, kinds=[series.Kind.LOAD_FORECAST])
    load.answered(NOON_US)
    await scheduler.look()
    await scheduler.look()
    assert await _asked(hub) == 2


def _state(hub: Hub, asked: Asked) -> State:
    return hub.service(FeedStates).of(asked)


async def _asked(hub: Hub) -> int:
    async with hub.database.reading() as connection:
        found = await store.jobs(connection, 9)
    return len([job for job in found if job.request.kind is Kind.DAYAHEAD])
