"""cloud.exchange.matching.book: the rules of §4, an example each."""

import hashlib

import pytest

from cloud.exchange.matching import book
from cloud.exchange.matching.book import Level
from cloud.exchange.matching.codes import Ending, Execution, Side
from cloud.exchange.matching.ladder import Ladder
from cloud.exchange.matching.order import Order, Owner
from tests.support.books import Counter

FOK, IOC, AON = Execution.FOK, Execution.IOC, Execution.AON


def test_an_incoming_order_trades_at_the_resting_orders_price() -> None:
    counter = Counter()
    counter.sell("ada", -120, 7)
    assert counter.buy("bob", 8_506, 5) == [("trade", 1, 2, -120, 5)]
    assert counter.contents() == [(1, -120, 2, 0)]
    assert counter.endings[2] is Ending.FILLED


def test_at_one_price_the_first_to_come_is_the_first_to_trade() -> None:
    counter = Counter()
    for _ in range(3):
        counter.buy("ada", 100, 10)
    counter.withdraw(2)
    assert counter.sell("bob", 100, 15) == [("trade", 1, 4, 100, 10), ("trade", 3, 4, 100, 5)]


def test_a_partial_fill_and_a_decrease_keep_the_place() -> None:
    counter = Counter()
    counter.sell("ada", 10, 8)
    counter.sell("ada", 10, 5)
    counter.buy("bob", 10, 3)
    counter.book.reduce(counter.orders[1], 2)
    assert counter.contents() == [(1, 10, 3, 0), (2, 10, 5, 0)]
    assert counter.buy("bob", 10, 4) == [("trade", 1, 4, 10, 3), ("trade", 2, 4, 10, 1)]


def test_what_an_ioc_does_not_trade_leaves() -> None:
    counter = Counter()
    counter.sell("ada", 10, 4)
    assert counter.buy("bob", 10, 9, IOC) == [("trade", 1, 2, 10, 4)]
    assert counter.endings[2] is Ending.KILLED
    assert counter.orders[2].left_steps == 5
    assert counter.contents() == []


def test_a_fok_trades_as_a_whole_or_not_at_all() -> None:
    counter = Counter()
    counter.sell("ada", 10, 4)
    counter.sell("ada", 11, 4)
    assert counter.buy("bob", 11, 9, FOK) == []
    assert counter.endings[3] is Ending.KILLED
    assert counter.buy("bob", 11, 8, FOK) == [("trade", 1, 4, 10, 4), ("trade", 2, 4, 11, 4)]
    assert counter.endings[4] is Ending.FILLED


def test_a_fok_counts_what_icebergs_hide_but_not_clips_beyond_its_limit() -> None:
    counter = Counter()
    counter.sell("ada", 10, 10, display_steps=4, delta_ticks=1)
    assert counter.buy("bob", 11, 9, FOK) == []
    assert counter.buy("bob", 12, 9, FOK) == [
        ("trade", 1, 3, 10, 4),
        ("clip", 1, 0, 11, 4),
        ("trade", 1, 3, 11, 4),
        ("clip", 1, 0, 12, 2),
        ("trade", 1, 3, 12, 1),
    ]
    assert counter.contents() == [(1, 12, 1, 0)]


@pytest.mark.parametrize(
    ("wanted", "after", "left"),
    [(120, [], (40, 20)), (140, [("trade", 1, 4, 5_050, 20)], (20, 20))],
)
def test_the_worked_example_of_an_iceberg_with_a_price_delta(
    wanted: int, after: list[tuple[str, int, int, int, int]], left: tuple[int, int]
) -> None:
    counter = Counter()
    counter.sell("ada", 5_000, 100, display_steps=40, delta_ticks=50)
    counter.sell("bob", 5_000, 30)
    counter.sell("bob", 5_025, 50)
    assert counter.buy("eve", 5_050, wanted) == [
        ("trade", 1, 4, 5_000, 40),
        ("clip", 1, 0, 5_050, 40),
        ("trade", 2, 4, 5_000, 30),
        ("trade", 3, 4, 5_025, 50),
        *after,
    ]
    assert counter.contents() == [(1, 5_050, *left)]


def test_a_new_clip_goes_behind_the_others_at_its_price() -> None:
    counter = Counter()
    counter.sell("ada", 10, 6, display_steps=2)
    counter.sell("bob", 10, 3)
    assert counter.buy("eve", 10, 2) == [("trade", 1, 3, 10, 2), ("clip", 1, 0, 10, 2)]
    assert counter.contents() == [(2, 10, 3, 0), (1, 10, 2, 2)]
    assert counter.orders[1].at_us == 3


def test_an_iceberg_that_comes_in_trades_clip_by_clip_each_at_its_own_limit() -> None:
    counter = Counter()
    counter.buy("ada", 12, 3)
    counter.buy("ada", 11, 9)
    assert counter.sell("bob", 11, 10, display_steps=4, delta_ticks=1) == [
        ("trade", 1, 3, 12, 3),
        ("trade", 2, 3, 11, 1),
        ("clip", 3, 0, 12, 4),
    ]
    assert counter.contents() == [(2, 11, 8, 0), (3, 12, 4, 2)]


def test_a_decrease_of_an_iceberg_takes_from_what_is_hidden_first() -> None:
    counter = Counter()
    counter.buy("ada", 12, 10, display_steps=4)
    counter.book.reduce(counter.orders[1], 5)
    assert counter.contents() == [(1, 12, 4, 1)]
    counter.book.reduce(counter.orders[1], 3)
    assert counter.contents() == [(1, 12, 2, 0)]
    counter.book.check()


def test_an_all_or_none_order_that_cannot_trade_rests_and_is_flagged() -> None:
    counter = Counter()
    counter.sell("ada", 10, 4)
    assert counter.buy("bob", 12, 5, AON) == []
    assert counter.book.depth(Side.BUY, 5) == [Level(12, 0, 0, 5, 1)]
    assert counter.book.best(Side.BUY) is None
    assert counter.book.best(Side.SELL) == 10


def test_an_all_or_none_order_in_the_way_is_skipped_and_keeps_its_place() -> None:
    counter = Counter()
    counter.sell("ada", 10, 6, AON)
    counter.sell("ada", 10, 3)
    assert counter.buy("bob", 10, 2) == [("trade", 2, 3, 10, 2)]
    assert counter.contents() == [(1, 10, 6, 0), (2, 10, 1, 0)]
    assert counter.buy("bob", 10, 6) == [("trade", 1, 4, 10, 6)]


def test_the_book_may_be_crossed_by_an_all_or_none_order() -> None:
    counter = Counter()
    counter.sell("ada", 10, 6, AON)
    assert counter.buy("bob", 12, 5) == []
    assert counter.contents() == [(2, 12, 5, 0), (1, 10, 6, 0)]


def test_new_quantity_lets_a_waiting_all_or_none_order_trade_at_the_older_prices() -> None:
    counter = Counter()
    counter.buy("ada", 9, 4)
    counter.sell("bob", 8, 9, AON)  # meets 4 only
    assert counter.buy("eve", 11, 5) == [
        ("trade", 2, 3, 8, 5),  # the all-or-none order is older than the newest
        ("trade", 1, 2, 9, 4),  # and younger than the first
    ]
    assert counter.contents() == []
    assert counter.endings[3] is Ending.FILLED


def test_waiting_all_or_none_orders_are_tried_in_priority() -> None:
    counter = Counter()
    counter.sell("ada", 10, 8, AON)
    counter.sell("bob", 9, 7, AON)
    counter.sell("cyd", 9, 5, AON)
    counter.buy("eve", 10, 4)
    assert counter.buy("eve", 10, 4) == [
        ("trade", 2, 4, 9, 4),
        ("trade", 2, 5, 9, 3),
    ]
    assert counter.contents() == [(5, 10, 1, 0), (3, 9, 5, 0), (1, 10, 8, 0)]


def test_what_stands_within_a_price_is_added_up_once_for_all_that_wait() -> None:
    ladder = Ladder(Side.SELL)
    for number, (price_ticks, open_steps, hidden_steps) in enumerate(((12, 5, 0), (10, 2, 4))):
        order = Order(number, Owner(1, "ada"), 1, Side.SELL, price_ticks, open_steps + hidden_steps)
        order.open_steps, order.hidden_steps = open_steps, hidden_steps
        order.display_steps = 3
        ladder.join(order)
    most = ladder.most_within(-12)
    assert most.clips == 4
    assert [most.steps(-price) for price in (9, 10, 11, 12, 13)] == [0, 6, 6, 11, 11]
    assert ladder.most_within(-11).sums == [6]


def test_an_iceberg_fills_a_waiting_all_or_none_order_clip_by_clip() -> None:
    counter = Counter()
    counter.buy("ada", 10, 7, AON)
    assert counter.sell("bob", 10, 6, display_steps=2) == []
    assert counter.sell("eve", 10, 1) == [
        ("trade", 1, 2, 10, 2),
        ("clip", 2, 0, 10, 2),
        ("trade", 1, 3, 10, 1),
        ("trade", 1, 2, 10, 2),
        ("clip", 2, 0, 10, 2),
        ("trade", 1, 2, 10, 2),
    ]


def test_depth_is_what_is_shown_level_by_level() -> None:
    counter = Counter()
    counter.sell("ada", 10, 5, display_steps=2)
    counter.sell("ada", 10, 3)
    counter.sell("ada", 10, 7, AON)
    counter.sell("ada", 11, 8)
    counter.sell("ada", 12, 8)
    assert counter.book.depth(Side.SELL, 2) == [Level(10, 5, 2, 7, 1), Level(11, 8, 1, 0, 0)]
    assert counter.book.depth(Side.BUY, 2) == []


def test_the_hash_is_that_of_its_definition_and_an_iceberg_adds_what_it_hides() -> None:
    counter = Counter()
    counter.sell("ada", 8_506, 14)
    counter.buy("bob", -5, 3, display_steps=1)
    expected = hashlib.sha256(b"2,1,-5,1,2;1,-1,8506,14;").hexdigest()
    assert counter.book.sha256() == expected


def test_what_would_trade_is_known_without_touching_the_book() -> None:
    counter = Counter()
    counter.sell("ada", 10, 9, display_steps=4, delta_ticks=1)
    counter.sell("bob", 10, 5, AON)
    before, eve = counter.contents(), counter.owner("eve")
    book = counter.book
    assert [book.fillable(eve, Side.BUY, 12, steps) for steps in (3, 8, 9, 14, 20)] == [
        3,
        8,
        9,
        14,
        14,
    ]
    assert book.fillable(eve, Side.BUY, 10, 8) == 4
    trial = book.trial(Side.BUY)
    assert [trial.take(eve, 12, steps) for steps in (3, 8, 9)] == [3, 8, 3]
    assert counter.contents() == before


def test_to_take_out_an_order_that_is_not_there_is_a_programmers_error() -> None:
    counter = Counter()
    counter.sell("ada", 10, 5)
    counter.sell("ada", 10, 5)
    counter.withdraw(1)
    with pytest.raises(AssertionError, match="does not stand"):
        counter.book.withdraw(counter.orders[1])


def test_of_many_that_could_trade_again_the_limit_lets_the_first_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(book, "AGAIN_MAX", 4)
    counter = Counter()
    for name in ("bob", "bob", "bob", "ada"):
        counter.sell(name, 10, 6, AON)
    assert counter.buy("bob", 10, 3, AON) == []
    # two orders stand there, so two of the four may try, and both are his own
    assert counter.buy("bob", 10, 3, AON) == []

    for order_id in (1, 2, 3):
        counter.withdraw(order_id)
    assert counter.buy("bob", 10, 1) == [("trade", 4, 5, 10, 3), ("trade", 4, 6, 10, 3)]
