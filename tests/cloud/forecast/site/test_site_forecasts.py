"""Load and sun of a site from its own past (`forecast.site`), without a hub."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from cloud.forecast.site import demand, grid, panels, sunshine
from cloud.forecast.site.answer import document
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.task import Task
from cloud.market.areas import catalogue
from tests.support.site_days import made

AT = catalogue.load()["AT"]


def us(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 1_000_000


NOON_US = us(2026, 9, 16, 12)


@cache
def usual() -> bytes:
    """Return what is told at noon of a site of fifty days."""
    return document(made(NOON_US))


def answered(task: Task | None = None) -> dict[str, Any]:
    """Return what is told of a task, none: of the usual one."""
    return dict(json.loads(usual() if task is None else document(task)))


def without(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values[:0]


def test_what_came_later_changes_nothing() -> None:
    task = made(NOON_US)
    known = (NOON_US - task.start_us) // QUARTER_US
    load, pv = task.load.copy(), task.pv.copy()
    load[known:], pv[known:] = 1e6, 44.0
    assert usual() == document(replace(task, load=load, pv=pv))


def test_48_hours_begin_at_the_instant_of_the_issue_and_are_near_what_came() -> None:
    task = made(NOON_US)
    told = answered()
    known = (NOON_US - task.start_us) // QUARTER_US
    assert [row["ts"] for row in told["series"]][:2] == [
        "2026-09-16T12:00:00Z",
        "2026-09-16T12:15:00Z",
    ]
    assert len(told["series"]) == 192
    load = np.array([row["load_kw"] for row in told["series"]])
    assert np.abs(load - task.load[known : known + 192]).mean() < 2.0
    assert told["quality"] == {"load": "short_history", "pv": "full"}
    assert told["data_age_s"] == {"load": 0, "pv": 0}


def test_quantiles_never_cross_and_no_sun_passes_what_it_ever_was() -> None:
    told = answered()
    for row in told["series"]:
        assert row["load_q"] == sorted(row["load_q"])
        assert row["pv_q"] == sorted(row["pv_q"])
        assert row["pv_q"][0] >= 0.0
        assert row["pv_q"][-1] <= 45.0


def test_nights_are_0_with_all_their_quantiles_and_days_are_not() -> None:
    told = answered()
    night = [row for row in told["series"] if "T21:" <= row["ts"][10:14] <= "T23:"]
    assert len(night) == 24
    assert all(row["pv_kw"] == 0.0 and set(row["pv_q"]) == {0.0} for row in night)
    assert all(row["pv_kw"] > 0.0 for row in told["series"] if row["ts"][10:14] == "T12:")


def test_a_site_without_panels_has_null_and_one_without_anything_too() -> None:
    task = made(NOON_US)
    told = answered(replace(task, pv=without(task.pv)))
    assert all(row["pv_kw"] is None and row["pv_q"] is None for row in told["series"])
    assert told["quality"]["pv"] is None
    assert "no_pv" in told["flags"]
    assert all(row["load_kw"] is not None for row in told["series"])
    nothing = answered(replace(task, pv=without(task.pv), load=without(task.load)))
    assert all(row["load_kw"] is None and row["load_q"] is None for row in nothing["series"])
    assert nothing["data_age_s"] == {"load": None, "pv": None}


def test_panels_that_never_gave_anything_are_unknown_and_not_0() -> None:
    task = made(NOON_US)
    told = sunshine.told(replace(task, pv=np.zeros_like(task.pv)))
    assert np.isnan(told.points).all()
    assert told.flags == ("no_pv_pattern",)


@pytest.mark.parametrize(
    ("days", "load", "pv"),
    [
        (0, None, None),
        (4, "template", "template"),
        (20, "similar_day", "short_history"),
        (50, "short_history", "full"),
        (100, "full", "full"),
    ],
)
def test_the_way_depends_on_how_much_is_known(days: int, load: str | None, pv: str | None) -> None:
    told = answered(None if days == 50 else made(NOON_US, days))
    assert told["quality"] == {"load": load, "pv": pv}
    quantiles = [row["load_q"] for row in told["series"]]
    assert all(each is None for each in quantiles) == (days < 20)


def test_a_meter_that_is_silent_for_hours_is_flagged_and_for_a_week_tells_nothing() -> None:
    task = made(NOON_US, 50)
    known = (NOON_US - task.start_us) // QUARTER_US
    load = task.load.copy()
    load[known - 12 : known] = np.nan
    told = answered(replace(task, load=load))
    assert "stale_load" in told["flags"]
    assert told["data_age_s"]["load"] == 3 * 3600
    assert all(row["load_kw"] is not None for row in told["series"])
    load[known - 8 * SLOTS : known] = np.nan
    assert np.isnan(demand.told(replace(task, load=load), AT).points).all()


@pytest.mark.parametrize(
    ("now_us", "day", "quarters"),
    [
        (us(2026, 3, 28, 12), date(2026, 3, 29), 92),
        (us(2026, 10, 24, 12), date(2026, 10, 25), 100),
    ],
)
def test_days_of_the_clock_change_have_their_own_number(
    now_us: int, day: date, quarters: int
) -> None:
    assert len(grid.places(AT, day)) == quarters
    told = answered(made(now_us, 40))
    ts = [row["ts"] for row in told["series"]]
    assert ts == sorted(set(ts))
    begin_us, end_us = AT.day_us(day)
    inside = [one for one in ts if begin_us <= us_of(one) < end_us]
    assert len(inside) == quarters
    assert all(row["load_kw"] is not None for row in told["series"])


def us_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(("day", "hole"), [(date(2026, 3, 29), 4), (date(2026, 10, 25), 0)])
def test_rows_of_the_wall_clock_keep_noon_where_it_is(day: date, hole: int) -> None:
    begin_us, end_us = AT.day_us(day)
    count = (end_us - begin_us) // QUARTER_US
    values = np.arange(count, dtype=float)
    row = grid.rows(values, begin_us, AT, day, 1)
    assert np.isnan(row).sum() == hole
    assert row[0, -1] == count - 1
    back = grid.quarters(grid.filled(row), AT, day)
    assert len(back) == count
    assert (back[-SLOTS // 2 :] == values[-SLOTS // 2 :]).all()


def test_a_hole_of_two_hours_is_crossed_and_a_longer_one_is_not() -> None:
    row = np.arange(96.0)[None]
    row[0, 10:18] = np.nan
    assert grid.filled(row)[0].tolist() == list(range(96))
    row[0, 18] = np.nan
    assert np.isnan(grid.filled(row)).sum() == 9


@pytest.mark.parametrize("month", [1, 3, 6, 11])
def test_panels_are_found_in_what_they_delivered(month: int) -> None:
    task = made(us(2026, month, 21), 28)
    found = panels.fitted(task.pv[: 28 * SLOTS].reshape(-1, SLOTS), task.start_us)
    assert found is not None
    assert abs(found.longitude_degrees - 15.0) < 10.0
    assert found.limit_kw <= 45.0


def test_a_task_is_the_same_after_the_way_to_another_process() -> None:
    task = made(NOON_US, 2)
    assert document(Task.unpack(task.pack())) == document(task)


def test_a_sunday_is_not_told_by_a_saturday() -> None:
    task = made(us(2026, 9, 19, 12), 20)  # Saturday
    told = demand.told(task, AT)
    sunday = slice((AT.day_us(date(2026, 9, 20))[0] - task.as_of_us) // QUARTER_US, None)
    known = (task.as_of_us - task.start_us) // QUARTER_US
    came = task.load[known : known + 192]
    assert np.abs(told.points[sunday] - came[sunday])[:96].mean() < 3.0
