"""agent.control.due: a period keeps its grid; what was missed is skipped and never caught up."""

from hypothesis import given
from hypothesis import strategies as st

from agent.control.due import Due


def _turns(due: Due, beats: int, beat_s: float = 0.1, missing: range = range(0)) -> list[float]:
    times_s = (beat * beat_s for beat in range(beats) if beat not in missing)
    return [round(time_s, 3) for time_s in times_s if due.take(time_s)]


def test_without_a_period_it_is_always_due() -> None:
    assert len(_turns(Due(0.0), 20)) == 20


def test_a_second_is_every_tenth_beat() -> None:
    assert _turns(Due(1.0), 31) == [0.0, 1.0, 2.0, 3.0]


def test_an_offset_shifts_everything_after_the_first_turn() -> None:
    assert _turns(Due(1.0, 0.3), 31) == [0.0, 0.3, 1.3, 2.3]
    assert _turns(Due(1.0, 2.3), 31) == [0.0, 0.3, 1.3, 2.3]


def test_missed_turns_are_skipped_and_the_grid_stays() -> None:
    assert _turns(Due(1.0), 61, missing=range(15, 36)) == [0.0, 1.0, 3.6, 4.0, 5.0, 6.0]


def test_it_can_be_made_due_at_once_or_by_a_time() -> None:
    due = Due(10.0)
    assert due.take(0.0)
    due.by(2.0)
    assert not due.take(1.0)
    assert due.take(2.0)
    assert not due.now(11.0)
    due.again()
    assert due.now(2.1)


@given(
    st.floats(0.1, 5.0),
    st.floats(0.0, 10.0),
    st.lists(st.floats(0.02, 1.0), min_size=20, max_size=60),
)
def test_no_more_turns_come_than_periods_pass(
    period_s: float, offset_s: float, pauses_s: list[float]
) -> None:
    due, now_s, turns = Due(period_s, offset_s), 0.0, 0
    for pause_s in pauses_s:
        turns += due.take(now_s)
        now_s += pause_s
    assert 1 <= turns <= 3 + now_s / period_s
