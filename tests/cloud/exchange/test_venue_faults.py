"""Faults that were reported against a large trading platform, and must not be possible here."""

from collections import Counter
from random import Random

import pytest

from cloud.exchange.facts import Entered, Fact, Traded
from cloud.exchange.matching.codes import Execution, Linking, Side, State
from cloud.exchange.venue.commands import Basket, Switch
from cloud.exchange.venue.venue import Venue
from tests.cloud.exchange.naive.counting import Counting, place_of
from tests.support.venues import BUY, SELL, Pit, block, quarter

FOK, IOC = Execution.FOK, Execution.IOC
FIRST, SECOND = quarter(0), quarter(1)


@pytest.fixture
def pit() -> Pit:
    return Pit()


def contract_numbers(facts: list[Fact]) -> list[int]:
    return [fact.contract for fact in facts if isinstance(fact, Traded)]


@pytest.mark.parametrize("linked", [True, False], ids=["linked basket", "sweep of a range"])
def test_a_second_leg_is_filled_against_its_own_book(pit: Pit, linked: bool) -> None:
    pit.enter("ada", SELL, 4_000, 50, of=FIRST)
    pit.enter("bob", SELL, 5_000, 50, of=SECOND)
    if linked:
        legs = tuple(pit.entry("eve", BUY, 5_000, 20, FOK, of=of) for of in (FIRST, SECOND))
        pit.give(Basket(entries=legs, linking=Linking.LINKED))
    else:
        pit.enter("eve", BUY, 5_000, 20, IOC, of=block(FIRST, SECOND))
    assert pit.fills == [(20, 4_000), (20, 5_000)]
    assert len(set(contract_numbers(pit.facts))) == 2
    assert [row[2] for of in (FIRST, SECOND) for row in pit.book(of)] == [30, 30]


def test_a_trade_counts_once_in_the_position_of_each_side() -> None:
    guard = Counting()
    pit = Pit(venue=Venue(guard))
    pit.enter("ada", SELL, 5_000, 50)
    pit.enter("bob", BUY, 5_000, 30)
    ada, bob = (place_of(pit.owner(account), FIRST) for account in ("ada", "bob"))
    assert guard.net == {ada: 30, bob: -30}
    pit.enter("bob", BUY, 5_000, 20)
    assert guard.net == {ada: 50, bob: -50}
    assert guard.told()["offers"] == guard.told()["orders"] == {}


def test_no_trade_goes_through_a_limit_and_no_offer_is_used_twice() -> None:
    for seed in range(20):
        random, pit = Random(seed), Pit()
        for _ in range(150):
            side = random.choice((BUY, SELL))
            execution = random.choice(list(Execution))
            show = random.choice((0, 10)) if execution is Execution.NON else 0
            steps, price = random.randint(1, 40), random.randint(-5, 5)
            pit.enter(random.choice("abcd"), side, price, steps, execution, show=show)
        entered = {fact.order_id: fact for fact in pit.past if isinstance(fact, Entered)}
        used: Counter[int] = Counter()
        for trade in pit.past:
            if isinstance(trade, Traded):
                for order_id in (trade.maker_id, trade.taker_id):
                    order = entered[order_id]
                    sign = 1 if order.side is SELL else -1
                    assert sign * trade.price_ticks >= sign * order.price_ticks
                    used[order_id] += trade.quantity_steps
                assert {entered[trade.maker_id].side, entered[trade.taker_id].side} == set(Side)
        assert all(steps <= entered[number].quantity_steps for number, steps in used.items())


def test_a_foreign_withdrawal_changes_nothing_and_an_own_one_only_its_order(pit: Pit) -> None:
    for account in ("ada", "bob", "eve"):
        pit.enter(account, SELL, 5_000, 10)
    foreign = pit.give(Switch(account="eve", order_id=2, to=State.INACTIVE))
    assert foreign.code == "ORDER_UNKNOWN"
    assert [row[0] for row in pit.book()] == [1, 2, 3]
    pit.give(Switch(account="bob", order_id=2, to=State.INACTIVE))
    assert [row[0] for row in pit.book()] == [1, 3]
    pit.enter("dan", BUY, 5_000, 20)
    assert pit.fills == [(10, 5_000), (10, 5_000)]


def test_an_offer_that_was_taken_is_gone_for_the_next_message_of_the_same_microsecond() -> None:
    pit = Pit(step_us=0)
    pit.enter("ada", SELL, 5_000, 10)
    pit.enter("bob", BUY, 5_000, 10, IOC)
    assert pit.fills == [(10, 5_000)]
    for execution in (IOC, FOK):
        pit.enter("eve", BUY, 5_000, 10, execution)
        assert pit.fills == []
