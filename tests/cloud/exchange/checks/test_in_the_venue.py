"""cloud.exchange.checks behind a real venue: limits hold whatever comes in whatever order."""

import json
import random
from collections import Counter

import pytest

from cloud.exchange.checks.battery import Battery
from cloud.exchange.checks.guard import Checks
from cloud.exchange.facts import Entered, Fact, Refused, Traded
from cloud.exchange.matching.codes import Execution, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.commands import (
    Command,
    Configure,
    Entry,
    Modification,
    Switch,
    SwitchAll,
)
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract
from tests.support.checks import AT_US
from tests.support.venues import BUY, SELL, quarter

CLIENTS = 50
ACCOUNTS = [f"account {number}" for number in range(5)]
CONTRACTS = [quarter(0), quarter(1), quarter(2), quarter(0, market="DE")]
MOST_KW, MOST_ORDERS, ALLOWED, WINDOW_US = 3_000, 12, 15, 10_000_000
LIMITS = {
    "version": 1,
    "default": {
        "abs_kw_max": MOST_KW,
        "abs_open_kw_max": MOST_KW,
        "orders_max": MOST_ORDERS,
        "order_counts": [{"window_s": WINDOW_US // 1_000_000, "allowed": ALLOWED}],
    },
}


def limited() -> tuple[Venue, Checks]:
    checks = Checks()
    venue = Venue(checks)
    venue.handle(Configure(what="limits", version=1, by="admin", content=json.dumps(LIMITS)), AT_US)
    return venue, checks


def command(draw: random.Random, owners: list[Owner], ids: list[int]) -> Command:
    """Return what one of many clients asks for: mostly an order, else a change of any order."""
    owner = draw.choice(owners)
    kind = draw.random()
    if kind < 0.7 or not ids:
        return Entry(
            owner=owner,
            contract=draw.choice(CONTRACTS),
            side=draw.choice((BUY, SELL)),
            price_ticks=draw.randint(4_990, 5_010),
            quantity_steps=draw.randint(1, 12),
            execution=draw.choice((Execution.NON, Execution.NON, Execution.IOC, Execution.AON)),
            state=draw.choice((State.ACTIVE, State.ACTIVE, State.ACTIVE, State.HIBERNATED)),
        )
    order_id = draw.choice(ids[-60:])
    if kind < 0.8:
        return Modification(
            account=owner.account,
            order_id=order_id,
            revision=1,
            price_ticks=draw.randint(4_990, 5_010),
            quantity_steps=draw.randint(1, 15),
        )
    if kind < 0.97:
        to = draw.choice((State.ACTIVE, State.HIBERNATED, State.INACTIVE))
        revision = 1 if to is State.ACTIVE else None
        return Switch(account=owner.account, order_id=order_id, to=to, revision=revision)
    return SwitchAll(account=owner.account, to=State.INACTIVE)


class Books:
    """What the facts alone say of each account."""

    def __init__(self) -> None:
        self.net_kw: Counter[tuple[str, int]] = Counter()
        self.accounts: dict[int, str] = {}
        self.starts: dict[int, int] = {}

    def take(self, facts: list[Fact], venue: Venue) -> None:
        for owner in venue.desk.owners:
            self.accounts[owner.number] = owner.account
        for fact in facts:
            if isinstance(fact, Traded):
                start_us = venue.desk.stalls[fact.contract].contract.start_us
                kw = 100 * fact.quantity_steps
                seller, buyer = fact.taker_owner, fact.maker_owner
                if fact.side is BUY:
                    seller, buyer = buyer, seller
                self.net_kw[self.accounts[seller], start_us] += kw
                self.net_kw[self.accounts[buyer], start_us] -= kw


def run(seed: int, messages: int) -> tuple[Venue, Checks, list[list[Fact]]]:
    """Let many clients loose on a venue; after each message every limit has to hold."""
    draw = random.Random(seed)
    venue, checks = limited()
    owners = [Owner(0, ACCOUNTS[n % len(ACCOUNTS)], user=f"user {n}") for n in range(CLIENTS)]
    books, at_us = Books(), AT_US
    ids: list[int] = []
    past: list[list[Fact]] = []
    for _ in range(messages):
        at_us += draw.choice((0, 1, 50_000, 400_000))
        facts = venue.handle(command(draw, owners, ids), at_us)
        past.append(facts)
        ids += [fact.order_id for fact in facts if isinstance(fact, Entered)]
        books.take(facts, venue)
        assert all(abs(kw) <= MOST_KW for kw in books.net_kw.values())
        for seat in checks.seats.values():
            assert seat.orders <= MOST_ORDERS
            for (_, start_us), period in seat.periods.items():
                assert period.net_kw == books.net_kw[seat.account, start_us]
                assert period.net_kw + period.sell_kw <= MOST_KW
                assert period.net_kw - period.buy_kw >= -MOST_KW
    return venue, checks, past


@pytest.mark.parametrize("seed", range(8))
def test_limits_hold_in_every_interleaving_of_fifty_clients(seed: int) -> None:
    _, _, past = run(seed, 600)
    codes = Counter(fact.code for facts in past for fact in facts if isinstance(fact, Refused))
    assert codes["ORDER_COUNT"] > 0
    assert codes["POSITION_OPEN"] + codes["ACTIVE_ORDERS"] > 0


@pytest.mark.parametrize("seed", range(4))
def test_what_is_on_offer_is_what_lives_in_the_books(seed: int) -> None:
    venue, checks, _ = run(seed, 300)
    offered: Counter[tuple[str, bool, int]] = Counter()
    living: Counter[str] = Counter()
    for order in venue.desk.orders.values():
        living[order.owner.account] += 1
        if order.state is State.ACTIVE:
            start_us = venue.desk.stalls[order.contract].contract.start_us
            key = order.owner.account, order.side is SELL, start_us
            offered[key] += 100 * (order.open_steps + order.hidden_steps)
    for seat in checks.seats.values():
        assert seat.orders == living[seat.account]
        for (_, start_us), period in seat.periods.items():
            assert period.sell_kw == offered[seat.account, True, start_us]
            assert period.buy_kw == offered[seat.account, False, start_us]


def counted(checks: Checks) -> object:
    """Return all that a guard has counted and what is on offer."""
    offers = {}
    for seat in checks.seats.values():
        periods = [(key, period.sell_kw, period.buy_kw) for key, period in seat.periods.items()]
        days = [(key, day.in_open, day.out_open) for key, day in seat.days.items()]
        offers[seat.account] = (
            seat.orders,
            sorted(row for row in periods if any(row[1:])),
            sorted(row for row in days if any(row[1:])),
        )
    return [checks.dump(), offers]


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_counts_the_same_as_the_first_time(seed: int) -> None:
    _, checks, past = run(seed, 300)
    again = Checks()
    venue = Venue(again, lookup=None)
    first = Configure(what="limits", version=1, by="admin", content=json.dumps(LIMITS))
    past.insert(0, Venue().handle(first, AT_US))
    for facts in past:
        venue.replay(facts)
    assert counted(again) == counted(checks)


@pytest.mark.parametrize("seed", range(4))
def test_a_snapshot_counts_the_same_as_the_first_time(seed: int) -> None:
    venue, checks, _ = run(seed, 300)
    again = Checks()
    Venue(again).load(json.loads(json.dumps(venue.dump())))
    assert counted(again) == counted(checks)


def test_a_battery_is_sold_once_over_two_markets_and_bought_back_by_a_void_trade() -> None:
    checks = Checks()
    battery = Battery(
        site="werk-1",
        energy_kwh=1_000.0,
        charge_kw_max=2_000.0,
        discharge_kw_max=2_000.0,
        discharge_efficiency=1.0,
        soc_pct=50.0,
        soc_at_us=AT_US,
    )
    checks.sites.seen(battery)
    venue = Venue(checks)
    werk = Owner(0, "werk", site="werk-1")

    def sell(of: Contract, steps: int) -> list[Fact]:
        return venue.handle(
            Entry(owner=werk, contract=of, side=SELL, price_ticks=1, quantity_steps=steps), AT_US
        )

    assert isinstance(sell(quarter(0), 15)[-1], Entered)
    refused = sell(quarter(1, market="DE"), 6)[-1]
    assert isinstance(refused, Refused)
    assert refused.code == "SITE_EMPTY"
    assert isinstance(sell(quarter(1, market="DE"), 5)[-1], Entered)
