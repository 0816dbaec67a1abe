"""The watch day by day: forecasts that go wrong step back and return; a moved level is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from cloud.forecast.configuration import DAY_AHEAD, Kernel, Ridge
from cloud.forecast.days import HOURS, Days
from cloud.forecast.linear import one_thread
from cloud.forecast.members import Members as Asked
from cloud.forecast.service.retreat import Members
from cloud.forecast.service.standing import retreat_of
from cloud.forecast.walk import walk
from cloud.forecast.watch import store, verdicts
from cloud.forecast.watch.verdicts import Code, Score, Slots, score, stays
from cloud.forecast.watch.watcher import Watcher
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.areas.model import Area
from cloud.market.series.model import Kind
from tests.support import scores
from tests.support.forecasts import DAY_US, fill
from tests.support.hub import NOON_US, clock_of, opened_hub

AT = catalogue.load()["AT"]
GOOD = replace(scores.GOOD, similar_mae=9.0)
BAD = replace(GOOD, mae=12.0, naive_mae=10.0)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with opened_hub(tmp_path, at_us=NOON_US) as opened:
        await fill(opened, days=2, kinds=[Kind.PRICE_DAY_AHEAD])
        yield opened


async def _no_stand_in(_area: Area) -> None:
    """It is past the gate: nothing is issued."""


async def members(hub: Hub) -> Members:
    return (await retreat_of(hub.database, AT, hub.clock.now_us())).members


async def pass_day(hub: Hub, watcher: Watcher, of: Score) -> None:
    """Let a day go by whose forecast scored so."""
    clock_of(hub).at_us += DAY_US
    day = AT.day_of(hub.clock.now_us())
    async with hub.database.transaction() as connection:
        await store.add(connection, replace(of, day=day))
    await watcher.look(AT)


async def test_forecasts_that_stay_bad_step_back_twice_and_return_step_by_step(hub: Hub) -> None:
    watcher = Watcher(hub, [AT], _no_stand_in)
    today = AT.day_of(NOON_US)
    async with hub.database.transaction() as connection:
        for back in range(59, -1, -1):
            of = BAD if back < 13 else GOOD
            await store.add(connection, replace(of, day=today - timedelta(days=back)))
    await pass_day(hub, watcher, BAD)
    assert await members(hub) is Members.SHORT_WINDOWS
    await watcher.look(AT)
    assert await members(hub) is Members.SHORT_WINDOWS, "one step a day"
    await pass_day(hub, watcher, BAD)
    assert await members(hub) is Members.SIMILAR_DAY
    resting = replace(GOOD, mae=9.0, quality="similar_day", models_mae=5.0)
    walked: list[Members] = []
    for _ in range(40):
        await pass_day(hub, watcher, resting if walked[-1:] != [Members.ALL] else GOOD)
        walked.append(await members(hub))
    first, last = (walked.index(step) for step in (Members.SHORT_WINDOWS, Members.ALL))
    assert first >= 14, "fourteen good days at least"
    assert last > first, "one step a day on the way back, too"
    assert set(walked[last:]) == {Members.ALL}


async def test_where_the_similar_day_errs_more_it_takes_nobodys_place(hub: Hub) -> None:
    watcher = Watcher(hub, [AT], _no_stand_in)
    today = AT.day_of(NOON_US)
    worse = replace(GOOD, mae=8.0)
    async with hub.database.transaction() as connection:
        for back in range(59, -1, -1):
            of = worse if back < 14 else GOOD
            await store.add(connection, replace(of, day=today - timedelta(days=back)))
    for _ in range(3):
        await pass_day(hub, watcher, worse)
        assert await members(hub) is Members.SHORT_WINDOWS


def test_members_are_compared_with_the_similar_day_whoever_was_issued() -> None:
    assert stays([BAD] * 14) is not None
    assert stays([BAD] * 13) is None
    assert stays([replace(BAD, similar_mae=None)] * 14) is None
    at_rest = replace(BAD, mae=9.0, models_mae=8.0)
    assert stays([at_rest] * 14) is None, "the members are better again"
    assert Code.ACCURACY in verdicts.verdicts([replace(at_rest, models_mae=12.0)] * 14)


def _steady(count: int) -> Days:
    """Return a market whose prices follow the load, at a level that stays."""
    drawn = np.random.default_rng(4)
    day = 8.0 * np.sin(np.arange(HOURS) / HOURS * 4 * np.pi)
    load = 50.0 + day - 6.0 * (np.arange(count)[:, None] % 7 >= 5)
    load = load + drawn.normal(0, 2.0, (count, 1)) + drawn.normal(0, 1.0, (count, HOURS))
    prices = 45.0 + 1.2 * (load - 50.0) + drawn.normal(0, 3.0, (count, HOURS))
    return Days("AT", date(2025, 6, 1), prices, {"load": load})


def _scored(days: Days, begin: int) -> list[Score]:
    """Return the scores of the days of a history from a row on, forecast by quick members."""
    few = (Kernel(364, noise=0.05), Ridge(84, 30.0))
    quick = replace(DAY_AHEAD, members=few, weights=(0.6, 0.4))
    asked, true = Asked(days, quick), days.prices[begin:]
    rows = range(begin, len(days))
    with one_thread():
        told = [asked.told(row) for row in rows]
    points = walk(told, true, quick.prior()).point
    found = []
    for row, slots, point in zip(rows, true, points, strict=True):
        day = Slots(slots, point, days.prices[row - 7], None)
        one = score(day, "AT", days.on(row), ("f", "m", "full"))
        assert one is not None
        found.append(one)
    return found


def test_prices_that_are_thirty_percent_higher_raise_an_alarm_within_three_days() -> None:
    begin, shift = 100, 147
    calm = _scored(_steady(150), begin)
    for end in range(1, len(calm) + 1):
        assert Code.BIAS not in verdicts.verdicts(calm[:end]), "no alarm without a reason"
    days = _steady(150)
    days.prices[shift:] *= 1.3
    moved = _scored(days, begin)
    assert moved[: shift - begin] == calm[: shift - begin], "nobody knew before"
    assert Code.BIAS in verdicts.verdicts(moved)


def test_a_bias_that_is_over_is_forgotten_within_ten_days_however_large_it_was() -> None:
    wild = [replace(GOOD, bias=60.0, mae=60.0)] * 3
    assert Code.BIAS in verdicts.verdicts([*[GOOD] * 20, *wild])
    after = [replace(GOOD, bias=0.0)] * 9
    assert Code.BIAS not in verdicts.verdicts([*[GOOD] * 20, *wild, *after])
