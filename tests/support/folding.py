"""Facts that are folded into changes of the read model, without a database."""

from collections.abc import Mapping

from cloud.exchange.facts import Fact
from cloud.exchange.read.changes import Changes
from cloud.exchange.read.fold import fold
from cloud.exchange.read.ledger import Ledger
from cloud.exchange.read.orders import Order
from cloud.portfolio.model import Entry, Position
from tests.support.hub import NOON_US
from tests.support.read_model import names
from wire.clock import QUARTER_HOUR_US


def folded(*facts: Fact) -> Changes:
    return fold(Ledger({}, {}, {}, {}), 1, [*names(), *facts])


def order(changes: Changes, order_id: int) -> Order:
    return changes.entered[order_id]


def quantities(of: Order) -> tuple[int, int, int, int]:
    """Return filled, open, visible and reduced steps."""
    return of.filled_steps, of.open_steps, of.visible_steps, of.reduced_steps


def actions(changes: Changes) -> list[tuple[int, str, str, int]]:
    """Return order, action, who and steps of what happened, in its order."""
    return [(row[2], row[4], row[5], row[11]) for row in changes.actions]


def net(entries: list[Entry]) -> Mapping[tuple[str, int], tuple[int, int, int]]:
    """Return kW, energy and cash of each account and quarter-hour."""
    sums: dict[tuple[str, int], Position] = {}
    for entry in entries:
        key = entry.account, (entry.start_us - NOON_US) // QUARTER_HOUR_US
        nothing = Position(account="", site=None, market="", start_us=0)
        sums[key] = sums.get(key, nothing).with_entry(entry)
    return {key: (p.net_kw, p.net_wh, p.cash) for key, p in sums.items()}
