"""What has to be fetched from the read model before a stretch of facts can be folded. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import (
    Changed,
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


class _Numbers:
    """One set for each sort of number; 0 is none."""

    def __init__(self) -> None:
        self.orders: set[int] = {0}
        self.trades: set[int] = {0}
        self.contracts: set[int] = {0}
        self.owners: set[int] = {0}


def needs(facts: Iterable[Fact]) -> Needs:
    """Return what has to be known before these can be folded."""
    told, asked = _Numbers(), _Numbers()
    for fact in facts:
        if isinstance(fact, Entered):
            told.orders.add(fact.order_id)
            asked.owners.add(fact.owner)
            asked.contracts.add(fact.contract)
        elif isinstance(fact, Traded):
            told.trades.add(fact.trade_id)
            asked.orders.update((fact.maker_id, fact.taker_id))
            asked.owners.update((fact.maker_owner, fact.taker_owner))
            asked.contracts.add(fact.contract)
        else:
            _look(fact, told, asked)
    return Needs(
        orders=sorted(asked.orders - told.orders),
        trades=sorted(asked.trades - told.trades),
        contracts=sorted(asked.contracts - told.contracts),
        owners=sorted(asked.owners - told.owners),
    )


def _look(fact: Fact, told: _Numbers, asked: _Numbers) -> None:
    """Do it for the facts that are neither an entry nor a trade."""
    asked.orders.add(getattr(fact, "order_id", 0))
    match fact:
        case Changed():
            if fact.new_id != fact.order_id:
                told.orders.add(fact.new_id)
        case Refused() | Auctioned():
            asked.owners.add(fact.owner)
        case TradeMoved():
            asked.trades.add(fact.trade_id)
            asked.contracts.add(fact.contract)
        case Listed():
            told.contracts.add(fact.contract)
        case Joined():
            told.owners.add(fact.owner)
