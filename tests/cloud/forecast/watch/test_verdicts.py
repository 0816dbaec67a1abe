"""What scores say: an alarm when forecasts go wrong, none while they go well."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from cloud.forecast.watch.verdicts import Code, Score, Slots, figures, score, verdicts
from tests.support.scores import GOOD

DAY = date(2026, 9, 1)


def days(count: int, **more: Any) -> list[Score]:
    return [replace(GOOD, day=DAY + timedelta(days=n), **more) for n in range(count)]


def test_good_forecasts_raise_no_alarm() -> None:
    assert verdicts(days(60)) == {}
    assert verdicts([]) == {}
    last = figures(days(60))
    assert (last.mae14, last.mae60, last.rmae14, last.rmae60) == (5.0, 5.0, 0.5, 0.5)
    worse = figures([*days(46), *days(14, mae=10.0)])
    assert (worse.mae14, worse.mae60) == (10.0, (46 * 5.0 + 14 * 10.0) / 60)
    assert last.coverage80 is not None
    assert abs(last.coverage80 - 77 / 96) < 1e-9


def test_errors_that_grow_against_those_of_the_long_time_are_an_alarm() -> None:
    assert Code.ACCURACY in verdicts([*days(46), *days(14, mae=8.0)])
    assert Code.ACCURACY in verdicts(days(20, mae=9.8)), "hardly better than last week"
    assert Code.ACCURACY not in verdicts([*days(50), *days(3, mae=9.0)])


def test_intervals_that_hold_too_little_or_too_much_are_an_alarm() -> None:
    assert Code.CALIBRATION in verdicts(days(60, inside80=58, inside90=70))
    assert Code.CALIBRATION in verdicts(days(60, inside80=96, inside90=96))
    assert Code.CALIBRATION not in verdicts(days(20, inside80=58, inside90=70)), "too few days"


def test_a_bias_that_stays_is_an_alarm() -> None:
    assert Code.BIAS in verdicts(days(20, bias=4.0))
    assert Code.BIAS in verdicts(days(20, bias=-4.0))
    assert Code.BIAS not in verdicts(days(60, bias=0.5))


def test_a_day_is_scored_when_all_its_prices_are_known() -> None:
    true = np.arange(96.0)
    told = Slots(true, true + 1, np.full(96, np.nan), np.stack([true + n for n in range(-3, 4)], 1))
    found = score(told, "AT", DAY, ("f", "dayahead-1", "full"))
    assert found is not None
    assert (found.mae, found.bias, found.naive_mae, found.inside80) == (1.0, 1.0, None, 96)
    hole = true.copy()
    hole[5] = np.nan
    assert score(replace(told, true=hole), "AT", DAY, ("f", "m", "q")) is None


def test_the_similar_day_and_members_at_rest_are_scored_beside_what_was_issued() -> None:
    true = np.arange(96.0)
    told = Slots(true, true + 3, true + 9, None, similar=true + 3, resting=true - 2)
    found = score(told, "AT", DAY, ("f", "dayahead-2", "similar_day"))
    assert found is not None
    assert (found.mae, found.similar_mae, found.models_mae, found.members_mae) == (3, 3, 2, 2)
    short = score(replace(told, similar=true[:92], resting=None), "AT", DAY, ("f", "m", "q"))
    assert short is not None, "a day before with fewer slots tells nothing, and is no fault"
    assert (short.similar_mae, short.models_mae, short.members_mae) == (None, None, 3)
