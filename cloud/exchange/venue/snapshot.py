"""The whole state of a venue as plain lists, and back: nothing of it is lost. Pure.

Orders stand in priority, so that a book is rebuilt by putting them back one after the other; its
digest is written beside them and must be the same again. Timers are made from orders and
contracts; what the checks count of open orders is told to them again.
"""

from collections import OrderedDict
from typing import Any

from cloud.exchange.facts import Halted, Joined, Listed, Stopped, Traded
from cloud.exchange.matching.codes import (
    Execution,
    Kind,
    Side,
    State,
    TradeState,
    Validity,
)
from cloud.exchange.matching.order import Order
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.desk import Desk, Moved
from cloud.exchange.venue.replay import ReplayDiffers
from cloud.exchange.venue.stall import Stall

VERSION = 1
_COUNTERS = ("last_us", "last_order_id", "last_trade_id", "last_basket")


def dump(desk: Desk) -> dict[str, Any]:
    """Return the state as JSON has it: dictionaries with text for keys, lists, text, integers."""
    return {
        "version": VERSION,
        "counters": [getattr(desk, name) for name in _COUNTERS],
        "owners": [[owner.number, *key] for key, owner in desk.owner_keys.items()],
        "last_contract": desk.last_contract,
        "contracts": [_dump_stall(stall) for stall in desk.stalls.values()],
        "closed": [list(one) for one in desk.closed],
        "told_ticks": [[o.order_id, o.limit_ticks] for o in desk.orders.values() if o.delta_ticks],
        "halts": [list(halt) for halt in desk.halts.values()],
        "stopped": [list(stopped) for stopped in desk.stopped.values()],
        "trades": [[int(one) for one in trade] for trade in desk.trades.values()],
        "moved": [[number, m.state.value, m.by] for number, m in desk.moved.items()],
        "answers": [
            [account, [[number, *answer] for number, answer in answers.items()]]
            for account, answers in desk.answers.remembered.items()
        ],
        "guard": desk.guard.dump(),
    }


def load(desk: Desk, state: dict[str, Any]) -> None:
    """Take up what `dump` returned; the desk is new.

    Raises:
        ReplayDiffers: it is of another version, or its books are not what their digests say.
    """
    if state["version"] != VERSION:
        raise ReplayDiffers(f"a snapshot of version {state['version']}, {VERSION} is expected")
    for name, value in zip(_COUNTERS, state["counters"], strict=True):
        setattr(desk, name, value)
    desk.guard.load(state["guard"])
    for owner in state["owners"]:
        desk.join(Joined(0, *owner))
    desk.halts.update({(row[1], row[2]): Halted(*row) for row in state["halts"]})
    desk.stopped.update({row[1]: Stopped(*row) for row in state["stopped"]})
    told_ticks: dict[int, int] = dict(state["told_ticks"])
    _load_stalls(desk, state, told_ticks)
    desk.last_contract = state["last_contract"]
    for row in state["trades"]:
        trade = Traded._make([*row[:9], Side(row[9]), bool(row[10])])
        desk.trades[trade.trade_id] = trade
    for number, moved, by in state["moved"]:
        desk.moved[number] = Moved(TradeState(moved), by)
    for account, answers in state["answers"]:
        desk.answers.remembered[account] = OrderedDict(
            (row[0], Answer(*row[1:])) for row in answers
        )


def _load_stalls(desk: Desk, state: dict[str, Any], told_ticks: dict[int, int]) -> None:
    closed = {number for _, number in state["closed"]}
    orders: list[tuple[Order, Stall]] = []
    for row in state["contracts"]:
        listed, last_ticks, last_us, traded_steps, sha256, resting, asleep = row
        stall = desk.list(Listed._make([*listed[:11], tuple(listed[11]), listed[12]]))
        stall.last_ticks, stall.last_us, stall.traded_steps = last_ticks, last_us, traded_steps
        for fields in resting:
            order = _order(desk, stall, fields)
            stall.book.restore(order)
            orders.append((order, stall))
        if stall.book.sha256() != sha256:
            raise ReplayDiffers(f"the book of contract {stall.number} is not the one it was")
        for fields in asleep:
            order = _order(desk, stall, fields)
            stall.hibernated[order.order_id] = order
            orders.append((order, stall))
        if stall.number in closed:
            desk.close(stall)
    desk.closed.extend((at_us, number) for at_us, number in state["closed"])
    for order, stall in sorted(orders, key=lambda one: one[0].order_id):
        order.limit_ticks = told_ticks.get(order.order_id, order.price_ticks)
        desk.add(order)
        desk.offered(order, stall, order.left_steps if order.state is State.ACTIVE else 0, 1)


def _dump_stall(stall: Stall) -> list[Any]:
    listed = list(stall.listed)
    listed[11] = list(stall.listed.parts)
    return [
        listed,
        stall.last_ticks,
        stall.last_us,
        stall.traded_steps,
        stall.book.sha256(),
        [_dump_order(order) for order in stall.book.in_priority()],
        [_dump_order(order) for order in stall.hibernated.values()],
    ]


def _dump_order(order: Order) -> list[Any]:
    return [
        order.order_id,
        order.owner.number,
        int(order.side),
        order.price_ticks,
        order.quantity_steps,
        order.execution.value,
        order.kind.value,
        order.validity.value,
        order.state.value,
        order.open_steps,
        order.hidden_steps,
        order.display_steps,
        order.delta_ticks,
        order.filled_steps,
        order.reduced_steps,
        order.valid_until_us,
        order.at_us,
        order.initial_id,
        order.parent_id,
        order.revision,
        order.client_order_id,
        order.text,
    ]


def _order(desk: Desk, stall: Stall, fields: list[Any]) -> Order:
    order_id, owner, side, ticks, steps, execution, kind, validity, state, *rest = fields
    order = Order(
        order_id, desk.owners[owner], stall.number, Side(side), ticks, steps, Execution(execution)
    )
    order.state = State(state)
    order.open_steps, order.hidden_steps, order.display_steps, order.delta_ticks = rest[:4]
    filled_steps, order.reduced_steps, valid_until_us, order.at_us = rest[4:8]
    if order.filled_steps != filled_steps:
        raise ReplayDiffers(f"order {order_id} has traded {filled_steps} steps of what it is for")
    details = order.own_details()
    details.kind, details.validity, details.valid_until_us = (
        Kind(kind),
        Validity(validity),
        valid_until_us,
    )
    details.initial_id, details.parent_id, details.revision = rest[8:11]
    details.client_order_id, details.text = rest[11:]
    return order
