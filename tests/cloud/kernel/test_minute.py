"""cloud.kernel.minute: quantiles of the last minute against the sorted list."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.kernel.minute import SLICE_S, SLICES, LastMinute

DURATIONS = st.lists(st.floats(min_value=0, max_value=120), min_size=1, max_size=200)


@given(DURATIONS, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_never_too_low_and_at_most_a_fifth_too_high(
    durations: list[float], share: float
) -> None:
    minute = LastMinute()
    for took_s in durations:
        minute.add(took_s, 0.0)
    ordered = sorted(durations)
    exact = next(took_s for n, took_s in enumerate(ordered, 1) if n >= share * len(ordered))
    found = minute.at(share, 0.0)
    assert found is not None
    assert exact <= found <= max(exact * 1.2001, 51e-6) or found == ordered[-1]
    assert minute.most(0.0) == ordered[-1]


def test_without_any_there_is_no_figure() -> None:
    assert LastMinute().at(0.5, 0.0) is None
    assert LastMinute().most(0.0) is None


def test_what_is_older_than_a_minute_is_forgotten_also_where_nothing_came_since() -> None:
    minute = LastMinute()
    minute.add(9.0, 5.0)
    minute.add(0.5, 5.0 + SLICE_S)
    assert minute.most(5.0 + SLICE_S * (SLICES - 1)) == 9.0
    assert minute.most(5.0 + SLICE_S * SLICES) == 0.5
    assert minute.at(0.99, 5.0 + SLICE_S * SLICES) == 0.5
    assert minute.at(0.99, 1_000.0) is None


def test_it_never_keeps_more_than_its_slices() -> None:
    minute = LastMinute()
    for number in range(1_000):
        minute.add(float(number), number * SLICE_S)
    assert minute.at(0.0001, 999 * SLICE_S) is not None
    assert minute.most(999 * SLICE_S) == 999.0
