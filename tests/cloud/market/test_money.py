"""cloud.market.money: what people write becomes whole ticks and steps, or is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.market import money
from cloud.market.money import OffStep
from tests.support.exchange import contract


def test_thirty_kilowatts_are_seven_and_a_half_kilowatt_hours_in_a_quarter_hour() -> None:
    assert money.steps_of(Decimal("0.0075"), contract()) == 30


@pytest.mark.parametrize(
    ("energy_mwh", "nearest"),
    [
        ("0.0076", "0.0075 or 0.00775 MWh"),
        ("0.0001", "nearest: 0.00025 MWh"),
        ("0", "nearest: 0.00025 MWh"),
        ("-0.0075", "nearest: 0.00025 MWh"),
    ],
)
def test_a_quantity_off_the_step_names_what_would_fit(energy_mwh: str, nearest: str) -> None:
    with pytest.raises(OffStep, match=nearest):
        money.steps_of(Decimal(energy_mwh), contract())


@given(st.integers(1, 10**7))
def test_steps_survive_the_way_to_people_and_back(steps: int) -> None:
    energy_wh = steps * contract().wh_per_step
    assert money.steps_of(Decimal(money.text_mwh(energy_wh)), contract()) == steps
    assert money.steps_of(Decimal(repr(money.mwh(energy_wh))), contract()) == steps


@given(st.integers(-999_999, 999_999))
def test_ticks_survive_the_way_to_people_and_back(ticks: int) -> None:
    assert money.ticks_of(Decimal(repr(money.eur_mwh(ticks)))) == ticks


def test_a_price_finer_than_a_tick_is_refused() -> None:
    with pytest.raises(OffStep, match=r"85\.505"):
        money.ticks_of(Decimal("85.505"))


def test_ticks_times_watt_hours_are_exact_money() -> None:
    assert money.eur(7_500 * 8_550) == 0.64125
