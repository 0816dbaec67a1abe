"""cloud.exchange.checks.guard: every limit binds exactly, and only what it is for."""

from dataclasses import replace

import pytest

from cloud.exchange.checks.guard import Checks
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Guard
from tests.support.checks import (
    AT_US,
    BUY,
    HOUR,
    NOON,
    OTHER,
    SELL,
    WERK,
    checks,
    code,
    limit,
)
from tests.support.exchange import NOON_US, RULE, contract
from wire.clock import QUARTER_HOUR_US


def test_it_is_a_guard_and_lets_an_unlimited_account_do_what_it_likes() -> None:
    guard: Guard = Checks()
    assert guard.post(WERK, NOON).refusal(SELL, -999_999, 10**6, 999_999, AT_US, 1) is None


def test_a_suspended_account_is_refused_and_others_are_not() -> None:
    found = checks(state="suspended")
    assert code(found) == "ACCOUNT_SUSPENDED"
    assert code(found, owner=OTHER) == ""


def test_an_account_that_may_only_reduce_sells_what_it_has_bought_and_no_more() -> None:
    found = checks(state="reduce_only")
    found.post(WERK, NOON).traded(BUY, 5_000, 30)
    found.post(WERK, NOON).offered(SELL, 5_000, 10, 0)
    assert code(found, SELL, 20) == ""
    assert code(found, SELL, 21) == "REDUCE_ONLY"
    assert code(found, BUY, 1) == "REDUCE_ONLY"


def test_the_fat_finger_counts_kilowatts_not_steps() -> None:
    found = checks(quantity_kw_max=1_000)
    of = contract(rule=replace(RULE, step_kw=100), market="EPEX")
    assert code(found, power_kw=10, of=of) == ""
    assert code(found, power_kw=11, of=of) == "QUANTITY_LIMIT"
    assert code(found, power_kw=1_000) == ""


@pytest.mark.parametrize(("side", "good", "bad"), [(SELL, 4_000, 3_999), (BUY, 6_000, 6_001)])
def test_the_collar_binds_on_the_side_that_costs_and_only_beside_a_reference(
    side: Side, good: int, bad: int
) -> None:
    of_rule = contract(rule=replace(RULE, collar_ticks=1_000))
    for found, of in ((checks(price_distance_eur_mwh_max=10), NOON), (Checks(), of_rule)):
        assert code(found, side, 1, good, of=of, reference_ticks=5_000) == ""
        assert code(found, side, 1, bad, of=of, reference_ticks=5_000) == "PRICE_COLLAR"
        assert code(found, side, 1, bad, of=of) == ""
        far = 900_000 if side is SELL else -900_000
        assert code(found, side, 1, far, of=of, reference_ticks=5_000) == ""


def test_the_collar_holds_around_a_negative_reference() -> None:
    found = checks(price_distance_eur_mwh_max=10)
    assert code(found, BUY, 1, -4_000, reference_ticks=-5_000) == ""
    assert code(found, BUY, 1, -3_999, reference_ticks=-5_000) == "PRICE_COLLAR"


def test_one_algorithm_may_have_tighter_limits_than_its_account() -> None:
    own = {"quantity_kw_max": 5, "price_distance_eur_mwh_max": 1}
    found = checks(strategies={"bot": own})
    bot = Owner(3, "werk", strategy="bot")
    assert code(found, power_kw=6, owner=bot) == "QUANTITY_LIMIT"
    assert code(found, power_kw=5, owner=bot) == ""
    assert code(found, SELL, 5, 4_899, owner=bot, reference_ticks=5_000) == "PRICE_COLLAR"
    assert code(found, SELL, 6, 4_899, reference_ticks=5_000) == ""


def test_living_orders_are_counted_by_contract_and_in_total() -> None:
    found = checks(orders_max=3, orders_per_contract_max=2)
    found.post(WERK, NOON).offered(SELL, 0, 0, 2)
    assert code(found) == "ACTIVE_ORDERS_CONTRACT"
    assert code(found, new_orders=0) == ""
    other = contract(NOON_US + QUARTER_HOUR_US)
    assert code(found, of=other) == ""
    found.post(WERK, other).offered(SELL, 0, 0, 1)
    assert code(found, of=HOUR) == "ACTIVE_ORDERS"
    found.post(WERK, NOON).offered(SELL, 0, 0, -1)
    assert code(found, of=HOUR) == ""


def test_five_thousand_orders_are_the_limit_where_nobody_says_otherwise() -> None:
    found = Checks()
    found.post(WERK, NOON).offered(SELL, 0, 0, 4_999)
    assert code(found) == ""
    found.post(WERK, NOON).offered(SELL, 0, 0, 1)
    assert code(found) == "ACTIVE_ORDERS"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"net_kw_max": 50}, "POSITION_LIMIT"),
        ({"abs_kw_max": 50}, "POSITION_LIMIT"),
        ({"net_open_kw_max": 60}, "POSITION_OPEN"),
        ({"abs_open_kw_max": 60}, "POSITION_OPEN"),
    ],
)
def test_a_position_is_bounded_with_and_without_the_open_orders(
    own: dict[str, int], expected: str
) -> None:
    found = checks(**own)
    found.post(WERK, NOON).traded(SELL, 5_000, 30)
    found.post(WERK, NOON).offered(SELL, 5_000, 10, 0)
    found.post(WERK, NOON).offered(BUY, 5_000, 1_000, 0)
    assert code(found, SELL, 20) == ""
    assert code(found, SELL, 21) == expected


def test_the_least_position_bounds_purchases_and_leaves_sales_free() -> None:
    found = checks(net_kw_min=-50, net_open_kw_min=-60)
    found.post(WERK, NOON).traded(BUY, 5_000, 30)
    found.post(WERK, NOON).offered(BUY, 5_000, 15, 0)
    assert code(found, BUY, 15) == ""
    assert code(found, BUY, 16) == "POSITION_OPEN"
    assert code(found, BUY, 21) == "POSITION_LIMIT"
    assert code(found, SELL, 10_000) == ""


def test_of_an_hour_the_worst_quarter_hour_counts_over_all_markets_of_the_area() -> None:
    found = checks(net_kw_max=50)
    late = contract(NOON_US + 2 * QUARTER_HOUR_US, market="EPEX")
    found.post(WERK, late).traded(SELL, 5_000, 40)
    refusal = found.post(WERK, HOUR).refusal(SELL, 5_000, 11, None, AT_US, 1)
    assert refusal is not None
    assert "quarter-hour of 2026-11-21T12:30Z would be +51 kW (sold is +); +50 kW" in refusal.text
    assert code(found, SELL, 10, of=HOUR) == ""
    found.post(WERK, HOUR).traded(SELL, 5_000, 10)
    assert code(found, SELL, 41, of=contract(NOON_US + QUARTER_HOUR_US)) == "POSITION_LIMIT"
    assert code(found, SELL, 40, of=contract(NOON_US + QUARTER_HOUR_US)) == ""


def test_a_position_in_another_area_does_not_make_up_for_one_here() -> None:
    found = checks(abs_kw_max=50)
    abroad = replace(contract(market="EPEX_DE"), area="DE-LU")
    found.post(WERK, abroad).traded(BUY, 5_000, 50)
    assert code(found, SELL, 51) == "POSITION_LIMIT"


def test_a_void_trade_leaves_the_position_and_the_cash_as_they_were() -> None:
    found = checks(net_kw_max=50, cash_in_eur_max=1)
    found.post(WERK, NOON).traded(SELL, 5_000, 50)
    assert code(found, SELL, 1) == "POSITION_LIMIT"
    found.post(WERK, NOON).traded(SELL, 5_000, -50)
    assert code(found, SELL, 50, 8_000) == ""
    assert code(found, SELL, 50, 8_001) == "CASH_LIMIT"


def test_cash_is_bounded_by_day_and_direction_and_a_negative_price_turns_it() -> None:
    found = checks(cash_out_eur_max=100)  # 1 MW over a quarter-hour at 100 EUR/MWh are 25 EUR
    found.post(WERK, NOON).traded(BUY, 10_000, 1_000)
    found.post(WERK, NOON).offered(BUY, 10_000, 1_000, 0)
    found.post(WERK, NOON).offered(SELL, 999_900, 1_000, 0)
    assert code(found, BUY, 2_000, 10_000) == ""
    assert code(found, BUY, 2_001, 10_000) == "CASH_LIMIT"
    assert code(found, SELL, 2_000, -10_000) == ""
    assert code(found, SELL, 2_001, -10_000) == "CASH_LIMIT"
    assert code(found, SELL, 10**6, 0) == ""
    tomorrow = contract(NOON_US + 96 * QUARTER_HOUR_US)
    assert code(found, BUY, 4_000, 10_000, of=tomorrow) == ""


def test_limits_can_be_changed_while_positions_and_orders_stand() -> None:
    found = Checks()
    found.post(WERK, NOON).traded(SELL, 5_000, 100)
    found.post(WERK, NOON).offered(BUY, 8_000, 100, 0)
    limit(found, net_kw_max=100, cash_out_eur_max=2)
    assert code(found, SELL, 1) == "POSITION_LIMIT"
    assert code(found, BUY, 1) == "CASH_LIMIT"
    limit(found)
    assert code(found, SELL, 1) == ""
