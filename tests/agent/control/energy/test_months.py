"""agent.control.energy: months of frequency on 1 MWh, and not one second undelivered."""

import statistics

import pytest

from agent.control.energy.config import ProductEnergy, Recovery
from tests.support.reservoir_run import Battery, recorded_hz, run, synthetic_hz

MANAGED = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10", schedule_tx=True)
LEFT_ALONE = ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10")
GUARD_KWH = 250.0
"""1 MW for 15 minutes."""


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("lead_min", [15.0, 30.0])
def test_a_recorded_month_is_delivered_to_the_second_above_the_required_energy(
    lead_min: float,
) -> None:
    managed = MANAGED.model_copy(update={"recovery": Recovery(lead_min=lead_min)})
    account = run(recorded_hz(), managed, Battery())
    assert account.steps == 267_840
    assert account.undelivered_s == 0.0
    assert account.least_kwh >= GUARD_KWH
    assert (account.alerts, account.alert_s) == (1, 270.0)


@pytest.mark.shared
@pytest.mark.slow
def test_the_same_month_without_management_runs_the_reservoir_out() -> None:
    account = run(recorded_hz(), LEFT_ALONE, Battery(efficiency=1.0), ends_short=True)
    assert account.undelivered_s > 0.0
    assert account.announced == 0


@pytest.mark.slow
def test_two_synthetic_months_with_alerts_are_delivered_to_the_second() -> None:
    account = run(synthetic_hz(60, seed=7), MANAGED, Battery(), restored_after_s=7_200.0)
    assert account.alerts > 0
    assert account.undelivered_s == 0.0
    assert account.least_kwh >= GUARD_KWH


def test_three_synthetic_days_are_delivered_to_the_second() -> None:
    account = run(synthetic_hz(3, seed=3), MANAGED, Battery(), restored_after_s=7_200.0)
    assert account.undelivered_s == 0.0
    assert account.least_kwh >= GUARD_KWH


def test_the_synthetic_frequency_is_like_that_of_a_large_area() -> None:
    days = list(synthetic_hz(4, seed=3))
    assert 0.015 < statistics.pstdev(days) < 0.030
    assert abs(statistics.fmean(days)) < 0.005
