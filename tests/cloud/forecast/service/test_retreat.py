"""Alarms of the watch act: short windows, a correction begun anew, wider intervals, an event."""

import json
from dataclasses import replace
from datetime import date

import httpx
import numpy as np
from sqlalchemy import select

from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.quantiles import bands
from cloud.forecast.service.issue import issue
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.ladder import FULL
from cloud.forecast.service.retreat import (
    GOOD_US,
    Members,
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
from tests.cloud.forecast.service.test_issue import made, rows
from tests.support.forecasts import fill
from tests.support.hub import NOON_US, clock_of

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
    plain = issue(task, {})
    after = issue(
        replace(task, told=plain.told, retreat=Retreat(members=Members.SHORT_WINDOWS)), {}
    )
    assert sum(plain.weights[name] for name in LONG) > 0
    assert sum(after.weights[name] for name in LONG) == 0
    assert abs(sum(after.weights.values()) - 1) < 1e-4
    assert "short_windows" in after.flags
    assert "short_windows" not in plain.flags
    assert len(rows(after)) == 96


def test_intervals_are_wider_by_a_fifth_after_an_alarm_of_the_calibration() -> None:
    task = made(80)
    plain = rows(issue(task, {}))
    wider = issue(replace(task, retreat=Retreat(widening=1.2)), {})
    assert "recalibrated" in wider.flags
    for before, after in zip(plain, rows(wider), strict=True):
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
