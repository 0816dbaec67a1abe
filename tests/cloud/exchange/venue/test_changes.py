"""cloud.exchange.venue: market orders, changes, and what everything is limited to."""

from dataclasses import replace

import pytest

from cloud.exchange.facts import Listed, Withdrawn
from cloud.exchange.matching.codes import (
    Action,
    Execution,
    SelfTrade,
    State,
)
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue import desk
from cloud.exchange.venue.commands import (
    Configure,
    Switch,
    SwitchAll,
)
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import Profile
from cloud.exchange.venue.refusals import STATUS, status_of
from cloud.exchange.venue.unguarded import NoGuard
from cloud.exchange.venue.venue import Venue
from tests.support.venues import BUY, SELL, Pit, quarter

IOC, FOK = Execution.IOC, Execution.FOK


def test_a_market_order_is_a_limit_at_the_last_price_and_its_protection() -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 1)
    pit.enter("buyer", BUY, 5_000, 1)
    protection = quarter().rule.protection_ticks

    assert pit.enter("buyer", BUY, None, 1, IOC).price_ticks == 5_000 + protection
    assert pit.enter("seller", SELL, None, 1, IOC).price_ticks == 5_000 - protection


def test_a_market_order_without_a_reference_is_refused_and_so_is_one_that_rests() -> None:
    pit = Pit()

    assert pit.enter("buyer", BUY, None, 1, IOC).code == "NO_REFERENCE_PRICE"
    assert pit.enter("buyer", BUY, None, 1).code == "PRICE_MISSING"


def test_a_smaller_quantity_keeps_the_place_and_a_larger_one_loses_it() -> None:
    pit = Pit()
    first = pit.enter("seller", SELL, 5_000, 10)
    pit.enter("other", SELL, 5_000, 10)

    smaller = pit.change(first, "seller", steps=8)
    assert pit.book() == [(1, 5_000, 8, 0), (2, 5_000, 10, 0)]

    larger = pit.change(smaller, "seller", steps=9)
    assert (larger.order_id, larger.revision) == (3, 1)
    assert pit.book() == [(2, 5_000, 10, 0), (3, 5_000, 9, 0)]


def test_a_changed_order_keeps_its_fills_and_knows_where_it_comes_from() -> None:
    pit = Pit()
    first = pit.enter("seller", SELL, 5_000, 10)
    pit.enter("buyer", BUY, 5_000, 4)

    second = pit.change(first, "seller", price_ticks=5_100)
    third = pit.change(second, "seller", price_ticks=5_200)

    order = pit.venue.desk.orders[third.order_id]
    assert (order.initial_id, order.parent_id) == (1, second.order_id)
    assert (order.quantity_steps, order.filled_steps, order.left_steps) == (10, 4, 6)


def test_an_administrator_is_written_down_as_who_did_it() -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 10)

    pit.give(Switch(account="seller", order_id=1, to=State.INACTIVE, by_admin="anna"))

    fact = pit.facts[-1]
    assert isinstance(fact, Withdrawn)
    assert (fact.action, fact.by) == (Action.DELETED_BY_ADMIN, "anna")


def test_all_orders_of_an_account_in_one_contract_are_deleted_at_once() -> None:
    pit = Pit()
    for number in (0, 1, 0):
        pit.enter("seller", SELL, 5_000, 1, of=quarter(number))
    command = SwitchAll(
        account="seller", to=State.INACTIVE, market="AT", start_us=quarter(0).start_us
    )

    pit.give(command)

    assert [answer.order_id for answer in pit.venue.answers()] == [1, 3]
    assert pit.book(quarter(1)) == [(2, 5_000, 1, 0)]


def _traded(profile: Profile | None = None) -> Pit:
    pit = Pit(Venue(profile=profile))
    pit.enter("seller", SELL, 5_000, 1)
    pit.enter("buyer", BUY, 5_000, 1)
    return pit


def test_orders_that_come_and_go_leave_no_timers_behind() -> None:
    pit = Pit()
    for _ in range(5_000):
        order = pit.enter("seller", SELL, 5_000, 1, until_us=quarter().closes_us - 1)
        pit.switch(order, "seller", State.INACTIVE)

    assert len(pit.venue.desk.timers) < 1_100


def test_contracts_that_are_long_closed_are_forgotten() -> None:
    pit = _traded()
    pit.at_us += 10 * 86_400_000_000
    later = quarter(96 * 10)
    later = replace(later, opens_us=0)
    pit.enter("seller", SELL, 5_000, 1, of=later)
    pit.at_us = later.closes_us
    pit.venue.advance(pit.at_us)

    assert [stall.number for stall in pit.venue.desk.stalls.values()] == [2]


def test_orders_for_contracts_that_are_not_open_list_nothing() -> None:
    pit = Pit()

    answer = pit.enter("seller", SELL, 5_000, 1, of=replace(quarter(), opens_us=1 << 60))

    assert answer.code == "CONTRACT_NOT_OPEN"
    assert not any(isinstance(fact, Listed) for fact in pit.facts)


def test_one_more_owner_than_the_venue_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "OWNERS_MAX", 1)
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 1)

    assert pit.enter("other", SELL, 5_000, 1).code == "OWNERS_MAX"
    assert pit.enter("seller", SELL, 5_000, 1).code == ""


def test_an_owner_with_another_self_trade_rule_is_another_owner_of_the_same_account() -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 1)
    other = Owner(0, "seller")
    other.self_trade = SelfTrade.ALLOW
    entry = replace(pit.entry("seller", BUY, 5_000, 1), owner=other)

    assert pit.give(entry).ending == "FILLED"
    assert len(pit.venue.desk.owners) == 3


class _Strict(NoGuard):
    def configured(self, what: str, version: int, content: str) -> Refusal | None:
        return Refusal("POLICY", "not this one") if content == "bad" else None


def test_a_policy_that_the_checks_do_not_take_is_refused() -> None:
    pit = Pit(Venue(_Strict()))

    bad = pit.give(Configure(what="limits", version=1, by="operator", content="bad"))
    good = pit.give(Configure(what="limits", version=1, by="operator", content="{}"))

    assert (bad.code, good.code) == ("POLICY", "")


def test_every_code_has_a_status_and_pairs_of_codes_are_invalid_input() -> None:
    assert STATUS["HALTED"] == 403
    assert status_of("STALE_REVISION") == 409
    assert status_of("TYPE_EXECUTION") == 422
