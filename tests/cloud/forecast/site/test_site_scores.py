"""How good a site's forecasts were: pure, and in a hub from round to round."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from cloud.forecast.site import scores, store
from cloud.forecast.site.answer import document
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.rounds import EVERY_US, Rounds
from cloud.forecast.site.task import Task
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from cloud.market.areas import catalogue
from tests.support.hub import NOON_US, add_key, add_site, client_of, clock_of
from tests.support.site_days import fill, made

AT = catalogue.load()["AT"]
DAY_US = SLOTS * QUARTER_US
TOMORROW = date(2026, 11, 22)
DAY = timedelta(days=1)


def told(**changes: object) -> bytes:
    """Return a forecast of a whole day of 10 kW, 8 to 12 kW at 80 %."""
    whole = {
        "quality": {"load": "full", "pv": None},
        "load": [10.0] * SLOTS,
        "load_q": [[8.0, 12.0]] * SLOTS,
        "pv": [None] * SLOTS,
        "pv_q": [None] * SLOTS,
    }
    return json.dumps({**whole, **changes}).encode()


def came(load: float = 11.0, before: float = 14.0) -> Task:
    """Return what came of the day, and of the day a week before."""
    start_us = AT.day_us(TOMORROW)[0] - 7 * DAY_US
    values = np.full(8 * SLOTS, before)
    values[7 * SLOTS :] = load
    return Task(
        site="a", area="AT", start_us=start_us, as_of_us=start_us + 8 * DAY_US,
        load=values, pv=np.empty(0),
    )  # fmt: skip


def test_errors_the_week_before_and_the_share_inside_are_those_of_the_day() -> None:
    (score,) = scores.scored(told(), came(), AT, TOMORROW)
    assert (score.kind, score.quality, score.slots) == ("load", "full", SLOTS)
    assert (score.mae_kw, score.naive_mae_kw, score.coverage80) == (1.0, 3.0, 1.0)
    (other,) = scores.scored(told(), came(load=13.0), AT, TOMORROW)
    assert (other.mae_kw, other.coverage80) == (3.0, 0.0)


def test_a_day_that_is_hardly_known_has_no_score_and_a_week_without_data_no_comparison() -> None:
    task = came()
    task.load[7 * SLOTS + 60 :] = np.nan
    assert scores.scored(told(), task, AT, TOMORROW) == []
    task = came()
    task.load[: 7 * SLOTS] = np.nan
    (score,) = scores.scored(told(load_q=[None] * SLOTS), task, AT, TOMORROW)
    assert (score.naive_mae_kw, score.coverage80) == (None, None)


def test_nights_that_are_told_dark_say_nothing_of_the_bands() -> None:
    sun = [0.0] * 40 + [5.0] * 16 + [0.0] * 40
    around = [[0.0, 0.0]] * 40 + [[6.0, 7.0]] * 16 + [[0.0, 0.0]] * 40
    task = came()
    pv = np.full(8 * SLOTS, np.nan)
    pv[7 * SLOTS + 40 : 7 * SLOTS + 56] = 5.0
    body = told(quality={"load": None, "pv": "full"}, load=[None] * SLOTS, pv=sun, pv_q=around)
    (score,) = scores.scored(body, replace(task, pv=pv), AT, TOMORROW)
    assert (score.kind, score.slots, score.coverage80) == ("pv", 16, 0.0)


@pytest.mark.parametrize(("day", "slots"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_days_of_23_and_25_hours_are_scored_whole(day: date, slots: int) -> None:
    noon_us = AT.day_us(day)[0] - 12 * 4 * QUARTER_US
    task = made(noon_us - noon_us % QUARTER_US, 40)
    kept = scores.of_day(document(task), AT, day)
    assert kept is not None
    assert len(json.loads(kept)["load"]) == slots
    after = replace(task, as_of_us=task.as_of_us + 2 * DAY_US)
    load = next(one for one in scores.scored(kept, after, AT, day) if one.kind == "load")
    assert load.slots == slots
    assert load.naive_mae_kw is None, "the week before had 96"
    assert load.mae_kw < 3.0


def test_half_a_day_is_not_kept() -> None:
    assert scores.of_day(document(made(NOON_US, 9)), AT, date(2026, 11, 23)) is None
    assert scores.of_day(document(made(NOON_US, 9)), AT, date(2026, 11, 21)) is None


async def test_a_day_is_scored_once_it_is_over_and_by_what_its_eve_said(hub: Hub) -> None:
    await add_site(hub, "werk-sued")
    task = made(NOON_US, 20)
    await fill(hub, task, "load.power_kw", task.load)
    await fill(hub, task, "pv.power_kw", task.pv)
    rounds = Rounds(hub)
    try:
        for _ in range(8):  # two days
            while await rounds.next():
                continue
            clock_of(hub).at_us += EVERY_US
    finally:
        await rounds.process.close()
    async with hub.database.reading() as connection:
        found = await store.scores(connection, "werk-sued", date(2026, 1, 1))
        waiting = await store.eves(connection, "werk-sued", date(2027, 1, 1))
        (load, pv) = sorted(await store.together(connection, date(2026, 1, 1)))
    assert [(one.day, one.kind) for one in found] == [(TOMORROW, "load"), (TOMORROW, "pv")]
    assert list(waiting) == [date(2026, 11, 23), date(2026, 11, 24)]
    assert 0 < found[0].mae_kw < 4.0
    assert load.rmae == pytest.approx(found[0].mae_kw / (found[0].naive_mae_kw or 1.0))
    assert pv.kind == "pv"
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as client:
        shown = (await client.get("/api/forecast/site/werk-sued/scores")).json()
        none = await client.get("/api/forecast/site/werk-nord/scores")
    assert shown["scores"][0] == {
        "day": "2026-11-22",
        "of": "load",
        "quality": "similar_day",
        "mae_kw": found[0].mae_kw,
        "naive_mae_kw": found[0].naive_mae_kw,
        "coverage80": found[0].coverage80,
    }
    assert none.status_code == 404


async def test_scores_go_when_they_are_old(hub: Hub) -> None:
    async with hub.database.transaction() as connection:
        (score,) = scores.scored(told(), came(), AT, TOMORROW)
        await store.keep_scores(connection, "a", [score], [], date(2026, 1, 1))
        assert len(await store.scores(connection, "a", date(2026, 1, 1))) == 1
        await store.keep_scores(connection, "a", [], [], date(2026, 11, 23))
        assert await store.scores(connection, "a", date(2026, 1, 1)) == []


async def test_a_day_whose_meter_is_late_is_scored_when_it_comes_and_given_up_after_a_week(
    hub: Hub,
) -> None:
    await add_site(hub, "werk-sued")
    task = made(NOON_US, 20)
    known = (NOON_US - task.start_us) // QUARTER_US
    await fill(hub, task, "load.power_kw", task.load)
    await fill(hub, task, "pv.power_kw", task.pv[:known])
    rounds = Rounds(hub)
    left = []
    try:
        for days in (0, 2, 10):
            clock_of(hub).at_us = NOON_US + days * DAY_US
            while await rounds.next():
                continue
            async with hub.database.reading() as connection:
                found = await store.scores(connection, "werk-sued", date(2026, 1, 1))
                eves = await store.eves(connection, "werk-sued", TOMORROW + DAY)
            left.append(([one.kind for one in found if one.day == TOMORROW], list(eves)))
    finally:
        await rounds.process.close()
    assert left == [([], [TOMORROW]), (["load"], [TOMORROW]), (["load"], [])]
