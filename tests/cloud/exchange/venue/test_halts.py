"""cloud.exchange.venue: halts of every scope, and the kill switch of an account."""

from dataclasses import replace

import pytest

from cloud.exchange.facts import Hibernated, Withdrawn
from cloud.exchange.matching.codes import (
    Execution,
    State,
)
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import (
    Halt,
    Kill,
)
from tests.support.venues import BUY, SELL, Pit, block, quarter


def _halt(scope: str, value: str, *, resume: bool = False) -> Halt:
    return Halt(scope=scope, value=value, by="operator", reason="grid", resume=resume)


def test_a_halt_puts_orders_to_sleep_in_priority_and_lifting_it_wakes_none() -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_100, 1)
    pit.enter("seller", SELL, 5_000, 1)
    pit.enter("buyer", BUY, 4_000, 1)

    pit.give(_halt("area", "AT"))
    asleep = [fact.order_id for fact in pit.facts if isinstance(fact, Hibernated)]
    pit.give(_halt("area", "AT", resume=True))

    assert asleep == [3, 2, 1]
    assert pit.book() == []
    assert pit.enter("seller", SELL, 5_000, 1).code == ""


def test_a_halt_of_a_contract_holds_for_ranges_that_have_it_and_for_no_other() -> None:
    pit = Pit()
    first, second, third = quarter(0), quarter(1), quarter(2)
    pit.give(_halt("contract", f"AT/{second.start_us}"))

    assert pit.enter("buyer", BUY, 1, 1, of=second).code == "HALTED"
    assert pit.enter("buyer", BUY, 1, 1, Execution.IOC, of=block(first, second)).code == "HALTED"
    assert pit.enter("buyer", BUY, 1, 1, of=first).code == ""
    assert pit.enter("buyer", BUY, 1, 1, of=third).code == ""


@pytest.mark.parametrize(("scope", "value"), [("account", "seller"), ("member", "seller")])
def test_a_halt_of_somebody_is_nobody_elses(scope: str, value: str) -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 1)
    pit.enter("other", SELL, 5_000, 1)

    pit.give(_halt(scope, value))

    assert pit.book() == [(2, 5_000, 1, 0)]
    assert pit.enter("seller", SELL, 5_000, 1).code == "HALTED"
    assert pit.enter("other", SELL, 5_000, 1).code == ""


def test_what_is_halted_can_be_deleted_and_not_woken_or_changed() -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 1)
    pit.give(_halt("venue", ""))
    asleep = replace_revision(2)

    assert pit.switch(asleep, "seller", State.ACTIVE).code == "HALTED"
    assert pit.change(asleep, "seller", price_ticks=1).code == "HALTED"
    assert pit.switch(asleep, "seller", State.INACTIVE).ending == "CANCELLED"


def replace_revision(revision: int) -> Answer:
    """Return order 1 as it is known with this revision."""
    return Answer(1, "", "", "", 0, 0, revision, "", 0, 0)


@pytest.mark.parametrize(
    "halt",
    [_halt("moon", "x"), _halt("venue", "x"), _halt("area", ""), _halt("area", "AT", resume=True)],
)
def test_a_scope_that_is_none_or_not_halted_is_refused(halt: Halt) -> None:
    assert Pit().give(halt).code == "SCOPE"


def test_the_kill_switch_deletes_all_and_refuses_until_the_account_is_freed() -> None:
    pit = Pit()
    order = pit.enter("seller", SELL, 5_000, 1)
    pit.enter("seller", SELL, 5_000, 1, of=quarter(1), asleep=True)
    pit.enter("other", SELL, 5_000, 1)
    kill = Kill(account="seller", by="operator", reason="lost heartbeat")

    pit.give(kill)
    gone = [fact.order_id for fact in pit.facts if isinstance(fact, Withdrawn)]

    assert gone == [1, 2]
    assert pit.book() == [(3, 5_000, 1, 0)]
    assert pit.enter("seller", SELL, 5_000, 1).code == "ACCOUNT_STOPPED"
    assert pit.switch(order, "seller", State.INACTIVE).code == "ORDER_UNKNOWN"
    pit.give(replace(kill, release=True))
    assert pit.enter("seller", SELL, 5_000, 1).code == ""
    assert pit.give(replace(kill, release=True)).code == "SCOPE"
