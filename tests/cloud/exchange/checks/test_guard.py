"""cloud.exchange.checks.guard: every limit binds exactly, and only what it is for."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cloud.exchange.checks.battery import Battery
from cloud.exchange.checks.guard import Checks
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Guard, Refusal
from cloud.exchange.venue.refusals import STATUS
from cloud.market.contracts import Contract
from tests.support.exchange import NOON_US, RULE, contract
from wire.clock import QUARTER_HOUR_US

AT_US = NOON_US - 3_600_000_000
BUY, SELL = Side.BUY, Side.SELL
WERK, OTHER = Owner(1, "werk"), Owner(2, "other")
NOON = contract()
HOUR = replace(NOON, end_us=NOON_US + 4 * QUARTER_HOUR_US, product="PT60M", market="PHO_60")


def checks(**own: Any) -> Checks:
    """Checks under which the account ``werk`` has these limits."""
    found = Checks()
    limit(found, **own)
    return found


def limit(found: Checks, **own: Any) -> None:
    content = json.dumps({"version": 1, "accounts": {"werk": own}})
    assert found.configured("limits", 1, content) is None


def throttle(found: Checks, **limits: dict[str, int]) -> None:
    content = json.dumps({"version": 1, "limits": limits})
    assert found.configured("throttle", 1, content) is None


def code(
    found: Checks,
    side: Side = SELL,
    power_kw: int = 10,
    price_ticks: int = 5_000,
    *,
    of: Contract = NOON,
    owner: Owner = WERK,
    reference_ticks: int | None = None,
    at_us: int = AT_US,
    new_orders: int = 1,
) -> str:
    refusal = found.refusal(
        owner, of, side, price_ticks, power_kw, reference_ticks, at_us, new_orders
    )
    if refusal is None:
        return ""
    assert refusal.code in STATUS
    assert "account" in refusal.text or "werk" in refusal.text or "allowed" in refusal.text
    return refusal.code


def test_it_is_a_guard_and_lets_an_unlimited_account_do_what_it_likes() -> None:
    guard: Guard = Checks()
    assert guard.refusal(WERK, NOON, SELL, -999_999, 10**6, 999_999, AT_US) is None


def test_a_suspended_account_is_refused_and_others_are_not() -> None:
    found = checks(state="suspended")
    assert code(found) == "ACCOUNT_SUSPENDED"
    assert code(found, owner=OTHER) == ""


def test_an_account_that_may_only_reduce_sells_what_it_has_bought_and_no_more() -> None:
    found = checks(state="reduce_only")
    found.traded(WERK, NOON, BUY, 5_000, 30)
    found.offered(WERK, NOON, SELL, 5_000, 10)
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
    found.orders_changed(WERK, NOON, 2)
    assert code(found) == "ACTIVE_ORDERS_CONTRACT"
    assert code(found, new_orders=0) == ""
    other = contract(NOON_US + QUARTER_HOUR_US)
    assert code(found, of=other) == ""
    found.orders_changed(WERK, other, 1)
    assert code(found, of=HOUR) == "ACTIVE_ORDERS"
    found.orders_changed(WERK, NOON, -1)
    assert code(found, of=HOUR) == ""


def test_five_thousand_orders_are_the_limit_where_nobody_says_otherwise() -> None:
    found = Checks()
    found.orders_changed(WERK, NOON, 4_999)
    assert code(found) == ""
    found.orders_changed(WERK, NOON, 1)
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
    found.traded(WERK, NOON, SELL, 5_000, 30)
    found.offered(WERK, NOON, SELL, 5_000, 10)
    found.offered(WERK, NOON, BUY, 5_000, 1_000)
    assert code(found, SELL, 20) == ""
    assert code(found, SELL, 21) == expected


def test_the_least_position_bounds_purchases_and_leaves_sales_free() -> None:
    found = checks(net_kw_min=-50, net_open_kw_min=-60)
    found.traded(WERK, NOON, BUY, 5_000, 30)
    found.offered(WERK, NOON, BUY, 5_000, 15)
    assert code(found, BUY, 15) == ""
    assert code(found, BUY, 16) == "POSITION_OPEN"
    assert code(found, BUY, 21) == "POSITION_LIMIT"
    assert code(found, SELL, 10_000) == ""


def test_of_an_hour_the_worst_quarter_hour_counts_over_all_markets_of_the_area() -> None:
    found = checks(net_kw_max=50)
    late = contract(NOON_US + 2 * QUARTER_HOUR_US, market="EPEX")
    found.traded(WERK, late, SELL, 5_000, 40)
    refusal = found.refusal(WERK, HOUR, SELL, 5_000, 11, None, AT_US)
    assert refusal is not None
    assert "quarter-hour of 2026-11-21T12:30Z would be +51 kW (sold is +); +50 kW" in refusal.text
    assert code(found, SELL, 10, of=HOUR) == ""
    found.traded(WERK, HOUR, SELL, 5_000, 10)
    assert code(found, SELL, 41, of=contract(NOON_US + QUARTER_HOUR_US)) == "POSITION_LIMIT"
    assert code(found, SELL, 40, of=contract(NOON_US + QUARTER_HOUR_US)) == ""


def test_a_position_in_another_area_does_not_make_up_for_one_here() -> None:
    found = checks(abs_kw_max=50)
    abroad = replace(contract(market="EPEX_DE"), area="DE-LU")
    found.traded(WERK, abroad, BUY, 5_000, 50)
    assert code(found, SELL, 51) == "POSITION_LIMIT"


def test_a_void_trade_leaves_the_position_and_the_cash_as_they_were() -> None:
    found = checks(net_kw_max=50, cash_in_eur_max=1)
    found.traded(WERK, NOON, SELL, 5_000, 50)
    assert code(found, SELL, 1) == "POSITION_LIMIT"
    found.traded(WERK, NOON, SELL, 5_000, -50)
    assert code(found, SELL, 50, 8_000) == ""
    assert code(found, SELL, 50, 8_001) == "CASH_LIMIT"


def test_cash_is_bounded_by_day_and_direction_and_a_negative_price_turns_it() -> None:
    found = checks(cash_out_eur_max=100)  # 1 MW over a quarter-hour at 100 EUR/MWh are 25 EUR
    found.traded(WERK, NOON, BUY, 10_000, 1_000)
    found.offered(WERK, NOON, BUY, 10_000, 1_000)
    found.offered(WERK, NOON, SELL, 999_900, 1_000)
    assert code(found, BUY, 2_000, 10_000) == ""
    assert code(found, BUY, 2_001, 10_000) == "CASH_LIMIT"
    assert code(found, SELL, 2_000, -10_000) == ""
    assert code(found, SELL, 2_001, -10_000) == "CASH_LIMIT"
    assert code(found, SELL, 10**6, 0) == ""
    tomorrow = contract(NOON_US + 96 * QUARTER_HOUR_US)
    assert code(found, BUY, 4_000, 10_000, of=tomorrow) == ""


def test_actions_are_counted_in_rolling_windows_and_deletions_are_not_told() -> None:
    found = checks(order_counts=[{"window_s": 60, "allowed": 3}, {"window_s": 1, "allowed": 2}])
    found.acted(WERK, "PHO", AT_US)
    found.acted(WERK, "EPEX", AT_US + 1)
    assert code(found, at_us=AT_US + 2) == "ORDER_COUNT"
    assert code(found, at_us=AT_US + 1_000_000) == ""
    found.acted(WERK, "PHO", AT_US + 1_000_001)
    assert code(found, at_us=AT_US + 59_999_999) == "ORDER_COUNT"
    assert code(found, at_us=AT_US + 60_000_000) == ""
    assert found.throttle_remaining("werk", "PHO", AT_US + 60_000_000) == 1
    assert found.throttle_remaining("other", "PHO", AT_US) is None


def test_the_quota_takes_the_fraction_that_the_account_allows_itself() -> None:
    window = {"window_s": 60, "allowed": 10}
    found = checks(
        action_quota={"short": window, "long": {**window, "window_s": 600}, "fraction_max": 0.35}
    )
    for _ in range(3):
        assert code(found) == ""
        found.acted(WERK, "PHO", AT_US)
    assert code(found) == "ACTION_QUOTA"


def test_the_throttle_counts_each_account_in_each_market_on_its_own() -> None:
    found = Checks()
    throttle(found, PHO={"per_second": 2})
    for _ in range(2):
        assert code(found) == ""
        found.acted(WERK, "PHO", AT_US)
    refusal = found.refusal(WERK, NOON, SELL, 5_000, 1, None, AT_US)
    assert refusal == Refusal(
        "THROTTLED",
        "account werk: at most 2 entries and changes in 1 s of PHO are allowed;"
        " the next may come at 11:00:01.000000 UTC",
    )
    assert code(found, of=contract(market="EPEX")) == ""
    assert code(found, owner=OTHER) == ""
    assert found.throttle_remaining("werk", "PHO", AT_US) == 0
    assert found.throttle_remaining("other", "PHO", AT_US) == 2


def test_a_new_policy_goes_on_with_what_was_counted_and_a_bad_one_changes_nothing() -> None:
    found = Checks()
    throttle(found, PHO={"per_minute": 2})
    found.acted(WERK, "PHO", AT_US)
    throttle(found, PHO={"per_minute": 1})
    assert code(found) == "THROTTLED"
    refusal = found.configured("throttle", 2, '{"version": 2, "limits": {"PHO": {"x": 1}}}')
    assert refusal is not None
    assert refusal.code == "POLICY"
    assert code(found) == "THROTTLED"
    throttle(found, PHO={"per_minute": 3})
    assert found.throttle_remaining("werk", "PHO", AT_US) == 2
    assert found.configured("calendar", 1, "anything") is None


def test_the_ratio_of_orders_to_trades_counts_a_utc_day() -> None:
    found = checks(order_to_trade_max=3, order_to_trade_free=5)
    for _ in range(5):
        assert code(found) == ""
        found.acted(WERK, "PHO", AT_US)
    assert code(found) == "ORDER_TO_TRADE"
    found.traded(WERK, NOON, SELL, 5_000, 1)
    found.traded(WERK, NOON, SELL, 5_000, 1)
    assert code(found) == ""
    found.acted(WERK, "PHO", AT_US)
    assert code(found) == "ORDER_TO_TRADE"
    assert code(found, at_us=AT_US + 86_400_000_000) == ""


def test_limits_can_be_changed_while_positions_and_orders_stand() -> None:
    found = Checks()
    found.traded(WERK, NOON, SELL, 5_000, 100)
    found.offered(WERK, NOON, BUY, 8_000, 100)
    limit(found, net_kw_max=100, cash_out_eur_max=2)
    assert code(found, SELL, 1) == "POSITION_LIMIT"
    assert code(found, BUY, 1) == "CASH_LIMIT"
    limit(found)
    assert code(found, SELL, 1) == ""


def test_the_site_stands_behind_all_its_accounts_and_markets() -> None:
    found = Checks()
    found.sites.seen(
        Battery(
            site="werk-1",
            energy_kwh=1_000.0,
            charge_kw_max=100.0,
            discharge_kw_max=100.0,
            soc_pct=50.0,
            soc_at_us=AT_US,
        )
    )
    first, second = Owner(4, "werk", site="werk-1"), Owner(5, "other", site="werk-1")
    found.offered(first, NOON, SELL, 5_000, 60)
    assert code(found, SELL, 40, owner=second, of=contract(market="EPEX")) == ""
    assert code(found, SELL, 41, owner=second, of=contract(market="EPEX")) == "SITE_LIMIT"
    found.offered(first, NOON, SELL, 5_000, -60)
    found.traded(first, NOON, SELL, 5_000, 60)
    assert code(found, BUY, 160, owner=second) == ""
    found.traded(first, NOON, SELL, 5_000, -60)
    assert code(found, BUY, 101, owner=second) == "SITE_LIMIT"
    assert code(found, SELL, 10**6) == ""


class Credit:
    """A counterparty may owe so many watt-hours."""

    def __init__(self, steps_max: int) -> None:
        self.steps_max, self.used, self.forgotten_us = steps_max, 0, 0

    def refusal(
        self, owner: Owner, of: Contract, side: Side, ticks: int, steps: int, at_us: int
    ) -> Refusal | None:
        if self.used + steps <= self.steps_max:
            return None
        return Refusal("CREDIT_LIMIT", "the credit of the account is used up")

    def offered(self, owner: Owner, of: Contract, side: Side, ticks: int, steps: int) -> None:
        self.used += steps

    def traded(self, owner: Owner, of: Contract, side: Side, ticks: int, steps: int) -> None:
        self.used += steps

    def forget_until(self, at_us: int) -> None:
        self.forgotten_us = at_us

    def dump(self) -> list[object]:
        return [self.used]

    def load(self, dumped: list[object]) -> None:
        (used,) = dumped
        assert isinstance(used, int)
        self.used = used


def test_risk_and_credit_are_asked_last_and_told_all() -> None:
    credit = Credit(100)
    found = Checks(hooks=[credit])
    limit(found, net_kw_max=200)
    assert code(found, SELL, 201) == "POSITION_LIMIT"
    found.offered(WERK, NOON, SELL, 5_000, 60)
    refusal = found.refusal(WERK, NOON, SELL, 5_000, 41, None, AT_US)
    assert refusal is not None
    assert refusal.code == "CREDIT_LIMIT"
    assert code(found, SELL, 40) == ""
    found.forget_until(NOON_US)
    assert credit.forgotten_us == NOON_US
    again = Checks(hooks=[Credit(100)])
    again.load(found.dump())
    assert again.refusal(WERK, NOON, SELL, 5_000, 41, None, AT_US) is not None
