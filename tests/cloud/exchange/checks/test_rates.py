"""cloud.exchange.checks: how often an account may act, and what stands behind its orders."""

from cloud.exchange.checks.battery import Battery
from cloud.exchange.checks.guard import Checks
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import Contract
from tests.support.checks import (
    AT_US,
    BUY,
    NOON,
    OTHER,
    SELL,
    WERK,
    checks,
    code,
    limit,
    throttle,
)
from tests.support.exchange import NOON_US, contract


def test_actions_are_counted_in_rolling_windows_and_deletions_are_not_told() -> None:
    found = checks(order_counts=[{"window_s": 60, "allowed": 3}, {"window_s": 1, "allowed": 2}])
    found.post(WERK, NOON).acted(AT_US)
    found.post(WERK, contract(market="EPEX")).acted(AT_US + 1)
    assert code(found, at_us=AT_US + 2) == "ORDER_COUNT"
    assert code(found, at_us=AT_US + 1_000_000) == ""
    found.post(WERK, NOON).acted(AT_US + 1_000_001)
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
        found.post(WERK, NOON).acted(AT_US)
    assert code(found) == "ACTION_QUOTA"


def test_the_throttle_counts_each_account_in_each_market_on_its_own() -> None:
    found = Checks()
    throttle(found, PHO={"per_second": 2})
    for _ in range(2):
        assert code(found) == ""
        found.post(WERK, NOON).acted(AT_US)
    refusal = found.post(WERK, NOON).refusal(SELL, 5_000, 1, None, AT_US, 1)
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
    found.post(WERK, NOON).acted(AT_US)
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
        found.post(WERK, NOON).acted(AT_US)
    assert code(found) == "ORDER_TO_TRADE"
    found.post(WERK, NOON).traded(SELL, 5_000, 1)
    found.post(WERK, NOON).traded(SELL, 5_000, 1)
    assert code(found) == ""
    found.post(WERK, NOON).acted(AT_US)
    assert code(found) == "ORDER_TO_TRADE"
    assert code(found, at_us=AT_US + 86_400_000_000) == ""


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
    found.post(first, NOON).offered(SELL, 5_000, 60, 0)
    assert code(found, SELL, 40, owner=second, of=contract(market="EPEX")) == ""
    assert code(found, SELL, 41, owner=second, of=contract(market="EPEX")) == "SITE_LIMIT"
    found.post(first, NOON).offered(SELL, 5_000, -60, 0)
    found.post(first, NOON).traded(SELL, 5_000, 60)
    assert code(found, BUY, 160, owner=second) == ""
    found.post(first, NOON).traded(SELL, 5_000, -60)
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
    found.post(WERK, NOON).offered(SELL, 5_000, 60, 0)
    refusal = found.post(WERK, NOON).refusal(SELL, 5_000, 41, None, AT_US, 1)
    assert refusal is not None
    assert refusal.code == "CREDIT_LIMIT"
    assert code(found, SELL, 40) == ""
    found.forget_until(NOON_US)
    assert credit.forgotten_us == NOON_US
    again = Checks(hooks=[Credit(100)])
    again.load(found.dump())
    assert again.post(WERK, NOON).refusal(SELL, 5_000, 41, None, AT_US, 1) is not None
