"""agent.control.recorder: every beat around an event, in parts, from a ring that never grows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.archive.columns import RECORD_COLUMNS
from agent.control.recorder import PART, Recorder
from wire.block import Block

PERIOD_S = 0.1
BEAT_US = 100_000
BEATS = 600


def values(number: int) -> list[float | None]:
    return [float(number), *([None] * (len(RECORD_COLUMNS) - 1))]


def run(beats: int, events: set[int], before_s: float = 60.0, after_s: float = 900.0) -> list[int]:
    """Return the numbers of the beats that were told."""
    recorder = Recorder(PERIOD_S, before_s, after_s)
    told: list[int] = []
    for number in range(beats):
        at_s = number * PERIOD_S
        recorder.put(number * BEAT_US, at_s, values(number), event=number in events)
        if (part := recorder.take("b")) is not None:
            assert len(part.at_us) <= PART
            told += numbers(part)
    while (part := recorder.take("b")) is not None:
        told += numbers(part)
    return told


def numbers(part: Block) -> list[int]:
    assert part.values[1] == (None,) * len(part.at_us)
    found = [at_us // BEAT_US for at_us in part.at_us]
    assert [float(number) for number in found] == list(part.values[0])
    return found


def test_a_quiet_day_tells_nothing() -> None:
    assert run(20_000, set()) == []


def test_an_event_is_told_from_a_minute_before_to_a_quarter_hour_after() -> None:
    told = run(20_000, {5_000})
    assert told == list(range(4_400, 5_000 + 9_001))


def test_an_event_at_the_start_has_what_there_is_before_it() -> None:
    assert run(500, {20}, after_s=10.0) == list(range(20 + 101))


def test_a_second_event_makes_the_record_longer_and_tells_nothing_twice() -> None:
    told = run(8_000, {1_000, 1_500}, after_s=100.0)
    assert told == list(range(400, 1_500 + 1_001))


def test_two_records_that_touch_have_each_beat_once() -> None:
    told = run(8_000, {1_000, 2_300}, after_s=100.0)
    assert told == list(range(400, 3_301))


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, BEATS - 1), max_size=4), st.floats(0, 20), st.floats(1, 30))
def test_whatever_happens_each_beat_around_an_event_is_told_once_and_no_other(
    events: set[int], before_s: float, after_s: float
) -> None:
    before, after = round(before_s / PERIOD_S), after_s / PERIOD_S
    wanted = {
        number
        for number in range(BEATS + 320)
        for event in events
        if event < BEATS and event - before <= number <= event + after + 1e-6
    }
    told = run(BEATS + 320, events, before_s, after_s)
    assert told == sorted(set(told))
    assert set(told) <= set(range(BEATS + 320))
    assert wanted - set(told) == set()
    assert {n for n in told if n - 1 not in wanted and n not in wanted} == set()


def test_the_ring_is_bounded_however_long_the_event_lasts() -> None:
    recorder = Recorder(PERIOD_S, 60.0, 900.0)
    for number in range(50_000):
        recorder.put(number * BEAT_US, number * PERIOD_S, values(number), event=True)
    told = 0
    while (part := recorder.take("b")) is not None:
        told += len(part.at_us)
    assert told <= 3_000
