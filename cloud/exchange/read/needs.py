"""What has to be fetched from the read model before a stretch of facts can be folded. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.exchange.facts import (
    Closed,
    Entered,
    Fact,
    Joined,
    Listed,
    Refused,
    Traded,
    TradeMoved,
)


class Needs(NamedTuple):
    """Numbers that facts refer to and do not tell themselves; each once, ascending."""

    orders: list[int]
    trades: list[int]
    contracts: list[int]
    owners: list[int]
    """Those of the orders that are fetched come to them."""


def needs(facts: Iterable[Fact]) -> Needs:
    """Return what has to be known before these can be folded."""
    told: tuple[set[int], ...] = (set(), set(), set(), set())
    asked: tuple[set[int], ...] = ({0}, set(), {0}, {0})
    new_orders, new_trades, new_contracts, new_owners = told
    orders, trades, contracts, owners = asked
    for fact in facts:
        if isinstance(fact, Entered):
            new_orders.add(fact.order_id)
            owners.add(fact.owner)
            contracts.add(fact.contract)
        elif isinstance(fact, Traded):
            new_trades.add(fact.trade_id)
            orders.update((fact.maker_id, fact.taker_id))
            owners.update((fact.maker_owner, fact.taker_owner))
            contracts.add(fact.contract)
        elif isinstance(fact, Refused):
            orders.add(fact.order_id)
            owners.add(fact.owner)
        elif isinstance(fact, TradeMoved):
            trades.add(fact.trade_id)
            contracts.add(fact.contract)
        elif isinstance(fact, Listed):
            new_contracts.add(fact.contract)
        elif isinstance(fact, Joined):
            new_owners.add(fact.owner)
        elif not isinstance(fact, Closed):
            orders.add(getattr(fact, "order_id", 0))
            new_orders.add(getattr(fact, "new_id", 0))
    for new in told:
        new.add(0)
    missing = [sorted(a - t) for a, t in zip(asked, told, strict=True)]
    return Needs(*missing)
