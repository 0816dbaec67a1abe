"""drivers.newest: never an old value as new, never a late one over a newer."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.newest import AHEAD_US_MAX, OLD_US_MAX, Newest
from drivers.tag import Tag
from wire.block import Quality, Reading

S = 1_000_000
NOW_US = 1_764_000_000 * S
POWER = Tag(name="ac.power_kw", stale_s=3.0)
STATUS = Tag(name="pcs.status", rate=Rate.SLOW)


def one(newest: Newest, now_us: int, rate: Rate = Rate.FAST) -> Reading:
    (reading,) = newest.readings(rate, now_us)
    return reading


def test_what_was_never_told_is_lost() -> None:
    newest = Newest([POWER, STATUS])
    assert one(newest, NOW_US) == Reading("ac.power_kw", None, Quality.LOST, NOW_US)


def test_a_value_keeps_its_own_time_and_grows_stale_by_it() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", 5.0, NOW_US - S, NOW_US)
    assert one(newest, NOW_US) == Reading("ac.power_kw", 5.0, Quality.GOOD, NOW_US - S)
    assert one(newest, NOW_US + 2 * S).quality is Quality.GOOD
    assert one(newest, NOW_US + 2 * S + 1).quality is Quality.STALE
    newest.confirm(NOW_US + 3 * S)
    assert one(newest, NOW_US + 3 * S).quality is Quality.STALE, "its own time counts"


def test_a_value_told_on_change_is_true_while_its_device_is_there() -> None:
    newest = Newest([STATUS])
    newest.put("pcs.status", 1.0, NOW_US - 2 * OLD_US_MAX, NOW_US)
    assert one(newest, NOW_US, Rate.SLOW).quality is Quality.STALE
    newest.confirm(NOW_US)
    assert one(newest, NOW_US + S, Rate.SLOW) == Reading("pcs.status", 1.0, Quality.GOOD, NOW_US)


def test_a_late_or_repeated_message_changes_nothing() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", 5.0, NOW_US, NOW_US)
    newest.put("ac.power_kw", 9.0, NOW_US - 1, NOW_US)
    assert one(newest, NOW_US).value == 5.0


def test_a_clock_that_runs_ahead_is_not_believed_and_blocks_nothing() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", 5.0, NOW_US + AHEAD_US_MAX + 1, NOW_US)
    assert one(newest, NOW_US) == Reading("ac.power_kw", None, Quality.BAD, NOW_US)
    newest.put("ac.power_kw", 6.0, NOW_US, NOW_US)
    assert one(newest, NOW_US).value == 6.0


def test_no_value_is_bad_and_carries_no_number() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", None, NOW_US, NOW_US)
    assert one(newest, NOW_US) == Reading("ac.power_kw", None, Quality.BAD, NOW_US)


def test_a_lost_device_has_told_nothing() -> None:
    newest = Newest([POWER, STATUS])
    newest.put("pcs.status", 1.0, NOW_US, NOW_US)
    newest.confirm(NOW_US)
    newest.lose()
    assert one(newest, NOW_US, Rate.SLOW).quality is Quality.LOST
    newest.put("pcs.status", 1.0, NOW_US - 2 * OLD_US_MAX, NOW_US)
    assert one(newest, NOW_US, Rate.SLOW).quality is Quality.STALE


def test_a_forgotten_point_takes_whatever_comes_next() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", 5.0, NOW_US, NOW_US)
    newest.forget("ac.power_kw")
    newest.put("ac.power_kw", 4.0, NOW_US - S, NOW_US)
    assert one(newest, NOW_US).value == 4.0


def test_a_tag_may_join_later() -> None:
    newest = Newest([])
    newest.add(POWER)
    newest.put("ac.power_kw", 5.0, NOW_US, NOW_US)
    assert one(newest, NOW_US).value == 5.0


def test_a_source_whose_clock_was_set_back_is_not_confirmed_in_what_it_no_longer_says() -> None:
    newest = Newest([STATUS])
    newest.put("pcs.status", 1.0, NOW_US, NOW_US)
    newest.put("pcs.status", 3.0, NOW_US - 600 * S, NOW_US + S)
    newest.confirm(NOW_US + S)
    assert one(newest, NOW_US + S, Rate.SLOW) == Reading("pcs.status", 1.0, Quality.STALE, NOW_US)
    newest.confirm(NOW_US + 99 * S)
    assert one(newest, NOW_US + 99 * S, Rate.SLOW).quality is Quality.STALE, "until it is newer"
    newest.put("pcs.status", 3.0, NOW_US + 1, NOW_US + 100 * S)
    newest.confirm(NOW_US + 100 * S)
    assert one(newest, NOW_US + 100 * S, Rate.SLOW).value == 3.0
    assert one(newest, NOW_US + 100 * S, Rate.SLOW).quality is Quality.GOOD


def test_a_later_word_that_had_no_value_leaves_the_same_doubt() -> None:
    newest = Newest([STATUS])
    newest.put("pcs.status", 1.0, NOW_US, NOW_US)
    newest.put("pcs.status", None, NOW_US - 1, NOW_US)
    newest.confirm(NOW_US)
    assert one(newest, NOW_US, Rate.SLOW).quality is Quality.STALE


def test_a_late_message_that_says_the_same_leaves_no_doubt() -> None:
    newest = Newest([STATUS])
    newest.put("pcs.status", 1.0, NOW_US, NOW_US)
    newest.put("pcs.status", 1.0, NOW_US - S, NOW_US)
    newest.confirm(NOW_US)
    assert one(newest, NOW_US, Rate.SLOW).quality is Quality.GOOD


@pytest.mark.parametrize("forget", [lambda newest: newest.forget("pcs.status"), Newest.lose])
def test_what_is_forgotten_or_lost_is_doubted_no_more(forget: Callable[[Newest], None]) -> None:
    newest = Newest([STATUS])
    newest.put("pcs.status", 1.0, NOW_US, NOW_US)
    newest.put("pcs.status", 2.0, NOW_US - S, NOW_US)
    forget(newest)
    newest.put("pcs.status", 2.0, NOW_US - S, NOW_US)
    newest.confirm(NOW_US)
    assert one(newest, NOW_US, Rate.SLOW) == Reading("pcs.status", 2.0, Quality.GOOD, NOW_US)


def test_a_source_ahead_of_our_clock_is_no_longer_fresh_than_one_that_is_right() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", 5.0, NOW_US + 50 * S, NOW_US)
    assert one(newest, NOW_US) == Reading("ac.power_kw", 5.0, Quality.GOOD, NOW_US)
    assert one(newest, NOW_US + 3 * S + 1).quality is Quality.STALE


def test_our_own_clock_set_back_blocks_nothing_that_arrives_now() -> None:
    newest = Newest([POWER])
    newest.put("ac.power_kw", 5.0, NOW_US, NOW_US)
    newest.put("ac.power_kw", 6.0, NOW_US - 30 * S, NOW_US - 30 * S)
    assert one(newest, NOW_US - 30 * S).value == 6.0


def test_our_own_clock_set_back_keeps_no_silent_point_fresh() -> None:
    newest, set_back_us = Newest([POWER]), NOW_US - 600 * S
    newest.put("ac.power_kw", 5.0, NOW_US, NOW_US)
    assert one(newest, set_back_us) == Reading("ac.power_kw", 5.0, Quality.GOOD, set_back_us)
    assert one(newest, set_back_us + 3 * S + 1).quality is Quality.STALE


_TOLD = st.lists(st.tuples(st.integers(-7_200, 120), st.integers(0, 5)), max_size=20)


@settings(max_examples=200)
@given(_TOLD)
def test_no_order_of_messages_shows_an_old_value_as_new(told: list[tuple[int, int]]) -> None:
    newest, now_us = Newest([POWER]), NOW_US
    arrived: list[tuple[int, int]] = []
    for offset_s, pause_s in told:
        now_us += pause_s * S
        at_us = now_us + offset_s * S
        newest.put("ac.power_kw", float(len(arrived)), at_us, now_us)
        arrived.append((at_us, now_us))
        reading = one(newest, now_us)
        if reading.quality is Quality.GOOD:
            assert reading.value is not None
            assert reading.at_us == min(arrived[int(reading.value)])
            assert now_us - reading.at_us <= 3 * S


@settings(max_examples=200)
@given(_TOLD)
def test_what_a_device_is_confirmed_in_is_the_last_that_it_said(
    told: list[tuple[int, int]],
) -> None:
    newest, now_us = Newest([STATUS]), NOW_US
    for said, (offset_s, pause_s) in enumerate(told):
        now_us += pause_s * S
        newest.put("pcs.status", float(said), now_us + offset_s * S, now_us)
        newest.confirm(now_us)
        reading = one(newest, now_us, Rate.SLOW)
        assert reading.quality is not Quality.GOOD or reading.value == said
