"""What the venue tells the checks: open orders are those that live, live and after a replay."""

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from cloud.exchange.checks.guard import Checks
from cloud.exchange.facts import Refused
from cloud.exchange.matching.codes import Linking, Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.commands import Basket, Configure
from cloud.exchange.venue.guard import Post, Refusal
from cloud.exchange.venue.unguarded import NoGuard
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract
from tests.cloud.exchange.naive.venue_flows import VenuePair
from tests.support.venues import BUY, SELL, Pit


@dataclass
class Told(NoGuard):
    """Sums of all that it is told; refuses orders of `refused_steps`."""

    refused_steps: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    offers: Counter[tuple[str, int, Side]] = field(default_factory=Counter)
    cash: Counter[str] = field(default_factory=Counter)
    """Price times steps of all open orders, by account."""
    actions: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[int, int]] = field(default_factory=list)
    """Steps and new orders of each question."""
    open_when_asked: int = 0

    def post(self, owner: Owner, contract: Contract) -> Post:
        return _ToldPost(self, owner, contract)

    def acted(self, owner: Owner, at_us: int) -> None:
        self.actions[owner.account] += 1


class _ToldPost(Post):
    def __init__(self, told: Told, owner: Owner, contract: Contract) -> None:
        super().__init__(owner, contract)
        self.told = told

    def refusal(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int,
    ) -> Refusal | None:
        told = self.told
        told.asked.append((steps, new_orders))
        told.open_when_asked = sum(told.offers.values())
        if steps == told.refused_steps:
            return Refusal("SITE_LIMIT", "not so many")
        return None

    def acted(self, at_us: int) -> None:
        self.told.actions[self.owner.account] += 1

    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        told, account, of = self.told, self.owner.account, self.contract
        told.orders[account] += orders
        told.offers[account, of.start_us + of.end_us, side] += steps
        told.cash[account] += price_ticks * steps


@pytest.mark.parametrize("seed", range(60))
def test_what_a_replay_and_a_snapshot_tell_is_what_stands_in_the_books(seed: int) -> None:
    pair = VenuePair(Random(seed))
    for _ in range(60):
        pair.step()
    again, loaded = Told(), Told()
    venue = Venue(again)
    venue.replay(pair.facts)
    Venue(loaded).load(json.loads(json.dumps(venue.dump())))
    stands: Counter[tuple[str, int, Side]] = Counter()
    desk = venue.desk
    for order in desk.orders.values():
        contract = desk.stalls[order.contract].contract
        if order.state is State.ACTIVE:
            key = order.owner.account, contract.start_us + contract.end_us, order.side
            stands[key] += order.left_steps

    assert +again.offers == stands == +loaded.offers
    orders = Counter(order.owner.account for order in desk.orders.values())
    assert +again.orders == orders == +loaded.orders
    assert _but_nought(again.cash) == _but_nought(loaded.cash)
    assert stands or not _but_nought(again.cash)


def _but_nought(sums: Counter[str]) -> dict[str, int]:
    return {account: amount for account, amount in sums.items() if amount}


def test_a_change_is_asked_for_with_the_order_off_the_offer() -> None:
    told = Told()
    pit = Pit(Venue(told))
    order = pit.enter("seller", SELL, 5_000, 10)

    pit.change(order, "seller", steps=12)

    assert told.asked == [(10, 1), (12, 0)]
    assert told.open_when_asked == 0
    assert sum(told.offers.values()) == 12
    assert told.actions == {"seller": 2}


def test_a_change_that_the_checks_refuse_leaves_the_offer_as_it_was() -> None:
    told = Told(refused_steps=12)
    pit = Pit(Venue(told))
    order = pit.enter("seller", SELL, 5_000, 10)

    answer = pit.change(order, "seller", steps=12)

    assert answer.code == "SITE_LIMIT"
    assert sum(told.offers.values()) == 10
    assert pit.book() == [(1, 5_000, 10, 0)]


def test_the_orders_of_a_basket_are_asked_for_on_top_of_each_other() -> None:
    """Whether the sum of a basket is too much must be found before any of it stands."""
    told = Told()
    pit = Pit(Venue(told))
    entries = tuple(pit.entry("seller", SELL, 5_000, 10) for _ in range(3))

    pit.give(Basket(entries=entries))
    one_by_one = told.open_when_asked
    pit.give(Basket(entries=entries, linking=Linking.VALID))

    assert one_by_one == 20
    assert told.open_when_asked == 30 + 20
    assert sum(told.offers.values()) == 60


def test_the_real_checks_count_the_same_after_a_replay() -> None:
    limits = json.dumps({"version": 1, "default": {"net_kw_max": 500, "orders_max": 4}})
    checks, again = Checks(), Checks()
    pit = Pit(Venue(checks))
    pit.give(Configure(what="limits", version=1, by="operator", content=limits))
    for steps in (2, 3, 4):
        pit.enter("seller", SELL, 5_000, steps)
        pit.enter("buyer", BUY, 5_000, 2)
    Venue(again).replay(pit.past)

    refused = [fact for fact in pit.past if isinstance(fact, Refused)]
    assert refused, "the limits bind"
    assert again.dump() == checks.dump()
