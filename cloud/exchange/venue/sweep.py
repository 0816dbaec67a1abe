"""A block that takes what single contracts offer: the same power in each of its range. Pure.

The power is the largest that could be had in all contracts at once, searched from the whole
quantity downwards: each contract, the earliest first, says how much it would fill of what the
one before would, until a whole round changes nothing. (With all-or-none orders in a book more
can be had than less; so the search may end at nothing although some power would do.) The rest
leaves.
"""

from cloud.exchange.facts import Ended, Fact
from cloud.exchange.matching.codes import Action, Ending, Execution, State
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order
from cloud.exchange.venue import flow
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.profile import SWEEP_ROUNDS_MAX
from cloud.exchange.venue.stall import Stall


def sweep(desk: Desk, stall: Stall, order: Order, at_us: int, facts: list[Fact]) -> Ending:
    """Trade a block at once against the single contracts; return why it ended.

    Its trades are those of the single contracts, each with the block as taker; its own
    `filled_steps` is the power, not their sum. It is on offer in its range until then, and with
    each trade in that contract.
    """
    order.at_us = at_us
    order.state = State.INACTIVE
    steps = power(stall, order)
    desk.offered(order, stall, -order.open_steps, -1)
    if steps:
        for part in stall.parts:
            piece = Order(
                order.order_id,
                order.owner,
                part.number,
                order.side,
                order.price_ticks,
                steps,
                Execution.FOK,
            )
            piece.at_us = at_us
            desk.offered(piece, part, steps)
            effects: list[Effect] = []
            ending = part.book.submit(piece, effects)
            assert ending is Ending.FILLED, "a sweep takes what its dry run has found"
            flow.settle(desk, part, piece, effects, at_us, facts)
        order.open_steps -= steps
    if not order.open_steps:
        return Ending.FILLED
    facts.append(
        Ended(at_us, order.order_id, order.open_steps, Ending.KILLED, Action.DELETED_BY_SYSTEM)
    )
    return Ending.KILLED


def power(stall: Stall, order: Order) -> int:
    """Return the power that every contract of the range would fill."""
    steps = order.open_steps
    for _ in range(SWEEP_ROUNDS_MAX):
        wanted = steps
        for part in stall.parts:
            steps = part.book.fillable(order.owner, order.side, order.price_ticks, steps)
            if not steps:
                return 0
        if steps == wanted:
            return steps
    return 0
