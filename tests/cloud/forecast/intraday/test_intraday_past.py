"""`past`: the same hour of earlier days, across the change of clocks."""

from datetime import date, time

from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.intraday.past import SLOTS, issues
from cloud.forecast.intraday.vintages import SLOT_US
from tests.support.intraday_world import AREA
from wire import clock


@given(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 24 * 60 - 1))
def test_each_issue_is_at_the_same_hour_of_the_clock_and_begins_with_the_next_slot(
    day: date, minute: int
) -> None:
    at_us = AREA.at_us(day, time(minute // 60, minute % 60)) + 1_234_567
    start_us = at_us - at_us % SLOT_US + SLOT_US
    found = issues(AREA, at_us, start_us, count=9)
    assert len(found) == 10
    assert found.at_us[-1] == at_us
    assert found.firsts[-1] * SLOT_US == start_us
    for us, first, ordinal in zip(found.at_us, found.firsts, found.ordinals, strict=True):
        assert 0 < first * SLOT_US - us <= SLOT_US
        assert AREA.day_of(int(us)).toordinal() == ordinal
    assert (found.ordinals[1:] - found.ordinals[:-1] == 1).all()


@given(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 23))
def test_each_slot_knows_its_local_day_and_its_hour(day: date, hour: int) -> None:
    at_us = AREA.at_us(day, time(hour))
    found = issues(AREA, at_us, at_us + SLOT_US, count=2)
    for place in range(0, SLOTS, 7):
        us = int(found.firsts[-1] + place) * SLOT_US
        local = clock.utc(us).astimezone(AREA.zone)
        assert local.date().toordinal() == found.days[-1, place]
        told = found.hours[-1, place]
        assert abs(told - local.hour - local.minute / 60) <= 1.0, "one hour, as clocks change"
