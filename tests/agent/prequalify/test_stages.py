"""The chain of stages of a test: when what comes, what is waited for, what is said ahead."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.prequalify import rulesets
from agent.prequalify.stages import Place, Stage, Until, advance, ahead, at_most_s

HOLD = Stage(hz=50.2, lasts_s=10.0, until=Until.REACHED, wait_s_max=5.0)
CHAIN = (Stage(hz=50.0, lasts_s=2.0), HOLD, Stage(hz=50.0, from_hz=50.2, lasts_s=4.0))


def place_at(at_s: float, reached_s: float) -> Place | None:
    """Walk through the chain in steps of 0.1 s; the power is there from `reached_s` on."""
    place: Place | None = Place()
    for step in range(round(at_s * 10) + 1):
        now_s = step / 10
        assert place is not None
        there = now_s >= reached_s
        place = advance(CHAIN, place, now_s, (lambda _: True) if there else (lambda _: False))
        if place is None:
            return None
    return place


def test_the_time_of_a_hold_counts_from_when_the_power_is_there() -> None:
    still = place_at(13.9, reached_s=4.0)
    assert still is not None
    assert still.stage == 1
    over = place_at(14.0, reached_s=4.0)
    assert over is not None
    assert over.stage == 2


def test_what_never_comes_is_waited_for_no_longer_than_its_limit() -> None:
    over = place_at(17.0, reached_s=1e9)
    assert over is not None
    assert over.stage == 2
    assert over.began_s == pytest.approx(17.0)
    assert place_at(21.0, reached_s=1e9) is None
    assert at_most_s(CHAIN) == 21.0


def test_a_ramp_is_linear_and_ends_where_it_should() -> None:
    ramp = CHAIN[2]
    assert ramp.hz_at(0.0) == 50.2
    assert ramp.hz_at(1.0) == pytest.approx(50.15)
    assert ramp.hz_at(99.0) == 50.0


def test_a_swing_begins_at_its_middle_and_rises() -> None:
    swing = Stage(hz=49.7, amplitude_hz=0.1, period_s=40.0, lasts_s=80.0)
    assert swing.hz_at(0.0) == 49.7
    assert swing.hz_at(10.0) == pytest.approx(49.8)


def test_what_is_said_ahead_knows_the_next_jump_but_not_the_end_of_a_wait() -> None:
    points = dict(ahead(CHAIN, Place(), 1.0, 3.0, 0.5))
    assert points[1.0] == 50.0
    assert all(hz == 50.2 for at_s, hz in points.items() if at_s >= 2.0)
    waits = ahead(CHAIN, Place(1, 2.0), 3.0, 100.0, 1.0)
    assert {hz for _, hz in waits} == {50.2}


@given(
    st.sampled_from([test for name in rulesets.names() for test in rulesets.load(name).tests]),
    st.floats(0.0, 300.0),
)
def test_points_said_ahead_rise_in_time_and_stay_in_the_window(
    test: rulesets.Trial, at_s: float
) -> None:
    points = ahead(test.stages, Place(), at_s, 3.0, 0.05)
    assert all(before[0] < after[0] for before, after in pairwise(points))
    assert all(at_s <= point[0] <= at_s + 3.0 + 1e-6 for point in points)
    assert all(48.0 < hz < 52.0 for _, hz in points)


def test_every_rule_set_can_be_read_and_says_where_it_comes_from() -> None:
    assert {"tennet", "german", "fcr_n", "fcr_d_up", "fcr_d_down", "gb_dr"} <= set(rulesets.names())
    for name in rulesets.names():
        ruleset = rulesets.load(name)
        assert ruleset.source
        assert set(ruleset.title) == {"de", "en"}
        assert len({test.id for test in ruleset.tests}) == len(ruleset.tests)
        for test in ruleset.tests:
            assert set(test.title) == {"de", "en"}
            assert test.judge
            assert bool(test.stages) is not bool(test.follow_s)


def test_the_tennet_tests_are_those_of_the_manual() -> None:
    tests = {test.id: test for test in rulesets.load("tennet").tests}
    assert list(tests) == ["a", "b", "c", "d", "e", "f", "g"]
    assert [stage.hz for stage in tests["d"].stages] == pytest.approx([50, 50.09999, 50.2, 50])
    assert [stage.lasts_s for stage in tests["d"].stages] == [60, 900, 900, 60]
    assert tests["g"].follow_s == 14_400


def test_the_fast_ramp_goes_to_49_45_and_to_49_0_at_its_own_speeds() -> None:
    (test, *_) = rulesets.load("fcr_d_up").tests
    ramps = {s.name: s for s in test.stages if s.name.startswith("ramp")}
    speeds = {
        name: abs(stage.hz - (stage.from_hz or 0.0)) / stage.lasts_s
        for name, stage in ramps.items()
    }
    assert (ramps["ramp 1"].hz, ramps["ramp 5"].hz) == (49.45, 49.0)
    assert speeds["ramp 1"] == pytest.approx(0.14, abs=0.006)
    assert speeds["ramp 2"] == pytest.approx(0.09)
    assert speeds["ramp 5"] == pytest.approx(0.24, abs=0.004)
