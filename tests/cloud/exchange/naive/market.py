"""One contract's orders in a list, every rule written out plainly: the oracle of the book.

Written from the rule book alone (domain/exchange.md §4), by another author than the book's, and
as slowly as is clear: the list is sorted anew for each step, a dry run is the whole thing done on
a copy. Where the page is silent, this holds:

* A dry run meets what the real run would meet: own orders, all-or-nothing orders and clips too. An
  order that would be made smaller without a trade is taken as it is: the own order ends the run.
* An order that is skipped, being all-or-nothing and larger than what is left, is not met: no
  self-trade rule looks at it.
* An incoming iceberg comes clip by clip, each at its moved price: "what is left of the incoming
  order" is what is left of its clip.
* Only an order that comes to rest lets all-or-nothing orders of the other side try again, once
  each, in priority; neither a decrease nor a clip does. Those try for whom the other side has
  enough, whoever owns it; and no more of them than may look at all of it (`book.AGAIN_MAX`).
  Older and younger is told by the stamp of the last change of priority, and in one microsecond by
  the number. One that tries again is no incoming order that could delete or reduce: an own order
  in its way ends the try, unless the owner allows the trade.
* Under `decrement_both` both lose the smaller of what the two show; who has lost all ends as
  SELF_TRADE. Under `cancel_oldest` the order that rests ends, with what it hides.
"""

from dataclasses import dataclass, field

from cloud.exchange.matching import book
from cloud.exchange.matching.codes import Ending, Execution, SelfTrade, Side

Trade = tuple[int, int, int, int, bool]
"""Maker, taker, ticks, steps, self-trade."""


@dataclass(eq=False, slots=True)
class Paper:
    """An order written on paper."""

    number: int
    scope: str
    side: Side
    price: int
    left: int
    """Not yet traded, shown and hidden together."""
    execution: Execution = Execution.NON
    display: int = 0
    """0: everything is shown."""
    delta: int = 0
    policy: SelfTrade = SelfTrade.CANCEL_NEWEST
    since: int = 0
    """When it got its place: counted, so that no two are the same."""
    at_us: int = 0
    """The same by the clock of the venue."""
    shown: int = 0

    def show(self) -> None:
        self.shown = min(self.display, self.left) if self.display else self.left

    def all_or_nothing(self) -> bool:
        return self.execution is Execution.AON

    def copied(self) -> "Paper":
        """Return it once more, field by field: every dry run copies all orders."""
        return Paper(
            self.number,
            self.scope,
            self.side,
            self.price,
            self.left,
            self.execution,
            self.display,
            self.delta,
            self.policy,
            self.since,
            self.at_us,
            self.shown,
        )

    def agrees_with(self, other: "Paper") -> bool:
        if self.side is other.side:
            return False
        if self.side is Side.BUY:
            return self.price >= other.price
        return other.price >= self.price


@dataclass
class NaiveMarket:
    """All orders of a contract, and what happened to them."""

    orders: list[Paper] = field(default_factory=list)
    places: int = 0
    """That were given so far."""
    at_us: int = 0
    trades: list[Trade] = field(default_factory=list)
    ended: dict[int, tuple[Ending, int]] = field(default_factory=dict)
    """Why each order ended, and how much of it had not traded."""

    def enter(self, order: Paper, at_us: int) -> None:
        """Trade what can be traded, then let the order rest or go."""
        self.at_us = at_us
        self.place(order)
        order.show()
        if order.execution in (Execution.FOK, Execution.AON) and not self.would_fill(order):
            if order.execution is Execution.FOK:
                self.end(order, Ending.KILLED)
            else:
                self.rest(order)
            return
        self.trade(order)
        if order.number in self.ended:
            return
        if order.execution is Execution.IOC:
            self.end(order, Ending.KILLED)
        else:
            self.rest(order)

    def rest(self, order: Paper) -> None:
        """Put it into the list, and let all-or-nothing orders of the other side try again."""
        self.orders.append(order)
        for candidate in self.tried_again(order.side):
            if candidate in self.orders and self.would_fill(candidate):
                self.trade(candidate)

    def tried_again(self, side: Side) -> list[Paper]:
        """Return who waits for this side and tries: it has enough for him, and time to look."""
        there = [o for o in self.orders if o.side is side]
        waiting = [
            o
            for o in in_priority([o for o in self.orders if o.side is not side])
            if o.all_or_nothing() and any(p.agrees_with(o) for p in there)
        ]
        looked_at = [p for p in there if any(p.agrees_with(o) for o in waiting)]
        enough = [o for o in waiting if sum(p.left for p in there if p.agrees_with(o)) >= o.left]
        return enough[: max(1, book.AGAIN_MAX // max(1, sum(map(clips_of, looked_at))))]

    def trade(self, order: Paper) -> None:
        """Meet one order of the other side after the other, as long as there is one."""
        resting = order in self.orders
        while order.number not in self.ended:
            maker = self.first_met_by(order)
            if maker is None:
                return
            steps = min(order.shown, maker.shown)
            own = maker.scope == order.scope
            stops = own and (resting or order.policy is SelfTrade.CANCEL_NEWEST)
            if stops and order.policy is not SelfTrade.ALLOW:
                self.end(order, Ending.SELF_TRADE)
                return
            if own and order.policy is SelfTrade.CANCEL_OLDEST:
                self.end(maker, Ending.SELF_TRADE)
                continue
            if not (own and order.policy is SelfTrade.DECREMENT_BOTH):
                first, second = maker, order
                if resting and (order.at_us, order.number) < (maker.at_us, maker.number):
                    first, second = order, maker
                self.trades.append((first.number, second.number, first.price, steps, own))
                why = Ending.FILLED
            else:
                why = Ending.SELF_TRADE
            self.take(maker, steps, why)
            self.take(order, steps, why)

    def first_met_by(self, order: Paper) -> Paper | None:
        met = [
            o
            for o in self.orders
            if o.agrees_with(order) and not (o.all_or_nothing() and o.left > order.shown)
        ]
        return in_priority(met)[0] if met else None

    def take(self, order: Paper, steps: int, why: Ending) -> None:
        """Take what it showed; an iceberg shows its next clip, behind all others of its price."""
        order.shown -= steps
        order.left -= steps
        if not order.left:
            self.end(order, why)
        elif not order.shown:
            order.price += order.delta
            self.place(order)
            order.show()

    def end(self, order: Paper, why: Ending) -> None:
        self.ended[order.number] = (why, order.left)
        self.orders = [o for o in self.orders if o is not order]

    def would_fill(self, order: Paper) -> bool:
        return self.fillable(order) == order.left

    def fillable(self, order: Paper) -> int:
        """Return how much of it would trade now: the real thing, on a copy."""
        attempt = self.copied()
        double = next((o for o in attempt.orders if o.number == order.number), order.copied())
        if double.policy is SelfTrade.DECREMENT_BOTH:
            double.policy = SelfTrade.CANCEL_NEWEST
        attempt.trades.clear()
        attempt.trade(double)
        return sum(trade[3] for trade in attempt.trades)

    def copied(self) -> "NaiveMarket":
        return NaiveMarket(
            [order.copied() for order in self.orders],
            self.places,
            self.at_us,
            list(self.trades),
            dict(self.ended),
        )

    def place(self, order: Paper) -> None:
        self.places += 1
        order.since, order.at_us = self.places, self.at_us

    def withdraw(self, number: int, why: Ending = Ending.CANCELLED) -> Paper | None:
        order = next((o for o in self.orders if o.number == number), None)
        if order is not None:
            self.end(order, why)
        return order

    def take_out(self, order: Paper) -> None:
        """Let it go without an end, as far as it is here."""
        self.orders = [o for o in self.orders if o is not order]

    def reduce(self, number: int, steps: int) -> None:
        """Take steps from it, hidden ones first; it keeps its place."""
        order = next(o for o in self.orders if o.number == number)
        assert 0 < steps < order.left
        order.left -= steps
        order.shown = min(order.shown, order.left)

    def book(self) -> list[tuple[int, Side, int, int, int]]:
        """Return number, side, ticks, shown and hidden steps: bids, then asks, best first."""
        bids = in_priority([o for o in self.orders if o.side is Side.BUY])
        asks = in_priority([o for o in self.orders if o.side is Side.SELL])
        return [(o.number, o.side, o.price, o.shown, o.left - o.shown) for o in bids + asks]


def clips_of(order: Paper) -> int:
    """Return how often it shows something until it is used up."""
    hidden = order.left - order.shown
    return 1 + (-(-hidden // order.display) if hidden else 0)


def in_priority(orders: list[Paper]) -> list[Paper]:
    """Return orders of one side, who comes first first."""
    return sorted(orders, key=lambda o: (-o.price if o.side is Side.BUY else o.price, o.since))
