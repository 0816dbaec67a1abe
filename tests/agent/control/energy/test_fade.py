"""agent.control.energy.fade: reserve mode reacts to what is new, and comes and goes smoothly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.energy.config import ProductEnergy
from tests.support.reservoirs import Told, contract_of

FCR = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10", reserve_mode=True)
LIMIT = 1 / 12
"""Of the operating range of 1 MWh with 1 MW: capacity · 5 min."""


def told_of() -> Told:
    return Told(contract_of(FCR), span_kwh=1_000.0)


def test_a_lasting_deviation_falls_to_nothing_over_300_seconds() -> None:
    told = told_of()
    before = told.seconds(400, hz=49.8, alert=True)[-1]
    assert told.total_kw(before) == pytest.approx(1_000.0)
    answers = told.seconds(301, soc=LIMIT - 0.001)
    powers = [told.total_kw(answer) for answer in answers]
    assert powers == pytest.approx([1_000.0 * (1 - s / 300) for s in range(301)], abs=1e-6)
    assert answers[-1].reserve_mode


def test_what_is_new_is_still_answered_in_full() -> None:
    told = told_of()
    told.seconds(400, hz=49.8, alert=True)
    told.seconds(400, soc=LIMIT - 0.001)
    (answer,) = told.seconds(1, hz=49.7)
    assert answer.deviation_hz == pytest.approx(-0.1)
    assert told.total_kw(answer) == pytest.approx(500.0)


def test_restored_energy_brings_the_normal_mode_back_over_300_seconds() -> None:
    told = told_of()
    told.seconds(400, hz=49.9, alert=True)
    told.seconds(400, soc=LIMIT - 0.001)
    answers = told.seconds(301, soc=0.3)
    powers = [told.total_kw(answer) for answer in answers]
    assert powers[0] == pytest.approx(0.0, abs=1e-6)
    assert powers[150] == pytest.approx(250.0, abs=1e-6)
    assert powers[300] == pytest.approx(500.0, abs=1e-6)
    assert not answers[300].reserve_mode


@pytest.mark.parametrize("alert", [False, None])
def test_without_an_alert_there_is_no_reserve_mode(alert: bool | None) -> None:
    told = told_of()
    answer = told.seconds(400, hz=49.8, soc=0.01, alert=alert)[-1]
    assert not answer.reserve_mode
    assert told.total_kw(answer) == pytest.approx(1_000.0)


def test_both_ends_of_the_reservoir_bring_reserve_mode() -> None:
    told = told_of()
    assert told.seconds(2, hz=50.2, soc=1 - LIMIT + 0.001, alert=True)[-1].reserve_mode


def test_energy_that_hovers_at_the_limit_makes_no_chatter() -> None:
    told = told_of()
    told.seconds(300, hz=49.8, alert=True)
    modes = [
        told.seconds(1, soc=LIMIT + (0.005 if second % 2 else -0.001))[0].reserve_mode
        for second in range(100)
    ]
    assert modes == [False, *[True] * 99]


def test_it_is_off_unless_it_is_asked_for() -> None:
    plain = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10")
    told = Told(contract_of(plain), span_kwh=1_000.0, soc=0.01, hz=49.8, alert=True)
    assert told.total_kw(told.seconds(400)[-1]) == pytest.approx(1_000.0)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 200),
            st.floats(49.7, 50.3),
            st.floats(-0.05, 1.05),
            st.sampled_from([True, False, None]),
        ),
        max_size=6,
    )
)
def test_the_modes_themselves_never_make_the_power_step(
    story: list[tuple[int, float, float, bool | None]],
) -> None:
    """With a steady frequency a second changes no more than its share of the transition."""
    told = told_of()
    before = None
    for count, hz, soc, alert in story:
        for answer in told.seconds(count, hz=hz, soc=soc, alert=alert):
            assert answer.deviation_hz is not None
            moved_hz = answer.deviation_hz - (hz - 50.0)
            if before is not None:
                assert abs(moved_hz - before) <= (0.3 + 0.6) / 300 + 1e-9
            before = moved_hz
