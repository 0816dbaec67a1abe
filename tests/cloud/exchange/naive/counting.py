"""A guard that lets everything pass and counts what it is told, to be compared with plain sums."""

from collections import Counter

from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Post
from cloud.exchange.venue.unguarded import NoGuard
from cloud.market.contracts import Contract

Place = tuple[str, str, int, int]
"""Account, market, start and end of delivery."""


def place_of(owner: Owner, contract: Contract) -> Place:
    return owner.account, contract.market, contract.start_us, contract.end_us


class Counting(NoGuard):
    def __init__(self) -> None:
        self.net: Counter[Place] = Counter()
        """Sold less bought, in steps."""
        self.offers: Counter[tuple[Place, Side]] = Counter()
        """Steps that rest, hidden ones too."""
        self.worth: Counter[tuple[Place, Side]] = Counter()
        """The same times the price that was told."""
        self.orders: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()

    def post(self, owner: Owner, contract: Contract) -> Post:
        return _CountingPost(self, owner, contract)

    def acted(self, owner: Owner, at_us: int) -> None:
        self.actions[owner.account] += 1

    def dump(self) -> list[object]:
        return [list(self.net.items()), list(self.actions.items())]

    def load(self, dumped: list[object]) -> None:
        net, actions = dumped
        assert isinstance(net, list)
        assert isinstance(actions, list)
        self.net.update({tuple(key): steps for key, steps in net})
        self.actions.update(dict(actions))

    def told(self) -> dict[str, dict[object, int]]:
        """Return what is not nought."""
        return {
            "net": {key: count for key, count in self.net.items() if count},
            "offers": {key: count for key, count in self.offers.items() if count},
            "worth": {key: count for key, count in self.worth.items() if count},
            "orders": {key: count for key, count in self.orders.items() if count},
            "actions": {key: count for key, count in self.actions.items() if count},
        }


class _CountingPost(Post):
    def __init__(self, counting: Counting, owner: Owner, contract: Contract) -> None:
        super().__init__(owner, contract)
        self.counting = counting
        self.account = owner.account
        self.place = place_of(owner, contract)

    def acted(self, at_us: int) -> None:
        self.counting.actions[self.account] += 1

    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        self.counting.offers[self.place, side] += steps
        self.counting.worth[self.place, side] += steps * price_ticks
        self.counting.orders[self.account] += orders

    def traded(self, side: Side, price_ticks: int, steps: int) -> None:
        self.counting.net[self.place] += steps if side is Side.SELL else -steps
