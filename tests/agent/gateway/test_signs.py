"""agent.gateway.signs: what a self-test has to have seen before the sign is believed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gateway.signs import Part, Pulse, judge

UP = Pulse(told_kw=8.0, inverter_kw=(0.0, 8.0, 0.0), meter_kw=(-3.0, 5.0, -3.0))
DOWN = Pulse(told_kw=-8.0, inverter_kw=(0.0, -8.0, 0.0), meter_kw=(-3.0, -11.0, -3.0))
numbers = st.floats(allow_nan=True, allow_infinity=True)
triples = st.tuples(numbers, numbers, numbers)


def test_pulses_that_both_have_seen_pass_whatever_the_site_takes() -> None:
    assert judge([UP, DOWN]).passed


def test_a_meter_that_sees_the_other_sign_does_not_pass() -> None:
    turned = replace(UP, meter_kw=(-3.0, -11.0, -3.0))
    verdict = judge([turned, DOWN])
    assert not verdict.passed
    assert "the meter has seen -8 kW: the sign is wrong" in verdict.text


def test_an_inverter_that_measures_the_other_sign_does_not_pass() -> None:
    assert "the sign is wrong" in judge([UP, replace(DOWN, inverter_kw=(0.0, 8.0, 0.0))]).text


def test_a_meter_that_sees_half_of_it_does_not_pass() -> None:
    assert not judge([replace(UP, meter_kw=(0.0, 4.0, 0.0)), DOWN]).passed


def test_a_restless_site_is_tried_again() -> None:
    assert (
        "again when the site is calmer" in judge([replace(UP, meter_kw=(0.0, 8.0, 3.0)), DOWN]).text
    )


def of_several(told_kw: float, meter_kw: float, *parts_kw: tuple[float, float]) -> Pulse:
    """Return a pulse of several inverters, each by what it was told and what it measured."""
    return Pulse(
        told_kw=told_kw,
        inverter_kw=(0.0, sum(seen for _, seen in parts_kw), 0.0),
        meter_kw=(0.0, meter_kw, 0.0),
        parts=tuple(
            Part(unit=f"pcs{place}", told_kw=told, inverter_kw=(0.0, seen, 0.0))
            for place, (told, seen) in enumerate(parts_kw, 1)
        ),
    )


@pytest.mark.parametrize("of_ten", [10, 2])
def test_several_inverters_that_all_had_their_part_pass(of_ten: int) -> None:
    part = (8.0 / of_ten, 8.0 / of_ten)
    up = of_several(8.0, 8.1, *[part] * of_ten)
    down = of_several(-8.0, -7.9, *[(-part[0], -part[1])] * of_ten)
    assert judge([up, down]).passed


def test_one_of_ten_inverters_that_measures_the_other_sign_does_not_pass() -> None:
    up = of_several(8.0, 8.0, *[(0.8, 0.8)] * 9, (0.8, -0.8))
    assert "pcs10 has seen -0.8 kW: the sign is wrong" in judge([up, DOWN]).text


def test_one_of_ten_inverters_that_does_and_measures_the_other_sign_does_not_pass() -> None:
    up = of_several(8.0, 6.4, *[(0.8, 0.8)] * 10)
    assert "too little to be seen" in judge([up, DOWN]).text


def test_an_inverter_that_stood_by_is_not_proved_by_the_others() -> None:
    up = of_several(8.0, 8.0, (8.0, 8.0), (0.0, 0.0))
    assert "pcs2 was told +0 kW of it" in judge([up, DOWN]).text


def test_one_direction_is_not_enough() -> None:
    assert not judge([UP, UP]).passed
    assert not judge([]).passed


@given(triples, triples)
def test_no_number_makes_a_judge_fall_over(
    inverter_kw: tuple[float, float, float], meter_kw: tuple[float, float, float]
) -> None:
    seen = Pulse(told_kw=8.0, inverter_kw=inverter_kw, meter_kw=meter_kw)
    if judge([seen, DOWN]).passed:
        assert meter_kw[1] > meter_kw[0] - 2.0
