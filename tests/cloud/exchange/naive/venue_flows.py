"""Random commands for a venue and the naive venue, compared after each of them."""

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cloud.exchange.facts import Fact
from cloud.exchange.matching.codes import Side
from cloud.exchange.venue.commands import (
    Basket,
    Command,
    Entry,
    Modification,
    MoveTrade,
    Switch,
)
from cloud.exchange.venue.venue import Venue
from tests.cloud.exchange.naive.commands import Commands
from tests.cloud.exchange.naive.counting import Counting, place_of
from tests.cloud.exchange.naive.floor import key_of
from tests.cloud.exchange.naive.ledger import Ledger
from tests.cloud.exchange.naive.venue import NaiveVenue
from tests.support.exchange import NOON_US

_ALIKE = {"ORDER_UNKNOWN": "ORDER", "ORDER_ENDED": "ORDER"}
"""Whether an order ended or never was is told by the venue alone."""


@dataclass
class VenuePair:
    random: Random
    naive: NaiveVenue = field(default_factory=NaiveVenue)
    ledger: Ledger = field(default_factory=Ledger)
    facts: list[Fact] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    at_us: int = NOON_US

    def __post_init__(self) -> None:
        self.commands = Commands(self.random, self.naive)
        self.contracts = self.commands.contracts
        self.naive.gates = {key_of(c): c.closes_us for c in self.contracts}
        self.guard = Counting()
        self.venue = self.another_venue(self.guard)

    def step(self) -> None:
        """Give one command to both, and compare."""
        self.at_us += self.random.choice((0, 1, 1, 2, 3))
        self.give(self.commands.next(self.at_us))

    def give(self, command: Command) -> None:
        self.ledger.refused.clear()
        facts = self.venue.handle(command, self.at_us)
        self.facts += facts
        self.ledger.read(facts)
        self.seen |= {type(fact).__name__ for fact in facts} | set(self.ledger.refused)
        codes = self.naive.handle(command, self.at_us)
        answered = [answer.code for answer in self.venue.answers()]
        if isinstance(command, Entry | Basket | Modification | Switch | MoveTrade):
            assert [_ALIKE.get(code, code) for code in answered] == codes
        self.compare()

    def compare(self) -> None:
        assert self.ledger.trades == self.naive.trades
        assert self.ledger.ended == self.naive.ended
        lines, lives, known = self.ledger.lines, self.naive.lives, self.venue.desk.orders
        assert lines.keys() == lives.keys()
        for number, life in lives.items():
            line, order = lines[number], known[number]
            assert (line.left, line.hibernated) == (life.paper.left, life.hibernated)
            assert (order.revision, order.parent_id, order.initial_id) == (
                life.revision,
                life.parent,
                life.initial,
            )
        assert self.ledger.slept == self.naive.slept
        self.seen |= {ending.value for ending in self.ledger.ended.values()}
        self.sums()
        for contract in self.contracts:
            stall = self.venue.desk.numbers.get(key_of(contract))
            orders = [] if stall is None else list(stall.book.in_priority())
            assert [
                (o.order_id, o.price_ticks, o.open_steps, o.hidden_steps) for o in orders
            ] == self.naive.book(contract)
            assert all(o.at_us == lives[o.order_id].paper.at_us for o in orders)

    def another_venue(self, guard: Counting) -> Venue:
        known = {key_of(contract): contract for contract in self.contracts}
        return Venue(guard, lookup=lambda *key: known.get(key))

    def reloaded(self) -> None:
        """Go on with another venue, made of the dump of this one."""
        state = dumped(self.venue)
        self.guard = Counting()
        self.venue = self.another_venue(self.guard)
        self.venue.load(state)
        assert dumped(self.venue) == state

    def replayed(self) -> None:
        """Do all facts again in another venue: it must know the same."""
        guard = Counting()
        again = self.another_venue(guard)
        again.replay(self.facts)
        assert dumped(again) == dumped(self.venue)
        assert guard.told() == self.guard.told()

    def close(self) -> None:
        """Let all gates close: nothing lives, and the checks know of no offer."""
        self.at_us = max(contract.closes_us for contract in self.contracts)
        self.facts += self.venue.advance(self.at_us)
        told = self.guard.told()
        assert told["offers"] == told["worth"] == told["orders"] == {}

    def sums(self) -> None:
        """Compare what the checks were told with what lives and has traded."""
        offers: Counter[object] = Counter()
        orders: Counter[object] = Counter()
        for life in self.naive.lives.values():
            orders[life.owner.account] += 1
            if not life.hibernated:
                offers[place_of(life.owner, life.contract), life.paper.side] += life.paper.left
        net: Counter[object] = Counter()
        for trade_id, (key, maker, taker, _, steps, _) in enumerate(self.naive.trades, start=1):
            if not self.naive.recalls.void(trade_id):
                for number in (maker, taker):
                    owner, side = self.naive.known[number]
                    net[owner.account, *key] += steps if side is Side.SELL else -steps
        told = self.guard.told()
        assert told["net"] == {key: steps for key, steps in net.items() if steps}
        assert told["offers"] == dict(offers)
        assert told["orders"] == dict(orders)


def dumped(venue: Venue) -> Any:
    """Return the state as it comes back from a file."""
    return json.loads(json.dumps(venue.dump()))


def play(seed: int, commands: int) -> set[str]:
    """Play one flow; return what came up in it.

    Raises:
        AssertionError: the two differ; the seed is in the note.
    """
    pair = VenuePair(Random(seed))
    for number in range(1, commands + 1):
        try:
            pair.step()
            if number == commands // 2:
                pair.reloaded()
            if number == commands:
                pair.close()
                pair.replayed()
        except AssertionError as error:
            error.add_note(f"seed {seed}, command {number} of {commands}")
            raise
    return pair.seen
