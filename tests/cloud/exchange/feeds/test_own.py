"""The feed of own orders: every step of their lives, to their owner and nobody else."""

from pathlib import Path
from typing import Any

import pytest

from cloud.exchange.feeds.feeds import TradingFeeds
from cloud.exchange.feeds.stream import Resume
from cloud.exchange.feeds.wishes import Wish
from cloud.exchange.matching.codes import Execution, SelfTrade, State, TradeState
from cloud.exchange.venue.commands import Kill, MoveTrade, SwitchAll
from tests.support.feeds import MARKETS, Floor, Listener
from tests.support.venues import BUY, OPENS_US, SELL, quarter


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return Floor(tmp_path)


def following(floor: Floor, account: str) -> Listener:
    listener = floor.listener()
    floor.feeds.follow_orders(listener.client, account, Wish())
    (first,) = listener.heard()
    assert first["type"] == "orders"
    return listener


def steps(listener: Listener) -> list[tuple[str, str, str]]:
    """Return event, state and action of what came."""
    return [
        (data["event"], data.get("state", ""), data.get("action", "")) for data in listener.heard()
    ]


def test_each_step_of_an_order_is_told_with_what_is_left_of_it(floor: Floor) -> None:
    ada = following(floor, "ada")
    order = floor.pit.enter("ada", SELL, 5_000, 10, client_order_id="mine-1")
    floor.pit.enter("bob", BUY, 5_000, 4)
    order = floor.pit.change(order, "ada", steps=8)
    order = floor.pit.change(order, "ada", price_ticks=5_100)
    floor.pit.switch(order, "ada", State.HIBERNATED)
    floor.commit()
    heard = ada.heard()
    assert [(data["event"], data["state"], data["action"]) for data in heard] == [
        ("added", "ACTI", "UADD"),
        ("partially_filled", "ACTI", "PEXE"),
        ("modified", "ACTI", "UMOD"),
        ("modified", "ACTI", "UMOD"),
        ("hibernated", "HIBE", "UHIB"),
    ]
    assert [data["seq"] for data in heard] == [1, 2, 3, 4, 5]
    assert [data["open"] for data in heard] == [0.25, 0.15, 0.1, 0.1, 0.1]
    assert {data["client_order_id"] for data in heard} == {"mine-1"}
    assert heard[3]["replaces"] == "1" != heard[3]["order_id"]
    assert (heard[1]["trade_price"], heard[1]["trade_quantity"], heard[1]["trade_id"]) == (
        50,
        0.1,
        "1",
    )


def test_whose_order_is_put_to_sleep_hears_why(floor: Floor) -> None:
    ada = following(floor, "ada")
    floor.pit.enter("ada", SELL, 5_000, 10)
    sleep = SwitchAll(account="ada", to=State.HIBERNATED, by_admin="system", reason="SITE_SILENT")
    floor.pit.give(sleep)
    floor.commit()
    told = ada.heard()[-1]
    assert (told["event"], told["action"], told["reason"]) == ("hibernated", "AHIB", "SITE_SILENT")


def test_only_the_owner_hears_of_an_order(floor: Floor) -> None:
    ada, bob = following(floor, "ada"), following(floor, "bob")
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.commit()
    assert (len(ada.heard()), bob.heard()) == (1, [])
    floor.pit.enter("bob", BUY, 5_000, 10)
    floor.commit()
    assert [data["order_id"] for data in ada.heard()] == ["1"]
    assert [(data["event"], data["order_id"]) for data in bob.heard()] == [
        ("added", "2"),
        ("filled", "2"),
    ]


@pytest.mark.parametrize(
    ("execution", "last"),
    [
        (Execution.IOC, ("killed", "IACT", "SDEL")),
        (Execution.FOK, ("killed", "IACT", "SDEL")),
    ],
)
def test_an_order_that_never_rests_is_told_to_its_end(
    floor: Floor, execution: Execution, last: tuple[str, str, str]
) -> None:
    floor.pit.enter("bob", SELL, 5_000, 3)
    floor.commit()
    ada = following(floor, "ada")
    floor.pit.enter("ada", BUY, 5_000, 10, execution)
    floor.commit()
    assert steps(ada)[-1][:2] == last[:2]
    floor.feeds.follow_orders(ada.client, "ada", Wish())
    (live,) = ada.heard()
    assert live["orders"] == []


def test_closing_expiry_kill_switch_and_self_trade_are_told(floor: Floor) -> None:
    ada = following(floor, "ada")
    short = quarter(1, closes_us=OPENS_US + 2_000)
    floor.pit.owner("ada", SelfTrade.CANCEL_OLDEST)
    floor.pit.enter("ada", SELL, 5_000, 10, of=short)
    floor.pit.enter("ada", SELL, 7_000, 10, until_us=OPENS_US + 1_000)
    floor.pit.enter("ada", SELL, 6_000, 10)
    floor.pit.enter("ada", BUY, 6_000, 10)
    floor.commit()
    assert ("self_trade", "IACT", "SDEL") in steps(ada)
    floor.pit.at_us = OPENS_US + 3_000
    floor.show(floor.pit.venue.advance(floor.pit.at_us))
    assert [event for event, *_ in steps(ada)] == ["expired", "expired"]
    floor.pit.give(Kill(account="ada", by="ops", reason="runaway"))
    floor.commit()
    assert [event for event, *_ in steps(ada)] == ["deleted"]
    refused = floor.pit.enter("ada", BUY, 100, 1, client_order_id="later")
    floor.commit()
    (told,) = ada.heard()
    assert (told["event"], told["code"]) == ("refused", refused.code)
    assert told["client_order_id"] == "later"


def test_both_parties_hear_each_step_of_a_recall(floor: Floor) -> None:
    ada, bob, cy = (following(floor, name) for name in ("ada", "bob", "cy"))
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.pit.enter("bob", BUY, 5_000, 10)
    asked = MoveTrade(
        trade_id=1, to=TradeState.RECALL_ASKED, by="ada", account="ada", reason="typed wrong"
    )
    floor.pit.give(asked)
    floor.commit()
    told = [listener.heard()[-1] for listener in (ada, bob)]
    assert [(data["type"], data["state"], data["order_id"]) for data in told] == [
        ("own_trade", "RREQ", "1"),
        ("own_trade", "RREQ", "2"),
    ]
    assert not cy.heard()


def test_an_iceberg_tells_its_clips(floor: Floor) -> None:
    ada = following(floor, "ada")
    floor.pit.enter("ada", SELL, 5_000, 10, show=4, delta=10)
    floor.pit.enter("bob", BUY, 5_000, 4)
    floor.commit()
    heard = ada.heard()
    assert [data["event"] for data in heard] == ["added", "partially_filled", "clip_added"]
    assert [data["price"] for data in heard] == [50, 50, 50.1]


def test_who_comes_back_gets_what_was_missed_or_all_live_orders(floor: Floor) -> None:
    listener = floor.listener()
    floor.feeds.follow_orders(listener.client, "ada", Wish())
    (first,) = listener.heard()
    floor.feeds.unfollow(listener.client)
    order = floor.pit.enter("ada", SELL, 5_000, 10)
    floor.commit()
    resume = {"ada": Resume(first["epoch"], first["seq"])}
    floor.feeds.follow_orders(listener.client, "ada", Wish(resume=resume))
    assert [data["event"] for data in listener.heard()] == ["added"]
    floor.feeds.follow_orders(listener.client, "ada", Wish(resume={"ada": Resume("0-9", 1)}))
    (live,) = listener.heard()
    assert (live["type"], live["complete"], live["seq"]) == ("orders", True, 1)
    assert [row["order_id"] for row in live["orders"]] == [str(order.order_id)]


def test_a_recovered_venue_tells_the_orders_that_live_in_it(floor: Floor) -> None:
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.pit.enter("bob", BUY, 5_000, 4)
    floor.pit.enter("ada", SELL, 5_200, 10, asleep=True, show=2)
    floor.commit()
    before = floor.listener()
    floor.feeds.follow_orders(before.client, "ada", Wish())
    desk = floor.pit.venue.desk
    again = TradingFeeds(floor.signer, floor.prices, MARKETS, 2)
    again.open(desk.owners, desk.orders.values(), desk.trades.values())
    after = floor.listener()
    again.follow_orders(after.client, "ada", Wish())

    def orders(listener: Listener) -> list[dict[str, Any]]:
        (data,) = listener.heard()
        found: list[dict[str, Any]] = data["orders"]
        return found

    assert orders(after) == orders(before)
    asked = MoveTrade(
        trade_id=1, to=TradeState.RECALL_ASKED, by="ada", account="ada", reason="typed wrong"
    )
    again.committed(facts := floor.pit.venue.handle(asked, OPENS_US), floor.prices.take(facts))
    assert [data["state"] for data in after.heard()] == ["RREQ"]


def test_where_an_account_stands_is_signed_and_repeated_in_meta_for_old_clients(
    floor: Floor,
) -> None:
    standing = {"throttle_remaining": 17, "exposure_snapshot": {"AT": {"energy_mwh": 0.25}}}
    floor.told.by_account["ada"] = standing
    ada = following(floor, "ada")
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.commit()
    message = ada.client.queue[0]
    (data,) = ada.heard()
    assert standing.items() <= data.items()
    ada.client.offer(message)
    (meta,) = ada.metas()
    assert standing.items() <= meta.items()


def test_a_text_that_cannot_be_signed_is_left_out(floor: Floor) -> None:
    ada = following(floor, "ada")
    floor.pit.enter("ada", SELL, 5_000, 10, client_order_id="größe")
    floor.commit()
    (data,) = ada.heard()
    assert data["client_order_id"] is None
    assert data["order_id"] == "1"
