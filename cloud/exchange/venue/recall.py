"""A trade is recalled by a party, or cancelled by operations: §4.7's states, and who may. Pure.

A trade that becomes void is reversed in the sums by its own numbers, never erased, and is no
reference price any more; orders are not restored. Project rules: a recall is asked for by a party
and decided by operations; a cancellation is asked for by operations and done by a second person.
Until when: `Profile`.
"""

from typing import Final

from cloud.exchange.facts import Fact, Traded, TradeMoved
from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.venue import halts
from cloud.exchange.venue.commands import MoveTrade
from cloud.exchange.venue.desk import Desk, Moved
from cloud.exchange.venue.guard import Refusal
from cloud.exchange.venue.stall import Stall

_IN_FORCE = (TradeState.ACTIVE, TradeState.RECALL_REFUSED, TradeState.CANCEL_REFUSED)
_RECALL = (TradeState.RECALL_ASKED, TradeState.RECALL_WAITS)
BEFORE: Final = {
    TradeState.RECALL_ASKED: _IN_FORCE,
    TradeState.RECALL_WAITS: (TradeState.RECALL_ASKED,),
    TradeState.RECALLED: _RECALL,
    TradeState.RECALL_REFUSED: _RECALL,
    TradeState.CANCEL_ASKED: _IN_FORCE,
    TradeState.CANCELLED: (TradeState.CANCEL_ASKED,),
    TradeState.CANCEL_REFUSED: (TradeState.CANCEL_ASKED,),
}
"""From which states a state can be reached."""
VOID = (TradeState.RECALLED, TradeState.CANCELLED)
_NEW = Moved(TradeState.ACTIVE, "")


def move(desk: Desk, command: MoveTrade, at_us: int, facts: list[Fact]) -> None:
    """Take a step with a trade, or refuse it."""
    trade = desk.trades.get(command.trade_id)
    refusal = (
        Refusal("TRADE_UNKNOWN", "the venue has no such trade, or has it no more")
        if trade is None or trade.contract not in desk.stalls
        else _refusal(desk, trade, command, at_us)
    )
    if refusal is not None or trade is None:
        assert refusal is not None
        halts.refuse(desk, command, refusal, at_us, facts)
        return
    fact = TradeMoved(
        at_us,
        trade.trade_id,
        command.to,
        command.by,
        command.reason,
        trade.contract,
        trade.at_us,
        trade.price_ticks,
        trade.quantity_steps,
        trade.self_trade,
    )
    facts.append(fact)
    moved(desk, fact, facts)


def moved(desk: Desk, fact: TradeMoved, _: list[Fact]) -> None:
    """Do what a step says; live, and again in a replay."""
    trade = desk.trades[fact.trade_id]
    before = desk.moved.get(fact.trade_id, _NEW)
    assert before.state in BEFORE[fact.state], "a trade goes from state to state"
    desk.moved[fact.trade_id] = Moved(fact.state, fact.by)
    if fact.state in VOID:
        stall = desk.stalls[trade.contract]
        ticks, steps = trade.price_ticks, -trade.quantity_steps
        maker_side = Side.SELL if trade.side is Side.BUY else Side.BUY
        for owner, side in ((trade.maker_owner, maker_side), (trade.taker_owner, trade.side)):
            post = desk.guard.post(desk.owners[owner], stall.contract)
            post.traded(side, ticks, steps)
        stall.traded_steps += steps
        if not trade.self_trade:
            _reprice(desk, stall)
    desk.last_us = fact.at_us
    desk.answers.done(fact.at_us)


def _reprice(desk: Desk, stall: Stall) -> None:
    """Take the newest trade that stands as the last price: a void one protects nobody.

    None where no such trade is remembered; then the middle of bid and ask is the reference.
    """
    stall.last_ticks, stall.last_us = None, 0
    for trade in reversed(desk.trades.values()):
        if trade.contract != stall.number or trade.self_trade:
            continue
        if desk.moved.get(trade.trade_id, _NEW).state not in VOID:
            stall.last_ticks, stall.last_us = trade.price_ticks, trade.at_us
            return


def _refusal(desk: Desk, trade: Traded, command: MoveTrade, at_us: int) -> Refusal | None:
    now = desk.moved.get(trade.trade_id, _NEW)
    to = command.to
    if now.state not in BEFORE.get(to, ()):
        return Refusal("TRADE_STATE", f"a trade that is {now.state.value} cannot become {to.value}")
    parties = {desk.owners[trade.maker_owner].account, desk.owners[trade.taker_owner].account}
    if to is TradeState.RECALL_ASKED:
        if command.account not in parties:
            return Refusal("NOT_A_PARTY", "a recall is asked for by a party of the trade")
    elif command.account:
        return Refusal("NOT_A_PARTY", "this step is for operations alone")
    if to is TradeState.CANCELLED and (command.by == now.by or now.by in command.same):
        return Refusal(
            "SECOND_PERSON",
            "a second person cancels a trade, not who asked for it; keys of one account are of two"
            " people where each names its person",
        )
    profile = desk.profile
    after_s = {
        TradeState.RECALL_ASKED: profile.recall_after_close_s,
        TradeState.CANCEL_ASKED: profile.cancel_after_close_s,
    }.get(to, profile.decided_after_close_s)
    if at_us >= desk.stalls[trade.contract].closes_us + after_s * 1_000_000:
        return Refusal(
            "TOO_LATE", f"{to.value} is possible until {after_s} s after the gate closed"
        )
    return None
