"""The feed of books and trades: snapshot and deltas make the book, and a gap is seen."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from cloud.exchange.feeds.feeds import BOOK_KEPT
from cloud.exchange.feeds.stream import Resume
from cloud.exchange.feeds.wishes import Wish
from cloud.exchange.matching.codes import Execution, Side, State, TradeState
from cloud.exchange.prices.depth import Level, book_sha256
from cloud.exchange.venue.commands import MoveTrade
from tests.support.feeds import Floor
from tests.support.venues import BUY, OPENS_US, SELL, block, quarter

EVERYTHING = Wish()
MWH = 0.025
"""Energy of one step of 0.1 MW in a quarter-hour."""


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return Floor(tmp_path)


class Reader:
    """What a subscriber does: books by contract, made of nothing but messages."""

    def __init__(self) -> None:
        self.books: dict[int, dict[tuple[str, float], list[float]]] = {}
        self.at: dict[int, tuple[str, int]] = {}
        self.gaps = 0

    def take(self, data: dict[str, Any]) -> None:
        number = data["contract"]
        if data["type"] == "book":
            self.books[number] = {}
            self.at[number] = data["epoch"], data["seq"]
            self._set(data, number)
        elif data["type"] == "book_delta":
            epoch, seq = self.at[number]
            if data["seq"] != seq + 1:
                self.gaps += 1
                return
            self.at[number] = epoch, data["seq"]
            self._set(data, number)

    def _set(self, data: dict[str, Any], number: int) -> None:
        book = self.books[number]
        for side in ("bid", "ask"):
            for (price, quantity), orders in zip(
                data[f"{side}s"], data[f"{side}_orders"], strict=True
            ):
                book.setdefault((side, price), [0, 0, 0, 0])[:2] = quantity, orders
            for price, quantity, orders in data[f"aon_{side}s"]:
                book.setdefault((side, price), [0, 0, 0, 0])[2:] = quantity, orders
        for key in [key for key, level in book.items() if not level[1] and not level[3]]:
            del book[key]

    def sha256(self, number: int) -> str:
        def levels(side: str, sign: int) -> list[Level]:
            prices = sorted((p for s, p in self.books[number] if s == side), key=lambda p: sign * p)
            found = [(p, self.books[number][side, p]) for p in prices]
            return [
                Level(round(p * 100), round(q / MWH), int(n), round(a / MWH), int(m))
                for p, (q, n, a, m) in found
            ]

        return book_sha256(levels("bid", -1), levels("ask", 1))


def trade_on(floor: Floor, chance: Random, messages: int) -> None:
    """Let the venue have some random messages; each is a commit."""
    for _ in range(messages):
        side = chance.choice((BUY, SELL))
        price = chance.randint(-40, 40) * 10 + (30 if side is SELL else -30)
        execution = chance.choices(tuple(Execution), (12, 1, 1, 2))[0]
        floor.pit.enter(
            f"account-{chance.randint(1, 6)}",
            side,
            price,
            chance.randint(1, 40),
            execution,
            of=quarter(chance.randint(0, 2)),
            show=chance.choice((0, 0, 5)) if execution is Execution.NON else 0,
        )
        floor.commit()


def hash_of(floor: Floor, number: int) -> str:
    snapshot = floor.prices.snapshot(number)
    return book_sha256(snapshot.bids, snapshot.asks)


def test_a_snapshot_and_deltas_make_the_same_book_as_the_hub_has(floor: Floor) -> None:
    chance = Random(9)
    trade_on(floor, chance, 50)
    listener, reader = floor.listener(), Reader()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    for _ in range(40):
        trade_on(floor, chance, 25)
        for data in listener.heard():
            reader.take(data)
        for number in (1, 2, 3):
            assert reader.sha256(number) == hash_of(floor, number)
    assert reader.gaps == 0


def test_who_loses_messages_sees_it_by_the_number_and_gets_them_again(floor: Floor) -> None:
    chance = Random(10)
    trade_on(floor, chance, 30)
    listener, reader = floor.listener(), Reader()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    for data in listener.heard():
        reader.take(data)
    trade_on(floor, chance, 30)
    lost, *kept = [data for data in listener.heard() if data["contract"] == 1]
    assert lost["type"] == "book_delta"
    for data in kept:
        reader.take(data)
    assert reader.gaps == len(kept) > 0
    resume = {number: Resume(*at) for number, at in reader.at.items()}
    floor.feeds.follow_book(listener.client, "AT", Wish(resume=resume), OPENS_US)
    again = listener.heard()
    assert {data["type"] for data in again} == {"book_delta"}, "no snapshot was needed"
    for data in again:
        reader.take(data)
    assert [reader.sha256(n) == hash_of(floor, n) for n in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("epoch", ["", "0-1"])
def test_who_was_away_too_long_or_before_a_restart_gets_a_snapshot(
    floor: Floor, epoch: str
) -> None:
    chance = Random(11)
    trade_on(floor, chance, 5)
    listener = floor.listener()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    first = {data["contract"]: data for data in listener.heard()}
    floor.feeds.unfollow(listener.client)
    trade_on(floor, chance, 1 if epoch else 4 * BOOK_KEPT)
    resume = {n: Resume(epoch or data["epoch"], data["seq"]) for n, data in first.items()}
    floor.feeds.follow_book(listener.client, "AT", Wish(resume=resume), OPENS_US)
    again = [data for data in listener.heard() if data["contract"] in first]
    assert [data["type"] for data in again] == ["book"] * len(first)


def test_a_place_ahead_of_the_stream_is_not_believed(floor: Floor) -> None:
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.commit()
    listener = floor.listener()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    (book,) = listener.heard()
    resume = {1: Resume(book["epoch"], book["seq"] + 1)}
    floor.feeds.follow_book(listener.client, "AT", Wish(resume=resume), OPENS_US)
    assert [data["type"] for data in listener.heard()] == ["book"]


def test_a_book_says_what_it_is_and_shows_no_hidden_quantity(floor: Floor) -> None:
    floor.pit.enter("ada", SELL, 5_010, 10, show=4)
    floor.pit.enter("bob", SELL, 5_010, 6)
    floor.pit.enter("cy", BUY, -250, 3, Execution.AON)
    floor.commit()
    listener = floor.listener()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    assert listener.heard() == [
        {
            "type": "book",
            "market": "AT",
            "contract": 1,
            "product": "PT15M",
            "delivery_start": "2026-11-21T12:00:00Z",
            "delivery_end": "2026-11-21T12:15:00Z",
            "closes_at": "2026-11-21T11:55:00Z",
            "step_kw": 100,
            "bids": [],
            "bid_orders": [],
            "aon_bids": [[-2.5, 0.075, 1]],
            "asks": [[50.1, 0.25]],
            "ask_orders": [2],
            "aon_asks": [],
            "epoch": "1-1",
            "seq": 1,
        }
    ]


def test_a_new_contract_joins_once_and_a_closed_one_ends(floor: Floor) -> None:
    listener = floor.listener()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    other = floor.listener()
    wish = Wish(starts_us=frozenset({quarter(5).start_us}))
    floor.feeds.follow_book(other.client, "AT", wish, OPENS_US)
    short = quarter(0, closes_us=OPENS_US + 1_000)
    floor.pit.enter("ada", SELL, 5_000, 10, of=short)
    floor.commit()
    heard = listener.heard()
    assert [(data["type"], data["seq"]) for data in heard] == [("book", 1)]
    assert not other.heard(), "it asked for another delivery"
    floor.pit.at_us += 1_000
    floor.show(floor.pit.venue.advance(floor.pit.at_us))
    heard = listener.heard()
    assert [(data["type"], data["seq"]) for data in heard] == [("book_delta", 2), ("book_end", 3)]
    assert heard[0]["asks"] == [[50, 0]]
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, floor.pit.at_us)
    assert not listener.heard(), "a closed contract is offered no more"


def test_a_market_is_followed_alone_and_ranges_have_books_of_their_own(floor: Floor) -> None:
    listener = floor.listener()
    floor.feeds.follow_book(listener.client, "AT", EVERYTHING, OPENS_US)
    floor.pit.enter("ada", SELL, 5_000, 10, of=quarter(0, market="DE"))
    floor.pit.enter("ada", SELL, 5_000, 10, Execution.AON, of=block(quarter(0), quarter(1)))
    floor.commit()
    heard = listener.heard()
    assert {data["market"] for data in heard} == {"AT"}
    ranges = [data for data in heard if data["product"] == "BLOCK"]
    assert [data["aon_asks"] for data in ranges] == [[[50, 0.5, 1]]], "10 steps in two quarters"


def test_trades_come_with_their_market_and_the_newest_first_in_a_snapshot(floor: Floor) -> None:
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.pit.enter("bob", BUY, 5_000, 4)
    floor.commit()
    listener = floor.listener()
    floor.feeds.follow_trades(listener.client, EVERYTHING)
    at, de = listener.heard()
    assert (at["type"], at["market"], len(at["trades"])) == ("trades", "AT", 1)
    assert (de["market"], de["trades"]) == ("DE", [])
    floor.pit.enter("bob", BUY, 5_000, 6)
    floor.commit()
    (trade,) = listener.heard()
    expected = {"type": "trade", "trade_id": "2", "price": 50, "quantity": 0.15, "side": "BUY"}
    assert expected.items() <= trade.items()
    assert (trade["seq"], trade["state"], trade["power_kw"]) == (1, "ACTI", 600)


def test_a_recall_is_told_as_a_step_and_not_as_a_trade(floor: Floor) -> None:
    floor.pit.enter("ada", SELL, 5_000, 10)
    floor.pit.enter("bob", BUY, 5_000, 10)
    floor.commit()
    listener = floor.listener()
    floor.feeds.follow_trades(listener.client, Wish(markets=frozenset({"AT"})))
    assert len(listener.heard()) == 1
    asked = MoveTrade(
        trade_id=1, to=TradeState.RECALL_ASKED, by="ada", account="ada", reason="typed wrong"
    )
    floor.pit.give(asked)
    floor.commit()
    (step,) = listener.heard()
    assert (step["type"], step["state"], step["trade_id"]) == ("trade_state", "RREQ", "1")
    assert "reason" not in step


def test_nothing_is_encoded_for_nobody(floor: Floor) -> None:
    for number in range(20):
        floor.pit.enter("ada", Side(number % 2), 5_000, 10)
        floor.commit()
    listener = floor.listener()
    floor.feeds.follow_orders(listener.client, "bob", EVERYTHING)
    assert [data["type"] for data in listener.heard()] == ["orders"]
    order = floor.pit.enter("ada", SELL, 9_000, 10)
    floor.pit.switch(order, "ada", State.INACTIVE)
    floor.commit()
    assert not listener.heard()
