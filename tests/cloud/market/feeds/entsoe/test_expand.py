"""From points to values: what a position that was left out means, and what is no period at all."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market.feeds.entsoe.document import Period
from cloud.market.feeds.entsoe.expand import expand
from cloud.market.feeds.errors import BadAnswer
from wire.clock import micros

VIENNA = ZoneInfo("Europe/Vienna")
START_US = micros(datetime(2026, 1, 14, 23, tzinfo=UTC))
STEP_US = 900_000_000


def period(points: dict[int, float | None], slots: int = 8, resolution: str = "PT15M") -> Period:
    return Period(
        start_us=START_US,
        end_us=START_US + slots * STEP_US,
        resolution=resolution,
        positions=list(points),
        values=list(points.values()),
    )


def slots(found_us: list[int]) -> list[int]:
    return [(at_us - START_US) // STEP_US + 1 for at_us in found_us]


def test_in_a_variable_block_the_last_value_holds_to_the_end_of_the_period() -> None:
    found = expand(period({1: 5.0, 3: -1.0}), "A03", VIENNA)
    assert found.values == [5.0, 5.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
    assert slots(found.starts_us) == list(range(1, 9))


def test_nothing_is_known_before_the_first_point() -> None:
    assert slots(expand(period({4: 1.0}), "A03", VIENNA).starts_us) == [4, 5, 6, 7, 8]


def test_in_a_fixed_block_what_is_left_out_is_missing() -> None:
    found = expand(period({2: 7.0, 5: 0.0}), "A01", VIENNA)
    assert (slots(found.starts_us), found.values) == ([2, 5], [7.0, 0.0])


@pytest.mark.parametrize("curve", ["A01", "A03"])
def test_an_empty_value_is_missing_and_repeats_nothing(curve: str) -> None:
    found = expand(period({1: 7.0, 2: None, 5: 3.0}, slots=5), curve, VIENNA)
    assert (slots(found.starts_us), found.values) == ([1, 5], [7.0, 3.0])


def test_points_may_come_in_any_order() -> None:
    assert expand(period({3: 2.0, 1: 1.0}, slots=3), "A03", VIENNA).values == [1.0, 1.0, 2.0]


def test_a_position_beyond_the_end_is_left_out_and_named() -> None:
    found = expand(period({1: 1.0, 9: 4.0, 12: 5.0}), "A03", VIENNA)
    assert (found.values, found.beyond) == ([1.0] * 8, (9, 12))


@pytest.mark.parametrize(
    ("changed", "curve", "said"),
    [
        (period({0: 1.0}), "A03", "position 0"),
        (period({-1: 1.0}), "A01", "position -1"),
        (period({1: 1.0}), "A02", "'A02'"),
        (period({1: 1.0}), "", "''"),
        (period({1: 1.0}, resolution="PT7M"), "A03", "'PT7M'"),
        (period({1: 1.0}, slots=0), "A03", "no length"),
        (period({1: 1.0}, slots=-4), "A03", "no length"),
        (period({1: 1.0}, slots=6, resolution="PT60M"), "A03", "whole number"),
        (period({1: 1.0}, slots=6, resolution="P1D"), "A03", "no end"),
    ],
)
def test_what_is_no_period_is_refused(changed: Period, curve: str, said: str) -> None:
    with pytest.raises(BadAnswer, match=said):
        expand(changed, curve, VIENNA)


def test_a_position_that_stands_twice_is_refused() -> None:
    twice = Period(
        start_us=START_US,
        end_us=START_US + 4 * STEP_US,
        resolution="PT15M",
        positions=[1, 1],
        values=[1.0, 2.0],
    )
    with pytest.raises(BadAnswer, match="twice"):
        expand(twice, "A03", VIENNA)


def test_a_start_beside_the_grid_is_refused() -> None:
    off = period({1: 1.0})
    off.start_us += 60_000_000
    off.end_us += 60_000_000
    with pytest.raises(BadAnswer, match="no start"):
        expand(off, "A03", VIENNA)


@pytest.mark.parametrize(
    ("month", "day", "count"), [(1, 15, 96), (3, 29, 92), (7, 15, 96), (10, 25, 100)]
)
def test_a_local_day_has_as_many_quarter_hours_as_the_clocks_say(
    month: int, day: int, count: int
) -> None:
    start_us = micros(datetime(2026, month, day, tzinfo=VIENNA))
    end_us = micros(datetime(2026, month, day + 1, tzinfo=VIENNA))
    for resolution, share in (("PT15M", 1), ("PT60M", 4), ("P1D", count)):
        made = Period(
            start_us=start_us, end_us=end_us, resolution=resolution, positions=[1], values=[1.0]
        )
        assert expand(made, "A03", VIENNA).slots == count // share


@pytest.mark.parametrize(("resolution", "count"), [("P1D", 365), ("P1M", 12), ("P1Y", 1)])
def test_days_months_and_years_are_those_of_the_local_calendar(resolution: str, count: int) -> None:
    made = Period(
        start_us=micros(datetime(2026, 1, 1, tzinfo=VIENNA)),
        end_us=micros(datetime(2027, 1, 1, tzinfo=VIENNA)),
        resolution=resolution,
        positions=[1],
        values=[4.0],
    )
    found = expand(made, "A03", VIENNA)
    assert (found.slots, found.step_us) == (count, None)
    assert all(left < right for left, right in pairwise(found.starts_us))


@given(
    st.lists(st.one_of(st.none(), st.integers(-3, 3).map(float)), min_size=1, max_size=100),
    st.sampled_from(["A01", "A03"]),
)
def test_what_the_platform_leaves_out_comes_back(values: list[float | None], curve: str) -> None:
    """Values are shortened as the curve allows, and expanded to what they were."""
    sent = {
        position: value
        for position, value in enumerate(values, 1)
        if (value is not None if curve == "A01" else [value] != values[position - 2 : position - 1])
    }
    if curve == "A03":
        sent.setdefault(1, values[0])
    found = expand(period(sent, slots=len(values)), curve, VIENNA)
    back = dict(zip(slots(found.starts_us), found.values, strict=True))
    assert [back.get(slot) for slot in range(1, len(values) + 1)] == values
