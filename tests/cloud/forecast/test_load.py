"""cloud.forecast.load: better than last week, nothing of the future, gaps stay gaps."""

import csv
import gzip
from datetime import UTC, date, datetime

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.linear import one_thread
from cloud.forecast.load import HISTORY_DAYS_MIN, Loads, Ridge, last_week
from tests.conftest import SHARED

FIRST = date(2025, 1, 6)
DAYS = 100


def own_load(slots: int = 24, *, weather: bool = False) -> Loads:
    """Return a load of working days, evenings, a slow level, and heating if there is weather."""
    drawn = np.random.default_rng(6)
    hours = np.arange(slots) / slots * 24
    shape = 3.0 + 2.0 * np.exp(-(((hours - 19.0) / 2.0) ** 2))
    weekday = (np.arange(DAYS)[:, None] % 7) < 5
    level = 1.0 + 0.5 * np.cumsum(drawn.normal(0, 0.3, (DAYS, 1)), axis=0)
    power = level + shape * np.where(weekday, 1.3, 1.0) + drawn.normal(0, 0.2, (DAYS, slots))
    cold = drawn.normal(0, 1, (DAYS, slots, 1))
    return Loads(FIRST, power + (cold[..., 0] if weather else 0.0), cold if weather else None)


def told(loads: Loads, day: int) -> FloatArray:
    found = Ridge(loads).told(day)
    assert found is not None
    return found


def errors(loads: Loads, days: range) -> tuple[float, float]:
    ridge, naive = Ridge(loads), last_week(loads)
    ours, theirs = [], []
    with one_thread():
        for day in days:
            found = ridge.told(day)
            assert found is not None
            ours.append(np.abs(found - loads.power[day]).mean())
            theirs.append(np.abs(naive[day] - loads.power[day]).mean())
    return float(np.mean(ours)), float(np.mean(theirs))


@pytest.mark.parametrize("slots", [24, 96])
def test_it_is_better_than_last_week(slots: int) -> None:
    ours, theirs = errors(own_load(slots), range(70, 100, 2))
    assert ours < 0.9 * theirs


def test_weather_that_drives_the_load_is_heard() -> None:
    with_it = own_load(weather=True)
    without = Loads(FIRST, with_it.power)
    assert errors(with_it, range(90, 97))[0] < 0.6 * errors(without, range(90, 97))[0]


def test_weather_that_is_missing_on_the_last_day_is_left_out() -> None:
    loads = own_load(weather=True)
    assert loads.weather is not None
    missing = loads.weather.copy()
    missing[-1, 5] = np.nan
    without = told(Loads(FIRST, loads.power), DAYS - 1)
    assert np.array_equal(told(Loads(FIRST, loads.power, missing), DAYS - 1), without)


def test_what_is_not_known_at_noon_of_the_day_before_changes_no_bit() -> None:
    loads = own_load()
    later = loads.power.copy()
    later[89, 12:] = 900.0
    later[90:] = -900.0
    ours = told(loads, 90)
    assert np.array_equal(ours, told(Loads(FIRST, later), 90))
    later[89, 11] = 900.0
    assert not np.array_equal(ours, told(Loads(FIRST, later), 90))


def test_where_the_day_before_yesterday_is_missing_there_is_no_forecast() -> None:
    loads = own_load()
    power = loads.power.copy()
    power[88, 7] = np.nan
    ridge = Ridge(Loads(FIRST, power))
    assert ridge.told(90) is None
    assert ridge.told(92) is not None
    assert Ridge(loads).told(HISTORY_DAYS_MIN - 1) is None


def test_a_holiday_is_a_sunday() -> None:
    loads = own_load()
    assert Loads(FIRST, loads.power, None, frozenset({FIRST})).weekdays()[0] == 6


def household() -> FloatArray:
    path = SHARED / "data/load/household_load_pv_30min_2024-25.csv.gz"
    power = np.full(367 * 48, np.nan)
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["timestamp_utc"]).replace(tzinfo=UTC)
            if row["load_w"]:
                seconds = (at - datetime(2024, 2, 28, tzinfo=UTC)).total_seconds()
                power[int(seconds // 1800)] = float(row["load_w"])
    return power.reshape(367, 48)


@pytest.mark.shared
def test_a_household_is_a_quarter_better_than_last_week() -> None:
    """Of 134 whole days from 2024-10-01 on 25.4 % better; here every third of them."""
    loads = Loads(date(2024, 2, 28), household())
    naive = last_week(loads)
    begin = (date(2024, 10, 1) - loads.first).days
    ridge, ours, theirs = Ridge(loads), [], []
    with one_thread():
        for day in range(begin, begin + 149, 3):
            found = ridge.told(day)
            if found is None or not np.isfinite(loads.power[day] + naive[day]).all():
                continue
            ours.append(np.abs(found - loads.power[day]).mean())
            theirs.append(np.abs(naive[day] - loads.power[day]).mean())
    assert len(ours) > 40
    assert np.mean(ours) < 0.76 * np.mean(theirs)
