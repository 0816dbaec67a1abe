"""cloud.exchange.checks.windows: exactly so many within any so many seconds."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.checks.windows import Window

SPAN_US = 60_000_000


def test_the_next_may_come_at_the_very_microsecond_that_the_oldest_is_a_window_old() -> None:
    window = Window("THROTTLED", SPAN_US, 2, [0, 10])
    assert window.remaining(SPAN_US - 1) == 0
    assert window.frees_us() == SPAN_US
    assert window.remaining(SPAN_US) == 1
    assert window.remaining(SPAN_US + 10) == 2


def test_no_burst_over_the_edge_of_a_minute_gets_twice_what_is_allowed() -> None:
    window = Window("THROTTLED", SPAN_US, 100)
    window.count(range(SPAN_US - 100, SPAN_US))
    assert window.remaining(SPAN_US + 1_000) == 0


@given(
    st.integers(0, 5),
    st.lists(st.integers(0, 40_000_000), max_size=60),
)
def test_what_remains_is_what_counting_all_stamps_says(allowed: int, steps: list[int]) -> None:
    window, at_us = Window("ORDER_COUNT", SPAN_US, allowed), 0
    taken: list[int] = []
    for step in steps:
        at_us += step
        within = len([stamp for stamp in taken if stamp > at_us - SPAN_US])
        assert window.remaining(at_us) == max(0, allowed - within)
        taken.append(at_us)
        window.count([at_us])
        assert len(window.stamps) <= 2 * allowed
