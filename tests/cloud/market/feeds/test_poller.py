"""cloud.market.feeds.poller and backfill: asked when due, failures told once, nothing lost."""

from datetime import date, timedelta

import pytest

from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.feeds import poller
from cloud.market.feeds.backfill import backfill
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import FeedRefused, FeedUnavailable
from cloud.market.feeds.feeds_file import parse
from cloud.market.feeds.poller import Job
from cloud.market.feeds.running import Follower
from cloud.market.feeds.states import ODD_MAX, Asked, State
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Series
from cloud.market.series.reference import DayAheadPrices
from tests.support.hub import clock_of
from tests.support.market_series import DAY_US, HOUR_US, QUARTER_US, batch, local_us
from tests.support.scripted_feed import ScriptedFeed

AREAS = catalogue.load()
AT = AREAS["AT"]
TODAY = date(2026, 11, 21)
ASKED = Asked("scripted", "AT", Kind.PRICE_DAY_AHEAD)
SERIES = Series("scripted", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")


class Source:
    """Prices of each day, published at 13:00 the day before; `holes` are slots left out."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.trouble: Exception | None = None
        self.holes: set[int] = set()
        self.price = 50.0
        self.feed = ScriptedFeed(self.answer)
        self.job = Job(self.feed, State(ASKED), AT)

    def answer(self, wish: Wish) -> list[Batch]:
        if self.trouble is not None:
            raise self.trouble
        now_us = self._hub.clock.now_us()
        found = []
        day = AT.day_of(wish.start_us)
        while AT.day_us(day)[0] < wish.end_us:
            start_us, end_us = AT.day_us(day)
            if start_us - 11 * HOUR_US <= now_us:
                starts = [s for s in range(start_us, end_us, QUARTER_US) if s not in self.holes]
                one = batch(start_us, [self.price] * len(starts), now_us, series=SERIES)
                known = min(start_us - 11 * HOUR_US, now_us) if wish.history else now_us
                found.append(_with(one, starts, known, wish.history))
            day += timedelta(days=1)
        return found


def _with(one: Batch, starts: list[int], known_us: int, assumed: bool) -> Batch:
    return Batch(
        series=one.series,
        starts_us=tuple(starts),
        values=one.values,
        known_us=known_us,
        assumed=assumed,
        received_us=one.received_us,
        created_us=one.created_us,
    )


@pytest.fixture
def source(hub: Hub) -> Source:
    return Source(hub)


@pytest.fixture
def archive(hub: Hub) -> Archive:
    return Archive(hub.database, AREAS)


async def codes(hub: Hub) -> list[str]:
    async with hub.database.reading() as connection:
        return [e.code for e in await events.after(connection, 0) if e.source == "market"]


async def test_the_first_look_takes_the_past_as_history_and_the_next_day_when_it_is_there(
    hub: Hub, archive: Archive, source: Source
) -> None:
    clock_of(hub).at_us = local_us(2026, 11, 21, 12, 50)
    assert await poller.look(hub, archive, source.job)
    assert [wish.history for wish in source.feed.wishes] == [True, False]
    past = await archive.as_of(SERIES, local_us(2026, 11, 15), local_us(2026, 11, 16))
    assert set(past.known_us) == {local_us(2026, 11, 14, 13)}
    assert not (await archive.complete(SERIES, TODAY + timedelta(days=1))).present
    clock_of(hub).at_us += 4 * 60_000_000
    assert not await poller.look(hub, archive, source.job), "not due"
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    assert await poller.look(hub, archive, source.job)
    (wish,) = source.feed.wishes[2:]
    assert (wish.start_us, wish.history) == (local_us(2026, 11, 22), False)
    assert (await archive.complete(SERIES, TODAY + timedelta(days=1))).is_complete
    clock_of(hub).at_us += 6 * HOUR_US
    assert not await poller.look(hub, archive, source.job), "a complete day is left alone"


async def test_a_day_with_95_points_is_asked_for_until_the_last_one_is_there(
    hub: Hub, archive: Archive, source: Source
) -> None:
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    source.holes = {local_us(2026, 11, 22, 3)}
    await poller.look(hub, archive, source.job)
    for minutes in (5, 10):
        clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1 + minutes)
        asked = len(source.feed.wishes)
        await poller.look(hub, archive, source.job)
        assert len(source.feed.wishes) == asked + 1
        source.holes = set()
    assert (await archive.complete(SERIES, TODAY + timedelta(days=1))).is_complete


async def test_a_failure_and_its_end_are_told_once_and_the_last_good_data_stay(
    hub: Hub, archive: Archive, source: Source
) -> None:
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    await poller.look(hub, archive, source.job)
    source.trouble = FeedUnavailable("the line is down")
    for _ in range(12):
        clock_of(hub).at_us += DAY_US
        await poller.look(hub, archive, source.job)
    state = source.job.state
    assert (state.failures, state.error) == (12, "the line is down")
    assert state.failing_since_us == local_us(2026, 11, 22, 13, 1)
    assert state.next_us == clock_of(hub).at_us + HOUR_US, "an hour at most"
    assert (await archive.complete(SERIES, TODAY)).is_complete
    source.trouble = None
    clock_of(hub).at_us += HOUR_US
    await poller.look(hub, archive, source.job)
    assert (source.job.state.failures, source.job.state.error) == (0, "")
    assert source.job.state.failing_since_us is None
    assert await codes(hub) == ["MARKET_FEED_FAILED", "MARKET_FEED_ANSWERS"]
    assert (await archive.complete(SERIES, TODAY + timedelta(days=9))).is_complete


async def test_who_is_refused_asks_again_after_hours_and_does_not_hurry(
    hub: Hub, archive: Archive, source: Source
) -> None:
    source.trouble = FeedRefused("the token is missing or wrong")
    await poller.look(hub, archive, source.job)
    clock_of(hub).at_us += 5 * HOUR_US
    await poller.look(hub, archive, source.job)
    assert len(source.feed.wishes) == 1
    clock_of(hub).at_us += HOUR_US
    await poller.look(hub, archive, source.job)
    assert len(source.feed.wishes) == 2


async def test_a_correction_is_found_by_the_re_read_of_the_day_after(
    hub: Hub, archive: Archive, source: Source
) -> None:
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    await poller.look(hub, archive, source.job)
    source.price = 51.0
    before_us = clock_of(hub).at_us = local_us(2026, 11, 23, 4, 31)
    await poller.look(hub, archive, source.job)
    bounds = AT.day_us(TODAY + timedelta(days=1))
    assert set((await archive.as_of(SERIES, *bounds)).values) == {51.0}
    assert set((await archive.as_of(SERIES, *bounds, before_us - 1)).values) == {50.0}


async def test_a_back_fill_that_broke_off_goes_on_where_it_was(
    hub: Hub, archive: Archive, source: Source
) -> None:
    first, last = date(2026, 1, 1), date(2026, 4, 10)
    done = []
    with pytest.raises(FeedUnavailable):
        async for progress in backfill(archive, source.feed, ASKED, first, last):
            done.append(progress.done)
            if progress.done >= 62:
                source.trouble = FeedUnavailable("gone")
    assert done == [0, 31, 62]
    source.trouble = None
    again = [p async for p in backfill(archive, source.feed, ASKED, first, last)]
    assert (again[0].total, again[-1].done) == (38, 38)
    asked = len(source.feed.wishes)
    once_more = [p async for p in backfill(archive, source.feed, ASKED, first, last)]
    assert [p.total for p in once_more] == [0]
    assert len(source.feed.wishes) == asked
    assert (await archive.complete(SERIES, date(2026, 3, 29))).expected == 92


async def test_prices_of_the_named_source_are_in_memory_and_of_no_other(
    hub: Hub, archive: Archive, source: Source
) -> None:
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    await poller.look(hub, archive, source.job)
    file = parse('[[feed]]\nsource = "smard"\nareas = ["AT"]\n[reference]\nAT = "smard"\n', "f")
    prices = hub.service(DayAheadPrices)
    await Follower(hub, archive, file).refresh()
    noon_us = local_us(2026, 11, 22, 12)
    assert prices("AT", noon_us, noon_us + QUARTER_US) is None
    named = file.model_copy(update={"reference": {"AT": "scripted"}})
    await Follower(hub, archive, named).refresh()
    assert prices("AT", noon_us, noon_us + QUARTER_US) == 5_000
    assert prices("AT", noon_us, noon_us + HOUR_US) == 5_000
    assert prices("AT", noon_us + 3 * DAY_US, noon_us + 3 * DAY_US + HOUR_US) is None
    assert prices("DE-LU", noon_us, noon_us + HOUR_US) is None


async def test_two_sources_that_differ_are_told_once_a_day(
    hub: Hub, archive: Archive, source: Source
) -> None:
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    await poller.look(hub, archive, source.job)
    other = Series("other", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")
    numbers = [50.0] * 94 + [50.01, 50.02]
    await archive.append([batch(local_us(2026, 11, 22), numbers, NOW_US, series=other)])
    text = '[[compare]]\narea = "AT"\nsources = ["scripted", "other"]\n'
    for _ in range(2):
        await Follower(hub, archive, parse(text, "f")).refresh()
    async with hub.database.reading() as connection:
        found = [e.text for e in await events.after(connection, 0) if e.source == "market"]
    (told,) = found
    assert "differ on 2026-11-22 in 1 intervals, most by 0.02" in told


NOW_US = local_us(2026, 11, 21, 13, 1)


async def test_what_is_strange_in_answers_is_told_once_and_its_end_once(
    hub: Hub, archive: Archive, source: Source
) -> None:
    state, lines = source.job.state, ["A44 series 3 is left out: its unit is 'KWH'"]
    answer = source.answer

    def strange(wish: Wish) -> list[Batch]:
        for line in lines:
            state.hear(line)
        return answer(wish)

    source.feed.answer = strange
    source.holes = {local_us(2026, 11, 22, 3)}
    clock_of(hub).at_us = local_us(2026, 11, 21, 13, 1)
    for _ in range(4):
        await poller.look(hub, archive, source.job)
        clock_of(hub).at_us += 5 * 60_000_000
    assert list(state.odd) == lines
    assert await codes(hub) == ["MARKET_ANSWER_ODD"]
    lines.clear()
    await poller.look(hub, archive, source.job)
    clock_of(hub).at_us += 5 * 60_000_000
    await poller.look(hub, archive, source.job)
    assert (await codes(hub), state.odd) == (["MARKET_ANSWER_ODD", "MARKET_ANSWER_ORDINARY"], {})


def test_an_answer_on_other_days_says_nothing_of_what_was_strange() -> None:
    state = State(ASKED)
    state.hear("odd")
    assert state.judged(0, 10) == (["odd"], False)
    assert state.judged(5, 20) == ([], False), "another interval"
    assert list(state.odd) == ["odd"]
    state.hear("odd")
    assert state.judged(2, 4) == ([], False)
    assert state.judged(2, 4) == ([], True), "the same interval, and nothing strange"


def test_a_hundred_strange_lines_are_remembered_at_most() -> None:
    state = State(ASKED)
    for number in range(3 * ODD_MAX):
        state.hear(str(number))
    state.judged(0, 10)
    assert len(state.odd) == ODD_MAX
