"""An order goes into its book: what the book did becomes facts, and the checks are told. Pure."""

from typing import Final

from cloud.exchange.facts import Clipped, Ended, Fact, Reduced, Traded
from cloud.exchange.matching.codes import Action, Ending, State
from cloud.exchange.matching.effects import CLIP, ENDED, OWN_TRADE, REDUCED, Effect
from cloud.exchange.matching.order import Order
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.profile import TRADES_KEPT_MAX
from cloud.exchange.venue.stall import Stall

_SDEL: Final = Action.DELETED_BY_SYSTEM
_FILLED: Final = Ending.FILLED
_SELF_TRADE: Final = Ending.SELF_TRADE
_INACTIVE: Final = State.INACTIVE
_new: Final = tuple.__new__


def submit(desk: Desk, stall: Stall, order: Order, at_us: int, facts: list[Fact]) -> Ending | None:
    """Match an order that lives here and is on offer; return its ending, None while it rests."""
    effects: list[Effect] = []
    order.at_us = at_us
    ending = stall.book.submit(order, effects)
    return follow(desk, stall, order, ending, effects, at_us, facts)


def follow(
    desk: Desk,
    stall: Stall,
    order: Order,
    ending: Ending | None,
    effects: list[Effect],
    at_us: int,
    facts: list[Fact],
) -> Ending | None:
    """Draw the consequences of what the book did with an order; return its ending."""
    if effects and settle(desk, stall, order, effects, at_us, facts):
        ending = _SELF_TRADE
    elif ending is not None and ending is not _FILLED:
        steps = order.open_steps + order.hidden_steps
        facts.append(Ended(at_us, order.order_id, steps, ending, _SDEL))
        desk.drop(order, stall, steps)
    if ending is not None:
        order.state = _INACTIVE
    return ending


def settle(
    desk: Desk, stall: Stall, order: Order, effects: list[Effect], at_us: int, facts: list[Fact]
) -> bool:
    """Write down what an incoming order did; say whether a self-trade rule ended it at rest."""
    ended = False
    posts, contract, number = stall.posts, stall.number, desk.last_trade_id
    traded_steps, last_ticks = 0, None
    for effect in effects:
        kind, maker, taker, ticks, steps = effect
        if kind > OWN_TRADE or taker is None:
            ended = _beside(desk, stall, order, effect, at_us, facts) or ended
            continue
        number += 1
        maker_owner, taker_owner, side = maker.owner.number, taker.owner.number, taker.side
        fields = (
            at_us,
            number,
            contract,
            ticks,
            steps,
            maker.order_id,
            taker.order_id,
            maker_owner,
            taker_owner,
            side,
            kind == OWN_TRADE,
        )
        trade = _new(Traded, fields)  # as Traded(*fields), in a third of the time
        facts.append(trade)
        desk.trades[number] = trade
        if number > TRADES_KEPT_MAX:
            desk.forget_trade(number - TRADES_KEPT_MAX)
        gone = 0 if maker.open_steps or maker.hidden_steps else desk.forget(maker)
        posts[maker_owner].filled(maker.side, maker.limit_ticks, steps, ticks, gone)
        gone = 0 if taker.open_steps or taker.hidden_steps else desk.forget(taker)
        posts[taker_owner].filled(side, taker.limit_ticks, steps, ticks, gone)
        traded_steps += steps
        if kind != OWN_TRADE:  # what an owner trades with himself is no price
            last_ticks = ticks
    desk.last_trade_id = number
    stall.traded_steps += traded_steps
    if last_ticks is not None:
        stall.last_ticks, stall.last_us = last_ticks, at_us
    return ended


def _beside(
    desk: Desk, stall: Stall, order: Order, effect: Effect, at_us: int, facts: list[Fact]
) -> bool:
    """Write down what was no trade; say whether a self-trade rule ended the incoming order."""
    kind, one, _, ticks, steps = effect
    if kind == CLIP:
        facts.append(Clipped(at_us, one.order_id, ticks, steps))
    elif kind == REDUCED:
        facts.append(Reduced(at_us, one.order_id, steps))
        gone = 0 if one.open_steps or one.hidden_steps else desk.forget(one)
        desk.offered(one, stall, -steps, gone)
    else:
        assert kind == ENDED, "trades are told by `settle`"
        facts.append(Ended(at_us, one.order_id, steps, _SELF_TRADE, _SDEL))
        desk.drop(one, stall, steps)
        return one is order
    return False
