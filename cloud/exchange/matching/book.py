"""One contract's order book: price-time priority over integers, with all rules of §4. Pure.

The best price trades first, and at one price the order that came first. An incoming order trades
at the price of the resting one, level by level, until it is filled or no longer crosses. Nothing
but the orders of this book influences a match. Where the rules leave a choice, it is this:

* An **iceberg** is at any time nothing but the clip that it shows, also while it comes in: when
  the clip is used up, the next one appears at the moved price, behind the orders that are there,
  and one that comes in goes on with it as long as that price crosses.
* An **all-or-none** order trades as a whole or not at all: one that comes in when a dry run says
  so, one that rests when an incoming order has as much left, else it is skipped where it stands.
  Whenever something has come to rest, the all-or-none orders of the other side are tried again,
  once, in priority, as if they came in now. Nothing else makes them be tried: no decrease, no
  withdrawal. Only they can make a book look locked or crossed. Of those that the other side could
  fill by its quantity, so many are tried that `AGAIN_MAX` orders are walked past in all, and at
  least one; those behind them wait until something comes to rest again.
* **Self-trade** rules are those of the order that comes in. An order that would be skipped is not
  met. In a dry run an own order ends what can trade, unless it is allowed to, or would be deleted.
  An all-or-none order that is tried again deletes nothing: it waits behind an own one.
"""

import hashlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from cloud.exchange.matching.codes import Ending, Execution, Side
from cloud.exchange.matching.dryrun import Trial
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.ladder import Ladder
from cloud.exchange.matching.meeting import show_next, take, take_past_wholes
from cloud.exchange.matching.order import Order, Owner

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_NON: Final = Execution.NON
_FOK: Final = Execution.FOK
_IOC: Final = Execution.IOC
_AON: Final = Execution.AON
_FILLED: Final = Ending.FILLED
_KILLED: Final = Ending.KILLED
AGAIN_MAX = 10_000
"""Orders, and clips that they hide, that one message may walk past to try all-or-none orders again;
at most 3 ms (2,000 resting against 100, none of which fits: 1.7 ms for one more of the 2,000,
2.6 ms for one of the 100; 88 ms without this limit). Counted before: tries are as many as this
holds the other side's orders in reach."""


class Level(NamedTuple):
    """One price as the market sees it; hidden quantity is in none of it."""

    price_ticks: int
    quantity_steps: int
    """Without all-or-none orders."""
    orders: int
    whole_steps: int
    """Of all-or-none orders, which trade as a whole only."""
    whole_orders: int


class Book:
    """The resting orders of one contract, or of one range of them."""

    __slots__ = ("_asks", "_bids")

    def __init__(self) -> None:
        self._bids = Ladder(Side.BUY)
        self._asks = Ladder(Side.SELL)

    def submit(self, order: Order, effects: list[Effect]) -> Ending | None:
        """Match an order that is new here; return why it left, or None while it rests.

        Its owner, side, price, execution and `at_us` are set, `left_steps` is what it still wants
        (the split of an iceberg into shown and hidden is made here). What happened is added to
        `effects` in its order. An order that left keeps what it still wanted in `left_steps`.
        """
        if order.display_steps:
            _show(order)
        own, other = (self._bids, self._asks) if order.side is _BUY else (self._asks, self._bids)
        keys = other.keys
        if order.execution is not _NON or (keys and keys[-1] >= other.sign * order.price_ticks):
            ending = _arrive(order, other, effects)
            if ending is not None:
                return ending
            key = other.sign * order.price_ticks
            met = own.wholes or other.wholes or order.execution is _AON
            assert met or not keys or keys[-1] < key, "the book is crossed"
        own.join(order)
        if order.execution is _AON:
            own.join_whole(order)
        if other.wholes:
            _try_again(other, own, order, effects)
            return None if order.open_steps else _FILLED
        return None

    def withdraw(self, order: Order) -> None:
        """Take a resting order out; `left_steps` stays what had not traded."""
        ladder = self._bids if order.side is _BUY else self._asks
        ladder.leave(order)
        if order.execution is _AON:
            ladder.leave_whole(order)

    def reduce(self, order: Order, steps: int) -> None:
        """Make a resting order smaller by `steps`, in its place: first what is hidden of it.

        `quantity_steps` becomes smaller by as much. Something must be left.
        """
        assert 0 < steps < order.open_steps + order.hidden_steps, "a decrease leaves something"
        hidden_steps = min(steps, order.hidden_steps)
        order.hidden_steps -= hidden_steps
        order.open_steps -= steps - hidden_steps
        order.quantity_steps -= steps

    def restore(self, order: Order) -> None:
        """Put an order of a snapshot back as it was, without matching; in priority order."""
        ladder = self._bids if order.side is _BUY else self._asks
        ladder.join(order)
        if order.execution is _AON:
            ladder.join_whole(order)

    def fillable(self, owner: Owner, side: Side, price_ticks: int, steps: int) -> int:
        """Return how much of such an order would trade at once, hidden quantity counted.

        With all-or-none orders in the way it is not monotone: ask again with a smaller quantity.
        """
        return self.trial(side).take(owner, price_ticks, steps)

    def trial(self, side: Side) -> Trial:
        """Return a dry run for orders of this side, that remembers what it has given."""
        return Trial(self._asks if side is _BUY else self._bids)

    def best(self, side: Side) -> int | None:
        """Return the best price of a side in ticks, all-or-none orders left out; None: empty."""
        ladder = self._bids if side is _BUY else self._asks
        if not ladder.wholes:
            return ladder.sign * ladder.keys[-1] if ladder.keys else None
        for order in ladder.in_priority():
            if order.execution is not _AON:
                return order.price_ticks
        return None

    def depth(self, side: Side, levels_max: int) -> list[Level]:
        """Return the best prices of a side, best first."""
        ladder = self._bids if side is _BUY else self._asks
        levels: list[Level] = []
        for key in reversed(ladder.keys):
            if len(levels) == levels_max:
                break
            orders = list(ladder.queues[key])
            wholes = [order.open_steps for order in orders if order.execution is _AON]
            whole, steps = sum(wholes), sum(order.open_steps for order in orders)
            levels.append(
                Level(
                    ladder.sign * key, steps - whole, len(orders) - len(wholes), whole, len(wholes)
                )
            )
        return levels

    def in_priority(self) -> Iterator[Order]:
        """Return the bids from the best down, then the asks from the best up, each in its turn."""
        yield from self._bids.in_priority()
        yield from self._asks.in_priority()

    def check(self) -> None:
        """Assert the invariants of §4.1 over the whole book: for tests, and after a recovery."""
        self._bids.check()
        self._asks.check()
        bid, ask = self.best(_BUY), self.best(_SELL)
        assert bid is None or ask is None or bid < ask, "only all-or-none orders lock or cross"

    def sha256(self) -> str:
        """Return the digest of all resting orders; 1 stands for a bid and -1 for an ask.

        An iceberg has what it hides as a fifth number.
        """
        digest = hashlib.sha256()
        for order in self.in_priority():
            sign = 1 if order.side is _BUY else -1
            head = b"%d,%d,%d,%d" % (order.order_id, sign, order.price_ticks, order.open_steps)
            digest.update(head + (b",%d;" % order.hidden_steps if order.display_steps else b";"))
        return digest.hexdigest()


def _arrive(order: Order, other: Ladder, effects: list[Effect]) -> Ending | None:
    """Match an order that crosses, or that may not rest as it is; None: what is left rests."""
    execution = order.execution
    if execution is _FOK or execution is _AON:
        assert not order.hidden_steps, "an iceberg is neither fill-or-kill nor all-or-none"
        steps = order.open_steps
        if Trial(other).take(order.owner, order.price_ticks, steps) < steps:
            return _KILLED if execution is _FOK else None
    while True:
        ending = take(order, other, order.at_us, effects)
        if ending is not None:
            return ending
        if order.open_steps:
            return _KILLED if execution is _IOC else None
        if not order.hidden_steps:
            return _FILLED
        show_next(order, order.at_us, effects)


def _try_again(wholes: Ladder, ladder: Ladder, newest: Order, effects: list[Effect]) -> None:
    """Try the all-or-none orders of one side in priority, now that `newest` rests on the other."""
    tried = wholes.wholes_within(-ladder.keys[-1])
    if not tried:
        return
    most = ladder.most_within(min(ladder.sign * order.price_ticks for order in tried))
    tries = max(1, AGAIN_MAX // most.clips)
    for order in tried:
        steps = order.open_steps
        if most.steps(ladder.sign * order.price_ticks) < steps:
            continue  # thousands that are far too large must not cost a walk each
        if not tries:
            break
        tries -= 1
        if Trial(ladder, again=True).take(order.owner, order.price_ticks, steps) == steps:
            take_past_wholes(order, ladder, newest.at_us, effects, again=True)
            wholes.leave(order)
            wholes.leave_whole(order)


def _show(order: Order) -> None:
    """Split what an iceberg still wants into what it shows and what it hides."""
    left_steps = order.open_steps + order.hidden_steps
    order.open_steps = min(order.display_steps, left_steps)
    order.hidden_steps = left_steps - order.open_steps
