"""agent.control.response.alert: three counters, each with its own threshold."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.response.alert import Alert, step

TRACES = 1_000


def _after(*parts: tuple[float, float | None], dt_s: float = 1.0) -> Alert:
    """Return the counters after (seconds, deviation in Hz) one after the other."""
    alert = Alert()
    for lasts_s, deviation_hz in parts:
        for _ in range(round(lasts_s / dt_s)):
            alert = step(alert, deviation_hz, dt_s)
    return alert


@pytest.mark.parametrize(
    ("parts", "alert"),
    [
        ([(899, 0.05)], False),
        ([(900, 0.05)], True),
        ([(900, -0.05)], True),
        ([(5_000, 0.0499)], False),
        ([(299, 0.1)], False),
        ([(300, -0.1)], True),
        ([(1, 0.1999)], False),
        ([(1, 0.2)], True),
        ([(1, 49.8 - 50.0)], True),
        ([(800, 0.06), (1, 0.04), (800, 0.06)], False),
        ([(200, 0.11), (1, 0.09), (200, 0.11)], False),
        ([(900, 0.0999)], True),
    ],
)
def test_alert_begins_where_a_counter_is_full(
    parts: list[tuple[float, float]], alert: bool
) -> None:
    assert _after(*parts).alert is alert


def test_a_touch_of_200_mhz_ends_with_the_touch_and_the_counters_survive_it() -> None:
    touched = _after((100, 0.11), (1, 0.21))
    assert (touched.alert, touched.c1_s, touched.c2_s) == (True, 101.0, 101.0)
    after = step(touched, 0.11, 1.0)
    assert (after.alert, after.c1_s, after.c2_s) == (False, 102.0, 102.0)


def test_each_counter_resets_at_its_own_threshold_only() -> None:
    after = _after((400, 0.12), (1, 0.06))
    assert (after.c1_s, after.c2_s, after.alert) == (401.0, 0.0, False)


def test_without_a_frequency_the_counters_freeze_and_after_two_seconds_nobody_knows() -> None:
    frozen = _after((900, 0.06), (2, None))
    assert (frozen.c1_s, frozen.alert) == (900.0, True)
    unknown = _after((900, 0.06), (2.1, None), dt_s=0.1)
    assert (round(unknown.c1_s), unknown.alert) == (900, None)
    assert step(unknown, 0.06, 0.1).alert is True
    assert step(unknown, 0.0, 0.1).alert is False


def _oracle(trace_mhz: list[int]) -> list[bool]:
    """Say for every second whether alert holds, by looking back at the whole trace."""
    found = []
    for now in range(len(trace_mhz)):
        back = trace_mhz[: now + 1][::-1]
        runs = []
        for threshold in (50, 100):
            run = next((i for i, mhz in enumerate(back) if abs(mhz) < threshold), len(back))
            runs.append(run)
        found.append(abs(trace_mhz[now]) >= 200 or runs[0] >= 900 or runs[1] >= 300)
    return found


def _trace(chance: random.Random) -> list[int]:
    """Return a few hours of deviations in mHz that hover about the thresholds."""
    trace: list[int] = []
    while len(trace) < 1_500:
        level = chance.choice([0, 45, 49, 50, 51, 95, 99, 100, 101, 150, 199, 200, 201])
        sign = chance.choice([-1, 1])
        trace += [sign * level] * chance.choice([1, 1, 2, 10, 100, 299, 300, 301, 899, 900])
    return trace[:1_500]


def test_the_counters_agree_with_an_oracle_on_a_thousand_random_traces() -> None:
    chance = random.Random(20190509)
    alerts = 0
    for _ in range(TRACES):
        trace_mhz = _trace(chance)
        state, found = Alert(), []
        for mhz in trace_mhz:
            state = step(state, (50_000 + mhz) / 1_000 - 50.0, 1.0)
            found.append(state.alert)
        expected = _fast_oracle(trace_mhz)
        assert found == expected
        alerts += any(expected)
    assert alerts > 100


def _fast_oracle(trace_mhz: list[int]) -> list[bool]:
    """Do the same as `_oracle` from the last moment at which each threshold was not reached."""
    below = {50: -1, 100: -1}
    found = []
    for now, mhz in enumerate(trace_mhz):
        for threshold in below:
            if abs(mhz) < threshold:
                below[threshold] = now
        found.append(abs(mhz) >= 200 or now - below[50] >= 900 or now - below[100] >= 300)
    return found


@given(st.lists(st.sampled_from([0, 49, 50, 99, 100, 200]), max_size=40))
def test_the_oracle_is_what_it_says(short_mhz: list[int]) -> None:
    stretched = [mhz for mhz in short_mhz for _ in range(30)]
    assert _fast_oracle(stretched) == _oracle(stretched)
