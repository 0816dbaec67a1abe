"""cloud.market.contracts: one contract a quarter-hour, open exactly as long as its rule says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cloud.market.contracts import Market, wh_of
from tests.support.exchange import NOON_US, RULE
from wire import clock
from wire.clock import QUARTER_HOUR_US

MARKET = Market(
    code="PHO",
    area="AT",
    zone=ZoneInfo("Europe/Vienna"),
    resolution_s=900,
    rules=(
        replace(RULE, valid_from=date(2026, 11, 22), close_lead_s=300, step_kw=100),
        replace(RULE, valid_from=date(2026, 1, 1)),
    ),
)


def test_a_contract_lasts_a_quarter_hour_and_closes_as_its_rule_says() -> None:
    contract = MARKET.contract(NOON_US)
    assert contract is not None
    assert contract.end_us - contract.start_us == QUARTER_HOUR_US
    assert contract.closes_us == contract.start_us
    assert contract.wh_per_step == 250


def test_the_rule_is_that_of_the_local_day_of_delivery() -> None:
    last = MARKET.contract(clock.micros(datetime(2026, 11, 21, 22, 45, tzinfo=UTC)))
    first = MARKET.contract(clock.micros(datetime(2026, 11, 21, 23, tzinfo=UTC)))
    assert last is not None
    assert first is not None
    assert (last.rule.step_kw, last.start_us - last.closes_us) == (1, 0)
    assert (first.rule.step_kw, first.start_us - first.closes_us) == (100, 300_000_000)
    assert first.wh_per_step == 25_000


def test_before_the_first_rule_and_off_the_grid_there_is_no_contract() -> None:
    assert MARKET.contract(clock.micros(datetime(2025, 12, 31, 22, 45, tzinfo=UTC))) is None
    assert MARKET.contract(NOON_US + 1) is None


@given(st.integers(NOON_US, NOON_US + 2 * 86_400_000_000))
def test_the_open_contracts_are_those_whose_gates_are_open_and_no_others(at_us: int) -> None:
    expected = [
        contract
        for start_us in range(NOON_US - 86_400_000_000, NOON_US + 5 * 86_400_000_000, 900_000_000)
        if (contract := MARKET.contract(start_us)) is not None
        and contract.opens_us <= at_us < contract.closes_us
    ]
    assert MARKET.open_contracts(at_us) == expected


@given(st.integers(1, 10**6), st.sampled_from([900, 1_800, 3_600]))
def test_energy_is_exact(power_kw: int, duration_s: int) -> None:
    assert wh_of(power_kw, duration_s * 1_000_000) * 3_600 == power_kw * 1_000 * duration_s
