"""cloud.exchange.matching.book: an order would meet one of its own scope (§4.5)."""

import pytest

from cloud.exchange.matching.codes import Ending, Execution, SelfTrade
from tests.support.books import Counter

FOK, AON = Execution.FOK, Execution.AON


@pytest.mark.parametrize(
    ("rule", "said", "left", "ending"),
    [
        (
            SelfTrade.ALLOW,
            [("trade", 1, 3, 9, 1), ("own trade", 2, 3, 10, 4)],
            [],
            Ending.FILLED,
        ),
        (
            SelfTrade.CANCEL_NEWEST,
            [("trade", 1, 3, 9, 1)],
            [(2, 10, 4, 0)],
            Ending.SELF_TRADE,
        ),
        (
            SelfTrade.CANCEL_OLDEST,
            [("trade", 1, 3, 9, 1), ("ended", 2, 3, 10, 4)],
            [(3, 10, 4, 0)],
            None,
        ),
        (
            SelfTrade.DECREMENT_BOTH,
            [
                ("trade", 1, 3, 9, 1),
                ("reduced", 2, 3, 10, 4),
                ("reduced", 3, 2, 10, 4),
                ("ended", 2, 3, 10, 0),
            ],
            [],
            Ending.SELF_TRADE,
        ),
    ],
)
def test_each_self_trade_rule_is_that_of_the_incoming_order(
    rule: SelfTrade,
    said: list[tuple[str, int, int, int, int]],
    left: list[tuple[int, int, int, int]],
    ending: Ending | None,
) -> None:
    counter = Counter()
    counter.sell("bob", 9, 1)
    counter.sell("ada", 10, 4)
    counter.owner("ada", rule)
    assert counter.buy("ada", 10, 5) == said
    assert counter.contents() == left
    assert counter.endings[3] is ending


def test_a_fok_does_not_trade_up_to_an_own_order() -> None:
    counter = Counter()
    counter.sell("bob", 9, 1)
    counter.sell("ada", 10, 4)
    counter.sell("bob", 11, 9)
    assert counter.buy("ada", 11, 5, FOK) == []
    counter.owner("ada", SelfTrade.CANCEL_OLDEST)
    assert counter.buy("ada", 11, 5, FOK) == [
        ("trade", 1, 5, 9, 1),
        ("ended", 2, 5, 10, 4),
        ("trade", 3, 5, 11, 4),
    ]


def test_an_order_deletes_no_own_all_or_none_order_that_it_skips() -> None:
    counter = Counter()
    counter.owner("ada", SelfTrade.CANCEL_OLDEST)
    counter.sell("ada", 9, 5, AON)
    assert counter.buy("ada", 9, 4) == []
    assert counter.contents() == [(2, 9, 4, 0), (1, 9, 5, 0)]


def test_a_waiting_all_or_none_order_stays_behind_an_own_order() -> None:
    counter = Counter()
    counter.owner("ada", SelfTrade.CANCEL_OLDEST)
    counter.sell("ada", 9, 5, AON)
    counter.buy("ada", 9, 4)
    assert counter.buy("bob", 9, 4) == []
    counter.owner("ada", SelfTrade.ALLOW)
    assert counter.buy("bob", 8, 1) == [("own trade", 1, 2, 9, 4), ("trade", 1, 3, 9, 1)]
