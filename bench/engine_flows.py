"""The stream of orders as commands of the venue and as orders of books, and what it trades."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bench.order_stream import Message
from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order, Owner

Fill = tuple[int, int, int, int]
"""Maker, taker, price of the maker, steps."""


class Played(NamedTuple):
    """What came of a stream."""

    fills: list[Fill]
    books: list[Book]
    """One a contract."""


def contract_of(order_id: int, contracts: int) -> int:
    """Return which of so many contracts an order of the stream is for; its cancel too."""
    return order_id % contracts


def books(stream: Sequence[Message], contracts: int = 1) -> Callable[[], Played]:
    """Return what plays the stream against books alone, orders made on the way."""
    buyer, seller = Owner(1, "buyer"), Owner(2, "seller")
    calls = [
        (
            message.kind == "A",
            message.order_id,
            contract_of(message.order_id, contracts),
            buyer if message.side == 1 else seller,
            Side.BUY if message.side == 1 else Side.SELL,
            message.price,
            message.quantity,
        )
        for message in stream
    ]

    def play() -> Played:
        played = [Book() for _ in range(contracts)]
        orders: dict[int, Order] = {}
        fills: list[Fill] = []
        for at_us, (enters, order_id, number, owner, side, price, steps) in enumerate(calls):
            if enters:
                order = Order(order_id, owner, number, side, price, steps)
                order.at_us = at_us
                effects: list[Effect] = []
                if played[number].submit(order, effects) is None:
                    orders[order_id] = order
                for _, maker, _, ticks, filled in effects:  # plain limits do nothing but trade
                    fills.append((maker.order_id, order_id, ticks, filled))
                    if not maker.open_steps:
                        del orders[maker.order_id]
            else:
                resting = orders.pop(order_id, None)
                if resting is not None:
                    played[number].withdraw(resting)
        return Played(fills, played)

    return play
