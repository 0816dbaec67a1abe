"""An order that is in the venue: deleted, hibernated, activated, modified. Pure."""

from cloud.exchange.facts import Fact, Refused, Withdrawn
from cloud.exchange.matching.codes import Action, Ending
from cloud.exchange.matching.order import Order
from cloud.exchange.venue.commands import Modification, Switch
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal

_UDEL, _ADEL = Action.DELETED, Action.DELETED_BY_ADMIN


def switch(desk: Desk, command: Switch, at_us: int, facts: list[Fact]) -> None:
    """Delete, hibernate or activate one order."""
    order = desk.orders.get(command.order_id)
    if order is None or order.owner.account != command.account:
        refuse(desk, command, None, UNKNOWN, at_us, facts)
        return
    if command.revision is not None and command.revision != order.revision:
        refuse(desk, command, order, _stale(order), at_us, facts)
        return
    withdrawn = Withdrawn(
        at_us,
        command.order_id,
        order.open_steps + order.hidden_steps,
        _ADEL if command.by_admin else _UDEL,
        command.reason,
        command.by_admin,
    )
    facts.append(withdrawn)
    withdraw(desk, order, at_us)
    desk.answers.accepted(order, Ending.CANCELLED, "", at_us)


def withdraw(desk: Desk, order: Order, at_us: int) -> None:
    """Take an order out for good; live, and again in a replay."""
    desk.last_us = at_us
    desk.remove(order)


def refuse(
    desk: Desk,
    command: Switch | Modification,
    order: Order | None,
    refusal: Refusal,
    at_us: int,
    facts: list[Fact],
) -> None:
    """Write down that a change was turned away."""
    client_id = command.client_order_id if isinstance(command, Modification) else ""
    refused = Refused(
        at_us,
        0 if order is None else order.owner.number,
        0 if order is None else order.contract,
        command.order_id,
        client_id,
        refusal.code,
        refusal.text,
        Action.REFUSED_TO_ADMIN if command.by_admin else Action.REFUSED,
        0,
        command.by_admin,
    )
    facts.append(refused)
    desk.refused(refused, counts=True)


UNKNOWN = Refusal("ORDER_UNKNOWN", "this account has no such order in the venue")


def _stale(order: Order) -> Refusal:
    return Refusal("STALE_REVISION", f"revision: {order.revision} is the order's own")
