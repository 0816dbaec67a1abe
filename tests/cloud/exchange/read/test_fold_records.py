"""cloud.exchange.read.fold: positions, refusals, halts and other records; what is fetched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.facts import (
    KINDS,
    Changed,
    Closed,
    Configured,
    Fact,
    Freed,
    Halted,
    Refused,
    Resumed,
    Stopped,
    TradeMoved,
    Withdrawn,
)
from cloud.exchange.matching.codes import (
    Action,
    TradeState,
    Validity,
)
from cloud.exchange.read import fold as module
from cloud.exchange.read.ledger import Gap
from cloud.exchange.read.needs import needs
from tests.support.folding import actions, folded, net, order, quantities
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


def test_every_kind_of_fact_is_known() -> None:
    assert set(module._HANDLERS) == set(KINDS)


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


def test_who_asks_for_an_order_that_is_not_his_is_known_to_the_surveillance() -> None:
    sale = entered(1, WERK, SELL, 5_000, 5)
    foreign = Refused(AT_US, 0, 0, 1, "", "ORDER_UNKNOWN", "", Action.REFUSED, 0, "handel")
    changes = folded(sale, foreign, foreign._replace(order_id=77))
    assert [(row[3], row[5], row[12]) for row in changes.surveillance] == [
        ("handel", 1, ""),
        ("handel", 77, ""),
    ]
    assert actions(changes) == [(1, "UADD", "werk", 5)], "nothing of it is in the order's history"
    by_admin = foreign._replace(action=Action.REFUSED_TO_ADMIN, by="key-7")
    told = folded(sale, by_admin).surveillance[0]
    assert (told[3], told[12]) == ("", "key-7")


def test_an_order_that_has_ended_is_not_unknown_to_its_owner() -> None:
    sale = entered(1, WERK, SELL, 5_000, 5)
    again = Refused(AT_US, 0, 0, 1, "", "ORDER_UNKNOWN", "", Action.REFUSED, 0, "werk")
    gone = Withdrawn(AT_US, 1, 5, Action.DELETED, "")
    changes = folded(sale, gone, again, again._replace(by="handel"))
    assert [(row[3], row[8], row[9]) for row in changes.surveillance] == [
        ("werk", "ORDER_ENDED", "order 1 lives no more: CANCELLED"),
        ("handel", "ORDER_UNKNOWN", ""),
    ]


def test_an_order_that_has_ended_is_not_unknown_to_an_administrator_of_its_owner() -> None:
    sale = entered(1, WERK, SELL, 5_000, 5)
    by_admin = Refused(
        AT_US, 0, 0, 1, "", "ORDER_UNKNOWN", "", Action.REFUSED_TO_ADMIN, 0, "key-7 werk"
    )
    gone = Withdrawn(AT_US, 1, 5, Action.DELETED, "")
    changes = folded(sale, gone, by_admin, by_admin._replace(by="key-7 handel"))
    assert [(row[3], row[8], row[9], row[12]) for row in changes.surveillance] == [
        ("werk", "ORDER_ENDED", "order 1 lives no more: CANCELLED", "key-7"),
        ("handel", "ORDER_UNKNOWN", "", "key-7"),
    ]
    assert actions(changes) == actions(folded(sale, gone)), "nothing of it is in the history"


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
