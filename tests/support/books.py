"""A book with orders that are numbered and stamped as they come, checked after every message."""

from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Ending, Execution, SelfTrade, Side
from cloud.exchange.matching.effects import CLIP, ENDED, OWN_TRADE, REDUCED, TRADE, Effect
from cloud.exchange.matching.order import Order, Owner

WORDS = {TRADE: "trade", OWN_TRADE: "own trade", CLIP: "clip", REDUCED: "reduced", ENDED: "ended"}

Said = tuple[str, int, int, int, int]
"""What happened: word, order, other (0: none), price, steps."""


class Counter:
    """One book, its owners and all orders that ever came."""

    def __init__(self) -> None:
        self.book = Book()
        self.owners: dict[str, Owner] = {}
        self.orders: dict[int, Order] = {}
        self.endings: dict[int, Ending | None] = {}
        self.effects: list[Effect] = []
        self.at_us = 0

    def owner(self, name: str, rule: SelfTrade = SelfTrade.CANCEL_NEWEST) -> Owner:
        owner = self.owners.setdefault(name, Owner(len(self.owners) + 1, name))
        owner.self_trade = rule
        return owner

    def order(
        self,
        name: str,
        side: Side,
        price_ticks: int,
        steps: int,
        execution: Execution = Execution.NON,
        display_steps: int = 0,
        delta_ticks: int = 0,
    ) -> Order:
        """Make an order that has not come yet."""
        owner = self.owners.get(name) or self.owner(name)
        order = Order(len(self.orders) + 1, owner, 1, side, price_ticks, steps, execution)
        order.display_steps, order.delta_ticks = display_steps, delta_ticks
        self.orders[order.order_id] = order
        return order

    def submit(self, order: Order) -> list[Said]:
        self.at_us += 1
        order.at_us = self.at_us
        effects: list[Effect] = []
        ending = self.book.submit(order, effects)
        self.endings[order.order_id] = ending
        self.effects += effects
        self.book.check()
        resting = order in list(self.book.in_priority())
        assert resting == (ending is None), "an order rests unless it is said to have ended"
        return [
            (WORDS[kind], one.order_id, other.order_id if other is not None else 0, price, steps)
            for kind, one, other, price, steps in effects
        ]

    def buy(
        self,
        name: str,
        price_ticks: int,
        steps: int,
        execution: Execution = Execution.NON,
        display_steps: int = 0,
        delta_ticks: int = 0,
    ) -> list[Said]:
        order = self.order(
            name, Side.BUY, price_ticks, steps, execution, display_steps, delta_ticks
        )
        return self.submit(order)

    def sell(
        self,
        name: str,
        price_ticks: int,
        steps: int,
        execution: Execution = Execution.NON,
        display_steps: int = 0,
        delta_ticks: int = 0,
    ) -> list[Said]:
        order = self.order(
            name, Side.SELL, price_ticks, steps, execution, display_steps, delta_ticks
        )
        return self.submit(order)

    def withdraw(self, order_id: int) -> None:
        self.book.withdraw(self.orders[order_id])
        self.book.check()

    def contents(self) -> list[tuple[int, int, int, int]]:
        """Return (order, price, shown, hidden) of all that rests, in priority."""
        return [
            (order.order_id, order.price_ticks, order.open_steps, order.hidden_steps)
            for order in self.book.in_priority()
        ]
