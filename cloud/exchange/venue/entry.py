"""A new order: calendar, halt, limits of the contract, checks; then its book. Pure.

An order is refused for the first reason in this order: gate, halt or kill switch, limits of the
contract, and what the guard says (throttle → size and price → position and site → credit).
"""

from cloud.exchange.facts import Entered, Fact, Refused
from cloud.exchange.matching.codes import Action, Ending, Execution, Kind, Side, State, Validity
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.venue import flow, scopes, sweep
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.profile import OWNERS_MAX
from cloud.exchange.venue.stall import Stall
from cloud.market.contracts import Contract
from cloud.market.money import eur_mwh

_UADD, _AADD = Action.ADDED, Action.ADDED_BY_ADMIN
_LIMIT, _BLOCK = Kind.LIMIT, Kind.BLOCK
_ACTIVE, _HIBERNATED = State.ACTIVE, State.HIBERNATED
_GFS = Validity.GFS
_IOC = Execution.IOC
_new = tuple.__new__


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


Ready = tuple[Owner, Stall, int]
"""The venue's own owner and place of an order that may be entered, and its limit in ticks."""


def check(desk: Desk, entry: Entry, at_us: int, facts: list[Fact]) -> Ready | Refusal:
    """Say what an order is ready with, or why it is refused; it counts as an action either way.

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
            desk.guard.acted(owner, "" if stall is None else stall.market, at_us)
            return judged
        stall, ticks = judged
    reference_ticks = stall.last_ticks
    if reference_ticks is None:
        reference_ticks = stall.reference_ticks()
    guard = desk.guard
    refusal = guard.refusal(owner, stall.contract, entry.side, ticks, steps, reference_ticks, at_us)
    guard.acted(owner, stall.market, at_us)
    return (owner, stall, ticks) if refusal is None else refusal


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
    owner, stall, ticks = ready
    by = entry.by_admin
    fields = (
        at_us,
        desk.last_order_id + 1,
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
    entered = _new(Entered, fields)  # as Entered(*fields), in a third of the time
    facts.append(entered)
    happen(desk, owner, stall, entered, facts)


def happen(desk: Desk, owner: Owner, stall: Stall, entered: Entered, facts: list[Fact]) -> None:
    """Do what an entry says; live, and again in a replay."""
    (
        at_us,
        order_id,
        number,
        _,
        side,
        kind,
        execution,
        validity,
        state,
        ticks,
        steps,
        display_steps,
        delta_ticks,
        valid_until_us,
        client_id,
        text,
        _,
        basket,
        _,
    ) = entered
    desk.last_us = at_us
    desk.last_order_id = order_id
    order = Order(order_id, owner, number, side, ticks, steps, execution)
    if client_id or text or basket:
        order.client_order_id, order.text = client_id, text
        desk.last_basket = basket or desk.last_basket
    if kind is not _LIMIT or validity is not _GFS or state is not _ACTIVE:
        order.kind, order.state = kind, state
        order.validity, order.valid_until_us = validity, valid_until_us
        order.display_steps, order.delta_ticks = display_steps, delta_ticks
        ending = _unusual(desk, stall, order, at_us, facts)
    else:
        order.at_us = at_us
        effects: list[Effect] = []
        ending = stall.book.submit(order, effects)
        if effects or ending is not None:
            ending = flow.follow(desk, stall, order, ticks, ending, effects, at_us, facts)
        else:  # as `flow.follow` would do it: the order rests, and that is all
            desk.orders[order_id] = desk.live[owner.number][order_id] = order
            desk.guard.offered(owner, stall.contract, side, ticks, steps, 1)
    if client_id:
        desk.answers.accepted(order, ending, client_id, at_us)
    else:
        desk.answers.now.append((order, ending, at_us))


def _unusual(
    desk: Desk, stall: Stall, order: Order, at_us: int, facts: list[Fact]
) -> Ending | None:
    """Let an order in that may sleep, or take from other books than its own."""
    if order.state is _HIBERNATED:
        order.at_us = at_us
        stall.hibernated[order.order_id] = order
        desk.add(order, stall, order.price_ticks)
        return None
    if order.kind is _BLOCK and order.execution is _IOC:
        return sweep.sweep(desk, stall, order, at_us, facts)
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
