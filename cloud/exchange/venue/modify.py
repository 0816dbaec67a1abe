"""An order is changed: what keeps its place stays the same order, else a new one follows it. Pure.

The place is kept by a smaller quantity, another text, another validity; it is lost by another
price, a larger quantity, another peak or peak price delta. Then the old order leaves and a new
one comes in at once, with its own number, the parent's fills, and perhaps a trade. A quantity no
larger than what has traded deletes the order. Source: Eurex T7 order handling; M7 unconfirmed.
"""

from typing import NamedTuple

from cloud.exchange.facts import Changed, Fact
from cloud.exchange.matching.codes import Action, Ending, Kind, Side, State, Validity
from cloud.exchange.matching.order import Order
from cloud.exchange.venue import changes, flow, peaks, scopes, terms
from cloud.exchange.venue.commands import Modification
from cloud.exchange.venue.desk import EXPIRY, Desk
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import CLIPS_MAX
from cloud.exchange.venue.stall import Stall


class _Wanted(NamedTuple):
    """An order as it shall be."""

    price_ticks: int
    quantity_steps: int
    display_steps: int
    delta_ticks: int
    validity: Validity
    valid_until_us: int
    text: str

    def loses_place(self, order: Order) -> bool:
        return (
            self.price_ticks != order.price_ticks
            or self.quantity_steps > order.quantity_steps
            or self.display_steps != order.display_steps
            or self.delta_ticks != order.delta_ticks
        )


def modify(desk: Desk, command: Modification, at_us: int, facts: list[Fact]) -> None:
    """Change an order, or refuse it; a repeat of the change's own id changes nothing."""
    if command.client_order_id:
        known = desk.answers.known(command.account, command.client_order_id)
        if known is not None:
            desk.answers.repeat(known)
            return
    order = desk.orders.get(command.order_id)
    if order is None or order.owner.account != command.account:
        changes.refuse(desk, command, None, changes.UNKNOWN, at_us, facts)
        return
    wanted = _wanted(order, command)
    refusal = _refusal(desk, order, command, wanted, at_us)
    if refusal is not None:
        changes.refuse(desk, command, order, refusal, at_us, facts)
        return
    by = command.by_admin
    if wanted.quantity_steps <= order.filled_steps + order.reduced_steps:
        changes.take_back(
            desk,
            order,
            Action.DELETED_BY_ADMIN if by else Action.DELETED,
            "no more than this has traded already",
            by,
            at_us,
            facts,
            command.client_order_id,
        )
        return
    lost = wanted.loses_place(order)
    fact = Changed(
        at_us,
        order.order_id,
        desk.last_order_id + 1 if lost else order.order_id,
        1 if lost else order.revision + 1,
        *wanted,
        Action.MODIFIED_BY_ADMIN if by else Action.MODIFIED,
        by,
        command.client_order_id,
    )
    facts.append(fact)
    changed(desk, fact, facts)


def changed(desk: Desk, fact: Changed, facts: list[Fact]) -> None:
    """Do what a change says; live, and again in a replay."""
    order = desk.orders[fact.order_id]
    stall = desk.stalls[order.contract]
    desk.last_us = fact.at_us
    desk.post(order.owner, stall).acted(fact.at_us)
    if fact.new_id == fact.order_id:
        _change_in_place(desk, stall, order, fact)
        ending = None
    else:
        assert fact.new_id == desk.last_order_id + 1, "orders are numbered without gaps"
        desk.last_order_id = fact.new_id
        order, ending = _replace(desk, stall, order, fact, facts)
    desk.answers.accepted(order, ending, fact.client_order_id, fact.at_us)


def _change_in_place(desk: Desk, stall: Stall, order: Order, fact: Changed) -> None:
    less_steps = order.quantity_steps - fact.quantity_steps
    if less_steps:
        stall.book.reduce(order, less_steps)
        if order.state is State.ACTIVE:
            desk.offered(order, stall, -less_steps)
    details = order.own_details()
    details.revision = fact.revision
    details.text = fact.text
    again = fact.valid_until_us != details.valid_until_us
    details.validity, details.valid_until_us = fact.validity, fact.valid_until_us
    if again and fact.valid_until_us:
        desk.schedule(fact.valid_until_us, EXPIRY, order.order_id)


def _replace(
    desk: Desk, stall: Stall, old: Order, fact: Changed, facts: list[Fact]
) -> tuple[Order, Ending | None]:
    state = old.state
    desk.remove(old)
    order = Order(
        fact.new_id,
        old.owner,
        old.contract,
        old.side,
        fact.price_ticks,
        fact.quantity_steps,
        old.execution,
    )
    order.state = state
    order.open_steps -= old.filled_steps + old.reduced_steps
    order.reduced_steps = old.reduced_steps
    order.display_steps, order.delta_ticks = fact.display_steps, fact.delta_ticks
    details = order.own_details()
    details.kind, details.revision = old.kind, fact.revision
    details.validity, details.valid_until_us = fact.validity, fact.valid_until_us
    details.initial_id, details.parent_id = old.initial_id, old.order_id
    details.client_order_id, details.text = old.client_order_id, fact.text
    desk.add(order)
    if state is State.ACTIVE:
        desk.offered(order, stall, order.open_steps, 1)
        return order, flow.submit(desk, stall, order, fact.at_us, facts)
    order.at_us = fact.at_us
    stall.hibernated[order.order_id] = order
    desk.offered(order, stall, 0, 1)
    return order, None


def _wanted(order: Order, command: Modification) -> _Wanted:
    until_us = command.valid_until_us
    if until_us is None:
        until_us = order.valid_until_us
    return _Wanted(
        order.price_ticks if command.price_ticks is None else command.price_ticks,
        order.quantity_steps if command.quantity_steps is None else command.quantity_steps,
        order.display_steps if command.display_steps is None else command.display_steps,
        order.delta_ticks if command.delta_ticks is None else command.delta_ticks,
        Validity.GTD if until_us else Validity.GFS,
        until_us,
        order.text if command.text is None else command.text,
    )


def _refusal(
    desk: Desk, order: Order, command: Modification, wanted: _Wanted, at_us: int
) -> Refusal | None:
    if command.revision != order.revision:
        return changes.stale(order)
    stall = desk.stalls[order.contract]
    refusal = (
        scopes.refusal(desk, order.owner, stall)
        or terms.limits(stall, wanted.price_ticks, wanted.quantity_steps)
        or _form(order, command, wanted, at_us)
        or _last_peak(order, stall, wanted)
    )
    if refusal is not None:
        return refusal
    left_steps = wanted.quantity_steps - order.filled_steps - order.reduced_steps
    active = order.state is State.ACTIVE
    if active:  # the checks ask what may be on offer in its place
        desk.offered(order, stall, -order.left_steps)
    refusal = desk.post(order.owner, stall).refusal(
        order.side,
        wanted.price_ticks,
        max(0, left_steps),
        stall.reference_ticks(),
        at_us,
        0,
    )
    if active:
        desk.offered(order, stall, order.left_steps)
    return refusal


def _last_peak(order: Order, stall: Stall, wanted: _Wanted) -> Refusal | None:
    """Say whether what is left of an iceberg would run past the limits of its contract."""
    left_steps = wanted.quantity_steps - order.filled_steps - order.reduced_steps
    if order.kind is not Kind.ICEBERG or left_steps <= 0 or not wanted.loses_place(order):
        return None
    number = -(-left_steps // wanted.display_steps)
    ticks_min, ticks_max = stall.price_ticks_min, stall.price_ticks_max
    return peaks.beyond(wanted.price_ticks, wanted.delta_ticks, number, ticks_min, ticks_max)


def _form(order: Order, command: Modification, wanted: _Wanted, at_us: int) -> Refusal | None:
    iceberg = order.kind is Kind.ICEBERG
    if not iceberg and (wanted.display_steps or wanted.delta_ticks):
        return Refusal("NOT_CHANGEABLE", "only an iceberg has a peak and a peak price delta")
    if iceberg and wanted.display_steps < 1:
        return Refusal("DISPLAY", "display_quantity: an iceberg shows at least one step")
    if iceberg and wanted.quantity_steps > CLIPS_MAX * wanted.display_steps:
        return Refusal("DISPLAY", f"display_quantity: an iceberg has at most {CLIPS_MAX} peaks")
    if wanted.delta_ticks * (1 if order.side is Side.BUY else -1) > 0:
        return Refusal("PRICE_DELTA", "peak_price_delta: buy 0 or less, sell 0 or more")
    if command.valid_until_us and command.valid_until_us <= at_us:
        return Refusal("VALID_UNTIL", "valid_until: an instant in the future is expected")
    return None
