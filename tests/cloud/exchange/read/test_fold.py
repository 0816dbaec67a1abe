"""cloud.exchange.read.fold: what each fact does to orders, trades, positions and records."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.facts import (
    KINDS,
    Activated,
    Changed,
    Clipped,
    Closed,
    Configured,
    Ended,
    Expired,
    Fact,
    Freed,
    Halted,
    Hibernated,
    Reduced,
    Refused,
    Resumed,
    Stopped,
    TradeMoved,
)
from cloud.exchange.matching.codes import (
    Action,
    Ending,
    Execution,
    Kind,
    State,
    TradeState,
    Validity,
)
from cloud.exchange.read import fold as module
from cloud.exchange.read.changes import Changes
from cloud.exchange.read.fold import fold
from cloud.exchange.read.ledger import Gap, Ledger
from cloud.exchange.read.needs import needs
from cloud.exchange.read.orders import Order
from cloud.portfolio.model import Entry, Position
from tests.support.hub import NOON_US
from tests.support.read_model import (
    AT_US,
    BUY,
    HANDEL,
    HOUR,
    QUARTER,
    RANGE,
    SELL,
    WERK,
    entered,
    names,
    traded,
    withdrawn,
)
from wire.clock import QUARTER_HOUR_US


def folded(*facts: Fact) -> Changes:
    return fold(Ledger({}, {}, {}, {}), 1, [*names(), *facts])


def order(changes: Changes, order_id: int) -> Order:
    return changes.entered[order_id]


def quantities(of: Order) -> tuple[int, int, int, int]:
    """Return filled, open, visible and reduced steps."""
    return of.filled_steps, of.open_steps, of.visible_steps, of.reduced_steps


def actions(changes: Changes) -> list[tuple[int, str, str, int]]:
    """Return order, action, who and steps of what happened, in its order."""
    return [(row[2], row[4], row[5], row[11]) for row in changes.actions]


def net(entries: list[Entry]) -> Mapping[tuple[str, int], tuple[int, int, int]]:
    """Return kW, energy and cash of each account and quarter-hour."""
    sums: dict[tuple[str, int], Position] = {}
    for entry in entries:
        key = entry.account, (entry.start_us - NOON_US) // QUARTER_HOUR_US
        nothing = Position(account="", site=None, market="", start_us=0)
        sums[key] = sums.get(key, nothing).with_entry(entry)
    return {key: (p.net_kw, p.net_wh, p.cash) for key, p in sums.items()}


def test_every_kind_of_fact_is_known() -> None:
    assert set(module._HANDLERS) == set(KINDS)


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


def test_an_hour_counts_in_each_of_its_quarters_and_a_block_in_those_of_its_range() -> None:
    sale = entered(1, WERK, SELL, -1_000, 7, contract=HOUR)
    purchase = entered(2, HANDEL, BUY, 0, 7, contract=HOUR)
    hour = folded(sale, purchase, traded(1, sale, purchase, 7))
    quarter_wh, cash = 7 * 25_000, 7 * 25_000 * -1_000
    assert net(hour.entries) == {
        **{("handel", n): (-700, -quarter_wh, -cash) for n in range(4)},
        **{("werk", n): (700, quarter_wh, cash) for n in range(4)},
    }
    sale, purchase = sale._replace(contract=RANGE), purchase._replace(contract=RANGE)
    block = folded(sale, purchase, traded(1, sale, purchase, 7))
    assert sorted(net(block.entries)) == [("handel", 0), ("handel", 1), ("werk", 0), ("werk", 1)]


def test_a_trade_with_oneself_counts_on_both_sides_and_is_seen_by_surveillance() -> None:
    sale, purchase = entered(1, HANDEL, SELL, 8_550, 3), entered(2, HANDEL, BUY, 8_550, 3)
    changes = folded(sale, purchase, traded(1, sale, purchase, 3))
    assert [entry.power_kw for entry in changes.entries] == [-300, 300]
    assert changes.trades[0].self_trade
    assert [(row[5], row[8]) for row in changes.surveillance] == [(2, "SELF_TRADE")]
    assert changes.activity["handel", AT_US - AT_US % 86_400_000_000] == [2, 0, 0, 0, 2, 150_000]


@given(st.lists(st.tuples(st.booleans(), st.integers(-999, 999), st.integers(1, 40)), max_size=20))
def test_void_trades_leave_positions_as_if_they_had_never_been(
    trades: list[tuple[bool, int, int]],
) -> None:
    steps = sum(n for _, _, n in trades) or 1
    sale, purchase = entered(1, WERK, SELL, 0, steps), entered(2, HANDEL, BUY, 0, steps)
    kept: list[Fact] = []
    made: list[Fact] = []
    for number, (void, price, n) in enumerate(trades, 1):
        trade = traded(number, sale, purchase, n, price_ticks=price)
        made.append(trade)
        if void:
            state = TradeState.CANCELLED
            made.append(TradeMoved(AT_US, number, state, "k", "", QUARTER, AT_US, price, n, False))
        else:
            kept.append(trade)
    everything = net(folded(sale, purchase, *made).entries)
    nothing = (0, 0, 0)
    assert {key: value for key, value in everything.items() if value != nothing} == {
        key: value
        for key, value in net(folded(sale, purchase, *kept).entries).items()
        if value != nothing
    }


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


def test_a_refusal_keeps_its_code_and_changes_no_order() -> None:
    refusal = Refused(AT_US, WERK, QUARTER, 0, "c9", "PRICE_COLLAR", "too far", Action.REFUSED, 0)
    change = refusal._replace(order_id=1, code="STALE_REVISION")
    changes = folded(entered(1, WERK, SELL, 5_000, 5), refusal, change)
    assert [(row[5], row[8]) for row in changes.surveillance] == [
        (0, "PRICE_COLLAR"),
        (1, "STALE_REVISION"),
    ]
    assert [(row[2], row[13]) for row in changes.actions] == [(1, ""), (1, "STALE_REVISION")]
    assert quantities(order(changes, 1)) == (0, 5, 5, 0)
    unknown = folded(refusal._replace(owner=0, contract=0, order_id=77, code="ORDER_UNKNOWN"))
    assert unknown.surveillance[0][3] == ""


def test_a_refused_change_of_somebody_elses_order_is_not_in_its_history() -> None:
    sale = entered(1, WERK, SELL, 5_000, 5)
    foreign = Refused(AT_US, 0, 0, 1, "", "ORDER_UNKNOWN", "", Action.REFUSED, 0)
    changes = folded(sale, foreign, foreign._replace(owner=HANDEL))
    assert actions(changes) == [(1, "UADD", "werk", 5)]
    assert len(changes.surveillance) == 2


def test_halts_stops_policies_and_closings_are_records_with_who_did_them() -> None:
    by = ("key-7", "storm")
    changes = folded(
        Closed(AT_US, QUARTER),
        Halted(AT_US, "venue", "", *by),
        Resumed(AT_US, "venue", "", *by),
        Stopped(AT_US, "handel", *by),
        Freed(AT_US, "handel", *by),
        Configured(AT_US, "limits", 3, "key-7", "{}"),
    )
    assert changes.closed == [(AT_US, QUARTER)]
    assert [row[1:3] for row in changes.halts] == [("venue", ""), ("stop", "handel")]
    assert [row[3:5] for row in changes.resumed] == [("venue", ""), ("stop", "handel")]
    assert changes.policies[0][2:] == ("limits", 3, "key-7", "{}")
    told = [(row.who, row.action, row.subject) for row in changes.audits.values()]
    assert told == [
        ("key-7", "exchange.halt", "venue"),
        ("key-7", "exchange.resume", "venue"),
        ("key-7", "exchange.stop", "account handel"),
        ("key-7", "exchange.free", "account handel"),
        ("key-7", "exchange.configure", "limits version 3"),
    ]


def test_no_text_brings_a_database_to_a_halt() -> None:
    found = order(folded(entered(1, WERK, SELL, 5_000, 5, text="a\0b")), 1)
    assert found.text == "ab"


@pytest.mark.parametrize(
    "fact",
    [
        withdrawn(9, 1),
        entered(1, 9, SELL, 0, 1),
        TradeMoved(AT_US, 9, TradeState.CANCELLED, "", "", QUARTER, 0, 0, 0, False),
    ],
)
def test_a_fact_that_refers_to_nothing_known_is_not_guessed_at(fact: Any) -> None:
    with pytest.raises(Gap, match="9"):
        folded(fact)


def test_only_what_facts_do_not_tell_themselves_is_needed() -> None:
    sale, purchase = entered(1, WERK, SELL, 8_550, 30), entered(2, HANDEL, BUY, 8_600, 20)
    everything = needs([*names(), sale, purchase, traded(1, sale, purchase, 20), withdrawn(1, 10)])
    assert everything == ([], [], [], [])
    later = needs([purchase, traded(1, sale, purchase, 20), withdrawn(8, 10)])
    assert later == ([1, 8], [], [QUARTER], [WERK, HANDEL])
    change = Changed(AT_US, 5, 6, 1, 0, 1, 0, 0, Validity.GFS, 0, "", Action.MODIFIED)
    assert needs([change, withdrawn(6, 1)]).orders == [5]
    assert needs([change._replace(new_id=5)]).orders == [5]
