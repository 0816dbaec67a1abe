"""Random messages for the two models, and the book driven beside the naive market."""

from dataclasses import dataclass, field
from random import Random

from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Ending, Execution, SelfTrade, Side
from cloud.exchange.matching.effects import CLIP, ENDED, OWN_TRADE, TRADE, Effect
from cloud.exchange.matching.order import Order, Owner
from tests.cloud.exchange.naive.market import NaiveMarket, Paper

LOCKED = "locked or crossed"
_SIDES, _EXECUTIONS = list(Side), list(Execution)
AROUND_TICKS = (-8_500, -2, 0, 5_000)
"""Prices are drawn around these: negative, on both sides of nought, nought, ordinary."""


def owners(policies: list[SelfTrade], scopes: list[str]) -> list[Owner]:
    made = []
    for number, (policy, scope) in enumerate(zip(policies, scopes, strict=True), start=1):
        owner = Owner(number, f"account-{number}")
        owner.self_trade = policy
        owner.stp_scope = scope or owner.account
        made.append(owner)
    return made


def some_owners(random: Random) -> list[Owner]:
    """Return three accounts; in one flow of three, two of them are one member."""
    scopes = ["", "", ""] if random.random() < 0.67 else ["member", "member", ""]
    return owners([random.choice(list(SelfTrade)) for _ in range(3)], scopes)


@dataclass
class Pair:
    """A book and the naive market, given the same messages; they must agree after each."""

    random: Random
    book: Book = field(default_factory=Book)
    naive: NaiveMarket = field(default_factory=NaiveMarket)
    resting: dict[int, Order] = field(default_factory=dict)
    ended: dict[int, tuple[Ending, int]] = field(default_factory=dict)
    trades: list[tuple[int, int, int, int, bool]] = field(default_factory=list)
    numbers: int = 0
    at_us: int = 0
    seen: set[str] = field(default_factory=set)
    """What has come up, so that a test can ask whether anything was tested."""

    def __post_init__(self) -> None:
        self.owners = some_owners(self.random)
        self.around = self.random.choice(AROUND_TICKS)
        self.spread = self.random.choice((1, 3, 6))

    def step(self) -> None:
        """Do one message to both, and compare."""
        chance = self.random.random()
        if self.resting and chance < 0.08:
            self.withdraw(self.random.choice(list(self.resting)))
        elif self.resting and chance < 0.16:
            self.reduce(self.random.choice(list(self.resting)))
        else:
            self.submit()
        self.compare()

    def submit(self) -> None:
        random = self.random
        self.numbers += 1
        owner, side = random.choice(self.owners), random.choice(_SIDES)
        execution = random.choices(_EXECUTIONS, weights=(8, 2, 1, 7))[0]
        price = self.around + random.randint(-self.spread, self.spread)
        steps = random.choice((1, 2, 3, 5, 8, 13, 21))
        order = Order(self.numbers, owner, 1, side, price, steps, execution)
        self.at_us += random.random() < 0.7
        order.at_us = self.at_us
        if execution is Execution.NON and random.random() < 0.4:
            order.display_steps = random.choice((1, 2, 4, 6))
            delta = random.choice((0, 0, 1, 2))
            order.delta_ticks = -delta if side is Side.BUY else delta
        paper = Paper(
            order.order_id,
            owner.stp_scope,
            side,
            price,
            steps,
            execution,
            order.display_steps,
            order.delta_ticks,
            owner.self_trade,
        )
        effects: list[Effect] = []
        ending = self.book.submit(order, effects)
        self.read(effects)
        self.resting[order.order_id] = order
        if ending is not None:
            self.end(order, ending, order.left_steps)
        self.naive.enter(paper, self.at_us)

    def read(self, effects: list[Effect]) -> None:
        for kind, order, other, price, steps in effects:
            if kind in (TRADE, OWN_TRADE):
                assert other is not None
                own = kind == OWN_TRADE
                self.trades.append((order.order_id, other.order_id, price, steps, own))
                self.seen.add("own trade" if own else "trade")
                for filled in (order, other):
                    if not filled.left_steps and filled.order_id in self.resting:
                        self.end(filled, Ending.FILLED, 0)
            elif kind == ENDED:
                self.end(order, Ending.SELF_TRADE, steps)
            else:
                self.seen.add("clip" if kind == CLIP else "reduced")

    def end(self, order: Order, why: Ending, steps: int) -> None:
        self.ended[order.order_id] = why, steps
        del self.resting[order.order_id]
        self.seen.add(f"{order.execution.value} {why.value}")

    def withdraw(self, number: int) -> None:
        order = self.resting[number]
        self.book.withdraw(order)
        self.end(order, Ending.CANCELLED, order.left_steps)
        self.naive.withdraw(number)

    def reduce(self, number: int) -> None:
        order = self.resting[number]
        if order.left_steps > 1:
            steps = self.random.randint(1, order.left_steps - 1)
            self.book.reduce(order, steps)
            self.naive.reduce(number, steps)

    def compare(self) -> None:
        assert self.trades == self.naive.trades
        assert self.ended == self.naive.ended
        resting = [
            (o.order_id, o.side, o.price_ticks, o.open_steps, o.hidden_steps)
            for o in self.book.in_priority()
        ]
        assert resting == self.naive.book()
        self.book.check()
        self.probe()
        if not any(o.all_or_nothing() for o in self.naive.orders):
            bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
            assert bid is None or ask is None or bid < ask
        elif LOCKED not in self.seen and any(
            a.agrees_with(b) for a in self.naive.orders for b in self.naive.orders
        ):
            self.seen.add(LOCKED)

    def probe(self) -> None:
        """Ask both how much of an order would trade now, without entering it."""
        owner, side = self.random.choice(self.owners), self.random.choice(_SIDES)
        price = self.around + self.random.randint(-self.spread, self.spread)
        steps = self.random.randint(1, 30)
        paper = Paper(0, owner.stp_scope, side, price, steps, policy=owner.self_trade, shown=steps)
        assert self.book.fillable(owner, side, price, steps) == self.naive.fillable(paper)


def play(seed: int, messages: int) -> set[str]:
    """Play one flow; return what came up in it.

    Raises:
        AssertionError: the two differ; the seed is in the note.
    """
    pair = Pair(Random(seed))
    for number in range(1, messages + 1):
        try:
            pair.step()
        except AssertionError as error:
            error.add_note(f"seed {seed}, message {number} of {messages}")
            raise
    return pair.seen
