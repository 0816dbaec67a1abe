"""agent.control.energy.reservoir and endurance: what is there, what is kept, how long it lasts."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.energy.config import ProductEnergy
from agent.control.energy.contract import Contract, Reservoir
from agent.control.energy.endurance import ENDURANCE_MIN_MAX, endurance_min
from agent.control.energy.reservoir import operating_range, proposals, reservoir, shortfall
from agent.control.limits import Limits
from agent.control.plant import PlantState, UnitState
from agent.control.quantity import Quantity
from tests.support.plants import UNIT
from tests.support.reservoirs import contract_of, nordic

FCR = contract_of(ProductEnergy(product="fcr_ce", rule="nl_tnl_v3_10"))
NOW_US = 10**15
SIZED = replace(UNIT, capacity_kwh=200.0)
LIMITS = Limits(units=(SIZED, replace(SIZED, unit="two", capacity_kwh=100.0)), ramp_kw_per_s=10.0)


def two(*socs: float | None, ready: tuple[bool, bool] = (True, True)) -> PlantState:
    names = ("pcs", "two")
    return PlantState(
        at_s=1.0,
        units=tuple(
            UnitState(unit=name, ready=is_ready, soc_pct=Quantity(soc, 0.1))
            for name, soc, is_ready in zip(names, socs, ready, strict=True)
        ),
    )


def test_the_energy_of_a_plant_is_that_of_its_units_inside_their_windows() -> None:
    assert reservoir(two(50.0, 90.0), LIMITS) == Reservoir(80.0 + 80.0, 160.0 + 80.0)


def test_a_unit_that_is_not_ours_now_has_no_energy_for_us() -> None:
    assert reservoir(two(50.0, None, ready=(True, False)), LIMITS) == Reservoir(80.0, 160.0)


@pytest.mark.parametrize("soc", [None, math.nan, math.inf, -5.1, 105.1, 1e9])
def test_a_state_of_charge_that_is_none_makes_the_energy_unknown(soc: float | None) -> None:
    assert reservoir(two(50.0, soc), LIMITS) is None


def test_an_old_state_of_charge_makes_the_energy_unknown() -> None:
    plant = two(50.0, 50.0)
    old = replace(plant.units[1], soc_pct=Quantity(50.0, 31.0))
    assert reservoir(replace(plant, units=(plant.units[0], old)), LIMITS) is None


def test_without_a_capacity_in_the_settings_the_energy_is_unknown() -> None:
    bare = Limits(units=(UNIT, replace(UNIT, unit="two")), ramp_kw_per_s=10.0)
    assert reservoir(two(50.0, 50.0), bare) is None


def test_a_product_may_have_a_part_of_the_range_for_itself() -> None:
    half = contract_of(nordic("fcr_n", range_from_pct=20, range_to_pct=70))
    assert operating_range(half, Reservoir(500.0, 1_000.0)) == Reservoir(300.0, 500.0)


@pytest.mark.parametrize(
    ("energy_kwh", "code"), [(249.0, "ENERGY"), (250.0, ""), (750.0, ""), (751.0, "ENERGY")]
)
def test_fcr_needs_fifteen_minutes_of_full_activation_both_ways(
    energy_kwh: float, code: str
) -> None:
    short = shortfall(FCR, Reservoir(energy_kwh, 1_000.0))
    assert (short[0] if short else "") == code


def test_a_one_sided_product_needs_energy_in_its_own_direction_only() -> None:
    up, down = contract_of(nordic("fcr_d_up")), contract_of(nordic("fcr_d_down"))
    full, empty = Reservoir(1_000.0, 1_000.0), Reservoir(0.0, 1_000.0)
    assert shortfall(up, full) is None
    assert shortfall(down, empty) is None
    assert shortfall(up, empty) is not None
    assert shortfall(down, full) is not None


@pytest.mark.parametrize(("span_kwh", "short"), [(2_000.0, False), (1_999.0, True)])
def test_an_fcr_n_needs_an_hour_of_energy_each_way(span_kwh: float, short: bool) -> None:
    """With less the thresholds of both ends overlap, and management would swing for ever."""
    found = shortfall(contract_of(nordic("fcr_n")), Reservoir(span_kwh / 2, span_kwh))
    assert (found is not None) == short


def test_a_managed_product_without_known_energy_is_refused_and_an_unmanaged_one_is_not() -> None:
    refused = shortfall(FCR, None)
    assert refused is not None
    assert refused[0] == "ENERGY_UNKNOWN"
    assert shortfall(replace(FCR, settings=ProductEnergy(product="fcr_ce")), None) is None


def bounds(energy_kwh: float, *contracts: Contract) -> tuple[float, float]:
    (made,) = proposals(contracts, Reservoir(energy_kwh, 1_000.0), NOW_US)
    assert made.lower_kw is not None
    assert made.upper_kw is not None
    return made.lower_kw, made.upper_kw


def test_i20_the_schedule_stays_out_of_the_energy_of_a_product() -> None:
    kept_kwh = 1_000.0 * 25 / 60
    assert bounds(kept_kwh, FCR) == pytest.approx((-10_000.0, 0.0))
    assert bounds(kept_kwh - 100, FCR)[1] == 0.0
    assert bounds(1_000.0 - kept_kwh, FCR) == pytest.approx((0.0, 10_000.0), abs=1e-6)
    assert bounds(kept_kwh + 10, FCR)[1] == pytest.approx(600.0)


def test_i20_the_energy_of_several_products_adds_up() -> None:
    one = contract_of(nordic("fcr_d_up"), 600.0)
    two_kept = bounds(399.0, one, replace(one, capacity_kw=600.0))
    assert two_kept[1] == 0.0
    assert bounds(399.0, one)[1] == pytest.approx(199.0 * 60)


def test_i20_without_known_energy_the_schedule_stands_still() -> None:
    (made,) = proposals((FCR,), None, NOW_US)
    assert (made.lower_kw, made.upper_kw) == (0.0, 0.0)


def test_an_unmanaged_product_reserves_no_energy() -> None:
    plain = replace(FCR, settings=ProductEnergy(product="fcr_ce"))
    assert list(proposals((plain,), None, NOW_US)) == []


@given(st.floats(-50.0, 1_050.0), st.floats(1.0, 1_000.0))
def test_i20_zero_is_always_left(energy_kwh: float, capacity_kw: float) -> None:
    low, high = bounds(energy_kwh, replace(FCR, capacity_kw=capacity_kw))
    assert low <= 0.0 <= high


@pytest.mark.parametrize(
    ("product", "energy_kwh", "base_kw", "expected"),
    [
        ("fcr_n", 1_000.0, 0.0, 60.0),
        ("fcr_n", 1_500.0, 0.0, 30.0),
        ("fcr_n", 1_000.0, 250.0, 48.0),
        ("fcr_d_up", 1_500.0, 0.0, 90.0),
        ("fcr_d_up", 1_500.0, -200.0, 112.5),
        ("fcr_d_down", 1_500.0, 0.0, 30.0),
        ("fcr_d_up", -10.0, 0.0, 0.0),
        ("fcr_d_up", 1_500.0, -1_000.0, ENDURANCE_MIN_MAX),
    ],
)
def test_the_endurance_is_that_of_the_requirements(
    product: str, energy_kwh: float, base_kw: float, expected: float
) -> None:
    own = Reservoir(energy_kwh, 2_000.0)
    assert endurance_min(contract_of(nordic(product)), own, base_kw) == pytest.approx(expected)


@given(st.floats(-100, 2_100), st.floats(-5_000, 5_000), st.floats(0.001, 5_000))
def test_an_endurance_is_a_number_between_nothing_and_a_day(
    energy_kwh: float, base_kw: float, capacity_kw: float
) -> None:
    contract = contract_of(nordic("fcr_n"), capacity_kw)
    minutes = endurance_min(contract, Reservoir(energy_kwh, 2_000.0), base_kw)
    assert 0.0 <= minutes <= ENDURANCE_MIN_MAX
