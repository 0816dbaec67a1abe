"""An order goes into its book: what the book did becomes facts, and the checks are told. Pure."""

from cloud.exchange.facts import Clipped, Ended, Fact, Reduced, Traded
from cloud.exchange.matching.codes import Action, Ending, State
from cloud.exchange.matching.effects import CLIP, OWN_TRADE, REDUCED, Effect
from cloud.exchange.matching.order import Order
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.stall import Stall

_SDEL = Action.DELETED_BY_SYSTEM
_FILLED, _SELF_TRADE = Ending.FILLED, Ending.SELF_TRADE
_INACTIVE = State.INACTIVE
_new = tuple.__new__


def submit(
    desk: Desk, stall: Stall, order: Order, at_us: int, facts: list[Fact], *, living: bool = False
) -> Ending | None:
    """Match an order and let it live on, or end, as the book says; return its ending.

    Args:
        living: it was in the venue before, and asleep.
    """
    effects: list[Effect] = []
    order.at_us = at_us
    told_ticks = order.price_ticks
    ending = stall.book.submit(order, effects)
    return follow(desk, stall, order, told_ticks, ending, effects, at_us, facts, living=living)


def follow(
    desk: Desk,
    stall: Stall,
    order: Order,
    told_ticks: int,
    ending: Ending | None,
    effects: list[Effect],
    at_us: int,
    facts: list[Fact],
    *,
    living: bool = False,
) -> Ending | None:
    """Draw the consequences of what the book did with an order; return its ending.

    Args:
        told_ticks: the price that it came with; an iceberg's may have moved since.
    """
    if effects and settle(desk, stall, order, effects, at_us, facts):
        ending = _SELF_TRADE
    elif ending is None:
        steps = order.open_steps + order.hidden_steps
        if living:
            desk.offered(order, stall, steps)
        else:
            desk.add(order, stall, told_ticks, steps)
    elif ending is not _FILLED:
        facts.append(Ended(at_us, order.order_id, order.left_steps, ending, _SDEL))
    if ending is not None:
        order.state = _INACTIVE
        if living and order.order_id in desk.orders:
            desk.drop(order, stall)
    return ending


def settle(
    desk: Desk, stall: Stall, order: Order, effects: list[Effect], at_us: int, facts: list[Fact]
) -> bool:
    """Write down what an incoming order did; say whether a self-trade rule ended it at rest.

    What of the incoming order came to rest is told to the checks afterwards, as one quantity.
    """
    gone: list[Order] = []
    ended = False
    for effect in effects:
        kind, one, other, ticks, steps = effect
        if kind <= OWN_TRADE:
            _trade(desk, stall, effect, at_us, facts)
            if other is not order and other is not None:  # all-or-none, tried again: it rested
                _less(desk, stall, other, steps, gone)
            resting = one
        elif kind == CLIP:
            facts.append(Clipped(at_us, one.order_id, ticks, steps))
            continue
        elif kind == REDUCED:
            facts.append(Reduced(at_us, one.order_id, steps))
            resting = one
        else:
            facts.append(Ended(at_us, one.order_id, steps, _SELF_TRADE, _SDEL))
            resting = one
            ended = ended or one is order
            gone.append(one)
        if resting is not order:
            _less(desk, stall, resting, steps, gone)
    for left in gone:
        if left.order_id in desk.orders:
            left.state = _INACTIVE
            desk.drop(left, stall)
    return ended


def _less(desk: Desk, stall: Stall, order: Order, steps: int, gone: list[Order]) -> None:
    """Tell the checks what a resting order has less; it is gone where nothing is left."""
    desk.offered(order, stall, -steps)
    if not (order.open_steps or order.hidden_steps):
        gone.append(order)


def _trade(desk: Desk, stall: Stall, effect: Effect, at_us: int, facts: list[Fact]) -> None:
    kind, maker, taker, ticks, steps = effect
    assert taker is not None, "two orders make a trade"
    number = desk.last_trade_id = desk.last_trade_id + 1
    own = kind == OWN_TRADE
    fields = (
        at_us,
        number,
        stall.number,
        ticks,
        steps,
        maker.order_id,
        taker.order_id,
        maker.owner.number,
        taker.owner.number,
        taker.side,
        own,
    )
    trade = _new(Traded, fields)  # as Traded(*fields), in a third of the time
    facts.append(trade)
    desk.keep(trade)
    contract, traded = stall.contract, desk.guard.traded
    traded(maker.owner, contract, maker.side, ticks, steps)
    traded(taker.owner, contract, taker.side, ticks, steps)
    stall.traded_steps += steps
    if not own:  # what an owner trades with himself is no price
        stall.last_ticks, stall.last_us = ticks, at_us
