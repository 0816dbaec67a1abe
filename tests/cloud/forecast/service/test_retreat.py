"""Alarms of the watch act: short windows, a correction begun anew, wider intervals, an event."""

import json
from dataclasses import replace
from datetime import date, timedelta

import httpx
import numpy as np
import pytest
from sqlalchemy import select

from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.days import Days
from cloud.forecast.linear import one_thread
from cloud.forecast.members import Grove
from cloud.forecast.members import Members as Asked
from cloud.forecast.quantiles import bands
from cloud.forecast.relative import relative
from cloud.forecast.service.bridge import DAYS_MAX, FLAG
from cloud.forecast.service.issue import Eves, issue
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.ladder import FULL, SHORT
from cloud.forecast.service.retreat import (
    GOOD_US,
    Members,
    Pinned,
    Retreat,
    Stood,
    asleep,
    of,
    shortened,
)
from cloud.forecast.service.task import Task
from cloud.forecast.watch import store as watched
from cloud.forecast.watch.store import Alarm
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from tests.cloud.forecast.service.test_issue import FIRST, issued, made, rows
from tests.support.forecasts import fill
from tests.support.hub import NOON_US, clock_of
from tests.support.own_market import own_market

AT = catalogue.load()["AT"]
DAY_US = 86_400_000_000
LONG = {"kernel-1456", "ridge-1092", "ridge-1456", "trees-absolute", "trees-relative"}


def test_an_alarm_acts_while_it_stands_and_fourteen_days_longer() -> None:
    stands = Stood("ACCURACY", NOON_US, None)
    ended = Stood("ACCURACY", NOON_US, NOON_US + DAY_US)
    assert of([], AT, NOON_US) == Retreat()
    assert of([stands], AT, NOON_US - 1) == Retreat(), "it was not known then"
    assert of([stands], AT, NOON_US + 400 * DAY_US) == Retreat(members=Members.SHORT_WINDOWS)
    assert of([ended], AT, NOON_US + DAY_US + GOOD_US - 1) == Retreat(members=Members.SHORT_WINDOWS)
    assert of([ended], AT, NOON_US + DAY_US + GOOD_US) == Retreat()
    jobs = Stood("JOBS", NOON_US, None)
    assert of([jobs], AT, NOON_US) == Retreat()


def test_what_the_correction_forgot_it_does_not_remember_when_the_alarm_is_over() -> None:
    old = Stood("CALIBRATION", NOON_US - 100 * DAY_US, NOON_US - 90 * DAY_US)
    new = Stood("CALIBRATION", NOON_US - DAY_US, None)
    assert of([old], AT, NOON_US) == Retreat(restart=date(2026, 8, 13))
    both = Retreat(restart=date(2026, 11, 20), widening=1.2)
    assert of([new, old], AT, NOON_US) == of([old, new], AT, NOON_US) == both


def test_members_of_long_windows_sleep_and_those_of_short_ones_stay() -> None:
    few = shortened(DAY_AHEAD)
    names = {member.name for member in DAY_AHEAD.members}
    assert {member.name for member in few.members} == names - LONG
    assert abs(sum(few.weights) - 1) < 1e-12
    told = asleep(DAY_AHEAD, np.ones((len(DAY_AHEAD.members), 24)))
    for member, said in zip(DAY_AHEAD.members, told, strict=True):
        assert np.isnan(said).all() == (member.name in LONG)


def test_a_forecast_after_an_alarm_of_the_accuracy_has_no_weight_on_long_windows() -> None:
    task = made(100, quality=FULL)
    grove: Grove = {}
    plain = issue(task, grove)
    after = issue(
        replace(task, told=plain.told, retreat=Retreat(members=Members.SHORT_WINDOWS)), grove
    )
    assert sum(plain.weights[name] for name in LONG) > 0
    assert sum(after.weights[name] for name in LONG) == 0
    assert abs(sum(after.weights.values()) - 1) < 1e-4
    assert "short_windows" in after.flags
    assert "short_windows" not in plain.flags
    assert len(rows(after)) == 96


def test_intervals_are_wider_by_a_fifth_after_an_alarm_of_the_calibration() -> None:
    task = replace(made(80), told=issued(80).told)
    wider = issue(replace(task, retreat=Retreat(widening=1.2)), {})
    assert "recalibrated" in wider.flags
    for before, after in zip(rows(issued(80)), rows(wider), strict=True):
        assert before["price_eur_mwh"] == after["price_eur_mwh"]
        width = before["price_q"][-1] - before["price_q"][0]
        assert abs((after["price_q"][-1] - after["price_q"][0]) - 1.2 * width) < 0.05


def test_a_correction_that_begins_anew_is_nothing_on_that_day_and_learns_from_then_on() -> None:
    rng = np.random.default_rng(2)
    point = np.full((150, 24), 50.0)
    true = point + rng.normal(0, 1, point.shape) * np.where(np.arange(150) < 110, 1, 4)[:, None]
    plain, anew = bands(true, point), bands(true, point, restart=120)
    assert np.abs(plain.corrections[120]).max() > 0
    assert np.abs(anew.corrections[120]).max() == 0
    assert np.abs(anew.corrections[-1]).max() > 0
    assert np.array_equal(plain.corrections[:120], anew.corrections[:120])
    assert np.array_equal(bands(true, point, restart=-5).corrections, plain.corrections)


def test_the_retreat_reaches_the_process_that_computes() -> None:
    for asked in (Retreat(), Retreat(Members.SIMILAR_DAY, ("exaa",), date(2026, 3, 1), 1.2, True)):
        task = replace(made(10), retreat=asked)
        assert Task.unpack(task.pack()).retreat == asked


def test_the_similar_day_takes_the_place_of_members_that_go_on_learning() -> None:
    plain = issued(80)
    rest = issue(replace(made(80), retreat=Retreat(members=Members.SIMILAR_DAY)), {})
    assert (rest.quality, rest.weights) == ("similar_day", {})
    assert {"models_rest", "similar_day"} <= set(rest.flags)
    assert rest.told.keys() == plain.told.keys(), "what members say is kept"
    assert list(rest.resting) == [row["price_eur_mwh"] for row in rows(plain)]
    assert rows(rest) != rows(plain)
    assert all(row["price_q"] is not None for row in rows(rest))
    assert plain.resting == ()


def test_after_a_bias_only_members_relative_to_the_level_speak() -> None:
    task = made(120, quality=FULL)
    told = {FIRST + timedelta(days=n): np.ones((12, 24)) for n in range(120)}
    short = replace(task, told=told)
    grove: Grove = {}
    found = issue(replace(short, retreat=Retreat(members=Members.LEVEL_RELATIVE)), grove)
    assert "level_relative" in found.flags
    assert dict(found.weights) == {
        "kernel-1456-relative": 0.5, "kernel-364-relative": 0.25, "trees-relative": 0.25,
    }  # fmt: skip
    right = {day: np.repeat(task.prices[n][None], 12, axis=0) for n, day in enumerate(told)}
    kept = issue(replace(task, told=right, retreat=Retreat(members=Members.LEVEL_RELATIVE)), grove)
    assert "level_relative" not in kept.flags, "they err more than the members lately"
    wish = Retreat(members=Members.LEVEL_RELATIVE, pinned=True)
    pinned = issue(replace(task, told=right, retreat=wish), grove)
    assert {"level_relative", "pinned"} <= set(pinned.flags)
    moved = replace(short, prices=short.prices + 500.0, quarters=short.quarters + 500.0)
    far = issue(replace(moved, retreat=Retreat(members=Members.LEVEL_RELATIVE)), {})
    apart = [
        b["price_eur_mwh"] - a["price_eur_mwh"] for a, b in zip(rows(found), rows(far), strict=True)
    ]
    assert max(abs(one - 500.0) for one in apart) < 0.5, "another level, and nothing else"


def test_members_relative_to_the_level_follow_a_level_that_has_moved() -> None:
    days = own_market(150)
    days.prices[140:] += 200.0
    known = days.until(149)
    with one_thread():
        said = Asked(known, DAY_AHEAD).told(149)
        point, weights = relative(known, 149, DAY_AHEAD, said)
    assert abs(sum(weights.values()) - 1) < 1e-12
    errors = np.abs(np.array([point, said[0], said[1]]) - days.prices[149]).mean(axis=1)
    assert 3 * errors[0] < min(errors[1:])


def test_what_the_future_says_changes_nothing_of_the_relative_members() -> None:
    days = own_market(100)
    said = np.full((12, 24), np.nan)
    for name in ("prices", "load"):
        noisy = own_market(100)
        values = noisy.prices if name == "prices" else noisy.inputs[name]
        values[60 + (name == "load") :] = 1e4
        again = relative(noisy, 60, DAY_AHEAD, said)[0]
        np.testing.assert_array_equal(again, relative(days, 60, DAY_AHEAD, said)[0])


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_days_whose_prices_were_cut_are_bridged_and_nothing_is_learned_of_them(cut: int) -> None:
    task = made(80)
    prices, quarters = task.prices.copy(), task.quarters.copy()
    prices[80 - cut : 80], quarters[80 - cut : 80] = np.nan, np.nan
    result = issue(replace(task, prices=prices, quarters=quarters), {})
    found = rows(result)
    assert all(row["price_eur_mwh"] is not None for row in found)
    if cut > DAYS_MAX:
        assert {"similar_day", "holes"} <= set(result.flags)
        return
    assert FLAG in result.flags
    assert result.quality == "short_history"
    plain = rows(issued(80))
    width = [row["price_q"][-1] - row["price_q"][0] for row in (found[40], plain[40])]
    assert width[0] > 1.2 * width[1], "less sure"
    again = issue(replace(task, prices=prices, quarters=quarters, told=result.told), {})
    assert again.series == result.series


def test_a_day_whose_prices_were_cut_stands_as_it_was_forecast_on_its_eve() -> None:
    task = made(80)
    prices = task.prices.copy()
    prices[79] = np.nan
    days = Days("AT", FIRST, prices, {})
    eves = Eves(task, SHORT, {}, lambda _done, _of: None)
    told = eves.told(days, 79)
    eve = [row["price_eur_mwh"] for row in rows(issued(79))]
    np.testing.assert_allclose(told, np.array(eve).reshape(24, 4).mean(axis=1), atol=0.01)
    assert len(eves.new) == 58, "what was told on the way is kept"
    assert set(eves.task.told) == set(eves.new)
    np.testing.assert_array_equal(Eves(eves.task, SHORT, {}, eves.progress).told(days, 79), told)


def alarms_of(*stood: tuple[str, int, int | None]) -> list[Stood]:
    """Return alarms by code, first day and last day, counted from noon of the 21st."""
    return [
        Stood(code, NOON_US + since * DAY_US, None if end is None else NOON_US + end * DAY_US)
        for code, since, end in stood
    ]


def test_it_goes_back_one_step_a_day_and_returns_by_steps_after_fourteen_good_days() -> None:
    alarms = alarms_of(("ACCURACY", 0, 10), ("STAYS", 1, 10))

    def members(day: float) -> Members:
        return of(alarms, AT, NOON_US + int(day * DAY_US)).members

    assert members(0.5) is Members.SHORT_WINDOWS
    assert members(1.5) is Members.SIMILAR_DAY
    assert members(10 + 13.9) is Members.SIMILAR_DAY, "no good fortnight yet"
    assert members(10 + 14.1) is Members.SHORT_WINDOWS
    assert members(10 + 15.1) is Members.ALL


def test_a_bias_goes_before_short_windows_and_the_similar_day_before_both() -> None:
    both = alarms_of(("ACCURACY", 0, None), ("BIAS", 0, None))
    assert of(both, AT, NOON_US).members is Members.LEVEL_RELATIVE
    stays = [*both, *alarms_of(("STAYS", 0, None))]
    assert of(stays, AT, NOON_US).members is Members.SIMILAR_DAY


def test_auctions_that_may_be_mixed_up_cost_the_early_one_its_place() -> None:
    assert of(alarms_of(("SEQUENCE", 0, None)), AT, NOON_US).without == ("exaa",)
    for code in ("JOBS", "INPUTS", "MEMBERS"):
        assert of(alarms_of((code, 0, None)), AT, NOON_US) == Retreat()


def test_what_is_pinned_goes_before_alarms_until_its_day_is_over() -> None:
    alarms = alarms_of(("ACCURACY", 0, None), ("SEQUENCE", 0, None), ("CALIBRATION", 0, None))
    wish = Pinned(Members.ALL, ("load",), NOON_US, NOON_US + DAY_US)
    found = of(alarms, AT, NOON_US, wish)
    assert (found.members, found.pinned) == (Members.ALL, True)
    assert found.without == ("exaa", "load"), "what is not believed stays out"
    assert found.widening > 1
    assert of(alarms, AT, NOON_US + DAY_US, wish) == of(alarms, AT, NOON_US + DAY_US)
    assert of([], AT, NOON_US - 1, wish).mark == ""
    assert found.mark != of([], AT, NOON_US, wish).mark != ""


async def test_what_was_done_about_an_alarm_is_an_event_that_names_the_forecast(
    hub: Hub, admin: httpx.AsyncClient
) -> None:
    clock_of(hub).at_us = NOON_US - 5_400_000_000
    await fill(hub, days=45)
    async with hub.database.transaction() as connection:
        for code in ("ACCURACY", "CALIBRATION"):
            alarm = Alarm("AT", code, NOON_US - DAY_US, None, "it went wrong", "f")
            await watched.raise_(connection, alarm)
    job_id = (await admin.post("/api/forecast/dayahead", json={"area": "AT"})).json()["job_id"]
    jobs = Jobs(hub)
    try:
        assert await jobs.next()
    finally:
        await jobs.workshop.close()
    done = (await admin.get(f"/api/forecast/status/{job_id}")).json()
    assert {"short_windows", "recalibrated"} <= set(done["flags"]), json.dumps(done["flags"])
    async with hub.database.reading() as connection:
        query = select(events.events_table.c.text).where(
            events.events_table.c.code == "FORECAST_RETREAT"
        )
        told = list(await connection.scalars(query))
    assert told == [
        "AT: members of short windows only, quantiles corrected anew, wider by 1.2"
        f" (forecast {job_id})"
    ]
