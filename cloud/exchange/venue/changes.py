"""An order that lives in the venue is taken back, put to sleep, woken. Pure.

Each change counts up the order's revision, so that whoever asks with an older one has not seen
what he changes. A function named after a fact does what the fact says, live and in a replay.
"""

from itertools import chain
from typing import Final

from cloud.exchange.facts import Activated, Fact, Hibernated, Refused, Withdrawn
from cloud.exchange.matching.codes import Action, Ending, State
from cloud.exchange.matching.order import Order
from cloud.exchange.venue import flow, scopes
from cloud.exchange.venue.commands import Modification, Switch, SwitchAll
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal

UNKNOWN = Refusal("ORDER_UNKNOWN", "this account has no such order in the venue")
_ACTIVE: Final = State.ACTIVE
_HIBERNATED: Final = State.HIBERNATED
_INACTIVE: Final = State.INACTIVE
_CANCELLED: Final = Ending.CANCELLED
_new: Final = tuple.__new__
_UDEL: Final = Action.DELETED
_ADEL: Final = Action.DELETED_BY_ADMIN


def switch(desk: Desk, command: Switch, at_us: int, facts: list[Fact]) -> None:
    """Delete, hibernate or activate one order, or refuse it."""
    order = desk.orders.get(command.order_id)
    if order is None or order.owner.account != command.account:
        refuse(desk, command, None, UNKNOWN, at_us, facts)
        return
    to, revision, by = command.to, command.revision, command.by_admin
    refusal: Refusal | None
    if revision != order.details.revision and (revision is not None or to is _ACTIVE):
        refusal = stale(order)
    elif to is _INACTIVE:
        take_back(desk, order, _ADEL if by else _UDEL, command.reason, by, at_us, facts)
        return
    else:
        refusal = _asleep(desk, order, to, at_us)
    if refusal is not None:
        refuse(desk, command, order, refusal, at_us, facts)
    else:
        _switch(desk, order, command, at_us, facts)


def switch_all(desk: Desk, command: SwitchAll, at_us: int, facts: list[Fact]) -> None:
    """Do the same with all orders of an account that are not there yet, oldest first.

    What may not be activated is refused one by one.
    """
    for order in orders_of(desk, command.account):
        listed = desk.stalls[order.contract].listed
        if (
            (command.market and listed.market != command.market)
            or (command.start_us is not None and listed.start_us != command.start_us)
            or (command.site and order.owner.site != command.site)
            or order.state is command.to
        ):
            continue
        refusal = _asleep(desk, order, command.to, at_us) if command.to is State.ACTIVE else None
        if refusal is not None:
            refuse(desk, command, order, refusal, at_us, facts)
        elif order.order_id in desk.orders:  # waking another one may have ended it
            _switch(desk, order, command, at_us, facts)


def _switch(
    desk: Desk, order: Order, command: Switch | SwitchAll, at_us: int, facts: list[Fact]
) -> None:
    by = command.by_admin
    if command.to is _INACTIVE:
        take_back(desk, order, _ADEL if by else _UDEL, command.reason, by, at_us, facts)
    elif command.to is _HIBERNATED:
        action = Action.HIBERNATED_BY_ADMIN if by else Action.HIBERNATED
        put_to_sleep(desk, order, action, command.reason, by, at_us, facts)
    else:
        action = Action.MODIFIED_BY_ADMIN if by else Action.MODIFIED
        fact = Activated(at_us, order.order_id, order.revision + 1, action, by)
        facts.append(fact)
        activated(desk, fact, facts)


def orders_of(desk: Desk, account: str) -> list[Order]:
    """Return the orders of an account that live, oldest first.

    They are searched in the contracts where the account has been: it is seldom asked for.
    """
    owners = desk.by_account.get(account, ())
    orders: list[Order] = []
    for stall in desk.numbers.values():
        if any(owner.number in stall.posts for owner in owners):
            there = chain(stall.book.in_priority(), stall.hibernated.values())
            orders += [order for order in there if order.owner.account == account]
    orders.sort(key=_number)
    return orders


def _number(order: Order) -> int:
    return order.order_id


def take_back(
    desk: Desk,
    order: Order,
    action: Action,
    reason: str,
    by: str,
    at_us: int,
    facts: list[Fact],
    client_order_id: str = "",
) -> None:
    """Delete an order, in whatever state it is."""
    left_steps = order.open_steps + order.hidden_steps
    fields = at_us, order.order_id, left_steps, action, reason, by
    facts.append(_new(Withdrawn, fields))  # as Withdrawn(*fields), in less time
    desk.last_us = at_us
    desk.remove(order)
    if client_order_id:
        desk.answers.accepted(order, Ending.CANCELLED, client_order_id, at_us)
    else:
        desk.answers.now.append((order, _CANCELLED, at_us))


def put_to_sleep(
    desk: Desk, order: Order, action: Action, reason: str, by: str, at_us: int, facts: list[Fact]
) -> None:
    """Take an order out of its book and keep it."""
    fact = Hibernated(at_us, order.order_id, order.revision + 1, action, reason, by)
    facts.append(fact)
    hibernated(desk, fact, facts)


def withdrawn(desk: Desk, fact: Withdrawn, _: list[Fact]) -> None:
    """Delete an order again."""
    order = desk.orders[fact.order_id]
    assert order.left_steps == fact.open_steps, "as much of the order is left"
    desk.last_us = fact.at_us
    desk.remove(order)


def hibernated(desk: Desk, fact: Hibernated, _: list[Fact]) -> None:
    """Move an order from its book to the sleeping ones."""
    order = desk.orders[fact.order_id]
    assert order.state is _ACTIVE, "only what is awake can fall asleep"
    stall = desk.stalls[order.contract]
    desk.rest(order, stall)
    order.state = _HIBERNATED
    order.own_details().revision = fact.revision
    stall.hibernated[order.order_id] = order
    desk.last_us = fact.at_us
    desk.answers.accepted(order, None, "", fact.at_us)


def activated(desk: Desk, fact: Activated, facts: list[Fact]) -> None:
    """Let an order into its book again, as if it came now."""
    order = desk.orders[fact.order_id]
    stall = desk.stalls[order.contract]
    del stall.hibernated[order.order_id]
    order.state = _ACTIVE
    order.own_details().revision = fact.revision
    desk.last_us = fact.at_us
    desk.post(order.owner, stall).acted(fact.at_us)
    desk.offered(order, stall, order.left_steps)
    ending = flow.submit(desk, stall, order, fact.at_us, facts)
    desk.answers.accepted(order, ending, "", fact.at_us)


def refuse(
    desk: Desk,
    command: Switch | SwitchAll | Modification,
    order: Order | None,
    refusal: Refusal,
    at_us: int,
    facts: list[Fact],
) -> None:
    """Write down that a change was turned away; of an unknown order, for which account."""
    by = command.by_admin
    if order is None:
        order_id = 0 if isinstance(command, SwitchAll) else command.order_id
        by = f"{by} {command.account}" if by else command.account
    else:
        order_id = order.order_id
    refused = Refused(
        at_us,
        0 if order is None else order.owner.number,
        0 if order is None else order.contract,
        order_id,
        command.client_order_id if isinstance(command, Modification) else "",
        refusal.code,
        refusal.text,
        Action.REFUSED_TO_ADMIN if command.by_admin else Action.REFUSED,
        0,
        by,
    )
    facts.append(refused)
    desk.refused(refused, counts=True)


def stale(order: Order) -> Refusal:
    """Say that a change was asked for with a revision that is not the order's own."""
    return Refusal("STALE_REVISION", f"revision: {order.revision} is the order's own")


def _asleep(desk: Desk, order: Order, to: State, at_us: int) -> Refusal | None:
    """Say why an order may not be put to sleep, or woken."""
    if order.state is to:
        return Refusal("ORDER_STATE", f"the order is {to.value} already")
    if to is _HIBERNATED:
        return None
    stall = desk.stalls[order.contract]
    return scopes.refusal(desk, order.owner, stall) or desk.post(order.owner, stall).refusal(
        order.side,
        order.price_ticks,
        order.left_steps,
        stall.reference_ticks(),
        at_us,
        0,
    )
