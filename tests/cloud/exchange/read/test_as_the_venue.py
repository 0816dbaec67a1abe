"""cloud.exchange.read: after each message the rows say what the venue itself knows."""

from collections import Counter
from random import Random

import pytest
from sqlalchemy import select

from cloud.exchange.facts import Fact, Traded
from cloud.exchange.matching.codes import State
from cloud.exchange.matching.order import Order as Living
from cloud.exchange.read import orders, tables
from cloud.exchange.read.fold import fold
from cloud.exchange.read.ledger import Ledger
from cloud.exchange.read.orders import Order
from cloud.exchange.read.projection import rebuild
from cloud.exchange.venue.commands import Command
from cloud.kernel.database import Database
from tests.cloud.exchange.naive.venue_flows import VenuePair
from tests.support.read_model import Chronicle, picture, projected

COMMANDS = 120


class Flow(VenuePair):
    """Random commands for the venue; whether the naive venue agrees is another test's question."""

    def give(self, command: Command) -> None:
        self.facts += self.venue.handle(command, self.at_us)
        self.naive.handle(command, self.at_us)


def known(order: Order) -> tuple[object, ...]:
    return (
        order.state,
        order.price_ticks,
        order.quantity_steps,
        order.filled_steps,
        order.open_steps,
        order.visible_steps,
        order.reduced_steps,
        order.revision,
        (order.initial_id, order.parent_id, order.client_order_id, order.text),
    )


def true(order: Living) -> tuple[object, ...]:
    return (
        order.state.value,
        order.price_ticks,
        order.quantity_steps,
        order.filled_steps,
        order.left_steps,
        order.open_steps if order.state is State.ACTIVE else 0,
        order.reduced_steps,
        order.revision,
        (order.initial_id, order.parent_id, order.client_order_id, order.text),
    )


def followed(seed: int) -> tuple[Flow, Ledger]:
    """Play a flow; after each message all orders that live are compared."""
    pair, ledger, told = Flow(Random(seed)), Ledger({}, {}, {}, {}), 0
    for _ in range(COMMANDS):
        pair.step()
        fold(ledger, told + 1, pair.facts[told:])
        told = len(pair.facts)
        living = pair.venue.desk.orders
        rows = {n: known(order) for n, order in ledger.orders.items() if order.ended_us is None}
        assert rows == {n: true(order) for n, order in living.items()}, f"seed {seed}"
    return pair, ledger


def commits(facts: list[Fact], random: Random) -> Chronicle:
    """Return whole messages of one instant as commits."""
    chronicle = Chronicle()
    rest = list(facts)
    while rest:
        at_us = rest[0].at_us
        size = next((n for n, fact in enumerate(rest) if fact.at_us != at_us), len(rest))
        size += next(
            (n for n, fact in enumerate(rest[size:]) if fact.at_us > at_us + random.randint(0, 9)),
            len(rest) - size,
        )
        chronicle.commit(*rest[:size])
        rest = rest[size:]
    return chronicle


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_rows_follow_every_message_of_random_flows(first: int) -> None:
    for seed in range(first, first + 20):
        _, ledger = followed(seed)
        ended = [order for order in ledger.orders.values() if order.ended_us is not None]
        assert all(order.ending for order in ended)
        assert all(not order.open_steps and not order.visible_steps for order in ended)
        assert {order.ending for order in ended if order.state != "IACT"} == set()


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 2_000, 200))
def test_rows_follow_every_message_of_many_random_flows(first: int) -> None:
    for seed in range(first, first + 200):
        followed(seed)


def test_energy_and_cash_of_all_owners_cancel_out_in_every_quarter_hour() -> None:
    for seed in range(20):
        _, ledger = followed(seed)
        sums: Counter[tuple[str, int]] = Counter()
        for entry in ledger.changes.entries:
            sign = -1 if entry.void else 1
            sums["wh", entry.start_us] += sign * entry.energy_wh
            sums["cash", entry.start_us] += sign * entry.cash
        assert not any(sums.values())


def test_what_a_chain_of_orders_has_filled_is_the_sum_of_its_trades() -> None:
    for seed in range(40):
        pair, ledger = followed(seed)
        traded: Counter[int] = Counter()
        filled: Counter[int] = Counter()
        for fact in pair.facts:
            if isinstance(fact, Traded):
                for order_id in (fact.maker_id, fact.taker_id):
                    order = ledger.orders[order_id]
                    if order.contract == fact.contract:  # no sweep, which trades in its parts
                        traded[order.initial_id] += fact.quantity_steps
        for order in ledger.orders.values():
            filled[order.initial_id] = max(filled[order.initial_id], order.filled_steps)
        assert all(filled[chain] == steps for chain, steps in traded.items()), f"seed {seed}"


@pytest.mark.parametrize("seed", [4, 5, 6])
async def test_tables_are_the_same_however_the_facts_come_and_after_a_rebuild(
    database: Database, seed: int
) -> None:
    flow, ledger = followed(seed)
    so_far = Chronicle()
    for frame in commits(flow.facts, Random(seed)).frames:
        so_far.commit(*frame.facts)
        await projected(database, so_far)
    found = await picture(database)
    async with database.reading() as connection:
        names = [tables.order.c[name] for name in orders.COLUMNS]
        rows = {tuple(row) for row in await connection.execute(select(*names))}
    assert rows == {orders.values(order) for order in ledger.orders.values()}
    assert sorted(found["venue_action"]) == sorted(ledger.changes.actions)
    await rebuild(database, fence=1)
    await projected(database, so_far)
    assert await picture(database) == found
