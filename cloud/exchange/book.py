"""One contract's order book: price-time priority over integers. Pure.

The best price trades first, and at one price the order that came first. An incoming order
trades at the price of the resting one, level by level, until it is filled or no longer crosses.
Nothing but the orders of this book influences a match, and after every message the best bid
lies below the best ask.

A side keeps its prices in a sorted list of keys, the best one last: the price for bids, the
negated price for asks, so that both sides read alike. Each price has a queue of linked orders,
so that a cancel costs the same wherever the order stands, and leaves nothing behind.
"""

import hashlib
from bisect import bisect_left, insort
from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import NamedTuple


class Side(IntEnum):
    """What the owner of the order wants; no sign is ever read from it."""

    BUY = 0
    SELL = 1


class Execution(Enum):
    """What becomes of the part of an incoming order that does not trade at once."""

    REST = "GFD"
    """It rests until the contract closes."""
    IOC = "IOC"
    """Immediate or cancel: it leaves."""
    FOK = "FOK"
    """Fill or kill: the whole order trades at once, or nothing of it does."""


class Ending(Enum):
    """Why an order is no longer in the book."""

    FILLED = "FILLED"
    KILLED = "KILLED"
    """The rest of an IOC, or a FOK that could not trade as a whole."""
    SELF_TRADE = "SELF_TRADE"
    """It would have met an order of its own account; what had traded before stands."""
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    """The contract closed."""


class Fill(NamedTuple):
    """One trade: the resting order, the incoming order, the resting order's price."""

    maker: int
    taker: int
    price_ticks: int
    quantity_steps: int


class Outcome(NamedTuple):
    """What an incoming order did."""

    fills: tuple[Fill, ...]
    resting_steps: int
    """What of it stands in the book now."""
    ending: Ending | None
    """None while it rests."""


class Order:
    """A resting order, linked to its neighbours in the queue of its price."""

    __slots__ = ("account", "ahead", "behind", "order_id", "price_ticks", "quantity_steps", "side")

    def __init__(self, order_id: int, account: str, side: Side, price: int, quantity: int) -> None:
        self.order_id = order_id
        self.account = account
        self.side = side
        self.price_ticks = price
        self.quantity_steps = quantity
        """What is still open."""
        self.ahead: Order | None = None
        self.behind: Order | None = None


class Level(NamedTuple):
    """One price as the market sees it."""

    price_ticks: int
    quantity_steps: int
    orders: int


class _Queue:
    """The orders at one price, first come first; never empty while it is in a ladder."""

    __slots__ = ("first", "last")

    def __init__(self, order: Order) -> None:
        self.first = order
        self.last = order

    def __iter__(self) -> Iterator[Order]:
        order: Order | None = self.first
        while order is not None:
            yield order
            order = order.behind


class _Ladder:
    """One side of the book."""

    __slots__ = ("keys", "queues", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = 1 if side is Side.BUY else -1
        self.keys: list[int] = []
        """Rising; the best is last. A key is the sign times the price."""
        self.queues: dict[int, _Queue] = {}

    def join(self, order: Order) -> None:
        key = self.sign * order.price_ticks
        queue = self.queues.get(key)
        if queue is None:
            self.queues[key] = _Queue(order)
            insort(self.keys, key)
        else:
            order.ahead = queue.last
            queue.last.behind = order
            queue.last = order

    def leave(self, order: Order) -> None:
        key = self.sign * order.price_ticks
        ahead, behind = order.ahead, order.behind
        if ahead is not None:
            ahead.behind = behind
            if behind is not None:
                behind.ahead = ahead
            else:
                self.queues[key].last = ahead
        elif behind is not None:
            behind.ahead = None
            self.queues[key].first = behind
        else:
            del self.queues[key]
            if self.keys[-1] == key:
                self.keys.pop()
            else:
                del self.keys[bisect_left(self.keys, key)]
        order.ahead = order.behind = None

    def best(self) -> int | None:
        return self.sign * self.keys[-1] if self.keys else None

    def queues_from_best(self) -> Iterator[tuple[int, _Queue]]:
        for key in reversed(self.keys):
            yield self.sign * key, self.queues[key]


class Book:
    """The resting orders of one contract."""

    __slots__ = ("_asks", "_bids", "_orders")

    def __init__(self) -> None:
        self._bids = _Ladder(Side.BUY)
        self._asks = _Ladder(Side.SELL)
        self._orders: dict[int, Order] = {}

    def submit(
        self,
        order_id: int,
        account: str,
        side: Side,
        price_ticks: int,
        quantity_steps: int,
        execution: Execution = Execution.REST,
    ) -> Outcome:
        """Match an order and let it rest, or leave, as its execution says."""
        assert quantity_steps > 0, "an order is for at least one step"
        own, other = (self._bids, self._asks) if side is Side.BUY else (self._asks, self._bids)
        reach = other.sign * price_ticks
        if execution is Execution.FOK and not _fillable(other, reach, account, quantity_steps):
            return Outcome((), 0, Ending.KILLED)

        fills: list[Fill] = []
        left = quantity_steps
        keys = other.keys
        while keys and keys[-1] >= reach:
            maker = other.queues[keys[-1]].first
            if maker.account == account:
                return Outcome(tuple(fills), 0, Ending.SELF_TRADE)
            open_steps = maker.quantity_steps
            if open_steps > left:
                maker.quantity_steps = open_steps - left
                fills.append(Fill(maker.order_id, order_id, maker.price_ticks, left))
                return Outcome(tuple(fills), 0, Ending.FILLED)
            fills.append(Fill(maker.order_id, order_id, maker.price_ticks, open_steps))
            other.leave(maker)
            del self._orders[maker.order_id]
            left -= open_steps
            if not left:
                return Outcome(tuple(fills), 0, Ending.FILLED)

        if execution is not Execution.REST:
            return Outcome(tuple(fills), 0, Ending.KILLED)
        order = Order(order_id, account, side, price_ticks, left)
        self._orders[order_id] = order
        own.join(order)
        assert not keys or keys[-1] + own.keys[-1] < 0, "the book is crossed or locked"
        return Outcome(tuple(fills), left, None)

    def cancel(self, order_id: int) -> int:
        """Take an order out; return the steps that were open, 0 where it is not in the book."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return 0
        (self._bids if order.side is Side.BUY else self._asks).leave(order)
        return order.quantity_steps

    def open_steps(self, order_id: int) -> int:
        """Return what is open of an order, 0 where it is not in the book."""
        order = self._orders.get(order_id)
        return order.quantity_steps if order is not None else 0

    def best(self, side: Side) -> int | None:
        """Return the best price of a side in ticks, None while it is empty."""
        return (self._bids if side is Side.BUY else self._asks).best()

    def depth(self, side: Side, levels_max: int) -> list[Level]:
        """Return the best prices of a side, best first."""
        ladder = self._bids if side is Side.BUY else self._asks
        levels: list[Level] = []
        for price, queue in ladder.queues_from_best():
            if len(levels) == levels_max:
                break
            sizes = [order.quantity_steps for order in queue]
            levels.append(Level(price, sum(sizes), len(sizes)))
        return levels

    def in_priority(self) -> Iterator[Order]:
        """Return the bids from the best down, then the asks from the best up, each in its turn."""
        for ladder in (self._bids, self._asks):
            for _, queue in ladder.queues_from_best():
                yield from queue

    def sha256(self) -> str:
        """Return the digest of all resting orders; 1 stands for a bid and -1 for an ask."""
        digest = hashlib.sha256()
        for order in self.in_priority():
            sign = 1 if order.side is Side.BUY else -1
            digest.update(
                b"%d,%d,%d,%d;" % (order.order_id, sign, order.price_ticks, order.quantity_steps)
            )
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self._orders)


def _fillable(ladder: _Ladder, reach: int, account: str, quantity_steps: int) -> bool:
    """Say whether the whole quantity would trade within `reach` before an own order is met."""
    left = quantity_steps
    for key in reversed(ladder.keys):
        if key < reach:
            return False
        for order in ladder.queues[key]:
            if order.account == account:
                return False
            left -= order.quantity_steps
            if left <= 0:
                return True
    return False
