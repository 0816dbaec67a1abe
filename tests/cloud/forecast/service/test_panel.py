"""Who is asked: neighbours' readers beside the members, the early auction by quarter-hours."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import DAY_AHEAD, Forest, Kernel
from cloud.forecast.days import HOURS, Days
from cloud.forecast.early import NAMES
from cloud.forecast.near import SHARE, readers
from cloud.forecast.quarters import flat
from cloud.forecast.service.issue import issue
from cloud.forecast.service.ladder import CONFIGURATIONS, SHORT_HISTORY
from cloud.forecast.service.panel import Panel, mark
from cloud.forecast.service.retreat import Members, Retreat
from cloud.forecast.service.sources import NEIGHBOURS
from cloud.forecast.service.task import Task
from tests.cloud.forecast.service.test_issue import FIRST, made, rows

SHORT = CONFIGURATIONS[SHORT_HISTORY]
LEAN = np.tile([4.0, 1.0, -1.0, -4.0], HOURS)


def days_of(task: Task) -> Days:
    return Days(task.area, task.first, task.prices, task.groups)


def with_early(days: int = 70, hourly: int = 20, *, targets: int = 1) -> Task:
    """Return a task whose market had hours alone before, with the early auction's prices."""
    task = made(days, targets)
    drawn = np.random.default_rng(4)
    true = task.prices.copy()
    true[days:] = 60.0 + 20.0 * np.sin(np.arange(HOURS) / 24 * 4 * np.pi)
    lean = LEAN * drawn.normal(0, 1, (len(true), 1))  # of the day, and both auctions have it
    lean[days:] = 2.0 * LEAN
    quarters = flat(true) + lean + drawn.normal(0, 1, (len(true), 96))
    fine = quarters - np.tile([3.0, 0.0, 0.0, -3.0], HOURS) + drawn.normal(0, 1, quarters.shape)
    quarters[days:] = np.nan
    quarters[:hourly] = np.nan
    coarse = fine.reshape(-1, HOURS, 4).mean(axis=2)
    return replace(task, quarters=quarters, early=coarse, early_quarters=fine)


def with_neighbours(task: Task) -> Task:
    values = np.roll(task.prices, 1, axis=0)
    values[0] = values[1]
    return replace(task, groups={NEIGHBOURS: values})


def prices(task: Task) -> FloatArray:
    return np.array([row["price_eur_mwh"] for row in rows(issue(task, {}))])


def test_kernels_and_trees_read_the_neighbours_once_more_and_the_others_do_not() -> None:
    near = readers(DAY_AHEAD)
    assert {type(one) for one in near.members} == {Kernel, Forest}
    assert readers(SHORT).members == SHORT.members
    task = with_neighbours(made(60))
    panel = Panel(task, days_of(task), SHORT, {})
    alone = Panel(made(60), days_of(made(60)), SHORT, {})
    assert panel.names[-2:] == [f"{one.name}-{NEIGHBOURS}" for one in SHORT.members]
    said = panel.told(60)
    np.testing.assert_array_equal(said[:2], alone.told(60))
    assert not np.array_equal(said[2:], said[:2])
    assert panel.prior.weights[2:].sum() == SHARE
    assert abs(panel.prior.weights.sum() - 1.0) < 1e-12


def test_without_the_neighbours_of_a_day_only_their_readers_sleep() -> None:
    task = with_neighbours(made(60))
    task.groups[NEIGHBOURS][57] = np.nan
    said = Panel(task, days_of(task), SHORT, {}).told(57)
    assert np.isfinite(said[:2]).all()
    assert np.isnan(said[2:]).all()


def test_short_windows_put_the_long_readers_to_sleep_too() -> None:
    task = replace(with_neighbours(made(60)), retreat=Retreat(members=Members.SHORT_WINDOWS))
    panel = Panel(task, days_of(task), DAY_AHEAD, {})
    said = panel.said(60, np.ones((panel.rows, HOURS)))
    sleep = {name for name, row in zip(panel.names, said, strict=True) if np.isnan(row).any()}
    assert {f"kernel-1456-{NEIGHBOURS}", "kernel-1456"} <= sleep
    assert f"kernel-364-{NEIGHBOURS}" not in sleep


def test_the_early_auction_is_read_by_quarter_hours_where_both_have_them() -> None:
    task = with_early()
    result = issue(task, {})
    assert set(NAMES) <= set(result.weights)
    truth = flat(60.0 + 20.0 * np.sin(np.arange(HOURS) / 24 * 4 * np.pi)) + 2.0 * LEAN
    error = np.abs(prices(task) - truth).mean()
    assert task.early_quarters is not None
    assert error < 0.8 * np.abs(task.early_quarters[-1] - truth).mean()
    hourly = prices(replace(task, early_quarters=None))
    assert error < 0.8 * np.abs(hourly - truth).mean()


def test_days_of_hours_are_told_as_hours_and_compared_so() -> None:
    task = with_early()
    panel = Panel(task, days_of(task), SHORT, {})
    kept = panel.told(10)
    assert kept.shape == (panel.rows, HOURS)
    said = panel.said(10, kept).reshape(-1, HOURS, 4)
    assert np.nanmax(said.max(axis=2) - said.min(axis=2)) == 0.0
    true = panel.true(5, 30)
    np.testing.assert_array_equal(true[0], flat(task.prices[5]))
    np.testing.assert_array_equal(true[20], task.quarters[25])
    assert np.isnan(true[-1]).all()


def test_an_hourly_forecast_reads_the_hours_of_the_early_auction() -> None:
    task = replace(with_early(), step_s=3_600, foreseen={})
    panel = Panel(task, days_of(task), SHORT, {})
    assert not panel.by_quarters
    assert len(prices(task)) == HOURS


def test_a_day_whose_clock_changes_has_all_its_quarter_hours_and_its_week_goes_on() -> None:
    change = FIRST + timedelta(days=87)  # 2026-03-29
    task = with_early(87, hourly=20)
    assert task.early_quarters is not None
    task.early_quarters[-1] = np.nan  # no day of 24 hours: its hours alone are told
    found = prices(replace(task, foreseen={}))
    assert change.isoformat() == "2026-03-29"
    assert len(found) == 92
    assert np.isfinite(found).all()
    later = with_early(92, hourly=20)
    assert later.early_quarters is not None
    later.early_quarters[87], later.quarters[87] = np.nan, np.nan
    said = Panel(later, days_of(later), SHORT, {}).told(92)
    assert np.isfinite(said).all()


def test_what_was_kept_of_quarter_hours_gives_the_same_forecast() -> None:
    task = with_early(60, targets=2)
    first = issue(task, {})
    again = issue(replace(task, told=first.told), {})
    assert (again.series, again.told) == (first.series, {})
    assert Task.unpack(task.pack()).pack() == task.pack()
    found = json.loads(first.series)
    assert len(found) == 192
    assert all(row["price_q"] == sorted(row["price_q"]) for row in found)


def test_the_future_of_quarter_hours_changes_nothing() -> None:
    task = with_early()
    assert task.early_quarters is not None
    noisy, true = task.quarters.copy(), task.prices.copy()
    noisy[-1], true[-1] = 999.0, -999.0
    again = issue(replace(task, quarters=noisy, prices=true), {})
    assert again.series == issue(task, {}).series


def test_what_is_kept_has_another_name_for_another_panel() -> None:
    some = np.ones((1, HOURS))
    marks = {
        mark((), 900, None, None),
        mark((NEIGHBOURS,), 900, None, None),
        mark((), 900, some, None),
        mark((), 900, some, some),
    }
    assert len(marks) == 4
    assert mark((), 3_600, some, some) == mark((), 3_600, some, None)
