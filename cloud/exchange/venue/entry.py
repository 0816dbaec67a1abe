"""A new order: calendar, halt, limits of the contract, checks; then its book. Pure.

An order is refused for the first reason in this order: gate, halt or kill switch, limits of the
contract, and what the guard says (throttle → size and price → position and site → credit).
"""

from typing import Final

from cloud.exchange.facts import Entered, Fact, Refused
from cloud.exchange.matching.codes import Action, Ending, Execution, Kind, Side, State, Validity
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.venue import flow, scopes, sweep
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Post, Refusal
from cloud.exchange.venue.profile import OWNERS_MAX
from cloud.exchange.venue.stall import Stall
from cloud.market.contracts import Contract
from cloud.market.money import eur_mwh

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
    """Check an order and match it, or refuse it; a repeat of its own id changes nothing."""
    client_id = entry.client_order_id
    if client_id:
        known = desk.answers.known(entry.owner.account, client_id)
        if known is not None:
            desk.answers.repeat(known)
            return
    ready = check(desk, entry, at_us, facts)
    if isinstance(ready, Refusal):
        refuse(desk, entry, ready, at_us, facts, basket)
    else:
        place(desk, entry, ready, at_us, facts, basket)


Ready = tuple[Post, Stall, int]
"""The owner's post, the place of an order that may be entered, and its limit in ticks."""


def check(desk: Desk, entry: Entry, at_us: int, facts: list[Fact]) -> Ready | Refusal:
    """Say what an order is ready with, or why it is refused; it counts as an action either way.

    One that is ready is on offer from here on; whoever does not place it takes it back.
    What binds most orders is looked at here, in one go; `_closer` looks at all the rest, and finds
    the reason.
    """
    owner = desk.faces.get(entry.owner) or desk.owner(entry.owner, at_us, facts)
    if owner is None:
        return Refusal("OWNERS_MAX", f"the venue knows {OWNERS_MAX} owners, more are not allowed")
    contract, ticks, steps = entry.contract, entry.price_ticks, entry.quantity_steps
    stall = desk.numbers.get((contract.market, contract.start_us, contract.end_us))
    if (
        stall is None
        or ticks is None
        or not stall.opens_us <= at_us < stall.closes_us
        or not stall.price_ticks_min <= ticks <= stall.price_ticks_max
        or not 0 < steps <= stall.steps_max
        or entry.kind is not _LIMIT
        or entry.valid_until_us
        or stall.parts
        or desk.halts
        or desk.stopped
    ):
        judged = _closer(desk, entry, owner, stall, at_us, facts)
        if isinstance(judged, Refusal):
            stall = desk.numbers.get((contract.market, contract.start_us, contract.end_us))
            desk.acted(owner, stall, at_us)
            return judged
        stall, ticks = judged
    reference_ticks = stall.last_ticks
    if reference_ticks is None:
        reference_ticks = stall.reference_ticks()
    post = stall.posts.get(owner.number) or desk.post(owner, stall)
    refusal = post.ask(entry.side, ticks, steps, reference_ticks, at_us)
    return (post, stall, ticks) if refusal is None else refusal


def _closer(
    desk: Desk, entry: Entry, owner: Owner, stall: Stall | None, at_us: int, facts: list[Fact]
) -> tuple[Stall, int] | Refusal:
    """Return the place of an order, listed if need be, and its limit, else why it has none."""
    refusal = gate(entry.contract if stall is None else stall, at_us)
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
        ticks = _protected_ticks(entry, stall)
        if ticks is None:
            return _no_price(entry)
    return _form(entry, stall, ticks, at_us) or (stall, ticks)


def gate(contract: Contract | Stall, at_us: int) -> Refusal | None:
    """Say whether a contract may not be traded at this instant."""
    if at_us < contract.opens_us:
        return Refusal("CONTRACT_NOT_OPEN", "this contract is not open for trading yet")
    if at_us >= contract.closes_us:
        return Refusal("CONTRACT_CLOSED", "the gate of this contract is closed")
    return None


def _form(entry: Entry, stall: Stall, ticks: int, at_us: int) -> Refusal | None:
    """Say which limit of its contract an order does not keep."""
    if (entry.kind is _BLOCK) != bool(stall.parts):
        return Refusal("BLOCK_RANGE", "a block, and only a block, is for a range of contracts")
    refusal = limits(stall, ticks, entry.quantity_steps)
    if refusal is None and entry.valid_until_us and entry.valid_until_us <= at_us:
        return Refusal("VALID_UNTIL", "valid_until: an instant in the future is expected")
    return refusal


def limits(stall: Stall, ticks: int, steps: int) -> Refusal | None:
    """Say which limit of the contract a price or a quantity does not keep."""
    if not stall.price_ticks_min <= ticks <= stall.price_ticks_max:
        low, high = eur_mwh(stall.price_ticks_min), eur_mwh(stall.price_ticks_max)
        return Refusal("PRICE_RANGE", f"a price of {low} to {high} EUR/MWh is allowed")
    if steps < 1:
        return Refusal("QUANTITY_MIN", "an order is for at least one step")
    if steps > stall.steps_max:
        kw_max = stall.contract.rule.quantity_kw_max
        return Refusal("QUANTITY_MAX", f"at most {kw_max} kW are allowed")
    return None


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
    contract = entry.contract
    stall = desk.numbers.get((contract.market, contract.start_us, contract.end_us))
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
    desk: Desk, entry: Entry, ready: Ready, at_us: int, facts: list[Fact], basket: int
) -> None:
    """Enter an order that has passed the checks."""
    post, stall, ticks = ready
    owner, order_id, by = post.owner, desk.last_order_id + 1, entry.by_admin
    fields = (
        at_us,
        order_id,
        stall.number,
        owner.number,
        entry.side,
        entry.kind,
        entry.execution,
        entry.validity,
        entry.state,
        ticks,
        entry.quantity_steps,
        entry.display_steps,
        entry.delta_ticks,
        entry.valid_until_us,
        entry.client_order_id,
        entry.text,
        _AADD if by else _UADD,
        basket,
        by,
    )
    facts.append(_new(Entered, fields))  # as Entered(*fields), in a third of the time
    order = Order(
        order_id, owner, stall.number, entry.side, ticks, entry.quantity_steps, entry.execution
    )
    if (
        entry.client_order_id
        or entry.text
        or entry.kind is not _LIMIT
        or entry.validity is not _GFS
        or entry.state is not _ACTIVE
    ):
        _dress(order, entry)
    _let_in(desk, stall, order, basket, at_us, facts)


def happen(desk: Desk, entered: Entered, facts: list[Fact]) -> None:
    """Do again what an entry says; the checks are told what they were asked for."""
    at_us, order_id, number, owner_number, side = entered[:5]
    kind, execution, validity, state, ticks, steps = entered[5:11]
    client_id, text, _, basket = entered[14:18]
    owner, stall = desk.owners[owner_number], desk.stalls[number]
    post = desk.post(owner, stall)
    post.acted(at_us)
    post.offered(side, ticks, steps, 1)
    order = Order(order_id, owner, number, side, ticks, steps, execution)
    if client_id or text or not (kind is _LIMIT and validity is _GFS and state is _ACTIVE):
        _dress(order, entered)
    _let_in(desk, stall, order, basket, at_us, facts)


def _dress(order: Order, said: Entry | Entered) -> None:
    """Give an order what is said of it beyond a plain limit."""
    order.kind, order.state = said.kind, said.state
    order.validity, order.valid_until_us = said.validity, said.valid_until_us
    order.display_steps, order.delta_ticks = said.display_steps, said.delta_ticks
    order.client_order_id, order.text = said.client_order_id, said.text


def _let_in(
    desk: Desk, stall: Stall, order: Order, basket: int, at_us: int, facts: list[Fact]
) -> None:
    """Let an order into its book; it is on offer already. Live, and again in a replay."""
    order_id = order.order_id
    desk.last_us, desk.last_order_id = at_us, order_id
    if basket:
        desk.last_basket = basket
    order.at_us = at_us
    if order.validity is _GFS and order.state is _ACTIVE:
        desk.orders[order_id] = desk.live[order.owner.number][order_id] = order
        effects: list[Effect] = []
        ending = stall.book.submit(order, effects)
        if effects or ending is not None:
            ending = flow.follow(desk, stall, order, ending, effects, at_us, facts)
    else:
        ending = _unusual(desk, stall, order, at_us, facts)
    if order.client_order_id:
        desk.answers.accepted(order, ending, order.client_order_id, at_us)
    else:
        desk.answers.now.append((order, ending, at_us))


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


def _protected_ticks(entry: Entry, stall: Stall) -> int | None:
    """Return the limit of a market order, None where there is none to be had."""
    reference_ticks = stall.reference_ticks()
    if reference_ticks is None or entry.execution not in (_IOC, Execution.FOK):
        return None
    rule = stall.contract.rule
    protection = rule.protection_ticks if entry.side is Side.BUY else -rule.protection_ticks
    return max(rule.price_ticks_min, min(rule.price_ticks_max, reference_ticks + protection))


def _no_price(entry: Entry) -> Refusal:
    if entry.execution in (_IOC, Execution.FOK):
        return Refusal("NO_REFERENCE_PRICE", "nothing has traded yet and no two sides are quoted")
    return Refusal("PRICE_MISSING", "an order that may rest needs a limit")
