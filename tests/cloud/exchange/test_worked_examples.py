"""The rule book's examples of matching and priority, played in a whole venue."""

import pytest

from cloud.exchange.matching.codes import Ending, Execution, Linking, SelfTrade, State
from cloud.exchange.venue.commands import Basket
from tests.support.venues import BUY, SELL, Pit, block, quarter

AON, FOK, IOC = Execution.AON, Execution.FOK, Execution.IOC
FIRST, SECOND = quarter(0), quarter(1)
RANGE = block(FIRST, SECOND)


@pytest.fixture
def pit() -> Pit:
    return Pit()


def offers_with_an_iceberg(pit: Pit) -> None:
    """Sell 10 MW showing 4, at 50.00 and 0.50 more a clip; 3 MW at 50.00; 5 MW at 50.25."""
    pit.enter("ice", SELL, 5_000, 100, show=40, delta=50)
    pit.enter("ada", SELL, 5_000, 30)
    pit.enter("bob", SELL, 5_025, 50)


def test_the_next_clip_stands_behind_at_its_moved_price(pit: Pit) -> None:
    offers_with_an_iceberg(pit)
    pit.enter("eve", BUY, 5_050, 120)
    assert pit.fills == [(40, 5_000), (30, 5_000), (50, 5_025)]
    assert pit.book() == [(1, 5_050, 40, 20)]


def test_an_order_that_is_larger_takes_of_the_next_clip_too(pit: Pit) -> None:
    offers_with_an_iceberg(pit)
    pit.enter("eve", BUY, 5_050, 140)
    assert pit.fills == [(40, 5_000), (30, 5_000), (50, 5_025), (20, 5_050)]
    assert pit.book() == [(1, 5_050, 20, 20)]


def test_an_incoming_iceberg_trades_clip_by_clip_as_far_as_its_price_goes(pit: Pit) -> None:
    pit.enter("ada", BUY, 5_000, 100)
    pit.enter("ice", SELL, 5_000, 100, show=40, delta=50)
    assert pit.fills == [(40, 5_000)]
    assert pit.book() == [(1, 5_000, 60, 0), (2, 5_050, 40, 20)]


def test_all_or_none_is_passed_by_keeps_its_place_and_is_filled_later(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 50, AON)
    pit.enter("bob", SELL, 5_000, 50)
    pit.enter("eve", BUY, 5_000, 40)
    assert pit.fills == [(40, 5_000)]
    assert pit.book() == [(1, 5_000, 50, 0), (2, 5_000, 10, 0)]
    pit.enter("eve", BUY, 5_000, 60)
    assert pit.fills == [(50, 5_000), (10, 5_000)]
    assert pit.book() == []


def test_a_bid_stands_above_an_ask_where_one_is_all_or_none(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 50, AON)
    pit.enter("bob", BUY, 5_100, 30)
    assert pit.fills == []
    assert pit.book() == [(2, 5_100, 30, 0), (1, 5_000, 50, 0)]
    pit.enter("eve", BUY, 5_200, 20)
    assert pit.fills == [(20, 5_000), (30, 5_000)], "each pair at the older order's price"
    assert pit.book() == []


def test_an_all_or_none_that_is_tried_again_pays_the_price_of_the_older_order(pit: Pit) -> None:
    pit.enter("ada", BUY, 5_100, 30)
    pit.enter("bob", SELL, 5_000, 50, AON)
    pit.enter("eve", BUY, 5_200, 20)
    assert pit.fills == [(20, 5_000), (30, 5_100)]


def test_fill_or_kill_counts_what_an_iceberg_hides(pit: Pit) -> None:
    offers_with_an_iceberg(pit)
    killed = pit.enter("eve", BUY, 5_050, 161, FOK)
    assert (killed.filled_steps, pit.fills, pit.endings) == (0, [], {4: Ending.KILLED})
    filled = pit.enter("eve", BUY, 5_050, 160, FOK)
    assert filled.filled_steps == 160


def test_fill_or_kill_does_not_count_a_clip_beyond_its_limit(pit: Pit) -> None:
    pit.enter("ice", SELL, 5_000, 100, show=40, delta=50)
    pit.enter("eve", BUY, 5_050, 90, FOK)
    assert pit.fills == []
    pit.enter("eve", BUY, 5_050, 80, FOK)
    assert pit.fills == [(40, 5_000), (40, 5_050)]


def test_a_block_sweeps_the_smallest_power_of_its_range(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 80, of=FIRST)
    pit.enter("bob", SELL, 4_900, 30, of=SECOND)
    swept = pit.enter("eve", BUY, 5_000, 100, IOC, of=RANGE)
    assert pit.fills == [(30, 5_000), (30, 4_900)]
    assert (swept.filled_steps, swept.left_steps) == (30, 70)
    assert pit.endings == {3: Ending.KILLED}
    assert (pit.book(FIRST), pit.book(SECOND)) == ([(1, 5_000, 50, 0)], [])


def test_a_block_that_lacks_one_contract_trades_in_none(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 80, of=FIRST)
    pit.enter("eve", BUY, 5_000, 100, IOC, of=RANGE)
    assert pit.fills == []


def test_a_resting_block_meets_a_block_of_the_same_range_and_no_single_contract(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 80, AON, of=RANGE)
    pit.enter("bob", BUY, 5_100, 80, of=FIRST)
    pit.enter("bob", BUY, 5_100, 80, of=SECOND)
    pit.enter("eve", BUY, 5_100, 80, AON, of=block(FIRST, SECOND, quarter(2)))
    assert pit.fills == []
    pit.enter("eve", BUY, 5_100, 80, AON, of=RANGE)
    assert pit.fills == [(80, 5_000)]


@pytest.mark.parametrize(
    ("policy", "fills", "left"),
    [
        (SelfTrade.ALLOW, [(10, 4_900), (30, 5_000), (10, 5_000)], [(3, 40)]),
        (SelfTrade.CANCEL_NEWEST, [(10, 4_900)], [(2, 30), (3, 50)]),
        (SelfTrade.CANCEL_OLDEST, [(10, 4_900), (40, 5_000)], [(3, 10)]),
        (SelfTrade.DECREMENT_BOTH, [(10, 4_900), (10, 5_000)], [(3, 40)]),
    ],
)
def test_each_self_trade_rule_does_what_it_says(
    pit: Pit, policy: SelfTrade, fills: list[tuple[int, int]], left: list[tuple[int, int]]
) -> None:
    pit.owner("ada", policy)
    pit.enter("bob", SELL, 4_900, 10)
    pit.enter("ada", SELL, 5_000, 30)
    pit.enter("eve", SELL, 5_000, 50)
    pit.enter("ada", BUY, 5_000, 50)
    assert pit.fills == fills
    assert [(number, steps) for number, _, steps, _ in pit.book()] == left


def test_a_price_change_trades_at_once_under_a_new_number(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 50)
    bid = pit.enter("bob", BUY, 4_900, 30)
    changed = pit.change(bid, "bob", price_ticks=5_050)
    assert pit.fills == [(30, 5_000)]
    assert changed.order_id == 3
    assert (changed.filled_steps, changed.ending) == (30, "FILLED")


def test_a_decrease_keeps_the_place_and_an_increase_loses_it(pit: Pit) -> None:
    first = pit.enter("ada", SELL, 5_000, 50)
    pit.enter("bob", SELL, 5_000, 50)
    smaller = pit.change(first, "ada", steps=40)
    assert pit.book() == [(1, 5_000, 40, 0), (2, 5_000, 50, 0)]
    pit.change(smaller, "ada", steps=41)
    assert pit.book() == [(2, 5_000, 50, 0), (3, 5_000, 41, 0)]


def test_a_partly_filled_order_keeps_its_place(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 50)
    pit.enter("bob", SELL, 5_000, 50)
    pit.enter("eve", BUY, 5_000, 20)
    assert pit.book() == [(1, 5_000, 30, 0), (2, 5_000, 50, 0)]


def test_an_order_that_slept_stands_behind_the_others(pit: Pit) -> None:
    first = pit.enter("ada", SELL, 5_000, 50)
    pit.enter("bob", SELL, 5_000, 50)
    asleep = pit.switch(first, "ada", State.HIBERNATED)
    assert pit.book() == [(2, 5_000, 50, 0)]
    pit.switch(asleep, "ada", State.ACTIVE)
    assert pit.book() == [(2, 5_000, 50, 0), (1, 5_000, 50, 0)]


def test_a_decrease_to_what_has_traded_deletes_the_order(pit: Pit) -> None:
    offer = pit.enter("ada", SELL, 5_000, 50)
    pit.enter("bob", BUY, 5_000, 20)
    for steps in (20, 10):
        if pit.book():
            pit.change(offer, "ada", steps=steps)
        assert pit.book() == []


def test_a_change_names_the_revision_that_it_is_of(pit: Pit) -> None:
    offer = pit.enter("ada", SELL, 5_000, 50)
    pit.change(offer, "ada", steps=40)
    stale = pit.change(offer, "ada", steps=30)
    assert stale.code == "STALE_REVISION"
    assert pit.book() == [(1, 5_000, 40, 0)]


def test_linked_orders_all_fill_or_none_does(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 50, of=FIRST)
    pit.enter("ada", SELL, 5_000, 20, of=SECOND)
    for wanted, fills in ((30, []), (20, [(50, 5_000), (20, 5_000)])):
        entries = (
            pit.entry("eve", BUY, 5_000, 50, FOK, of=FIRST),
            pit.entry("eve", BUY, 5_000, wanted, FOK, of=SECOND),
        )
        pit.give(Basket(entries=entries, linking=Linking.LINKED))
        assert pit.fills == fills


def test_linked_orders_of_one_book_do_not_count_the_same_offer_twice(pit: Pit) -> None:
    pit.enter("ada", SELL, 5_000, 50)
    entries = tuple(pit.entry("eve", BUY, 5_000, 30, FOK) for _ in range(2))
    pit.give(Basket(entries=entries, linking=Linking.LINKED))
    assert pit.fills == []


def test_a_market_order_goes_no_further_than_its_protection(pit: Pit) -> None:
    nothing = pit.enter("eve", BUY, None, 10, IOC)
    assert nothing.code == "NO_REFERENCE_PRICE"
    pit.enter("ada", SELL, 5_000, 10)
    pit.enter("bob", BUY, 5_000, 10)
    pit.enter("ada", SELL, 5_500, 10)
    pit.enter("ada", SELL, 5_501, 10)
    pit.enter("eve", BUY, None, 30, IOC)
    assert pit.fills == [(10, 5_500)]


def test_negative_prices_and_nought_are_prices(pit: Pit) -> None:
    pit.enter("ada", SELL, -120, 70)
    pit.enter("bob", BUY, 0, 50)
    assert pit.fills == [(50, -120)]
    pit.enter("eve", SELL, 0, 20)
    pit.enter("bob", BUY, 0, 30)
    assert pit.fills == [(20, -120), (10, 0)]
