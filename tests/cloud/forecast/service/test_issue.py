"""From a task to a forecast: what it may read, what it says of what it lacks."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from cloud.forecast.days import HOURS
from cloud.forecast.service.hours import matrix, on_slots, slots, wall_hours
from cloud.forecast.service.issue import issue
from cloud.forecast.service.ladder import FULL, SHORT_HISTORY, SIMILAR_DAY, TEMPLATE, footing
from cloud.forecast.service.task import Result, Task
from cloud.market.areas import catalogue
from cloud.market.series.merge import Values
from cloud.market.series.model import Kind, Series

FIRST = date(2026, 1, 1)
AT = catalogue.load()["AT"]


def made(days: int, targets: int = 1, *, quality: str = SHORT_HISTORY, step_s: int = 900) -> Task:
    """Return a task whose history has a pattern of hours, of days and of quarters."""
    rng = np.random.default_rng(7)
    level = 60 + 15 * np.sin(np.arange(days + targets) / 3)[:, None]
    shape = 20 * np.sin(np.arange(HOURS) / 24 * 4 * np.pi)
    prices = level + shape + rng.normal(0, 3, (days + targets, HOURS))
    quarters = np.repeat(prices, 4, axis=1) + np.tile([3.0, 1.0, -1.0, -3.0], HOURS)
    prices[days:], quarters[days:] = np.nan, np.nan
    day = FIRST + timedelta(days=days)
    count = sum(AT.periods(day + timedelta(days=n), step_s) for n in range(targets))
    return Task(
        area="AT",
        first=FIRST,
        targets=targets,
        decided=0,
        step_s=step_s,
        quality=quality,
        prices=prices,
        groups={},
        quarters=quarters,
        foreseen={"load": np.full(count, 6_000.0)},
        past={},
        told={},
    )


@cache
def issued(days: int) -> Result:
    """Return the forecast of a task that is made of so many days: whoever asks gets the same."""
    return issue(made(days), {})


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.series)
    return found


def test_quantiles_never_cross_and_quarters_have_the_shape_of_the_hour() -> None:
    found = rows(issued(80))
    assert len(found) == 96
    assert all(row["price_q"] == sorted(row["price_q"]) for row in found)
    assert all(len(row["price_q"]) == 7 for row in found)
    by_hour = np.array([row["price_eur_mwh"] for row in found]).reshape(24, 4)
    assert (by_hour[:, 0] - by_hour[:, 3]).mean() > 3, "the first quarter is dear"
    assert found[0]["load_mw"] == 6_000.0
    assert found[0]["gen_wind_mw"] is None


def test_what_the_future_says_changes_nothing() -> None:
    task = made(60)
    noise = task.prices.copy()
    noise[-1] = 999.0
    again = issue(replace(task, prices=noise), {})
    assert again.series == issued(60).series


def test_what_was_kept_of_earlier_days_gives_the_same_forecast() -> None:
    first = issued(60)
    again = issue(replace(made(60), told=first.told), {})
    assert again.series == first.series
    assert not again.told, "nothing is told twice"


def test_a_long_hole_in_a_day_that_is_read_gives_the_similar_day_and_says_so() -> None:
    task = made(60)
    prices = task.prices.copy()
    prices[58, 3:9] = np.nan
    result = issue(replace(task, prices=prices), {})
    assert result.quality == SIMILAR_DAY
    assert {"similar_day", "holes"} <= set(result.flags)
    assert all(row["price_eur_mwh"] is not None for row in rows(result))


def test_days_behind_the_next_one_are_flagged_and_less_sure() -> None:
    result = issue(made(60, targets=2), {})
    found = rows(result)
    assert "extended" in result.flags
    assert len(found) == 192
    width = [row["price_q"][-1] - row["price_q"][0] for row in found]
    assert np.mean(width[96:]) > 1.3 * np.mean(width[:96])


def test_a_day_whose_auction_is_over_has_its_prices() -> None:
    task = made(60, targets=2)
    prices, quarters = task.prices.copy(), task.quarters.copy()
    prices[60] = 77.0
    known = np.concatenate([np.full(96, 77.0), np.full(96, np.nan)])
    decided = replace(task, prices=prices, quarters=quarters, decided=1, foreseen={"price": known})
    result = issue(decided, {})
    found = rows(result)
    assert "auction_known" in result.flags
    assert {row["price_eur_mwh"] for row in found[:96]} == {77.0}
    assert found[0]["price_q"] is None
    assert found[96]["price_eur_mwh"] is not None


def test_a_forecast_beyond_the_limits_of_the_auction_is_cut_and_counted() -> None:
    task = made(60)
    result = issue(replace(task, prices=task.prices * 1_000), {})
    found = rows(result)
    assert max(row["price_eur_mwh"] for row in found) <= 4_000.0
    assert any(flag.startswith("clipped_") for flag in result.flags)


@pytest.mark.parametrize(("day", "count"), [((2026, 3, 29), 92), ((2026, 10, 25), 100)])
def test_days_of_the_clock_change_have_their_own_slots(
    day: tuple[int, int, int], count: int
) -> None:
    hours = np.arange(HOURS, dtype=np.float64)
    assert len(slots(hours, AT, date(*day), 900)) == count
    assert len(wall_hours(AT, date(*day))) == count // 4
    assert len(slots(np.arange(96.0), AT, date(*day), 900)) == count


def test_the_hour_that_spring_lacks_is_missing_and_that_of_autumn_is_the_mean_of_both() -> None:
    series = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 3_600, "SDAC")
    for day, hour, expected in ((date(2026, 3, 29), 2, np.nan), (date(2026, 10, 25), 2, 2.5)):
        start_us, end_us = AT.day_us(day)
        at_us = tuple(range(start_us, end_us, 3_600_000_000))
        told = tuple(float(n) for n in range(len(at_us)))
        values = Values(
            series=series,
            starts_us=at_us,
            values=told,
            known_us=at_us,
            assumed=False,
            apart=(),
            documents=(),
            licences=(),
        )
        found = matrix([values], AT, day, 1)
        np.testing.assert_equal(found[0, hour], expected)
        assert np.isfinite(np.delete(found[0], hour)).all()
        halves = on_slots([values], start_us, end_us, 900)
        assert len(halves) == 4 * len(at_us)
        assert np.isfinite(halves).all()


def test_the_ladder_says_what_can_be_done_with_how_much_history() -> None:
    for days, quality in ((7, SIMILAR_DAY), (28, SHORT_HISTORY), (90, FULL)):
        assert footing(made(days).prices, {}, days).quality == quality
    assert footing(made(6).prices, {}, 6).quality == TEMPLATE


def test_an_input_that_has_not_arrived_is_left_out_and_flagged() -> None:
    task = made(100)
    load = np.ones_like(task.prices)
    late = load.copy()
    late[-1] = np.nan
    rare = np.full_like(load, np.nan)
    rare[-10:] = 1.0
    found = footing(task.prices, {"load": load, "renewables": late, "exaa": rare}, 100)
    assert found.groups == ("load",)
    assert found.flags == ("no_renewables",)
    assert footing(task.prices, {"load": load}, 100, ("exaa",)).groups == ()


@pytest.mark.parametrize("later_days", [0, 7, 14, 21])
def test_trees_whose_calendar_begins_before_the_history_sleep(later_days: int) -> None:
    task = made(25, quality=FULL)
    groups = {"load": np.ones_like(task.prices)}
    moved = replace(task, groups=groups, first=FIRST + timedelta(days=later_days))
    result = issue(replace(moved, foreseen={}), {})
    assert all(row["price_eur_mwh"] is not None for row in rows(result))


def test_tasks_and_results_survive_the_way_to_the_process_and_back() -> None:
    task = replace(made(40), told={FIRST: np.ones((2, HOURS))}, groups={"load": np.ones((41, 24))})
    again = Task.unpack(task.pack())
    assert again.pack() == task.pack()
    np.testing.assert_array_equal(again.prices, task.prices)
    assert again.told.keys() == task.told.keys()
    result = issue(task, {})
    assert Result.unpack(result.pack()).series == result.series
