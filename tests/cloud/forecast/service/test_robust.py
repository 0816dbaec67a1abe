"""Forecasts with little behind them: of use from day seven on, and with any one input missing."""

import json
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import Days
from cloud.forecast.service.bridge import FLAG
from cloud.forecast.service.issue import issue
from cloud.forecast.service.ladder import footing
from cloud.forecast.service.task import Task
from tests.support.own_market import own_market

pytestmark = pytest.mark.slow

FIRST = date(2026, 1, 5)
SUMMER_TIME = 83
"""Row of the day that lacks an hour: it has 23, and is left out."""
SEEDS = (1, 2)
NAMES = {"load": "load", "wind": "renewables"}
RMAE_MAX = 0.95
WORSE_MAX = 1.25


Kept = dict[tuple[str, tuple[str, ...]], dict[date, FloatArray]]
"""By quality and inputs: what members said of earlier days, as a hub keeps it."""


def told(days: Days, row: int, kept: Kept, missing: str = "") -> tuple[FloatArray, tuple[str, ...]]:
    """Return the forecast of a row as of its eve, and its flags, without an input of that day."""
    prices = days.prices[: row + 1].copy()
    prices[row - (missing == "price") :] = np.nan
    groups = {NAMES[name]: v[: row + 1].copy() for name, v in days.inputs.items()}
    if missing in groups:
        groups[missing][row] = np.nan
    found = footing(prices, groups, row)
    said = kept.setdefault((found.quality, found.groups), {})
    task = Task(
        area="AT",
        first=FIRST,
        targets=1,
        decided=0,
        step_s=3_600,
        quality=found.quality,
        prices=prices,
        groups={name: groups[name] for name in found.groups},
        quarters=np.full((row + 1, 96), np.nan),
        foreseen={},
        past={},
        told=dict(said),
        flags=found.flags,
    )
    made = issue(task, {})
    said.update(made.told)
    return np.array([one["price_eur_mwh"] for one in json.loads(made.series)]), made.flags


def days_of(rows: range) -> Iterator[tuple[Days, int, Kept]]:
    for seed in SEEDS:
        days, kept = own_market(90, seed), Kept()
        yield from ((days, row, kept) for row in rows if row != SUMMER_TIME)


def test_from_the_seventh_day_on_forecasts_are_better_than_last_week() -> None:
    errors, naive = [], []
    for days, row, kept in days_of(range(7, 84, 2)):
        true = days.prices[row]
        errors.append(np.abs(told(days, row, kept)[0] - true).mean())
        naive.append(np.abs(days.prices[row - 7] - true).mean())
    assert sum(errors) <= RMAE_MAX * sum(naive)
    young = [n for n, (_, row, _) in enumerate(days_of(range(7, 84, 2))) if row < 28]
    assert sum(errors[n] for n in young) <= RMAE_MAX * sum(naive[n] for n in young)


def test_any_one_input_that_is_missing_costs_a_quarter_of_the_accuracy_at_most() -> None:
    errors: dict[str, list[float]] = {"": [], "load": [], "renewables": [], "price": []}
    flags = {"load": "no_load", "renewables": "no_renewables", "price": FLAG}
    for days, row, kept in days_of(range(29, 84, 4)):
        for missing, found in errors.items():
            point, said = told(days, row, kept, missing)
            found.append(float(np.abs(point - days.prices[row]).mean()))
            assert missing == "" or flags[missing] in said
    usual = sum(errors.pop(""))
    for missing, found in errors.items():
        assert sum(found) <= WORSE_MAX * usual, missing
