"""A new order: calendar, halt, limits of the contract, checks; then its book. Pure.

An order is refused for the first reason in this order: gate, halt or kill switch, limits of the
contract, and what the guard says (throttle → size and price → position and site → credit).
"""

from cloud.exchange.facts import Entered, Fact, Refused
from cloud.exchange.matching.codes import Action, Ending, Execution, Kind, Side, State
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
_ACTIVE, _INACTIVE, _HIBERNATED = State.ACTIVE, State.INACTIVE, State.HIBERNATED
_IOC = Execution.IOC


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
    """Say what an order is ready with, or why it is refused; it counts as an action either way."""
    owner = desk.faces.get(entry.owner) or desk.owner(entry.owner, at_us, facts)
    if owner is None:
        return Refusal("OWNERS_MAX", f"the venue knows {OWNERS_MAX} owners, more are not allowed")
    contract = entry.contract
    stall = desk.numbers.get((contract.market, contract.start_us, contract.end_us))
    judged: int | Refusal | None = None
    if stall is None:
        judged = gate(contract, at_us)
        if judged is not None:
            desk.guard.acted(owner, "", at_us)
            return judged
        stall = desk.stall(contract, at_us, facts)
    elif not stall.opens_us <= at_us < stall.closes_us:
        judged = gate(stall, at_us)
    if judged is None and (desk.halts or desk.stopped):
        judged = scopes.refusal(desk, owner, stall)
    if judged is None:
        judged = _judge(desk, entry, owner, stall, at_us)
    desk.guard.acted(owner, stall.market, at_us)
    return (owner, stall, judged) if isinstance(judged, int) else judged


def _judge(desk: Desk, entry: Entry, owner: Owner, stall: Stall, at_us: int) -> int | Refusal:
    """Return the limit in ticks of an order that may come in, else why not."""
    ticks, steps = entry.price_ticks, entry.quantity_steps
    reference_ticks = stall.last_ticks
    if reference_ticks is None:
        reference_ticks = stall.reference_ticks()
    if ticks is None:
        ticks = _protected_ticks(entry, stall, reference_ticks)
        if ticks is None:
            return _no_price(entry)
    refusal = None
    if (
        entry.kind is not _LIMIT
        or stall.parts
        or entry.valid_until_us
        or not stall.price_ticks_min <= ticks <= stall.price_ticks_max
        or not 0 < steps <= stall.steps_max
    ):
        refusal = _form(entry, stall, ticks, at_us)
    if refusal is None:
        refusal = desk.guard.refusal(
            owner, stall.contract, entry.side, ticks, steps, reference_ticks, at_us
        )
    return ticks if refusal is None else refusal


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
    desk: Desk,
    entry: Entry,
    ready: Ready,
    at_us: int,
    facts: list[Fact],
    basket: int,
) -> None:
    """Enter an order that has passed the checks."""
    owner, stall, ticks = ready
    entered = Entered(
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
        _AADD if entry.by_admin else _UADD,
        basket,
        entry.by_admin,
    )
    facts.append(entered)
    happen(desk, owner, stall, entered, facts)


def happen(desk: Desk, owner: Owner, stall: Stall, entered: Entered, facts: list[Fact]) -> None:
    """Do what an entry says; live, and again in a replay."""
    at_us, order_id, _, _, side, kind, execution, validity, state, ticks, steps = entered[:11]
    desk.last_us = at_us
    desk.last_order_id = order_id
    if entered.basket:
        desk.last_basket = entered.basket
    order = Order(order_id, owner, stall.number, side, ticks, steps, execution)
    if kind is not _LIMIT or entered.valid_until_us or state is not _ACTIVE:
        order.kind, order.state = kind, state
        order.display_steps, order.delta_ticks = entered.display_steps, entered.delta_ticks
        order.valid_until_us = entered.valid_until_us
    order.validity = validity
    order.text = entered.text
    order.client_order_id = client_id = entered.client_order_id
    ending: Ending | None = None
    if state is _HIBERNATED:
        order.at_us = at_us
        stall.hibernated[order_id] = order
        desk.add(order, stall, ticks)
    elif kind is _BLOCK and execution is _IOC:
        ending = sweep.sweep(desk, stall, order, at_us, facts)
    else:
        ending = flow.submit(desk, stall, order, at_us, facts)
    desk.answers.accepted(order, ending, client_id, at_us)


def _protected_ticks(entry: Entry, stall: Stall, reference_ticks: int | None) -> int | None:
    """Return the limit of a market order, None where there is none to be had."""
    if reference_ticks is None or entry.execution not in (_IOC, Execution.FOK):
        return None
    rule = stall.contract.rule
    protection = rule.protection_ticks if entry.side is Side.BUY else -rule.protection_ticks
    return max(rule.price_ticks_min, min(rule.price_ticks_max, reference_ticks + protection))


def _no_price(entry: Entry) -> Refusal:
    if entry.execution in (_IOC, Execution.FOK):
        return Refusal("NO_REFERENCE_PRICE", "nothing has traded yet and no two sides are quoted")
    return Refusal("PRICE_MISSING", "an order that may rest needs a limit")
