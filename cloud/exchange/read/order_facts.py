"""What each fact about an order does to the read model. Pure."""

from typing import Final

from cloud.exchange.facts import (
    Activated,
    Changed,
    Clipped,
    Ended,
    Entered,
    Expired,
    Hibernated,
    Reduced,
    Refused,
    Withdrawn,
)
from cloud.exchange.matching.codes import Action, Ending, State
from cloud.exchange.read import orders
from cloud.exchange.read.ledger import CHANGED, ENTERED, REFUSED, WITHDRAWN, Ledger
from cloud.exchange.read.orders import plain

SELF_TRADE_PREVENTED: Final = "SELF_TRADE_PREVENTED"
"""Surveillance: an order, or a part of it, had to leave."""
SITE_SILENT: Final = "SITE_SILENT"
"""Surveillance, and the reason of an order put to sleep: nobody knows how full its battery is."""
_UNKNOWN: Final = "ORDER_UNKNOWN"
_SYSTEM: Final = "system"
_BY_SYSTEM = "S"


def entered(ledger: Ledger, sequence: int, fact: Entered) -> None:
    account = ledger.owner(fact.owner).account
    order = orders.entered(fact, sequence, account)
    ledger.orders[fact.order_id] = ledger.changes.entered[fact.order_id] = order
    ledger.acted(sequence, order, fact.at_us, fact.action, by=fact.by, steps=fact.quantity_steps)
    ledger.count(account, fact.at_us, ENTERED)
    if fact.by:
        ledger.audit_of_order(sequence, order, fact.at_us, fact.by, "order.enter")


def refused(ledger: Ledger, sequence: int, fact: Refused) -> None:
    account, who = ledger.owner(fact.owner).account if fact.owner else "", fact.by
    asked_by = account
    if not fact.owner and fact.action is Action.REFUSED:  # who asked for an order not his own
        who, asked_by = "", fact.by
    elif not fact.owner and fact.code == _UNKNOWN:  # or whose administrator did
        who, _, asked_by = fact.by.partition(" ")
    order = ledger.orders.get(fact.order_id)
    code, text = fact.code, fact.text
    if code == _UNKNOWN and order is not None and order.account == asked_by:
        # The venue forgets what has ended; whoever asked was told so.
        code, text = "ORDER_ENDED", f"order {fact.order_id} lives no more: {order.ending}"
    ledger.changes.surveillance.append(
        (
            sequence,
            fact.at_us,
            fact.owner,
            asked_by,
            fact.contract,
            fact.order_id,
            plain(fact.client_order_id),
            fact.action.value,
            code,
            plain(text),
            0,
            fact.basket,
            who,
        )
    )
    if asked_by:
        ledger.count(asked_by, fact.at_us, REFUSED)
    if order is not None and order.account == account:  # somebody else's is none of his business
        ledger.acted(
            sequence,
            order,
            fact.at_us,
            fact.action,
            by=fact.by,
            code=fact.code,
            text=fact.text,
        )


def changed(ledger: Ledger, sequence: int, fact: Changed) -> None:
    """Take a modification; where the place was lost a new order stands for the old one."""
    old = ledger.order(fact.order_id)
    order = old
    if fact.new_id in (0, fact.order_id):
        old.changed(fact)
    else:
        order = old.replacement(fact, sequence)
        left_steps = old.open_steps
        old.end(Ending.REPLACED, fact.action, fact.at_us)
        ledger.orders[fact.new_id] = ledger.changes.entered[fact.new_id] = order
        ledger.acted(
            sequence,
            old,
            fact.at_us,
            fact.action,
            by=fact.by,
            steps=left_steps,
            code=Ending.REPLACED.value,
        )
    code = ""
    if order.open_steps <= 0:  # less is wanted than has traded
        order.end(Ending.CANCELLED, fact.action, fact.at_us)
        code = Ending.CANCELLED.value
    steps = order.open_steps
    ledger.acted(sequence, order, fact.at_us, fact.action, by=fact.by, steps=steps, code=code)
    ledger.count(order.account, fact.at_us, CHANGED)
    if fact.by:
        ledger.audit_of_order(sequence, order, fact.at_us, fact.by, "order.change")


def hibernated(ledger: Ledger, sequence: int, fact: Hibernated) -> None:
    order = ledger.order(fact.order_id)
    order.switched(State.HIBERNATED, fact.revision, fact.action, fact.at_us)
    order.reason = plain(fact.reason)
    ledger.acted(
        sequence,
        order,
        fact.at_us,
        fact.action,
        by=fact.by,
        steps=order.open_steps,
        text=fact.reason,
    )
    if fact.action.value[0] != _BY_SYSTEM:
        ledger.count(order.account, fact.at_us, CHANGED)
    if fact.by:
        ledger.audit_of_order(sequence, order, fact.at_us, fact.by, "order.hibernate", fact.reason)
    if (fact.by, fact.reason) == (_SYSTEM, SITE_SILENT):
        steps = order.open_steps
        ledger.watched(sequence, order, fact.at_us, fact.action, SITE_SILENT, steps)


def activated(ledger: Ledger, sequence: int, fact: Activated) -> None:
    order = ledger.order(fact.order_id)
    order.switched(State.ACTIVE, fact.revision, fact.action, fact.at_us)
    order.reason = ""
    ledger.acted(sequence, order, fact.at_us, fact.action, by=fact.by, steps=order.open_steps)
    ledger.count(order.account, fact.at_us, CHANGED)
    if fact.by:
        ledger.audit_of_order(sequence, order, fact.at_us, fact.by, "order.activate")


def withdrawn(ledger: Ledger, sequence: int, fact: Withdrawn) -> None:
    order = ledger.order(fact.order_id)
    order.end(Ending.CANCELLED, fact.action, fact.at_us)
    order.reason = plain(fact.reason)
    ledger.acted(
        sequence,
        order,
        fact.at_us,
        fact.action,
        by=fact.by,
        steps=fact.open_steps,
        code=Ending.CANCELLED.value,
        text=fact.reason,
    )
    if fact.action.value[0] != _BY_SYSTEM:
        ledger.count(order.account, fact.at_us, WITHDRAWN)
    if fact.by:
        ledger.audit_of_order(sequence, order, fact.at_us, fact.by, "order.delete", fact.reason)


def expired(ledger: Ledger, sequence: int, fact: Expired) -> None:
    order = ledger.order(fact.order_id)
    order.end(Ending.EXPIRED, Action.DELETED_BY_SYSTEM, fact.at_us)
    ledger.acted(
        sequence,
        order,
        fact.at_us,
        Action.DELETED_BY_SYSTEM,
        steps=fact.open_steps,
        code=Ending.EXPIRED.value,
    )


def ended(ledger: Ledger, sequence: int, fact: Ended) -> None:
    order = ledger.order(fact.order_id)
    order.end(fact.ending, fact.action, fact.at_us)
    code = fact.ending.value
    ledger.acted(sequence, order, fact.at_us, fact.action, steps=fact.open_steps, code=code)
    if fact.ending is Ending.SELF_TRADE:
        ledger.watched(
            sequence, order, fact.at_us, fact.action, SELF_TRADE_PREVENTED, fact.open_steps
        )


def reduced(ledger: Ledger, sequence: int, fact: Reduced) -> None:
    order = ledger.order(fact.order_id)
    order.reduced(fact.steps, fact.at_us)
    action = Action.MODIFIED_BY_SYSTEM
    code = Ending.SELF_TRADE.value
    ledger.acted(sequence, order, fact.at_us, action, steps=fact.steps, code=code)
    ledger.watched(sequence, order, fact.at_us, action, SELF_TRADE_PREVENTED, fact.steps)


def clipped(ledger: Ledger, sequence: int, fact: Clipped) -> None:
    order = ledger.order(fact.order_id)
    order.clipped(fact.price_ticks, fact.open_steps, fact.at_us)
    ledger.acted(sequence, order, fact.at_us, Action.CLIP_ADDED, steps=fact.open_steps)
