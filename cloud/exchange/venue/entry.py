"""A new order: calendar, halt, limits of the contract, checks; then its book. Pure.

An order is refused for the first reason in this order: gate, halt or kill switch, limits of the
contract, and what the guard says (throttle → size and price → position and site → credit).
"""

from typing import Final

from cloud.exchange.facts import Entered, Fact, Refused
from cloud.exchange.matching.codes import Action, Ending, Execution, Kind, State, Validity
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.venue import flow, scopes, sweep, terms
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Post, Refusal
from cloud.exchange.venue.profile import OWNERS_MAX
from cloud.exchange.venue.stall import Stall

_UADD: Final = Action.ADDED
_AADD: Final = Action.ADDED_BY_ADMIN
_LIMIT: Final = Kind.LIMIT
_BLOCK: Final = Kind.BLOCK
_ACTIVE: Final = State.ACTIVE
_HIBERNATED: Final = State.HIBERNATED
_GFS: Final = Validity.GFS
_IOC: Final = Execution.IOC
_new: Final = tuple.__new__


def enter(desk: Desk, entry: Entry, at_us: int, facts: list[Fact], basket: int = 0) -> None:
    """Check an order and match it, or refuse it; a repeat of its own id changes nothing.

    What most orders are is looked at here, in one go; `check` looks at all, and finds the reason.
    """
    if entry.client_order_id:
        known = desk.answers.known(entry.owner.account, entry.client_order_id)
        if known is not None:
            desk.answers.repeat(known)
            return
    side, ticks, steps = entry.side, entry.price_ticks, entry.quantity_steps
    stall = desk.places.get(id(entry.contract))
    post = None if stall is None else stall.faces.get(entry.owner)
    if (
        stall is None
        or post is None
        or ticks is None
        or at_us < stall.opens_us  # one whose gate has closed is in no place any more
        or not stall.price_ticks_min <= ticks <= stall.price_ticks_max
        or not 0 < steps <= stall.steps_max
        or entry.kind is not _LIMIT
        or entry.valid_until_us
        or desk.halts
        or desk.stopped
    ):
        ready = check(desk, entry, at_us, facts)
        if isinstance(ready, Refusal):
            refuse(desk, entry, ready, at_us, facts, basket)
        else:
            place(desk, entry, *ready, at_us, facts, basket)
        return
    reference_ticks = stall.last_ticks
    if reference_ticks is None:
        reference_ticks = stall.reference_ticks()
    refusal = post.ask(side, ticks, steps, reference_ticks, at_us)
    if refusal is not None:
        refuse(desk, entry, refusal, at_us, facts, basket)
    elif (
        entry.validity is _GFS
        and entry.state is _ACTIVE
        and not (entry.client_order_id or entry.text or entry.by_admin or basket)
    ):
        _place_plain(desk, entry, post, stall, ticks, at_us, facts)
    else:
        place(desk, entry, post, stall, ticks, at_us, facts, basket)


Ready = tuple[Post, Stall, int]
"""The owner's post, the place of an order that may be entered, and its limit in ticks."""


def check(desk: Desk, entry: Entry, at_us: int, facts: list[Fact]) -> Ready | Refusal:
    """Say what an order is ready with, or why it is refused; it counts as an action either way.

    One that is ready is on offer from here on; whoever does not place it takes it back.
    """
    owner = desk.faces.get(entry.owner) or desk.owner(entry.owner, at_us, facts)
    if owner is None:
        return Refusal("OWNERS_MAX", f"the venue knows {OWNERS_MAX} owners, more are not allowed")
    judged = _closer(desk, entry, owner, at_us, facts)
    if isinstance(judged, Refusal):
        desk.acted(owner, _stall(desk, entry), at_us)
        return judged
    stall, ticks = judged
    post = desk.post(owner, stall)
    stall.meet(entry.owner, post)
    reference_ticks = stall.reference_ticks()
    refusal = post.ask(entry.side, ticks, entry.quantity_steps, reference_ticks, at_us)
    return (post, stall, ticks) if refusal is None else refusal


def _stall(desk: Desk, entry: Entry) -> Stall | None:
    contract = entry.contract
    return desk.numbers.get((contract.market, contract.start_us, contract.end_us))


def _closer(
    desk: Desk, entry: Entry, owner: Owner, at_us: int, facts: list[Fact]
) -> tuple[Stall, int] | Refusal:
    """Say where an order may be entered with which limit, or the venue's own reason why not."""
    stall = _stall(desk, entry)
    refusal = terms.gate(entry.contract if stall is None else stall, at_us)
    if refusal is not None:
        return refusal
    if stall is None:
        stall = desk.stall(entry.contract, at_us, facts)
    if desk.halts or desk.stopped:
        refusal = scopes.refusal(desk, owner, stall)
        if refusal is not None:
            return refusal
    ticks = entry.price_ticks
    if ticks is None:
        ticks = terms.protected_ticks(entry, stall)
        if ticks is None:
            return terms.no_price(entry)
    return terms.form(entry, stall, ticks, at_us) or (stall, ticks)


def refuse(
    desk: Desk,
    entry: Entry,
    refusal: Refusal,
    at_us: int,
    facts: list[Fact],
    basket: int,
    *,
    counts: bool = False,
) -> None:
    """Write down that an order was turned away.

    Args:
        counts: it has not been counted as an action, since it was not even checked.
    """
    owner = desk.faces.get(entry.owner)
    stall = _stall(desk, entry)
    refused = Refused(
        at_us,
        0 if owner is None else owner.number,
        0 if stall is None else stall.number,
        0,
        entry.client_order_id,
        refusal.code,
        refusal.text,
        Action.REFUSED_TO_ADMIN if entry.by_admin else Action.REFUSED,
        basket,
        entry.by_admin,
    )
    facts.append(refused)
    desk.refused(refused, counts=counts)


def place(
    desk: Desk,
    entry: Entry,
    post: Post,
    stall: Stall,
    ticks: int,
    at_us: int,
    facts: list[Fact],
    basket: int,
) -> None:
    """Enter an order that has passed the checks."""
    owner, order_id, by = post.owner, desk.last_order_id + 1, entry.by_admin
    side, steps, execution = entry.side, entry.quantity_steps, entry.execution
    kind, validity, state = entry.kind, entry.validity, entry.state
    client_id, text = entry.client_order_id, entry.text
    fields = (
        at_us,
        order_id,
        stall.number,
        owner.number,
        side,
        kind,
        execution,
        validity,
        state,
        ticks,
        steps,
        entry.display_steps,
        entry.delta_ticks,
        entry.valid_until_us,
        client_id,
        text,
        _AADD if by else _UADD,
        basket,
        by,
    )
    facts.append(_new(Entered, fields))  # as Entered(*fields), in a third of the time
    order = Order(order_id, owner, stall.number, side, ticks, steps, execution, at_us)
    plain = validity is _GFS and kind is _LIMIT and state is _ACTIVE
    if not plain or client_id or text:
        _dress(order, entry)
    _let_in(desk, stall, order, basket, at_us, facts)


def _place_plain(
    desk: Desk,
    entry: Entry,
    post: Post,
    stall: Stall,
    ticks: int,
    at_us: int,
    facts: list[Fact],
) -> None:
    """Do the same with a limit order of which nothing else is said, in less time."""
    owner, order_id, number = post.owner, desk.last_order_id + 1, stall.number
    side, steps, execution = entry.side, entry.quantity_steps, entry.execution
    fields = (
        at_us,
        order_id,
        number,
        owner.number,
        side,
        _LIMIT,
        execution,
        _GFS,
        _ACTIVE,
        ticks,
        steps,
        entry.display_steps,
        entry.delta_ticks,
        0,
        "",
        "",
        _UADD,
        0,
        "",
    )
    facts.append(_new(Entered, fields))
    order = Order(order_id, owner, number, side, ticks, steps, execution, at_us)
    desk.last_us, desk.last_order_id = at_us, order_id
    desk.orders[order_id] = order
    effects: list[Effect] = []
    ending = stall.book.submit(order, effects)
    if effects or ending is not None:
        ending = flow.follow(desk, stall, order, ending, effects, at_us, facts)
    desk.answers.now.append((order, ending, at_us))


def happen(desk: Desk, entered: Entered, facts: list[Fact]) -> None:
    """Do again what an entry says; the checks are told what they were asked for."""
    at_us, order_id, number, owner_number, side = entered[:5]
    kind, execution, validity, state, ticks, steps = entered[5:11]
    client_id, text, _, basket = entered[14:18]
    owner, stall = desk.owners[owner_number], desk.stalls[number]
    post = desk.post(owner, stall)
    post.acted(at_us)
    post.offered(side, ticks, steps, 1)
    order = Order(order_id, owner, number, side, ticks, steps, execution, at_us)
    plain = validity is _GFS and kind is _LIMIT and state is _ACTIVE
    if not plain or client_id or text:
        _dress(order, entered)
    _let_in(desk, stall, order, basket, at_us, facts)


def _dress(order: Order, said: Entry | Entered) -> None:
    """Give an order what is said of it beyond a plain limit."""
    order.state = said.state
    order.display_steps, order.delta_ticks = said.display_steps, said.delta_ticks
    details = order.own_details()
    details.kind = said.kind
    details.validity, details.valid_until_us = said.validity, said.valid_until_us
    details.client_order_id, details.text = said.client_order_id, said.text


def _let_in(
    desk: Desk, stall: Stall, order: Order, basket: int, at_us: int, facts: list[Fact]
) -> None:
    """Let an order in that is on offer already; see `_place_plain` too."""
    desk.last_us, desk.last_order_id = at_us, order.order_id
    if basket:
        desk.last_basket = basket
    ending = _unusual(desk, stall, order, at_us, facts)
    desk.answers.accepted(order, ending, order.client_order_id, at_us)


def _unusual(
    desk: Desk, stall: Stall, order: Order, at_us: int, facts: list[Fact]
) -> Ending | None:
    """Let an order in that may sleep, or take from other books than its own, or expires."""
    if order.kind is _BLOCK and order.execution is _IOC:
        return sweep.sweep(desk, stall, order, at_us, facts)
    desk.add(order)
    if order.state is _HIBERNATED:
        stall.hibernated[order.order_id] = order
        desk.offered(order, stall, -order.left_steps)
        return None
    return flow.submit(desk, stall, order, at_us, facts)
