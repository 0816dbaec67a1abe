"""agent.control.arbitrate: a lower class tightens what a higher one left open, nothing more."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.arbitrate import Outcome, Proposal, arbitrate, untouched
from bench.arbitration import violations

NOW_US = 1_000


def _proposal(cls: int, **values: Any) -> Proposal:
    return replace(
        Proposal(
            source=f"class {cls}",
            cls=cls,
            code=f"C{cls}",
            text="asks",
            valid_from_us=0,
            expires_us=2_000,
        ),
        **values,
    )


def _decide(*proposals: Proposal) -> Outcome:
    return arbitrate(proposals, untouched(-80.0, 100.0), NOW_US)


powers_kw = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(-150, 150)
anything = st.builds(
    Proposal,
    source=st.sampled_from("abc"),
    cls=st.integers(0, 4),
    sub=st.integers(0, 2),
    code=st.sampled_from(["X", "Y"]),
    text=st.just("asks"),
    valid_from_us=st.integers(0, 1_500),
    expires_us=st.integers(0, 2_000),
    preferred_kw=powers_kw,
    lower_kw=powers_kw,
    upper_kw=powers_kw,
)
proposal_lists = st.lists(anything, max_size=6)
intervals = st.tuples(st.floats(-100, 0), st.floats(0, 100))


def test_nobody_asking_means_zero() -> None:
    assert _decide().target_kw == 0.0


def test_the_highest_class_with_a_preference_decides() -> None:
    outcome = _decide(_proposal(4, preferred_kw=-5.0), _proposal(3, preferred_kw=30.0))
    assert outcome.target_kw == 30.0


def test_bounds_without_a_preference_pass_the_choice_down() -> None:
    outcome = _decide(_proposal(2, upper_kw=20.0), _proposal(3, preferred_kw=30.0))
    assert outcome.target_kw == 20.0
    assert [reason.code for reason in outcome.reasons] == ["C3", "C2"]
    assert [reason.power_kw for reason in outcome.reasons] == [30.0, 20.0]


def test_a_bound_of_zero_is_a_bound() -> None:
    assert _decide(_proposal(0, upper_kw=0.0), _proposal(3, preferred_kw=30.0)).target_kw == 0.0


def test_a_lower_class_never_cuts_what_a_higher_one_chose() -> None:
    outcome = _decide(_proposal(3, preferred_kw=30.0), _proposal(4, upper_kw=10.0))
    assert outcome.target_kw == 30.0


def test_bounds_that_contradict_collapse_to_the_nearest_edge_and_say_so() -> None:
    outcome = _decide(_proposal(0, upper_kw=10.0), _proposal(2, lower_kw=50.0, upper_kw=60.0))
    assert (outcome.lower_kw, outcome.upper_kw, outcome.target_kw) == (10.0, 10.0, 10.0)
    assert outcome.reasons[-1].code == "CONFLICT"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_us": NOW_US}, "EXPIRED"),
        ({"valid_from_us": NOW_US + 1}, "NOT_YET"),
        ({"preferred_kw": math.nan}, "INVALID"),
        ({"preferred_kw": math.inf}, "INVALID"),
        ({"upper_kw": math.nan}, "INVALID"),
        ({"lower_kw": 5.0, "upper_kw": -5.0}, "INVALID"),
    ],
)
def test_a_proposal_out_of_time_or_sense_has_no_effect_and_is_named(
    change: dict[str, Any], code: str
) -> None:
    outcome = _decide(_proposal(2, **{"preferred_kw": 60.0, **change}))
    assert (outcome.target_kw, outcome.lower_kw, outcome.upper_kw) == (0.0, -80.0, 100.0)
    assert [reason.code for reason in outcome.reasons] == [code]


@given(proposal_lists, intervals)
def test_the_result_lies_inside_the_hard_interval_whatever_is_asked(
    proposals: list[Proposal], interval: tuple[float, float]
) -> None:
    outcome = arbitrate(proposals, untouched(*interval), NOW_US)
    assert interval[0] <= outcome.target_kw <= interval[1]
    assert interval[0] <= outcome.lower_kw <= outcome.upper_kw <= interval[1]
    assert all(math.isfinite(reason.power_kw) for reason in outcome.reasons)


@given(proposal_lists, intervals, st.randoms())
def test_the_order_of_arrival_is_irrelevant(
    proposals: list[Proposal], interval: tuple[float, float], random: Any
) -> None:
    shuffled = list(proposals)
    random.shuffle(shuffled)
    before, after = (
        arbitrate(order, untouched(*interval), NOW_US) for order in (proposals, shuffled)
    )
    assert before == after


@given(proposal_lists, anything, intervals)
def test_a_further_proposal_only_ever_shrinks_the_interval(
    proposals: list[Proposal], further: Proposal, interval: tuple[float, float]
) -> None:
    lowest = replace(further, cls=5)
    before = arbitrate(proposals, untouched(*interval), NOW_US)
    after = arbitrate([*proposals, lowest], untouched(*interval), NOW_US)
    assert before.lower_kw <= after.lower_kw <= after.upper_kw <= before.upper_kw


@given(proposal_lists, anything, intervals)
def test_a_lower_class_never_changes_the_target_of_a_higher_one(
    proposals: list[Proposal], further: Proposal, interval: tuple[float, float]
) -> None:
    deciding = _proposal(0, sub=-1, preferred_kw=17.0)
    before = arbitrate([deciding, *proposals], untouched(*interval), NOW_US)
    after = arbitrate([deciding, *proposals, replace(further, cls=5)], untouched(*interval), NOW_US)
    assert before.target_kw == after.target_kw


@given(proposal_lists, anything, intervals, st.booleans())
def test_an_expired_or_future_proposal_has_no_effect_on_the_power(
    proposals: list[Proposal], idle: Proposal, interval: tuple[float, float], expired: bool
) -> None:
    idle = replace(idle, valid_from_us=0, expires_us=NOW_US - 1)
    if not expired:
        idle = replace(idle, valid_from_us=NOW_US + 1, expires_us=NOW_US + 2)
    before = arbitrate(proposals, untouched(*interval), NOW_US)
    after = arbitrate([*proposals, idle], untouched(*interval), NOW_US)
    assert (before.target_kw, before.lower_kw, before.upper_kw) == (
        after.target_kw,
        after.lower_kw,
        after.upper_kw,
    )


@given(proposal_lists, intervals)
def test_two_steps_are_one_and_no_step_ever_widens_what_is_left(
    proposals: list[Proposal], interval: tuple[float, float]
) -> None:
    above = untouched(*interval)
    for cls in range(5):
        left = arbitrate([p for p in proposals if p.cls == cls], above, NOW_US)
        assert above.lower_kw <= left.lower_kw <= left.upper_kw <= above.upper_kw
        above = left
    at_once = arbitrate(proposals, untouched(*interval), NOW_US)
    assert (above.target_kw, above.lower_kw, above.upper_kw) == (
        at_once.target_kw,
        at_once.lower_kw,
        at_once.upper_kw,
    )


def test_the_grid_operator_may_force_power_and_everything_below_obeys() -> None:
    above = arbitrate(
        [_proposal(0, lower_kw=-30.0, upper_kw=-20.0)], untouched(-80.0, 100.0), NOW_US
    )
    assert above.target_kw == -20.0
    outcome = arbitrate([_proposal(3, preferred_kw=50.0)], above, NOW_US)
    assert (outcome.target_kw, outcome.reasons[-1].code) == (-20.0, "C0")


def test_protection_wins_over_the_grid_operator_and_the_violation_is_told() -> None:
    empty = untouched(-80.0, 0.0)
    above = arbitrate([_proposal(0, lower_kw=40.0)], empty, NOW_US)
    assert (above.lower_kw, above.upper_kw, above.target_kw) == (0.0, 0.0, 0.0)
    assert [reason.code for reason in above.reasons] == ["CONFLICT"]


@pytest.mark.slow
def test_the_rules_hold_for_two_hundred_thousand_random_sets_of_proposals() -> None:
    assert violations(200_000, seed=20260801) == {}
