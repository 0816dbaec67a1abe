"""What time brings: orders expire, gates close. Pure.

A timed event has the stamp of the instant that it was due, and comes before any message of the
same microsecond; where an order expires in the instant of its gate, it expires first.
"""

from cloud.exchange.facts import Closed, Ended, Expired, Fact
from cloud.exchange.matching.codes import Action, Ending, State
from cloud.exchange.venue.desk import CLOSING, Desk

_SDEL = Action.DELETED_BY_SYSTEM


def advance(desk: Desk, at_us: int, facts: list[Fact]) -> None:
    """Do all that is due by an instant, in the order of time."""
    while desk.next_us <= at_us:
        timer = desk.due()
        if not desk.true(timer):
            continue
        due_us, what, number = timer
        if what == CLOSING:
            facts.append(Closed(due_us, number))
            close(desk, number, due_us, facts)
        else:
            facts.append(Expired(due_us, number, desk.orders[number].left_steps))
            expire(desk, number, due_us)


def expire(desk: Desk, order_id: int, at_us: int) -> None:
    """End an order at its own date."""
    desk.remove(desk.orders[order_id])
    desk.last_us = at_us


def close(desk: Desk, number: int, at_us: int, facts: list[Fact]) -> None:
    """Close the gate of a contract: all its orders end, those that sleep after the others."""
    stall = desk.stalls[number]
    for order in [*stall.book.in_priority(), *stall.hibernated.values()]:
        steps = order.left_steps
        facts.append(Ended(at_us, order.order_id, steps, Ending.EXPIRED, _SDEL))
        desk.drop(order, stall, steps if order.state is State.ACTIVE else 0)
    stall.clear()
    desk.close(stall)
    desk.closed.append((at_us, number))
    desk.forget_closed(at_us)
    desk.guard.forget_until(at_us)
    desk.last_us = at_us
