"""Several orders in one request: each for itself, all valid or none, all filled or none. Pure.

A linked basket is decided by a dry run over all its books, in the order of its entries and each
with what the ones before left, and then executed without another message in between. One that
cannot be filled is refused as a whole with BASKET_UNFILLED: no order of it ever existed.
"""

from collections.abc import Callable, Sequence

from cloud.exchange.facts import Fact
from cloud.exchange.matching.codes import Execution, Kind, Linking, Side
from cloud.exchange.matching.dryrun import Trial
from cloud.exchange.venue import entry as entries
from cloud.exchange.venue.commands import Basket, Entry
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.entry import Ready
from cloud.exchange.venue.guard import Refusal

_UNFILLED = Refusal("BASKET_UNFILLED", "not every order of the linked basket could be filled")
_OTHER = Refusal("BASKET_REFUSED", "another order of the basket was refused")
_TWICE = Refusal("CLIENT_ORDER_ID_USED", "client_order_id: was used before; all must be new")


def enter(desk: Desk, basket: Basket, at_us: int, facts: list[Fact]) -> None:
    """Enter the orders of a basket as far as its linking allows; one answer for each."""
    number = desk.last_basket + 1
    members = basket.entries
    refusal = _form(desk, basket)
    if refusal is not None:
        _refuse(desk, members, lambda _: refusal, at_us, facts, number)
    elif basket.linking is Linking.NONE:
        for entry in members:
            entries.enter(desk, entry, at_us, facts, number)
    elif not _repeated(desk, members):
        _enter_together(desk, basket, at_us, facts, number)


def _enter_together(desk: Desk, basket: Basket, at_us: int, facts: list[Fact], number: int) -> None:
    members = basket.entries
    ids = [(m.owner.account, m.client_order_id) for m in members if m.client_order_id]
    if len(set(ids)) < len(ids) or any(desk.answers.known(*one) for one in ids):
        _refuse(desk, members, lambda _: _TWICE, at_us, facts, number)
        return
    ready = [entries.check(desk, entry, at_us, facts) for entry in members]
    fit = [one for one in ready if not isinstance(one, Refusal)]
    if len(fit) < len(ready):
        _take_back(members, ready)
        reasons = {id(m): r for m, r in zip(members, ready, strict=True) if isinstance(r, Refusal)}
        _refuse(
            desk, members, lambda m: reasons.get(id(m), _OTHER), at_us, facts, number, counts=False
        )
    elif basket.linking is Linking.LINKED and not _fillable(members, fit):
        _take_back(members, ready)
        _refuse(desk, members, lambda _: _UNFILLED, at_us, facts, number, counts=False)
    else:
        for entry, one in zip(members, fit, strict=True):
            entries.place(desk, entry, *one, at_us, facts, number)


def _take_back(members: Sequence[Entry], ready: Sequence[Ready | Refusal]) -> None:
    """Take off the offer what passed the checks and is not placed after all."""
    for entry, one in zip(members, ready, strict=True):
        if not isinstance(one, Refusal):
            post, _, ticks = one
            post.offered(entry.side, ticks, -entry.quantity_steps, -1)


def _fillable(members: Sequence[Entry], ready: Sequence[Ready]) -> bool:
    """Say whether each order would fill completely, one after the other."""
    trials: dict[tuple[int, Side], Trial] = {}
    for entry, (post, stall, ticks) in zip(members, ready, strict=True):
        key = stall.number, entry.side
        if key not in trials:
            trials[key] = stall.book.trial(entry.side)
        if trials[key].take(post.owner, ticks, entry.quantity_steps) < entry.quantity_steps:
            return False
    return True


def _form(desk: Desk, basket: Basket) -> Refusal | None:
    profile, members = desk.profile, basket.entries
    if not 0 < len(members) <= profile.basket_orders_max:
        return Refusal("BASKET_SIZE", f"1 to {profile.basket_orders_max} orders are allowed")
    if basket.linking is not Linking.LINKED:
        return None
    if any(m.kind is not Kind.LIMIT or m.execution is not Execution.FOK for m in members):
        return Refusal("BASKET_FORM", "a linked basket has only limit orders with execution FOK")
    if profile.linked_same_product and len({m.contract.product for m in members}) > 1:
        return Refusal("BASKET_PRODUCT", "the orders of a linked basket are of one product")
    return None


def _repeated(desk: Desk, members: Sequence[Entry]) -> bool:
    """Give the first answers again where every order of the basket was answered before."""
    known = [desk.answers.known(m.owner.account, m.client_order_id) for m in members]
    if None in known:
        return False
    for answer in known:
        if answer is not None:
            desk.answers.repeat(answer)
    return True


def _refuse(
    desk: Desk,
    members: Sequence[Entry],
    reason: Callable[[Entry], Refusal],
    at_us: int,
    facts: list[Fact],
    number: int,
    *,
    counts: bool = True,
) -> None:
    for entry in members:
        if counts:
            desk.owner(entry.owner, at_us, facts)
        entries.refuse(desk, entry, reason(entry), at_us, facts, number, counts=counts)
