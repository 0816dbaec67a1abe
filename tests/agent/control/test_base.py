"""agent.control.base: only what is asked for is ramped, each by the ramp of its own class."""

import math

import pytest

from agent.control.arbitrate import Outcome, Proposal, arbitrate, untouched
from agent.control.base import ramped
from agent.control.cuts import Cut, intersect
from agent.control.limits import Limits, Ramp
from tests.support.plants import UNIT

HARD = intersect([Cut("LIMIT", "the settings", -100.0, 100.0)])
LIMITS = Limits(
    units=(UNIT,),
    ramp_kw_per_s=10.0,
    ramps_kw_per_s={Ramp.OPERATOR: 20.0, Ramp.LOCAL: math.inf, Ramp.GRID: 1.0},
)


def _asks(cls: int, ramp: Ramp, preferred_kw: float) -> Proposal:
    return Proposal(
        source="s",
        cls=cls,
        code="C",
        text="asks",
        valid_from_us=0,
        expires_us=10,
        preferred_kw=preferred_kw,
        ramp=ramp,
    )


def _limit(upper_kw: float) -> Proposal:
    return Proposal(
        source="grid_operator",
        cls=0,
        sub=2,
        code="I18",
        text="a limit",
        valid_from_us=0,
        expires_us=10,
        upper_kw=upper_kw,
        ramp=Ramp.GRID,
    )


def _base(
    asked: Proposal, before_kw: float, *limits: Proposal, held: bool = False, elapsed_s: float = 1.0
) -> tuple[float, bool]:
    above = arbitrate(limits, untouched(HARD.lower_kw, HARD.upper_kw), 5)
    outcome: Outcome = arbitrate([asked], above, 5)
    base_kw, _, held = ramped(outcome, above, HARD, before_kw, elapsed_s, LIMITS, held)
    return base_kw, held


@pytest.mark.parametrize(
    ("ramp", "expected_kw"), [(Ramp.SCHEDULE, 10.0), (Ramp.OPERATOR, 20.0), (Ramp.LOCAL, 50.0)]
)
def test_each_class_moves_the_base_by_its_own_ramp(ramp: Ramp, expected_kw: float) -> None:
    assert _base(_asks(3, ramp, 50.0), 0.0) == (expected_kw, False)


def test_no_ramp_and_no_time_is_no_change() -> None:
    assert _base(_asks(4, Ramp.LOCAL, 50.0), 7.0, elapsed_s=0.0) == (7.0, False)


def test_a_limit_of_the_grid_operator_holds_at_once_and_is_left_slowly() -> None:
    asked = _asks(3, Ramp.SCHEDULE, 50.0)
    base_kw, held = _base(asked, 50.0, _limit(20.0))
    assert (base_kw, held) == (20.0, True)
    base_kw, held = _base(asked, base_kw, held=held)
    assert (base_kw, held) == (21.0, True)
    base_kw, held = _base(asked, 49.5, held=held)
    assert (base_kw, held) == (50.0, False)


def test_what_asks_for_less_on_the_way_back_ends_it() -> None:
    _, held = _base(_asks(3, Ramp.SCHEDULE, 20.5), 20.0, held=True)
    assert not held


def test_a_ramp_works_on_what_was_written_and_not_on_what_was_wished() -> None:
    asked = _asks(3, Ramp.SCHEDULE, 100.0)
    base_kw, _ = _base(asked, 90.0, _limit(30.0))
    assert base_kw == 30.0
    assert _base(asked, base_kw)[0] == 40.0
