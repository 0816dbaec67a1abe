"""What a stretch of the journal does to the read model, gathered for few statements. Pure."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cloud.exchange.facts import Joined, Listed
from cloud.exchange.read.orders import Order
from cloud.portfolio.model import Entry

Values = tuple[Any, ...]
"""A row; the columns are those of the table, in its order, where nothing else is said."""


class Trade(NamedTuple):
    """A row of `venue_trade`."""

    trade_id: int
    sequence: int
    at_us: int
    contract: int
    price_ticks: int
    quantity_steps: int
    aggressor: int
    buy_order: int
    buy_owner: int
    buy_account: str
    sell_order: int
    sell_owner: int
    sell_account: str
    self_trade: bool
    state: str
    moved_us: int


class Audit(NamedTuple):
    """What somebody did who is not simply the owner of an order."""

    sequence: int
    at_us: int
    who: str
    action: str
    subject: str
    reason: str
    orders: int = 1
    """Done to so many at once, of which `subject` is the first."""
    by_party: bool = False
    """Whoever it was belongs to a party of the trade, not to those who run the exchange."""


@dataclass(slots=True)
class Changes:
    """Insertions come before updates; updates of one kind in their order."""

    contracts: dict[int, Listed] = field(default_factory=dict)
    owners: dict[int, Joined] = field(default_factory=dict)
    closed: list[Values] = field(default_factory=list)
    """(closed_us, contract)."""
    entered: dict[int, Order] = field(default_factory=dict)
    touched: dict[int, Order] = field(default_factory=dict)
    """Orders that were in the read model before."""
    actions: list[Values] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    moves: list[Values] = field(default_factory=list)
    moved: list[Values] = field(default_factory=list)
    """(state, moved_us, trade_id)."""
    surveillance: list[Values] = field(default_factory=list)
    activity: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    """By account and UTC day: the columns behind the key."""
    halts: list[Values] = field(default_factory=list)
    """Without the columns of the resumption."""
    resumed: list[Values] = field(default_factory=list)
    """(resumed_us, resumed_by, resumed_reason, scope, value, sequence)."""
    policies: list[Values] = field(default_factory=list)
    audits: dict[Any, Audit] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
