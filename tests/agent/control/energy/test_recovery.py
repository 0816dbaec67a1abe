"""agent.control.energy.recovery: energy comes back by what was announced, and never in an alert."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.energy.config import ProductEnergy, Recovery
from agent.control.energy.contract import Managed, Reservoir, Situation
from agent.control.energy.manage import EnergyMemory, manage
from tests.support.reservoirs import HOUR_US, START_US, Told, contract_of

FCR = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10", schedule_tx=True)
QUARTER_S = 900


def told_of(soc: float = 0.5) -> Told:
    return Told(contract_of(FCR), span_kwh=1_000.0, soc=soc)


def test_low_energy_is_bought_back_a_lead_time_ahead_on_a_quarter_hour() -> None:
    told = told_of(soc=0.40)
    (bought,) = told.seconds(2)[-1].transactions
    assert bought.start_us == START_US + HOUR_US // 2
    assert bought.end_us - bought.start_us == HOUR_US // 4
    assert bought.power_kw == pytest.approx(-250.0)


def test_high_energy_is_sold() -> None:
    assert told_of(soc=0.58).seconds(2)[-1].transactions[0].power_kw == pytest.approx(250.0)


def test_what_is_announced_already_counts_so_that_nothing_is_bought_twice() -> None:
    told = told_of(soc=0.445)
    told.seconds(2 * QUARTER_S - 5)
    powers = [transaction.power_kw for transaction in told.seconds(1)[0].transactions]
    assert powers == pytest.approx([-220.0])


def test_energy_that_is_well_needs_no_transaction() -> None:
    assert told_of(soc=0.46).seconds(2 * QUARTER_S)[-1].transactions == ()


def test_a_transaction_runs_in_its_slot_comes_by_a_ramp_and_is_part_of_the_baseline() -> None:
    told = told_of(soc=0.40)
    before = told.seconds(2 * QUARTER_S - 1)[-1]
    answers = told.seconds(QUARTER_S)
    assert before.management_kw == 0.0
    assert answers[60].management_kw == pytest.approx(-100.0, abs=4.0)
    assert answers[160].management_kw == pytest.approx(-250.0)
    assert all(answer.baseline_kw == answer.management_kw for answer in answers)


@pytest.mark.parametrize("alert", [True, None])
def test_i21_an_alert_takes_the_management_off_at_once_and_announces_nothing(
    alert: bool | None,
) -> None:
    told = told_of(soc=0.30)
    assert told.seconds(2 * QUARTER_S + 400)[-1].management_kw == pytest.approx(-250.0)
    known = told.seconds(1)[0].transactions
    during = told.seconds(200, alert=alert, hz=49.79)
    assert {answer.management_kw for answer in during} == {0.0}
    assert during[-1].transactions == known
    after = told.seconds(60, alert=False)
    assert after[-1].management_kw == pytest.approx(-100.0, abs=4.0)


def test_nothing_is_announced_beyond_the_end_of_the_award() -> None:
    contract = contract_of(FCR)
    for until_us, expected in ((START_US + HOUR_US // 2, 0), (START_US + HOUR_US, 1)):
        told = Told(contract, span_kwh=1_000.0, soc=0.3)
        told.contract = type(contract)(
            product="fcr_ce", capacity_kw=1_000.0, settings=FCR, until_us=until_us
        )
        assert len(told.seconds(2)[-1].transactions) == expected


def test_a_longer_lead_time_is_kept() -> None:
    asked = FCR.model_copy(update={"recovery": Recovery(lead_min=50)})
    told = Told(contract_of(asked), span_kwh=1_000.0, soc=0.3)
    assert told.seconds(2)[-1].transactions[0].start_us == START_US + HOUR_US


def test_a_wall_clock_that_goes_back_does_not_end_the_recovery() -> None:
    memory = EnergyMemory()
    contract = contract_of(FCR)
    reservoir = Reservoir(300.0, 1_000.0)
    managed = None
    for at_s, now_us in ((0.0, START_US), (1.0, START_US - 5 * HOUR_US)):
        situation = Situation(
            at_s=at_s, now_us=now_us, hz=50.0, believed=True, alert=False, reservoir=reservoir
        )
        managed, memory = manage(contract, situation, memory)
    assert managed is not None
    assert managed.transactions[0].start_us == START_US - 5 * HOUR_US + HOUR_US // 4


def test_the_baseline_does_not_change_by_one_bit_when_the_frequency_is_permuted() -> None:
    """A day in steps of 10 s: the same state of charge, the frequency in another order."""
    chance = random.Random(5)
    day_hz = [50.0 + chance.gauss(0.0, 0.015) for _ in range(8_640)]
    day_soc, soc = [], 0.5
    for _ in range(8_640):
        soc = min(max(soc + chance.gauss(0.0, 0.002), 0.05), 0.95)
        day_soc.append(soc)
    shuffled_hz = list(day_hz)
    chance.shuffle(shuffled_hz)
    days = []
    for frequencies in (day_hz, shuffled_hz):
        told = told_of()
        baseline: list[float] = []
        for told.hz, told.soc in zip(frequencies, day_soc, strict=True):
            baseline.append(told.now(10.0).baseline_kw)
        days.append(baseline)
    assert days[0] == days[1]
    assert any(days[0])


UNREACHABLE = FCR.model_copy(
    update={"recovery": Recovery(target_pct=100, low_pct=100, high_pct=100, power_share_max=0.01)}
)


@settings(max_examples=300)
@given(
    st.sampled_from([FCR, UNREACHABLE]),
    st.floats(-0.05, 1.05),
    st.floats(0.001, 5_000.0),
    st.floats(0.1, 100_000.0),
    st.sampled_from([math.nan, math.inf, 47.5, 50.0, 51.5, None]),
)
def test_defect_10_no_state_of_charge_and_no_target_is_infeasible_or_silent(
    entry: ProductEnergy, soc: float, capacity_kw: float, span_kwh: float, hz: float | None
) -> None:
    told = Told(contract_of(entry, capacity_kw), span_kwh=span_kwh, soc=soc, hz=hz)
    answers = told.seconds(3)
    low, high = entry.recovery.low_pct / 100, entry.recovery.high_pct / 100
    most_kw = entry.recovery.power_share_max * capacity_kw
    for answer in answers:
        assert _finite(answer)
        assert all(abs(t.power_kw) <= most_kw * (1 + 1e-9) for t in answer.transactions)
    missing_kwh = abs(soc - entry.recovery.target_pct / 100) * span_kwh
    if not low <= soc <= high and 4 * missing_kwh > 0.002 * capacity_kw:
        (transaction,) = answers[-1].transactions
        assert (transaction.power_kw < 0) == (soc < low)


def _finite(answer: Managed) -> bool:
    numbers = (answer.management_kw, answer.shift_kw, answer.baseline_kw, answer.answered(1.0))
    return all(math.isfinite(number) for number in numbers)
