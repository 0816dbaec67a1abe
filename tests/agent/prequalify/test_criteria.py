"""The criteria: what an ideal delivery comes to, and what each fault of a delivery fails."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.prequalify import corridor, judge, nordic, rulesets, steps, swing
from agent.prequalify.judge import Case
from agent.prequalify.rulesets import Trial
from agent.prequalify.series import Series
from agent.prequalify.stages import Place, advance
from agent.prequalify.steps import StepLimits
from agent.prequalify.swing import PERFORMANCE, STABILITY, Point
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict, worst

FCR = Target(((-0.2, 1.0), (0.2, -1.0)), 1000.0)
Delivery = Callable[[float, float], float]
"""Power in kW from time and wanted power."""


def profile(ruleset: str, name: str) -> Trial:
    return next(test for test in rulesets.load(ruleset).tests if test.id == name)


def recorded(test: Trial, target: Target, delivered: Delivery, step_s: float = 0.1) -> Series:
    """Return the record of a plant that delivers what `delivered` says, with 300 ms and 500 ms."""
    series, place, marked = Series(), Place(), -1
    count, waiting, power_kw = 0, [0.0] * 3, 0.0
    while True:
        at_s = count * step_s
        moved = advance(test.stages, place, at_s, lambda _until: True)
        if moved is None:
            return series
        place = moved
        hz = test.stages[place.stage].hz_at(at_s - place.began_s)
        if place.stage != marked:
            marked = place.stage
            series.marks.append((at_s, test.stages[marked].name))
        waiting.append(delivered(at_s, target.kw_at(hz)))
        power_kw += (waiting.pop(0) - power_kw) * (1 - math.exp(-step_s / 0.5))
        series.add(at_s=at_s, hz=hz, power_kw=power_kw, baseline_kw=0.0)
        count += 1


def by_code(verdicts: list[Verdict]) -> dict[str, Verdict]:
    return {verdict.code: verdict for verdict in worst(verdicts)}


def of_steps(delivered: Delivery) -> dict[str, Verdict]:
    series = recorded(profile("tennet", "b"), FCR, delivered)
    return by_code(steps.judge(series, FCR, StepLimits()) + corridor.judge(series, FCR))


def test_a_good_plant_keeps_every_rule_and_every_aim_of_a_step() -> None:
    found = of_steps(lambda _at_s, wanted_kw: wanted_kw)
    assert all(verdict.passed and verdict.aimed for verdict in found.values()), found
    assert found["start"].value == pytest.approx(0.4, abs=0.11)
    assert found["full"].value == pytest.approx(2.2, abs=0.3)


@pytest.mark.parametrize(
    ("fault", "fails"),
    [
        (lambda at_s, wanted_kw: wanted_kw if at_s > 63.0 else 0.0, "start"),
        (lambda at_s, wanted_kw: wanted_kw * min(1.0, max(0.0, at_s - 60) / 40), "half"),
        (lambda at_s, wanted_kw: wanted_kw * min(1.0, max(0.0, at_s - 60) / 36 + 0.1), "full"),
        (lambda at_s, wanted_kw: wanted_kw * (0.5 if at_s < 88.0 else 1.0), "linear"),
        (lambda _at_s, wanted_kw: 0.94 * wanted_kw, "steady"),
        (lambda _at_s, wanted_kw: 0.90 * wanted_kw, "out"),
        (lambda _at_s, wanted_kw: 0.85 * wanted_kw, "slope"),
        (lambda _at_s, wanted_kw: 1.40 * wanted_kw, "slope"),
    ],
)
def test_each_fault_of_a_delivery_fails_its_own_criterion(fault: Delivery, fails: str) -> None:
    assert not of_steps(fault)[fails].passed


def test_more_than_wanted_is_no_under_delivery_but_an_overshoot_that_is_told() -> None:
    found = of_steps(lambda _at_s, wanted_kw: 1.04 * wanted_kw)
    assert found["out"].value == 0.0
    assert found["overshoot"].passed
    assert not found["overshoot"].aimed


def test_a_flat_quarter_hour_has_no_slope_and_fails_nothing() -> None:
    series = Series()
    for second in range(900):
        series.add(at_s=float(second), hz=50.0, power_kw=0.0, baseline_kw=0.0)
    found = by_code(corridor.judge(series, FCR))
    assert found["slope"].note == "flat"
    assert found["slope"].passed


def test_a_record_of_nothing_has_shown_nothing() -> None:
    assert not judge.passed([])


@pytest.mark.parametrize(
    ("dead_s", "power", "energy_s", "back_s"),
    [(0.3, 1.000, 5.87, 1.45)],
)
def test_the_fast_ramp_comes_to_the_figures_that_were_worked_out_for_it(
    dead_s: float, power: float, energy_s: float, back_s: float
) -> None:
    test, target = profile("fcr_d_up", "fast_ramp"), Target(((-0.5, 1.0), (-0.1, 0.0)), 1000.0)
    series = recorded(test, target, lambda _at_s, wanted_kw: wanted_kw)
    found = by_code(list(nordic.fast_ramp(series, target)))
    assert dead_s == 0.3
    assert found["power_7_5"].value == pytest.approx(power, abs=0.01)
    assert found["energy_7_5"].value == pytest.approx(energy_s, abs=0.15)
    assert found["back"].value == pytest.approx(back_s, abs=0.08)
    assert all(verdict.passed and verdict.aimed for verdict in found.values()), found


def test_a_slow_plant_fails_power_and_energy_of_the_fast_ramp() -> None:
    test, target = profile("fcr_d_up", "fast_ramp"), Target(((-0.5, 1.0), (-0.1, 0.0)), 1000.0)
    memory = [0.0]

    def slow(_at_s: float, wanted_kw: float) -> float:
        memory[0] += (wanted_kw - memory[0]) * (1 - math.exp(-0.1 / 4.0))
        return memory[0]

    found = by_code(list(nordic.fast_ramp(recorded(test, target, slow), target)))
    assert not found["power_7_5"].passed
    assert not found["energy_7_5"].passed


def test_the_steady_state_of_fcr_n_is_judged_from_the_mean_of_both_zeros() -> None:
    test, target = profile("fcr_n", "step"), Target(((-0.1, 1.0), (0.1, -1.0)), 1000.0)
    shifted = recorded(test, target, lambda _at_s, wanted_kw: wanted_kw + 30.0)
    assert all(verdict.aimed for verdict in nordic.levels(shifted, target))
    weak = recorded(test, target, lambda _at_s, wanted_kw: 0.94 * wanted_kw)
    assert not any(verdict.passed for verdict in nordic.levels(weak, target))


@pytest.mark.parametrize(
    ("kind", "period_s", "gain"),
    [
        ("fcr_n", 10.0, 0.150841 - 1.977933j),
        ("fcr_n", 60.0, 4.516270 - 9.870109j),
        ("fcr_d", 10.0, 0.091133 - 1.195001j),
        ("fcr_d", 60.0, 2.728580 - 5.963191j),
    ],
)
def test_the_grid_of_the_stability_requirement_has_its_reference_values(
    kind: str, period_s: float, gain: complex
) -> None:
    assert STABILITY[kind].gain(period_s) == pytest.approx(gain, abs=1e-6)
    assert abs(PERFORMANCE[kind].gain(period_s)) < abs(gain)


@pytest.mark.parametrize("period_s", [10.0, 60.0, 300.0])
def test_a_sine_is_fitted_with_amplitude_phase_and_mean(period_s: float) -> None:
    at_s = [place / 10 for place in range(round(period_s * 20))]
    values = [5 + 3 * math.sin(2 * math.pi * t / period_s - 0.7) for t in at_s]
    wave = swing.fitted(at_s, values, period_s)
    assert wave.mean == pytest.approx(5.0)
    assert abs(wave.amplitude) == pytest.approx(3.0)
    assert math.atan2(wave.amplitude.imag, wave.amplitude.real) == pytest.approx(-0.7)
    assert wave.error_ratio == pytest.approx(0.0, abs=1e-9)


def test_the_response_at_a_period_is_what_dead_time_and_lag_make_of_it() -> None:
    test = profile("fcr_n", "sine")
    short = replace(test, stages=test.stages[:1], sines=test.sines[:1])
    target = Target(((-0.1, 1.0), (0.1, -1.0)), 1000.0)
    series = recorded(short, target, lambda _at_s, wanted_kw: wanted_kw)
    case = Case(ruleset=rulesets.load("fcr_n"), capacity_kw=1000.0, meter_s=0.0)
    (point,) = judge.points(series, short, case)
    turn = 2 * math.pi / 10.0
    expected = complex(math.cos(0.3 * turn), -math.sin(0.3 * turn)) / complex(1.0, 0.5 * turn)
    assert abs(point.response - expected) < 0.04


def test_a_loop_that_passes_too_near_to_minus_one_fails_the_circle() -> None:
    (circle, *_) = swing.judge([Point(10.0, complex(-0.6, 0.05), 0.1)], "fcr_n")
    assert circle.code == "circle"
    good = swing.judge([Point(10.0, complex(0.9, -0.4), 0.1)], "fcr_n")
    assert good[0].passed
    assert swing.distance([complex(-2, 1), complex(0, 1)]) == pytest.approx(1.0)
    assert swing.distance([complex(-2, 0), complex(0, 0)]) == pytest.approx(0.0)
