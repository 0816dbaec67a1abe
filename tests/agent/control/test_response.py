"""agent.control.response: the products' curves, and no answer to what is not credible."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.quantity import Quantity
from agent.control.response.respond import (
    FADE_S,
    HOLD_S,
    TRUST_AGAIN_S,
    Response,
    Trust,
    in_force,
    respond,
    share,
)
from wire.schedule import FrequencyService

FCR_CE = ((-0.2, 1.0), (0.2, -1.0))
FCR_D = ((-0.5, 1.0), (-0.1, 0.0), (0.1, 0.0), (0.5, -1.0))
DC = ((-0.5, 1.0), (-0.2, 0.05), (-0.015, 0.0), (0.015, 0.0), (0.2, -0.05), (0.5, -1.0))
CURVES = (FCR_CE, FCR_D, DC)
SERVICE = FrequencyService("fcr_ce", 0, 10**15, 100.0, FCR_CE)

deviations_hz = st.floats(-5, 5)


@pytest.mark.parametrize(
    ("frequency_hz", "fcr_ce", "fcr_d", "dc"),
    [
        (47.5, 1.0, 1.0, 1.0),
        (49.6, 1.0, 0.75, 0.683333),
        (49.85, 0.75, 0.125, 0.036486),
        (49.985, 0.075, 0.0, 0.0),
        (50.0, 0.0, 0.0, 0.0),
        (50.03, -0.15, 0.0, -0.004054),
        (50.35, -1.0, -0.625, -0.525),
        (51.5, -1.0, -1.0, -1.0),
    ],
)
def test_curves_give_the_reference_values(
    frequency_hz: float, fcr_ce: float, fcr_d: float, dc: float
) -> None:
    answers = [share(curve, frequency_hz - 50.0) for curve in CURVES]
    assert answers == pytest.approx([fcr_ce, fcr_d, dc], abs=1e-6)


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_is_exact_at_every_point_of_its_table(
    curve: tuple[tuple[float, float], ...],
) -> None:
    assert [share(curve, deviation) for deviation, _ in curve] == [pu for _, pu in curve]


@given(st.sampled_from(CURVES), deviations_hz)
def test_a_symmetric_product_answers_both_sides_alike(
    curve: tuple[tuple[float, float], ...], deviation_hz: float
) -> None:
    assert share(curve, -deviation_hz) == pytest.approx(-share(curve, deviation_hz), abs=1e-12)


@given(st.sampled_from(CURVES), deviations_hz, deviations_hz)
def test_more_frequency_never_brings_more_power(
    curve: tuple[tuple[float, float], ...], one_hz: float, other_hz: float
) -> None:
    low_hz, high_hz = sorted((one_hz, other_hz))
    assert 1.0 >= share(curve, low_hz) >= share(curve, high_hz) - 1e-12 >= -1.0 - 1e-12


def test_a_curve_of_one_point_is_a_constant() -> None:
    assert [share(((0.0, 0.5),), hz) for hz in (-1.0, 0.0, 1.0)] == [0.5, 0.5, 0.5]


def test_a_service_holds_from_its_start_until_just_before_its_end() -> None:
    service = replace(SERVICE, start_us=100, end_us=200)
    held = [bool(in_force([service], now_us)) for now_us in (99, 100, 199, 200)]
    assert held == [False, True, True, False]


def _run(samples: list[tuple[float, float | None]], period_s: float = 0.1) -> list[Response]:
    """Give (how long, which frequency) in cycles of 0.1 s; None: no new value comes."""
    answers, trust, now_s, value, read_s = [], Trust(), 100.0, None, 0.0
    for lasts_s, frequency_hz in samples:
        for _ in range(round(lasts_s / period_s)):
            now_s += period_s
            if frequency_hz is not None:
                value, read_s = frequency_hz, now_s
            response, trust = respond([SERVICE], Quantity(value, now_s - read_s), now_s, trust)
            answers.append(response)
    return answers


def test_products_in_force_add_up() -> None:
    both = [SERVICE, replace(SERVICE, product="fcr_d", capacity_kw=40.0, curve=FCR_D)]
    response, _ = respond(both, Quantity(49.7, 0.0), 1.0, Trust())
    assert response.power_kw == pytest.approx(100.0 + 0.5 * 40.0)
    assert response.products == ("fcr_ce", "fcr_d")


def test_without_a_service_there_is_no_response() -> None:
    response, _ = respond([], Quantity(49.0, 0.0), 1.0, Trust(response_kw=50.0))
    assert response.power_kw == 0.0


def test_a_silent_meter_holds_the_response_two_seconds_and_lets_it_out_in_ten() -> None:
    answers = _run([(1.0, 49.9), (14.0, None)])
    silent = answers[10:]
    assert all(answer.power_kw == pytest.approx(50.0) for answer in silent[:29])
    at_half = silent[round((1.0 + HOLD_S + FADE_S / 2) * 10)]
    assert at_half.power_kw == pytest.approx(25.0, abs=1.0)
    assert not at_half.believed
    assert silent[-1].power_kw == 0.0


def test_a_leap_in_the_frequency_is_not_answered() -> None:
    answers = _run([(1.0, 50.0), (3.0, 47.0)])
    assert all(answer.power_kw == pytest.approx(0.0) for answer in answers)


def test_a_fast_but_possible_fall_is_answered_at_once() -> None:
    assert _run([(1.0, 50.0), (0.1, 49.7)])[-1] == Response(100.0, ("fcr_ce",), True)


@pytest.mark.parametrize("frequency_hz", [44.9, 55.1, float("nan"), float("inf")])
def test_an_impossible_frequency_is_never_answered(frequency_hz: float) -> None:
    assert all(a == Response(0.0, ("fcr_ce",), False) for a in _run([(3.0, frequency_hz)]))


def test_the_response_comes_back_after_ten_good_seconds_and_not_before() -> None:
    answers = _run([(1.0, 49.9), (20.0, None), (TRUST_AGAIN_S + 1.0, 49.9)])[210:]
    assert [answer.believed for answer in answers[:99]] == [False] * 99
    assert answers[-1].believed
    assert answers[-1].power_kw == pytest.approx(50.0)


def test_a_plant_without_a_frequency_channel_does_not_respond() -> None:
    response, _ = respond([SERVICE], None, 1.0, Trust())
    assert response == Response(0.0, ("fcr_ce",), False)


@given(st.lists(st.tuples(st.floats(0.1, 5.0), st.none() | st.floats(40, 60)), max_size=6))
def test_the_response_never_exceeds_the_capacity(samples: list[tuple[float, float | None]]) -> None:
    assert all(abs(answer.power_kw) <= SERVICE.capacity_kw for answer in _run(samples))
