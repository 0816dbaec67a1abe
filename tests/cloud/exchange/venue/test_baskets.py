"""cloud.exchange.venue: a repeat gets the first answer; baskets hold together as they say."""

from dataclasses import replace

import pytest

from cloud.exchange.facts import Entered, Refused
from cloud.exchange.matching.codes import (
    Execution,
    Linking,
    Side,
)
from cloud.exchange.venue import answers
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import (
    Basket,
    Modification,
)
from cloud.exchange.venue.profile import Profile
from cloud.exchange.venue.venue import Venue
from tests.support.venues import BUY, SELL, Pit, quarter

IOC, FOK = Execution.IOC, Execution.FOK


def test_a_repeat_of_a_client_order_id_gets_the_first_answer_and_changes_nothing() -> None:
    pit = Pit()
    first = pit.enter("seller", SELL, 5_000, 10, client_order_id="a")
    pit.enter("buyer", BUY, 5_000, 4)

    again = pit.enter("seller", BUY, 9_999, 1, client_order_id="a")

    assert again == first
    assert pit.facts == []


def test_a_refusal_is_an_answer_that_is_repeated_too() -> None:
    pit = Pit()
    first = pit.enter("seller", SELL, 99_999_999, 10, client_order_id="a")

    again = pit.enter("seller", SELL, 5_000, 10, client_order_id="a")

    assert first.code == "PRICE_RANGE"
    assert again == first


def test_client_order_ids_of_two_accounts_do_not_meet() -> None:
    pit = Pit()

    first = pit.enter("seller", SELL, 5_000, 10, client_order_id="a")
    second = pit.enter("other", SELL, 5_000, 10, client_order_id="a")

    assert (first.order_id, second.order_id) == (1, 2)


def test_a_repeated_change_gets_its_first_answer_again() -> None:
    pit = Pit()
    order = pit.enter("seller", SELL, 5_000, 10)
    change = Modification(
        account="seller", order_id=1, revision=1, quantity_steps=8, client_order_id="m"
    )
    first = pit.give(change)

    assert pit.give(change) == first
    assert pit.facts == []
    assert (first.order_id, first.revision) == (order.order_id, 2)


def test_only_so_many_client_order_ids_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ANSWERS_PER_ACCOUNT_MAX", 2)
    pit = Pit()
    for name in ("a", "b", "c"):
        pit.enter("seller", SELL, 5_000, 1, client_order_id=name)

    assert pit.enter("seller", SELL, 5_000, 1, client_order_id="b").order_id == 2
    assert pit.enter("seller", SELL, 5_000, 1, client_order_id="a").order_id == 4


def _basket(pit: Pit, linking: Linking, *orders: tuple[str, Side, int, int]) -> list[Answer]:
    execution = FOK if linking is Linking.LINKED else Execution.NON
    entries = tuple(pit.entry(*order, execution) for order in orders)
    pit.give(Basket(entries=entries, linking=linking))
    return pit.venue.answers()


def test_a_valid_basket_with_one_bad_order_enters_none_of_them() -> None:
    pit = Pit()

    answers_ = _basket(
        pit, Linking.VALID, ("seller", SELL, 5_000, 1), ("seller", SELL, 99_999_999, 1)
    )

    assert [answer.code for answer in answers_] == ["BASKET_REFUSED", "PRICE_RANGE"]
    assert pit.book() == []
    assert {fact.basket for fact in pit.facts if isinstance(fact, Refused)} == {1}


def test_a_linked_basket_counts_what_its_own_orders_have_taken() -> None:
    pit = Pit()
    pit.enter("seller", SELL, 5_000, 10)

    unfilled = _basket(pit, Linking.LINKED, ("buyer", BUY, 5_000, 6), ("buyer", BUY, 5_000, 5))
    filled = _basket(pit, Linking.LINKED, ("buyer", BUY, 5_000, 6), ("buyer", BUY, 5_000, 4))

    assert [answer.code for answer in unfilled] == ["BASKET_UNFILLED"] * 2
    assert [answer.ending for answer in filled] == ["FILLED", "FILLED"]
    assert pit.book() == []


def test_a_linked_basket_has_only_fill_or_kill_orders() -> None:
    pit = Pit()
    entry = pit.entry("seller", SELL, 5_000, 1)

    assert pit.give(Basket(entries=(entry,), linking=Linking.LINKED)).code == "BASKET_FORM"


def test_products_may_be_kept_apart_in_linked_baskets_by_a_setting() -> None:
    pit = Pit(Venue(profile=Profile(linked_same_product=True)))
    hour = replace(quarter(4), market="HOURS", product="PT60M")
    entries = (
        pit.entry("buyer", BUY, 1, 1, FOK),
        pit.entry("buyer", BUY, 1, 1, FOK, of=hour),
    )

    assert pit.give(Basket(entries=entries, linking=Linking.LINKED)).code == "BASKET_PRODUCT"


def test_a_basket_of_too_many_orders_is_refused() -> None:
    pit = Pit()
    entries = tuple(pit.entry("buyer", BUY, 1, 1) for _ in range(101))

    assert pit.give(Basket(entries=entries)).code == "BASKET_SIZE"
    assert not any(isinstance(fact, Entered) for fact in pit.facts)


def test_a_basket_whose_ids_were_answered_before_is_answered_again() -> None:
    pit = Pit()
    entries = tuple(pit.entry("buyer", BUY, 1, 1, client_order_id=name) for name in "ab")
    basket = Basket(entries=entries, linking=Linking.VALID)
    pit.give(basket)
    first = pit.venue.answers()

    pit.give(basket)

    assert pit.venue.answers() == first
    assert pit.facts == []


def test_a_basket_that_repeats_only_some_of_its_ids_is_refused() -> None:
    pit = Pit()
    pit.enter("buyer", BUY, 1, 1, client_order_id="a")
    entries = tuple(pit.entry("buyer", BUY, 1, 1, client_order_id=name) for name in "ab")

    answer = pit.give(Basket(entries=entries, linking=Linking.VALID))

    assert answer.code == "CLIENT_ORDER_ID_USED"
    assert pit.enter("buyer", BUY, 1, 1, client_order_id="a").order_id == 1
