"""`simulators.frequency`: a repeatable, plausible grid frequency, and recordings replayed."""

import statistics
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import frequency
from simulators.frequency import BadRecording, Recording, Wander


def test_the_same_seed_gives_the_same_trace() -> None:
    one, two, other = Wander(7), Wander(7), Wander(8)
    times = [0.25 * n for n in range(400)]
    trace = [one.at(at) for at in times]
    assert trace == [two.at(at) for at in times]
    assert trace != [other.at(at) for at in times]


@given(st.integers(), st.lists(st.floats(0.0, 20.0), max_size=40))
def test_a_trace_does_not_depend_on_how_often_it_is_asked(seed: int, pauses: list[float]) -> None:
    often, once = Wander(seed), Wander(seed)
    at_s = 0.0
    for pause_s in pauses:
        at_s += pause_s
        often.at(at_s)
    assert often.at(at_s) == once.at(at_s)


def test_a_day_looks_like_a_grid() -> None:
    trace = Wander(1)
    day = [trace.at(float(second)) for second in range(86_400)]
    steps = [abs(after - before) for before, after in pairwise(day)]
    assert statistics.mean(day) == pytest.approx(50.0, abs=0.005)
    assert 0.015 < statistics.stdev(day) < 0.05
    assert max(abs(value - 50.0) for value in day) > 0.08
    assert max(steps) < 0.08


def test_a_recording_is_replayed_holds_its_gaps_and_starts_again(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(
        "timestamp_utc,frequency_hz,phase_voltage_l1_v\n"
        "2025-04-28T10:00:00Z,50.01,27000\n"
        "2025-04-28T10:00:02Z,,\n"
        "2025-04-28T10:00:04Z,49.98,27000\n"
    )
    recording = frequency.load(file)
    assert recording == Recording((0.0, 4.0), (50.01, 49.98))
    assert [recording.at(s) for s in (0.0, 3.9, 4.0, 7.9, 8.0)] == [
        50.01,
        50.01,
        49.98,
        49.98,
        50.01,
    ]


def test_times_may_be_seconds(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    file.write_text("s,frequency_hz\n100,50.1\n100.5,49.9\n")
    assert frequency.load(file).at(0.6) == 49.9


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "line 1: [] is not allowed; a time column"),
        ("t,hz\n1,50\n", "line 1: ['t', 'hz'] is not allowed"),
        ("t,frequency_hz\n1,50\n1,50\n", "line 3: ['1', '50'] is not allowed; a rising time"),
        ("t,frequency_hz\n1,50\nx,50\n", "line 3"),
        ("t,frequency_hz\n1,50\n2,nan\n", "line 3"),
        ("t,frequency_hz\n1,50\n2\n", "line 3"),
        ("t,frequency_hz\n1,50\n2,\n", "1 usable rows; at least 2"),
    ],
)
def test_a_bad_recording_costs_one_line(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(text)
    with pytest.raises(BadRecording) as caught:
        frequency.load(file)
    message = str(caught.value)
    assert str(file) in message
    assert named in message
    assert "\n" not in message


def test_a_missing_recording_costs_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="No such file"):
        frequency.load(tmp_path / "nothing.csv")
