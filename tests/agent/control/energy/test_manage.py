"""agent.control.energy.manage: seconds are counted, pauses forgotten, nonsense let by."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.energy.config import ProductEnergy
from agent.control.energy.contract import Managed, Reservoir, Situation
from agent.control.energy.manage import EnergyMemory, manage
from tests.support.reservoirs import START_US, Told, contract_of, nordic

FCR = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10", schedule_tx=True, reserve_mode=True)
KINDS = [FCR, nordic("fcr_n"), nordic("fcr_d_up"), nordic("fcr_d_down")]


def test_ten_cycles_in_a_second_count_as_one_second() -> None:
    slow, fast = (Told(contract_of(nordic("fcr_n")), soc=0.1) for _ in range(2))
    by_second = slow.seconds(200)[-1]
    by_cycle = [fast.now(0.1) for _ in range(2_000)][-1]
    assert by_cycle.management_kw == pytest.approx(by_second.management_kw, abs=1.2)


def test_inside_a_second_the_answer_follows_the_frequency_at_once() -> None:
    told = Told(contract_of(nordic("fcr_n")))
    told.now()
    told.hz = 49.93
    assert told.total_kw(told.now(0.1)) == pytest.approx(700.0)


def test_a_short_pause_is_made_up_and_a_long_one_forgotten() -> None:
    for pause_s, expected_kw in ((9.0, -340.0 * 109 / 300), (11.0, 0.0)):
        told = Told(contract_of(nordic("fcr_n")), soc=0.1)
        told.seconds(100)
        told.now(pause_s)
        assert told.now(1.0).management_kw == pytest.approx(expected_kw, abs=1.2)


def test_what_was_announced_outlives_a_pause() -> None:
    told = Told(contract_of(FCR), span_kwh=1_000.0, soc=0.3)
    known = told.seconds(2)[-1].transactions
    assert told.now(60.0).transactions == known


def test_an_unknown_state_of_charge_leaves_the_states_as_they_are_and_says_so() -> None:
    told = Told(contract_of(nordic("fcr_n")), soc=0.02)
    told.seconds(2)
    at = Situation(
        at_s=told.at_s + 1,
        now_us=START_US,
        hz=50.0,
        believed=True,
        alert=False,
        reservoir=None,
    )
    managed, memory = manage(told.contract, at, told.memory)
    assert managed.aem
    rested = replace(memory, nordic=replace(memory.nordic, aem_low=False))
    managed, _ = manage(told.contract, replace(at, at_s=at.at_s + 1), rested)
    assert managed.code == "ENERGY_UNKNOWN"


def test_a_frequency_that_is_not_believed_stops_nem() -> None:
    told = Told(contract_of(nordic("fcr_n")), soc=0.1)
    told.seconds(5)
    assert told.seconds(1, believed=False)[0].nem == 0


def test_low_energy_in_the_normal_state_is_told_and_in_an_alert_it_is_not() -> None:
    told = Told(contract_of(FCR), span_kwh=1_000.0, soc=0.2)
    assert told.seconds(1)[0].code == "ENERGY"
    assert told.seconds(1, alert=True)[0].code == ""


@settings(max_examples=150)
@given(
    st.sampled_from(KINDS),
    st.lists(
        st.tuples(
            st.floats(0.0, 20.0),
            st.none() | st.floats(allow_nan=True, allow_infinity=True),
            st.floats(allow_nan=True, allow_infinity=True),
            st.floats(allow_nan=True, allow_infinity=True),
            st.sampled_from([True, False, None]),
        ),
        max_size=8,
    ),
)
def test_no_number_from_outside_comes_through_as_nonsense(
    entry: ProductEnergy,
    story: list[tuple[float, float | None, float, float, bool | None]],
) -> None:
    contract, memory, at_s = contract_of(entry), EnergyMemory(), 0.0
    for wait_s, hz, energy_kwh, span_kwh, alert in story:
        at_s += wait_s
        situation = Situation(
            at_s=at_s,
            now_us=START_US,
            hz=hz,
            believed=hz is not None,
            alert=alert,
            reservoir=Reservoir(energy_kwh, span_kwh),
        )
        managed, memory = manage(contract, situation, memory)
        share = entry.nem_share or 0.34
        total_kw = managed.answered(contract.capacity_kw) + managed.management_kw
        assert math.isfinite(total_kw)
        assert abs(total_kw) <= (1.0 + share) * contract.capacity_kw + 1e-6
        assert managed.deviation_hz is None or math.isfinite(managed.deviation_hz)
        assert managed.endurance_min is None or 0.0 <= managed.endurance_min <= 1_440.0


def test_what_a_product_reacts_to_changes_and_everything_else_of_the_second_stays() -> None:
    held = Managed(rule="r", deviation_hz=None)
    other = {
        field.name: f"its {field.name}"
        for field in fields(Managed)
        if field.name not in ("deviation_hz", "gain_up", "gain_down")
    }
    for name, value in other.items():
        object.__setattr__(held, name, value)
    found = held.reacting(0.1, 1.2, 0.0)
    assert (found.deviation_hz, found.gain_up, found.gain_down) == (0.1, 1.2, 0.0)
    assert {name: getattr(found, name) for name in other} == other
