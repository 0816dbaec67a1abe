"""cloud.exchange.read.fold: what each fact about an order does to it."""

import pytest

from cloud.exchange.facts import (
    Activated,
    Changed,
    Clipped,
    Ended,
    Expired,
    Fact,
    Hibernated,
    Reduced,
)
from cloud.exchange.matching.codes import (
    Action,
    Ending,
    Execution,
    Kind,
    State,
    Validity,
)
from tests.support.folding import actions, folded, net, order, quantities
from tests.support.hub import NOON_US
from tests.support.read_model import (
    AT_US,
    BUY,
    HANDEL,
    RANGE,
    SELL,
    WERK,
    entered,
    traded,
    withdrawn,
)


def test_a_trade_fills_both_orders_and_ends_the_one_that_is_complete() -> None:
    sale, purchase = entered(1, WERK, SELL, 8_550, 30), entered(2, HANDEL, BUY, 8_600, 20)
    changes = folded(sale, purchase, traded(1, sale, purchase, 20))
    assert quantities(order(changes, 1)) == (20, 10, 10, 0)
    assert order(changes, 1).state == "ACTI"
    assert (order(changes, 2).ending, order(changes, 2).state) == ("FILLED", "IACT")
    (trade,) = changes.trades
    assert (trade.buy_order, trade.buy_account, trade.sell_order) == (2, "handel", 1)
    assert actions(changes) == [
        (1, "UADD", "werk", 30),
        (2, "UADD", "anna", 20),
        (1, "PEXE", "", 20),
        (2, "FEXE", "", 20),
    ]


def test_an_iceberg_shows_clip_after_clip_at_moved_prices() -> None:
    berg = entered(1, WERK, SELL, 5_000, 10, display=4, delta=50)
    taker = entered(2, HANDEL, BUY, 5_050, 14)
    changes = folded(
        berg,
        taker,
        traded(1, berg, taker, 4),
        Clipped(AT_US, 1, 5_050, 4),
        traded(2, berg, taker, 2, price_ticks=5_050),
    )
    assert quantities(order(changes, 1)) == (6, 4, 2, 0)
    assert order(changes, 1).price_ticks == 5_050


def test_a_change_in_place_takes_hidden_quantity_first() -> None:
    berg = entered(1, WERK, SELL, 5_000, 10, display=4)
    changed = Changed(AT_US, 1, 1, 2, 5_000, 5, 4, 0, Validity.GFS, 0, "less", Action.MODIFIED)
    assert quantities(order(folded(berg, changed), 1)) == (0, 5, 4, 0)
    less = changed._replace(quantity_steps=3)
    assert quantities(order(folded(berg, less), 1)) == (0, 3, 3, 0)


def test_a_change_that_loses_the_place_makes_a_new_order_with_the_same_history() -> None:
    sale, purchase = entered(1, WERK, SELL, 8_550, 30), entered(2, HANDEL, BUY, 8_600, 20)
    change = Changed(
        AT_US + 5, 1, 3, 1, 8_400, 50, 0, 0, Validity.GTD, NOON_US, "", Action.MODIFIED
    )
    changes = folded(sale, purchase, traded(1, sale, purchase, 20), change)
    old, new = order(changes, 1), order(changes, 3)
    assert (old.ending, old.ended_us, old.open_steps) == ("REPLACED", AT_US + 5, 0)
    assert (new.parent_id, new.initial_id, new.at_us, new.revision) == (1, 1, AT_US + 5, 1)
    assert quantities(new) == (20, 30, 30, 0)
    assert (new.client_order_id, new.valid_until_us, new.ending) == ("c1", NOON_US, None)
    assert [row[0] for row in changes.actions] == [1, 2, 1, 2, 1, 1]


def test_a_change_to_less_than_has_traded_ends_the_order() -> None:
    sale, purchase = entered(1, WERK, SELL, 8_550, 30), entered(2, HANDEL, BUY, 8_600, 20)
    change = Changed(AT_US, 1, 1, 2, 8_550, 15, 0, 0, Validity.GFS, 0, "", Action.MODIFIED)
    changes = folded(sale, purchase, traded(1, sale, purchase, 20), change)
    assert (order(changes, 1).ending, quantities(order(changes, 1))) == (
        "CANCELLED",
        (20, 0, 0, 0),
    )


def test_a_hibernated_order_shows_nothing_and_is_whole_when_it_is_activated() -> None:
    berg = entered(1, WERK, SELL, 5_000, 10, display=4)
    asleep = Hibernated(AT_US, 1, 2, Action.HIBERNATED_BY_SYSTEM, "halt: storm")
    changes = folded(berg, asleep)
    assert (order(changes, 1).state, order(changes, 1).reason) == ("HIBE", "halt: storm")
    assert quantities(order(changes, 1)) == (0, 10, 0, 0)
    awake = folded(berg, asleep, Activated(AT_US, 1, 3, Action.MODIFIED))
    assert (order(awake, 1).state, order(awake, 1).reason) == ("ACTI", "")
    assert quantities(order(awake, 1)) == (0, 10, 4, 0)
    entered_asleep = entered(1, WERK, SELL, 5_000, 10, state=State.HIBERNATED)
    assert quantities(order(folded(entered_asleep), 1)) == (0, 10, 0, 0)


@pytest.mark.parametrize(
    ("fact", "ending", "action"),
    [
        (withdrawn(1, 5), "CANCELLED", "UDEL"),
        (withdrawn(1, 5, by="key-7"), "CANCELLED", "ADEL"),
        (Expired(AT_US, 1, 5), "EXPIRED", "SDEL"),
        (Ended(AT_US, 1, 5, Ending.EXPIRED, Action.DELETED_BY_SYSTEM), "EXPIRED", "SDEL"),
        (Ended(AT_US, 1, 5, Ending.KILLED, Action.DELETED_BY_SYSTEM), "KILLED", "SDEL"),
    ],
)
def test_an_ending_says_why_and_keeps_what_had_traded(fact: Fact, ending: str, action: str) -> None:
    found = order(folded(entered(1, WERK, SELL, 5_000, 5), fact), 1)
    assert (found.ending, found.action, found.state) == (ending, action, "IACT")
    assert quantities(found) == (0, 0, 0, 0)
    assert found.ended_us == AT_US


def test_a_self_trade_that_was_prevented_is_seen_by_surveillance() -> None:
    changes = folded(
        entered(1, WERK, SELL, 5_000, 5),
        entered(2, WERK, BUY, 5_000, 3),
        Reduced(AT_US, 1, 3),
        Reduced(AT_US, 2, 3),
        Ended(AT_US, 2, 0, Ending.SELF_TRADE, Action.DELETED_BY_SYSTEM),
    )
    assert quantities(order(changes, 1)) == (0, 2, 2, 3)
    assert order(changes, 2).ending == "SELF_TRADE"
    told = [(row[5], row[8], row[10]) for row in changes.surveillance]
    prevented = "SELF_TRADE_PREVENTED"
    assert told == [(1, prevented, 3), (2, prevented, 3), (2, prevented, 0)]


def test_a_block_that_sweeps_has_filled_the_power_that_each_contract_gave() -> None:
    quarters = [
        entered(1, WERK, SELL, 5_000, 6),
        entered(2, WERK, SELL, 5_000, 2, contract=4),
        entered(3, WERK, SELL, 5_100, 9, contract=4),
    ]
    sweep = entered(
        4, HANDEL, BUY, 5_200, 9, contract=RANGE, kind=Kind.BLOCK, execution=Execution.IOC
    )
    changes = folded(
        *quarters,
        sweep,
        traded(1, quarters[0], sweep, 6),
        traded(2, quarters[1], sweep, 2),
        traded(3, quarters[2], sweep, 4),
        Ended(AT_US, 4, 3, Ending.KILLED, Action.DELETED_BY_SYSTEM),
    )
    assert order(changes, 4).filled_steps == 6
    assert order(changes, 4).ending == "KILLED"
    assert net(changes.entries)["handel", 1][0] == -600
