"""A run of the next hours whose gate is shut by an alarm: flagged, and what it would have said."""

from dataclasses import replace

import numpy as np

from cloud.forecast.intraday.issue import Issue, Priced
from cloud.forecast.service.intraday import LAST_PRICE, laid
from cloud.forecast.service.retreat import DONE, Stood, shuts
from cloud.forecast.service.soon import Soon
from cloud.market.areas import catalogue
from tests.support.hub import NOON_US

AT = catalogue.load()["AT"]
DAY_US = 86_400_000_000
TASK = Soon(
    area="AT",
    as_of_us=NOON_US,
    start_us=NOON_US,
    end_us=NOON_US + 2 * 900_000_000,
    step_s=900,
    said=(),
    day_ahead=np.full(2, np.nan),
    shut=True,
)
TOLD = Priced(
    price=np.array([50.0, np.nan]),
    quantiles=None,
    is_open=False,
    is_index=True,
    error_days=90,
    p=0.001,
    weights={},
    resting=np.array([51.255, np.nan]),
)


def test_members_at_rest_are_flagged_and_told_of_in_an_event() -> None:
    made = laid(TASK, AT, {}, Issue(TOLD))
    assert made.quality == LAST_PRICE
    assert {"last_price", "spread_rests"} <= set(made.flags)
    assert made.resting == (51.26, None)
    assert "spread_rests" in DONE


def test_where_the_gate_is_shut_by_itself_nothing_is_flagged_as_done() -> None:
    made = laid(TASK, AT, {}, Issue(replace(TOLD, resting=None)))
    assert "spread_rests" not in made.flags
    assert made.resting == ()


def test_a_task_carries_whether_the_gate_is_shut() -> None:
    assert Soon.unpack(TASK.pack()).shut
    assert not Soon.unpack(replace(TASK, shut=False).pack()).shut


def test_an_alarm_shuts_the_gate_from_its_beginning_until_fourteen_days_after_its_end() -> None:
    stands, over = Stood("INTRADAY", NOON_US, None), Stood("INTRADAY", NOON_US, NOON_US + DAY_US)
    assert not shuts([stands], NOON_US - 1)
    assert shuts([stands], NOON_US + 99 * DAY_US)
    assert shuts([over], NOON_US + 15 * DAY_US - 1)
    assert not shuts([over], NOON_US + 15 * DAY_US)
    assert not shuts([Stood("BIAS", NOON_US, None)], NOON_US)
