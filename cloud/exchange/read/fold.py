"""From facts to changes of the read model, one after the other. Pure.

A stretch is one or more whole commits, so that an effect never stands without its cause; what
`needs` names has been fetched for it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from cloud.exchange import facts
from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import Fact
from cloud.exchange.read import order_facts, venue_facts
from cloud.exchange.read.changes import Changes
from cloud.exchange.read.ledger import Ledger

_HANDLERS: dict[type[Fact], Callable[[Ledger, int, Any], None]] = {
    facts.Listed: venue_facts.listed,
    facts.Joined: venue_facts.joined,
    facts.Entered: order_facts.entered,
    facts.Refused: order_facts.refused,
    facts.Changed: order_facts.changed,
    facts.Hibernated: order_facts.hibernated,
    facts.Activated: order_facts.activated,
    facts.Withdrawn: order_facts.withdrawn,
    facts.Expired: order_facts.expired,
    facts.Closed: venue_facts.closed,
    facts.Halted: venue_facts.halted,
    facts.Resumed: venue_facts.resumed,
    facts.Stopped: venue_facts.stopped,
    facts.Freed: venue_facts.freed,
    facts.TradeMoved: venue_facts.trade_moved,
    facts.Configured: venue_facts.configured,
    facts.Traded: venue_facts.traded,
    facts.Clipped: order_facts.clipped,
    facts.Reduced: order_facts.reduced,
    facts.Ended: order_facts.ended,
    Auctioned: venue_facts.auctioned,
}


def fold(ledger: Ledger, first: int, stretch: Iterable[Fact]) -> Changes:
    """Return what these facts change.

    Args:
        first: sequence of the first of them; they count on from there.

    Raises:
        Gap: one of them refers to something that is not known.
    """
    for sequence, fact in enumerate(stretch, first):
        _HANDLERS[type(fact)](ledger, sequence, fact)
    return ledger.changes
