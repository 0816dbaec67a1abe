"""What each fact about trades, names, halts and policies does to the read model. Pure."""

from typing import Final

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import (
    Closed,
    Configured,
    Freed,
    Halted,
    Joined,
    Listed,
    Resumed,
    Stopped,
    Traded,
    TradeMoved,
)
from cloud.exchange.matching.codes import Action, Side, TradeState
from cloud.exchange.read.changes import Trade
from cloud.exchange.read.entries import auction_entries, entries
from cloud.exchange.read.ledger import TRADED_WH, TRADES, Gap, Ledger
from cloud.exchange.read.orders import Order, plain

STOP: Final = "stop"
"""Scope of `venue_halt` for the kill switch of an account."""
SELF_TRADE: Final = "SELF_TRADE"
"""Surveillance: an owner traded with himself, and wanted that to happen."""
VOID: Final = frozenset((TradeState.RECALLED, TradeState.CANCELLED))
_BUY = Side.BUY
_IN_FORCE = TradeState.ACTIVE.value


def traded(ledger: Ledger, sequence: int, fact: Traded) -> None:
    """Take a trade into both orders, the trades and the positions of both owners."""
    at_us, steps = fact.at_us, fact.quantity_steps
    contract = ledger.contract(fact.contract)
    wh = steps * contract.wh_per_step
    sides = []
    for order_id, number in (
        (fact.maker_id, fact.maker_owner),
        (fact.taker_id, fact.taker_owner),
    ):
        order = ledger.order(order_id)
        if order.contract == fact.contract or _is_last_part(ledger, order, fact):
            action = order.traded(steps, at_us)
        else:
            action = Action.PARTLY_EXECUTED
        ledger.acted(sequence, order, at_us, action, steps=steps, trade_id=fact.trade_id)
        account = ledger.owner(number).account
        ledger.count(account, at_us, TRADES)
        ledger.count(account, at_us, TRADED_WH, wh)
        sides.append((order_id, number, account))
    if fact.self_trade:
        taken = ledger.order(fact.taker_id)
        ledger.watched(sequence, taken, at_us, Action.EXECUTED, SELF_TRADE, steps)
    maker, taker = sides
    buyer, seller = (taker, maker) if fact.side is _BUY else (maker, taker)
    trade = Trade(
        fact.trade_id,
        sequence,
        at_us,
        fact.contract,
        fact.price_ticks,
        steps,
        int(fact.side),
        *buyer,
        *seller,
        fact.self_trade,
        _IN_FORCE,
        0,
    )
    ledger.trades[fact.trade_id] = trade
    ledger.changes.trades.append(trade)
    ledger.changes.entries.extend(entries(trade, contract, ledger.owners))


def _is_last_part(ledger: Ledger, order: Order, fact: Traded) -> bool:
    """Say whether a block that sweeps single contracts is counted with this trade.

    It has the same power in each contract of its range, so it is what the last of them says.
    """
    return ledger.contract(order.contract).parts[-1:] == (fact.contract,)


def trade_moved(ledger: Ledger, sequence: int, fact: TradeMoved) -> None:
    """Take a step of a recall; a trade that becomes void is taken back from the positions."""
    trade = ledger.trades.get(fact.trade_id)
    if trade is None:
        raise Gap(f"trade {fact.trade_id}")
    state, reason = fact.state.value, plain(fact.reason)
    ledger.changes.moves.append((sequence, fact.trade_id, fact.at_us, state, fact.by, reason))
    ledger.changes.moved.append((state, fact.at_us, fact.trade_id))
    if fact.state in VOID:
        contract = ledger.contract(trade.contract)
        ledger.changes.entries.extend(entries(trade, contract, ledger.owners, void=True))
    subject = f"trade {fact.trade_id}"
    ledger.audit(sequence, fact.at_us, fact.by, f"trade.{state}", subject, reason)
    if fact.state is TradeState.RECALL_ASKED:
        row = ledger.changes.audits[sequence]
        ledger.changes.audits[sequence] = row._replace(by_party=True)


def auctioned(ledger: Ledger, _sequence: int, fact: Auctioned) -> None:
    """Take what an owner got in an auction into his positions."""
    ledger.changes.entries.extend(auction_entries(fact, ledger.owner(fact.owner)))


def listed(ledger: Ledger, _sequence: int, fact: Listed) -> None:
    ledger.contracts[fact.contract] = ledger.changes.contracts[fact.contract] = fact


def joined(ledger: Ledger, _sequence: int, fact: Joined) -> None:
    ledger.owners[fact.owner] = ledger.changes.owners[fact.owner] = fact


def closed(ledger: Ledger, _sequence: int, fact: Closed) -> None:
    ledger.changes.closed.append((fact.at_us, fact.contract))


def halted(ledger: Ledger, sequence: int, fact: Halted) -> None:
    value, reason = plain(fact.value), plain(fact.reason)
    ledger.changes.halts.append((sequence, fact.scope, value, fact.at_us, fact.by, reason))
    subject = f"{fact.scope} {value}".rstrip()
    ledger.audit(sequence, fact.at_us, fact.by, "exchange.halt", subject, reason)


def resumed(ledger: Ledger, sequence: int, fact: Resumed) -> None:
    value, reason = plain(fact.value), plain(fact.reason)
    ledger.changes.resumed.append((fact.at_us, fact.by, reason, fact.scope, value, sequence))
    subject = f"{fact.scope} {value}".rstrip()
    ledger.audit(sequence, fact.at_us, fact.by, "exchange.resume", subject, reason)


def stopped(ledger: Ledger, sequence: int, fact: Stopped) -> None:
    reason = plain(fact.reason)
    ledger.changes.halts.append((sequence, STOP, fact.account, fact.at_us, fact.by, reason))
    subject = f"account {fact.account}"
    ledger.audit(sequence, fact.at_us, fact.by, "exchange.stop", subject, reason)


def freed(ledger: Ledger, sequence: int, fact: Freed) -> None:
    reason = plain(fact.reason)
    ledger.changes.resumed.append((fact.at_us, fact.by, reason, STOP, fact.account, sequence))
    subject = f"account {fact.account}"
    ledger.audit(sequence, fact.at_us, fact.by, "exchange.free", subject, reason)


def configured(ledger: Ledger, sequence: int, fact: Configured) -> None:
    content = plain(fact.content)
    ledger.changes.policies.append(
        (sequence, fact.at_us, fact.what, fact.version, fact.by, content)
    )
    subject = f"{fact.what} version {fact.version}"
    ledger.audit(sequence, fact.at_us, fact.by, "exchange.configure", subject, "")
