"""One side of a book: its prices, and at each the queue of orders, first come first. Pure.

The prices are a rising list of keys, the best one last: the price for bids, the negated price for
asks, so that both sides read alike. A queue is a chain of orders, so that a withdrawal costs the
same wherever the order stands, and leaves nothing behind.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from cloud.exchange.matching.codes import Execution, Side
from cloud.exchange.matching.order import Order


class Queue:
    """The orders at one price; never empty while it is in a ladder."""

    __slots__ = ("first", "last")

    def __init__(self, order: Order) -> None:
        self.first = order
        self.last = order

    def __iter__(self) -> Iterator[Order]:
        order: Order | None = self.first
        while order is not None:
            yield order
            order = order.behind


class Most:
    """At most so much could trade with one side of a book: its quantities added up by key."""

    __slots__ = ("clips", "sums", "worse")

    def __init__(self) -> None:
        self.clips = 0
        """Orders that stand there, and clips that they hide."""
        self.worse: list[int] = []
        """Negated keys, rising: the best first."""
        self.sums: list[int] = []

    def steps(self, reach: int) -> int:
        """Return what stood at this key or a better one; it may have become less since."""
        index = bisect_right(self.worse, -reach)
        return self.sums[index - 1] if index else 0


class Ladder:
    """One side of the book."""

    __slots__ = ("keys", "queues", "sign", "whole_keys", "wholes")

    def __init__(self, side: Side) -> None:
        self.sign = 1 if side is Side.BUY else -1
        self.keys: list[int] = []
        """Rising; the best is last. A key is the sign times the price."""
        self.queues: dict[int, Queue] = {}
        self.whole_keys: list[int] = []
        self.wholes: dict[int, dict[int, Order]] = {}
        """The all-or-none orders among them, by key and number, in the order that they came."""

    def join(self, order: Order) -> None:
        """Put an order at the end of the queue of its price."""
        key = self.sign * order.price_ticks
        queue = self.queues.get(key)
        if queue is None:
            self.queues[key] = Queue(order)
            insort(self.keys, key)
        else:
            last = queue.last
            order.ahead = last
            last.behind = order
            queue.last = order

    def leave(self, order: Order) -> None:
        """Take an order out of its queue; it must stand there."""
        ahead, behind = order.ahead, order.behind
        if ahead is not None:
            ahead.behind = behind
            if behind is not None:
                behind.ahead = ahead
                order.behind = None
            else:
                self.queues[self.sign * order.price_ticks].last = ahead
            order.ahead = None
            return
        key = self.sign * order.price_ticks
        queue = self.queues[key]
        assert queue.first is order, "the order does not stand in this book"
        if behind is not None:
            behind.ahead = None
            queue.first = behind
            order.behind = None
        else:
            del self.queues[key]
            if self.keys[-1] == key:
                self.keys.pop()
            else:
                del self.keys[bisect_left(self.keys, key)]

    def join_whole(self, order: Order) -> None:
        """Keep an all-or-none order that joined, so that it can be tried again."""
        key = self.sign * order.price_ticks
        if key not in self.wholes:
            self.wholes[key] = {}
            insort(self.whole_keys, key)
        self.wholes[key][order.order_id] = order

    def leave_whole(self, order: Order) -> None:
        """Forget an all-or-none order that left."""
        key = self.sign * order.price_ticks
        del self.wholes[key][order.order_id]
        if not self.wholes[key]:
            del self.wholes[key]
            del self.whole_keys[bisect_left(self.whole_keys, key)]

    def wholes_within(self, reach: int) -> list[Order]:
        """Return the all-or-none orders with this key or a better one, in priority."""
        orders: list[Order] = []
        for key in reversed(self.whole_keys):
            if key < reach:
                break
            orders += self.wholes[key].values()
        return orders

    def most_within(self, reach: int) -> "Most":
        """Return how much stands at each key or a better one, down to this key."""
        most = Most()
        steps = 0
        for key in reversed(self.keys):
            if key < reach:
                break
            for order in self.queues[key]:
                steps += order.open_steps + order.hidden_steps
                most.clips += 1
                if order.hidden_steps:
                    most.clips += -(-order.hidden_steps // order.display_steps)
            most.worse.append(-key)
            most.sums.append(steps)
        return most

    def next_key(self, key: int) -> int | None:
        """Return the best key that is worse than this one; None: there is none."""
        index = bisect_left(self.keys, key)
        return self.keys[index - 1] if index else None

    def in_priority(self) -> Iterator[Order]:
        """Return the orders from the best price on, each in its turn."""
        for key in reversed(self.keys):
            yield from self.queues[key]

    def check(self) -> None:
        """Assert that prices, queues, neighbours and all-or-none orders agree with each other."""
        assert self.keys == sorted(self.queues), "the prices are those of the queues, rising"
        for key, queue in self.queues.items():
            ahead: Order | None = None
            for order in queue:
                assert order.ahead is ahead, "an order knows who stands ahead of it"
                assert self.sign * order.price_ticks == key, "an order stands at its price"
                assert ahead is None or ahead.at_us <= order.at_us, "first come, first served"
                _check_steps(order)
                ahead = order
            assert queue.last is ahead, "a queue knows its last order"
        assert self.whole_keys == sorted(self.wholes), "all-or-none orders are kept by price"
        wholes = [order for order in self.in_priority() if order.execution is Execution.AON]
        kept = self.wholes_within(self.keys[0]) if self.keys else []
        assert kept == wholes, "all-or-none orders are kept in priority"


def _check_steps(order: Order) -> None:
    assert order.open_steps > 0, "what rests shows something"
    assert order.hidden_steps == 0 or 0 < order.open_steps <= order.display_steps
    assert order.filled_steps >= 0, "no more is open, hidden, or taken away than it was for"
