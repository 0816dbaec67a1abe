"""agent.control.response.steps: a meter that moves only in steps of 10 mHz is found out."""

import random

from agent.control.response.steps import Steps, step

MINUTE_S = 60.0


def _seen(
    resolution_hz: float, seconds: float = 120.0, period_s: float = 0.1
) -> tuple[Steps, float]:
    chance, at_s, hz = random.Random(1), 100.0, 50.0
    steps = Steps()
    for _ in range(round(seconds / period_s)):
        at_s += period_s
        hz += chance.gauss(0.0, 0.002)
        told_hz = round(hz / resolution_hz) * resolution_hz
        steps = step(steps, "meter", told_hz, at_s)
    return steps, at_s


def test_a_meter_of_ten_millihertz_is_found_out_after_a_minute() -> None:
    steps, at_s = _seen(0.01)
    assert steps.coarse(at_s, MINUTE_S)
    steps, at_s = _seen(0.01, seconds=50.0)
    assert not steps.coarse(at_s, MINUTE_S)


def test_a_meter_of_one_millihertz_is_not() -> None:
    steps, at_s = _seen(0.001)
    assert not steps.coarse(at_s, MINUTE_S)


def test_one_value_between_the_steps_proves_that_it_is_finer() -> None:
    steps, at_s = _seen(0.01)
    finer = step(steps, "meter", 49.987, at_s + 0.1)
    assert not finer.coarse(at_s + 0.1, MINUTE_S)


def test_a_value_that_stands_still_says_nothing_about_its_steps() -> None:
    steps = Steps()
    for second in range(300):
        steps = step(steps, "meter", 50.0, float(second))
    assert not steps.coarse(300.0, MINUTE_S)


def test_another_meter_is_looked_at_anew() -> None:
    steps, at_s = _seen(0.01)
    assert not step(steps, "other", 50.0, at_s + 0.1).coarse(at_s + 0.1, MINUTE_S)


def test_the_period_is_seen_after_some_samples_and_a_value_read_twice_is_one() -> None:
    steps, _ = _seen(0.001, seconds=1.0)
    assert steps.period_s is None
    steps, at_s = _seen(0.001, period_s=0.5)
    assert steps.period_s is not None
    assert abs(steps.period_s - 0.5) < 0.001
    assert step(steps, "meter", 50.0, at_s) == steps
