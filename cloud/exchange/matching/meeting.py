"""An order meets the other side of its book: trades, self-trade rules, clips of icebergs. Pure.

Which order meets which is decided here, and what comes of it; `cloud.exchange.matching.book` says
what the rules are.
"""

from typing import Final

from cloud.exchange.matching.codes import Ending, Execution, SelfTrade
from cloud.exchange.matching.effects import CLIP, ENDED, OWN_TRADE, REDUCED, TRADE, Effect
from cloud.exchange.matching.ladder import Ladder
from cloud.exchange.matching.order import Order

_AON: Final = Execution.AON
_SELF_TRADE: Final = Ending.SELF_TRADE
_ALLOW: Final = SelfTrade.ALLOW
_CANCEL_NEWEST: Final = SelfTrade.CANCEL_NEWEST
_CANCEL_OLDEST: Final = SelfTrade.CANCEL_OLDEST


def take(order: Order, ladder: Ladder, at_us: int, effects: list[Effect]) -> Ending | None:
    """Trade until what the order shows is used up, or crosses nothing; say why it has to stop."""
    keys, queues = ladder.keys, ladder.queues
    reach = ladder.sign * order.price_ticks
    scope = order.owner.stp_scope
    while keys and keys[-1] >= reach:
        if ladder.wholes:
            return take_past_wholes(order, ladder, at_us, effects, again=False)
        queue = queues[keys[-1]]
        resting = queue.first
        if resting.owner.stp_scope == scope:
            ending = _meet(resting, order, ladder, at_us, effects, again=False)
            if ending is not None or not order.open_steps:
                return ending
            continue
        left_steps = order.open_steps - resting.open_steps
        if left_steps < 0:
            effects.append((TRADE, resting, order, resting.price_ticks, order.open_steps))
            resting.open_steps = -left_steps
            order.open_steps = 0
            return None
        effects.append((TRADE, resting, order, resting.price_ticks, resting.open_steps))
        order.open_steps = left_steps
        resting.open_steps = 0
        behind = resting.behind  # as `Ladder.leave` does with the first of the best price
        if behind is None:
            del queues[keys.pop()]
        else:
            queue.first = behind
            resting.behind = behind.ahead = None
        if resting.hidden_steps:
            show_next(resting, at_us, effects)
            ladder.join(resting)
        if not left_steps:
            return None
    return None


def take_past_wholes(
    order: Order, ladder: Ladder, at_us: int, effects: list[Effect], *, again: bool
) -> Ending | None:
    """Do the same where all-or-none orders stand: those that are too large are passed by.

    Args:
        again: the order stands in its book, and may be older than those that it meets.
    """
    reach = ladder.sign * order.price_ticks
    key = ladder.keys[-1] if ladder.keys else None
    while key is not None and key >= reach:
        resting: Order | None = ladder.queues[key].first
        while resting is not None:
            behind = resting.behind
            if resting.execution is not _AON or resting.open_steps <= order.open_steps:
                ending = _meet(resting, order, ladder, at_us, effects, again=again)
                if ending is not None or not order.open_steps:
                    return ending
                if behind is None:  # a clip may have come behind those that were passed by
                    queue = ladder.queues.get(key)
                    behind = queue.first if queue is not None else None
            resting = behind
        key = ladder.next_key(key)
    return None


def show_next(order: Order, at_us: int, effects: list[Effect]) -> None:
    """Let an iceberg show its next clip, at its moved price; it stands in no queue meanwhile."""
    open_steps = min(order.display_steps, order.hidden_steps)
    order.open_steps = open_steps
    order.hidden_steps -= open_steps
    order.price_ticks += order.delta_ticks
    order.at_us = at_us
    effects.append((CLIP, order, None, order.price_ticks, open_steps))


def _meet(
    resting: Order, order: Order, ladder: Ladder, at_us: int, effects: list[Effect], *, again: bool
) -> Ending | None:
    open_steps, wanted_steps = resting.open_steps, order.open_steps
    kind = TRADE
    owner = order.owner
    if resting.owner.stp_scope == owner.stp_scope:
        if owner.self_trade is not _ALLOW:
            return _prevent(resting, order, ladder, at_us, effects)
        kind = OWN_TRADE
    steps = min(wanted_steps, open_steps)
    if again and (order.at_us, order.order_id) < (resting.at_us, resting.order_id):
        effects.append((kind, order, resting, order.price_ticks, steps))
    else:
        effects.append((kind, resting, order, resting.price_ticks, steps))
    order.open_steps = wanted_steps - steps
    resting.open_steps = open_steps - steps
    if steps == open_steps:
        _used_up(resting, ladder, at_us, effects)
    return None


def _prevent(
    resting: Order, order: Order, ladder: Ladder, at_us: int, effects: list[Effect]
) -> Ending | None:
    """Apply the self-trade rule of an order that would meet one of its own scope."""
    rule = order.owner.self_trade
    if rule is _CANCEL_NEWEST:
        return _SELF_TRADE
    if rule is _CANCEL_OLDEST:
        effects.append((ENDED, resting, order, resting.price_ticks, resting.left_steps))
        _leave(resting, ladder)
        return None
    steps = min(resting.open_steps, order.open_steps)
    for reduced, other in ((resting, order), (order, resting)):
        reduced.open_steps -= steps
        reduced.reduced_steps += steps
        effects.append((REDUCED, reduced, other, resting.price_ticks, steps))
    if not resting.open_steps:
        if not resting.hidden_steps:
            effects.append((ENDED, resting, order, resting.price_ticks, 0))
        _used_up(resting, ladder, at_us, effects)
    return None if order.open_steps or order.hidden_steps else _SELF_TRADE


def _used_up(resting: Order, ladder: Ladder, at_us: int, effects: list[Effect]) -> None:
    """Take a resting order whose shown part is gone out of its queue, to the next if it hides."""
    _leave(resting, ladder)
    if resting.hidden_steps:
        show_next(resting, at_us, effects)
        ladder.join(resting)


def _leave(resting: Order, ladder: Ladder) -> None:
    ladder.leave(resting)
    if resting.execution is _AON:
        ladder.leave_whole(resting)
