"""`auctions`: which of them counts, what is still to come, and when their gates were."""

from datetime import date, time

import numpy as np

from cloud.forecast.arrays import IntArray
from cloud.forecast.intraday import auctions
from cloud.forecast.intraday.past import Issues, issues
from cloud.forecast.intraday.vintages import SLOT_US, Spoken, Vintages, vintages
from tests.support.intraday_world import AREA, World, as_of, instant

DAY = date(2026, 7, 1)
SPOKEN = World(days=20).spoken(DAY)


def at(hour: float) -> tuple[dict[str, Vintages], Issues]:
    now_us = instant(DAY, hour)
    return as_of(SPOKEN, now_us), issues(AREA, now_us, now_us - now_us % SLOT_US + SLOT_US, 18)


def stages(series: dict[str, Vintages], past: Issues) -> IntArray:
    return np.array([
        auctions.decided(series, int(us), int(first), 96).stage
        for us, first in zip(past.at_us, past.firsts, strict=True)
    ])  # fmt: skip


def test_the_last_auction_that_is_known_decides() -> None:
    series, past = at(10.5)
    stage = stages(series, past)[-1]
    assert stage[:4].tolist() == [2, 2, 2, 2], "until noon the second one"
    assert stage[6:53].tolist() == [3] * 47, "the third one from noon on"
    assert stage[53:].tolist() == [-1] * 43, "tomorrow's auction has not been"
    series, past = at(15.5)
    assert set(stages(series, past)[-1].tolist()) == {3, 1}


def test_the_aim_is_the_index_where_there_is_one_else_the_next_auction_of_the_slot() -> None:
    series, past = at(15.5)
    stage = stages(series, past)
    index = auctions.aims(series, past, stage, of_index=True)
    last = slice(int(past.firsts[-2]), int(past.firsts[-2]) + 96)
    told = series["index"].at(int(past.at_us[-1]), last.start, 96)
    known = np.isfinite(told)
    np.testing.assert_array_equal(index.price[-2][known], told[known])
    assert (index.known_us[-2][known] > past.at_us[-2]).all()
    assert np.isnan(index.price[-1]).all(), "nothing of what is to come is known"
    auction = auctions.aims(series, past, stage, of_index=False)
    hours = past.hours[-3]
    tomorrow = past.days[-3] > past.ordinals[-3]
    third = series["ida/IDA3"].at(int(past.at_us[-1]), int(past.firsts[-3]), 96)
    second = series["ida/IDA2"].at(int(past.at_us[-1]), int(past.firsts[-3]), 96)
    assert np.isnan(auction.price[-3][~tomorrow]).all(), "its last auction was known already"
    morning = tomorrow & (hours < 12)
    np.testing.assert_array_equal(auction.price[-3][morning], second[morning])
    assert np.isfinite(third[tomorrow & (hours >= 12)]).all()
    assert auctions.awaited(auction.price).tolist() == tomorrow.tolist()


def test_an_index_that_was_told_before_the_issue_is_no_aim() -> None:
    series, past = at(15.5)
    early = Spoken([int(past.firsts[-2]) * SLOT_US], [1.0], int(past.at_us[-2]), (1, 1), 900, 0)
    found = auctions.aims(
        {**series, "index": vintages([early])}, past, stages(series, past), of_index=True
    )
    assert np.isnan(found.price).all()


def test_gates_are_those_of_the_day_of_delivery() -> None:
    day = DAY.toordinal()
    found = [auctions.gate_us(AREA, stage, day) for stage in range(4)]
    eve = date(2026, 6, 30)
    assert found == [
        AREA.at_us(eve, time(12)), AREA.at_us(eve, time(15)), AREA.at_us(eve, time(22)),
        AREA.at_us(DAY, time(10)),
    ]  # fmt: skip


def test_nothing_is_awaited_where_nothing_ever_came() -> None:
    assert not auctions.awaited(np.full((9, 96), np.nan)).any()
