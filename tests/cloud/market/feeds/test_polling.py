"""cloud.market.feeds.polling: quick until the day is complete, then re-reads; nothing is lost."""

from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cloud.market.areas import catalogue
from cloud.market.feeds import polling
from cloud.market.feeds.polling import MINUTE_US, NEVER, Looked
from cloud.market.series.model import Kind

AT = catalogue.load()["AT"]
DAY = date(2026, 10, 25)
PRICES = polling.plan_of(Kind.PRICE_DAY_AHEAD)


def at(days: int, hour: int, minute: int = 0) -> int:
    return AT.at_us(DAY + timedelta(days=days), time(hour, minute))


def due(looked: Looked, now_us: int) -> int:
    return polling.due_us(PRICES, AT, DAY, looked, now_us)


def test_prices_are_asked_for_from_a_quarter_to_one_and_exaa_before() -> None:
    assert due(NEVER, 0) == at(-1, 12, 45)
    exaa = polling.plan_of(Kind.PRICE_DAY_AHEAD, "EXAA")
    assert polling.due_us(exaa, AT, DAY, NEVER, 0) == at(-1, 10, 20)


def test_an_incomplete_day_is_asked_for_every_five_minutes_and_a_complete_one_left_alone() -> None:
    now_us = at(-1, 13)
    assert due(Looked(False, now_us), now_us) == now_us + 5 * MINUTE_US
    assert due(Looked(True, now_us), now_us) == at(1, 4, 30)


def test_re_reads_come_a_day_eight_and_forty_two_days_later_and_then_no_more() -> None:
    assert due(Looked(True, at(1, 4, 30)), 0) == at(8, 4, 30)
    assert due(Looked(False, at(8, 4, 31)), 0) == at(42, 4, 30)
    assert due(Looked(True, at(42, 4, 30)), at(42, 5)) > at(400, 0)


def test_what_was_measured_is_asked_for_while_the_day_lasts_even_if_it_looks_complete() -> None:
    load = polling.plan_of(Kind.LOAD_ACTUAL)
    now_us = at(0, 11)
    assert polling.due_us(load, AT, DAY, Looked(True, now_us), now_us) == now_us + 15 * MINUTE_US


def test_every_kind_has_a_plan() -> None:
    for kind in Kind:
        assert polling.plan_of(kind).interval_min > 0


@given(st.sampled_from(list(Kind)), st.integers(0, 60 * 24 * 60), st.booleans())
def test_the_next_time_is_always_after_the_last(kind: Kind, minutes: int, whole: bool) -> None:
    last_us = at(-3, 0) + minutes * MINUTE_US
    plan = polling.plan_of(kind)
    assert polling.due_us(plan, AT, DAY, Looked(whole, last_us), last_us) > last_us


@given(st.sets(st.integers(0, 60)), st.integers(1, 31))
def test_ranges_have_each_day_once_in_order_and_none_is_too_long(
    numbers: set[int], longest: int
) -> None:
    days = [DAY + timedelta(days=n) for n in numbers]
    found = []
    for first, last in polling.ranges(days, longest):
        assert 0 <= (last - first).days < longest
        found += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert found == sorted(days)
