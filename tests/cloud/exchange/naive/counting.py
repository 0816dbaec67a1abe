"""A guard that lets everything pass and counts what it is told, to be compared with plain sums."""

from collections import Counter

from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import NoGuard
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

    def acted(self, owner: Owner, market: str, at_us: int) -> None:
        self.actions[owner.account] += 1

    def offered(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        steps: int,
        orders: int = 0,
    ) -> None:
        key = place_of(owner, contract), side
        self.offers[key] += steps
        self.worth[key] += steps * price_ticks
        self.orders[owner.account] += orders

    def orders_changed(self, owner: Owner, contract: Contract, orders: int) -> None:
        self.orders[owner.account] += orders

    def traded(
        self, owner: Owner, contract: Contract, side: Side, price_ticks: int, steps: int
    ) -> None:
        self.net[place_of(owner, contract)] += steps if side is Side.SELL else -steps

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
        counters: dict[str, Counter[object]] = {
            "net": Counter(self.net),
            "offers": Counter(self.offers),
            "worth": Counter(self.worth),
            "orders": Counter(self.orders),
            "actions": Counter(self.actions),
        }
        return {
            name: {key: count for key, count in counter.items() if count}
            for name, counter in counters.items()
        }
