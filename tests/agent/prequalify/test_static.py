"""The criteria of static FCR-D and of FCR-N with FCR-D: what each fault of a delivery fails."""

from collections.abc import Callable

import pytest

from agent.control.response.static import Static, step
from agent.prequalify import nordic, rulesets, static
from agent.prequalify.series import Series
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict
from tests.agent.prequalify.test_criteria import by_code, profile, recorded

CAPACITY_KW = 1000.0
Delivery = Callable[[float, float], float]


def target_of(name: str) -> Target:
    return rulesets.load(name).target(CAPACITY_KW)


class Plant:
    """What the product itself does, with a fault on top."""

    def __init__(self, fault: Callable[[float, float], float] = lambda _at_s, kw: kw) -> None:
        self._static = Static()
        self._fault = fault

    def record(self, name: str, test: str) -> Series:
        target, trial = target_of(name), profile(name, test)
        hz_at = recorded(trial, target, lambda _at_s, wanted_kw: wanted_kw)
        found = iter(list(hz_at.hz))

        def delivered(at_s: float, wanted_kw: float) -> float:
            deviation_hz = next(found) - 50.0
            self._static = step(self._static, wanted_kw / CAPACITY_KW, deviation_hz, at_s)
            return self._fault(at_s, self._static.share * CAPACITY_KW)

        return recorded(trial, target, delivered)


def judged(
    fault: Callable[[float, float], float], name: str = "fcr_d_up_static"
) -> dict[str, Verdict]:
    return by_code(list(static.judge(Plant(fault).record(name, "ramp"), target_of(name))))


@pytest.mark.parametrize("name", ["fcr_d_up_static", "fcr_d_down_static"])
def test_the_product_itself_keeps_every_rule_and_aim(name: str) -> None:
    found = judged(lambda _at_s, kw: kw, name)
    assert all(verdict.passed and verdict.aimed for verdict in found.values()), found
    paused = by_code(list(static.paused(Plant().record(name, "pause"), target_of(name))))
    assert all(verdict.passed for verdict in paused.values()), paused


def released(at_s: float, begins_s: float, per_s: float) -> float:
    """Return what is left of the capacity at a time of the test."""
    if at_s < 180.0:
        return 0.0
    return CAPACITY_KW * max(0.0, 1.0 - per_s * max(0.0, at_s - begins_s))


@pytest.mark.parametrize(
    ("fault", "fails"),
    [
        (lambda _at_s, kw: 0.94 * kw, "steady_static"),
        (lambda _at_s, kw: 1.12 * kw, "steady_static"),
        (lambda at_s, kw: 1.3 * kw if at_s < 200.0 else kw, "static_peak"),
        (lambda at_s, kw: kw if at_s > 183.0 else 0.0, "static_start"),
        (lambda at_s, _kw: released(at_s, 280.0, 0.02), "release_wait"),
        (lambda at_s, _kw: released(at_s, 310.0, 0.0009), "release_ready"),
        (lambda at_s, _kw: released(at_s, 310.0, 0.03), "release_10"),
        (lambda at_s, _kw: released(at_s, 310.0, 1.0), "release_1"),
    ],
)
def test_each_fault_of_a_static_delivery_fails_its_own_criterion(
    fault: Delivery, fails: str
) -> None:
    assert not judged(fault)[fails].passed


def test_a_release_that_goes_on_while_the_frequency_is_out_again_fails() -> None:
    def goes_on(at_s: float, _kw: float) -> float:
        return released(at_s + 150.0, 305.0, 0.02) if at_s >= 30.0 else 0.0

    series = Plant(goes_on).record("fcr_d_up_static", "pause")
    found = by_code(list(static.paused(series, target_of("fcr_d_up_static"))))
    assert not found["pause"].passed


@pytest.mark.parametrize("name", ["fcr_n_d_up", "fcr_n_d_down"])
def test_fcr_n_and_fcr_d_together_are_judged_by_their_sum(name: str) -> None:
    target, test = target_of(name), profile(name, "fast_ramp")
    good = recorded(test, target, lambda _at_s, wanted_kw: wanted_kw)
    found = list(nordic.combined(good, target))
    assert [verdict.aimed for verdict in found] == [True, True]
    alone = rulesets.load(name.replace("_n_", "_")).target(CAPACITY_KW)
    hz = iter(list(good.hz))
    missing = recorded(test, target, lambda _at_s, _wanted_kw: alone.kw_at(next(hz)))
    assert not any(verdict.passed for verdict in nordic.combined(missing, target))


def test_the_curve_of_several_products_is_their_sum() -> None:
    target = target_of("fcr_n_d_up")
    for hz, share in (
        (49.0, 2.0),
        (49.5, 2.0),
        (49.7, 1.5),
        (49.89, 1.025),
        (50.0, 0.0),
        (51, -1.0),
    ):
        assert target.kw_at(hz) == pytest.approx(share * CAPACITY_KW, abs=1e-6)


def test_a_mode_that_the_product_does_not_have_is_neither_kept_nor_broken() -> None:
    assert Verdict(code="mode_shift", value=None, note="absent").passed
