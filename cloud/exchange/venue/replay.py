"""The facts of the journal, done again: causes without the checks, effects compared. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import (
    Activated,
    Changed,
    Closed,
    Configured,
    Entered,
    Expired,
    Fact,
    Freed,
    Halted,
    Hibernated,
    Joined,
    Listed,
    Refused,
    Resumed,
    Stopped,
    TradeMoved,
    Withdrawn,
)
from cloud.exchange.venue import allotment, changes, entry, halts, modify, policies, recall, timed
from cloud.exchange.venue.desk import EXPIRY, Desk


class ReplayDiffers(Exception):
    """The journal says something else happened than what its causes lead to: stop."""


def replay(desk: Desk, facts: Sequence[Fact]) -> None:
    """Do again what whole messages did: each cause with all its effects.

    Raises:
        ReplayDiffers: something else happens than what the facts say.
    """
    index, count = 0, len(facts)
    while index < count:
        fact = facts[index]
        again: list[Fact] = [fact]
        desk.answers.now = []
        try:
            if desk.next_us <= fact.at_us:
                _in_time(desk, fact)
            _AGAIN[type(fact)](desk, fact, again)
        except (KeyError, IndexError, AssertionError) as error:
            raise ReplayDiffers(f"the journal says {fact!r}, which cannot be: {error!r}") from error
        if len(again) > 1:
            said = facts[index : index + len(again)]
            if list(said) != again:
                raise ReplayDiffers(f"the journal says {said!r}, the replay {again!r}")
        index += len(again)


def done_again(desk: Desk, cause: Fact) -> list[Fact]:
    """Do one cause that no journal of this form has; return it with all its effects."""
    facts: list[Fact] = [cause]
    desk.answers.now = []
    if desk.next_us <= cause.at_us:
        _in_time(desk, cause)
    _AGAIN[type(cause)](desk, cause, facts)
    return facts


def _in_time(desk: Desk, fact: Fact) -> None:
    """Take the timers that are due; the one that still means something must be this fact."""
    while desk.next_us <= fact.at_us:
        timer = desk.due()
        if desk.true(timer):
            due_us, what, number = timer
            kind = Expired if what == EXPIRY else Closed
            assert type(fact) is kind, "what is due comes first"
            assert (fact.at_us, fact[1]) == (due_us, number), "what is due comes first"
            return


def _list(desk: Desk, fact: Listed, _: list[Fact]) -> None:
    assert fact.contract == desk.last_contract + 1, "contracts are numbered without gaps"
    desk.list(fact)


def _join(desk: Desk, fact: Joined, _: list[Fact]) -> None:
    assert fact.owner == len(desk.owners), "owners are numbered without gaps"
    desk.join(fact)


def _enter(desk: Desk, fact: Entered, facts: list[Fact]) -> None:
    assert fact.order_id == desk.last_order_id + 1, "orders are numbered without gaps"
    entry.happen(desk, fact, facts)


def _refuse(desk: Desk, fact: Refused, _: list[Fact]) -> None:
    desk.refused(fact, counts=True)


def _expire(desk: Desk, fact: Expired, _: list[Fact]) -> None:
    assert desk.orders[fact.order_id].left_steps == fact.open_steps, "as much of it is left"
    timed.expire(desk, fact.order_id, fact.at_us)


def _close(desk: Desk, fact: Closed, facts: list[Fact]) -> None:
    timed.close(desk, fact.contract, fact.at_us, facts)


_AGAIN: Mapping[type[Fact], Callable[[Desk, Any, list[Fact]], None]] = {
    Listed: _list,
    Joined: _join,
    Entered: _enter,
    Refused: _refuse,
    Changed: modify.changed,
    Hibernated: changes.hibernated,
    Activated: changes.activated,
    Withdrawn: changes.withdrawn,
    Expired: _expire,
    Closed: _close,
    Halted: halts.halted,
    Resumed: halts.resumed,
    Stopped: halts.stopped,
    Freed: halts.freed,
    TradeMoved: recall.moved,
    Configured: policies.configured,
    Auctioned: allotment.auctioned,
}
