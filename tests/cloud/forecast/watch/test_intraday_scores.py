"""`watch.intraday.scores`: the newest run before each gate, errors, and when the gate is shut."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.model import LEVELS
from cloud.forecast.watch.intraday.scores import (
    HEARD_DAYS_MIN,
    NOBODY,
    WORSE_DAYS,
    Figures,
    Score,
    Slots,
    figures,
    owners,
    score,
    verdict,
)
from tests.support.intraday_scores import BAD, GOOD

DAY = date(2026, 9, 1)
SILENT = replace(GOOD, mae=5.0, heard=0, heard_mae=None, heard_last_mae=None)


def days(*each: Score) -> list[Score]:
    return [replace(one, day=DAY + timedelta(days=n)) for n, one in enumerate(each)]


def day_of(count: int = 96) -> Slots:
    """Return a day whose index was 50, told as 51 by the members, with a last price of 53."""

    def flat(value: float) -> FloatArray:
        return np.full(count, value)

    bands = 51.0 + np.arange(len(LEVELS)) - len(LEVELS) // 2 + np.zeros((count, 1))
    return Slots(flat(50.0), flat(51.0), flat(53.0), flat(51.0), bands, np.ones(count, np.bool_))


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=6),
    st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=6, max_size=6),
)
def test_each_slot_belongs_to_the_newest_run_before_its_gate(
    issued: list[int], drawn: list[list[int]]
) -> None:
    issued_us = sorted(issued)
    gates = [np.array(row) for row in drawn[: len(issued)]]
    found = owners(issued_us, gates)
    for slot, place in enumerate(found.tolist()):
        before = [n for n, at_us in enumerate(issued_us) if at_us < gates[n][slot]]
        assert place == (before[-1] if before else NOBODY)


def test_a_day_is_scored_against_the_last_price_and_by_its_quantiles() -> None:
    found = score(day_of(), "AT", DAY, ["a", "b"])
    assert found is not None
    assert (found.forecast, found.runs, found.slots, found.banded) == ("b", 2, 96, 96)
    assert (found.mae, found.last_mae, found.heard, found.heard_mae) == (1.0, 3.0, 96, 1.0)
    assert found.inside80 == 96
    below = 50.0 - day_of().quantiles[0]
    levels = np.array(LEVELS)
    assert found.pinball == pytest.approx(np.maximum(levels * below, (levels - 1) * below).mean())


def test_what_is_not_known_is_not_scored_and_counts_against_the_day() -> None:
    slots = day_of()
    slots.true[:24] = np.nan
    slots.quantiles[24:48] = np.nan
    slots.mean[48:] = np.nan
    found = score(slots, "AT", DAY, ["a"])
    assert found is not None
    assert (found.slots, found.banded, found.heard) == (72, 48, 24)
    assert slots.share == 0.75
    slots.true[:] = np.nan
    assert score(slots, "AT", DAY, ["a"]) is None
    assert slots.share == 0.0


def test_without_quantiles_and_without_members_there_are_no_figures_of_them() -> None:
    slots = day_of()
    slots.quantiles[:] = np.nan
    slots.mean[:] = np.nan
    found = score(slots, "AT", DAY, ["a"])
    assert found is not None
    assert (found.pinball, found.inside80, found.banded) == (None, None, 0)
    assert (found.heard, found.heard_mae, found.heard_last_mae) == (0, None, None)
    assert figures([found]).coverage80 is None


def test_figures_are_of_the_last_days_and_none_before_the_first() -> None:
    assert figures([]) == Figures()
    found = figures(days(*[GOOD] * 46, *[BAD] * 14))
    assert (found.mae14, found.last_mae14) == (6.0, 5.0)
    assert found.mae60 == pytest.approx((46 * 4 + 14 * 6) / 60)
    assert found.last_mae60 == 5.0
    assert found.coverage80 == pytest.approx(0.8)


def test_a_week_that_is_worse_than_the_last_price_is_told_and_a_shorter_time_is_not() -> None:
    assert verdict(days(*[GOOD] * 20)) is None
    assert verdict(days(*[GOOD] * 20, *[BAD] * WORSE_DAYS)) == (
        "intraday MAE of 7 days 6.00, of the last price 5.00"
    )
    assert verdict(days(*[BAD] * (WORSE_DAYS - 1))) is None
    assert verdict(days(*[replace(BAD, heard_mae=5.2)] * WORSE_DAYS)) is None, "bad luck"
    assert verdict(days(*[GOOD] * 4, *[BAD] * 3)) is None, "over the week it is better"
    assert verdict(days(*[SILENT] * 2, *[BAD] * HEARD_DAYS_MIN)) is not None
    assert verdict(days(*[SILENT] * 3, *[BAD] * 4)) is None, "too rarely heard"
    assert verdict(days(*[SILENT] * 9)) is None, "the gate is shut by itself"


def test_members_at_rest_are_heard_and_let_the_alarm_end() -> None:
    rests = replace(BAD, mae=5.0)
    assert verdict(days(*[rests] * WORSE_DAYS)) is not None
    assert verdict(days(*[rests] * 2, *[replace(rests, heard_mae=4.5)] * 5)) is None
