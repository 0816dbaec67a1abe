"""What the feeds say of books and public trades: MWh and EUR/MWh outside, integers inside. Pure.

``bids`` and ``asks`` are ``[price, quantity]`` pairs, best first, of what can be filled in part;
``bid_orders`` and ``ask_orders`` count the orders of each pair. Orders that are filled as a whole
or not at all are apart: ``aon_bids`` and ``aon_asks`` are ``[price, quantity, orders]``. In a
delta, a quantity of 0 says that the price is gone.
"""

from collections.abc import Iterable, Sequence

from cloud.exchange.facts import Listed, Refused, TradeMoved
from cloud.exchange.feeds.canonical import ascii_or_none, ratio
from cloud.exchange.feeds.stream import Data
from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.prices.depth import Delta, Level, Snapshot
from cloud.exchange.prices.tape import PublicTrade
from cloud.kernel.instants import iso
from cloud.market.contracts import TICKS_PER_EUR
from cloud.market.money import WH_PER_MWH

SIDES = {Side.BUY: "BUY", Side.SELL: "SELL"}


def price(ticks: int) -> int | float:
    """Return a price in EUR/MWh as it is signed."""
    return ratio(ticks, TICKS_PER_EUR)


def energy(steps: int, listed: Listed) -> int | float:
    """Return a quantity in MWh over the whole contract as it is signed."""
    return ratio(steps * listed.wh_per_step, WH_PER_MWH)


def contract(listed: Listed) -> Data:
    """Return what names a contract in each message about it."""
    return {
        "market": listed.market,
        "contract": listed.contract,
        "product": listed.product,
        "delivery_start": iso(listed.start_us),
        "delivery_end": iso(listed.end_us),
    }


def book(listed: Listed, snapshot: Snapshot) -> Data:
    """Return the whole book of a contract."""
    return {
        "type": "book",
        **contract(listed),
        "closes_at": iso(listed.closes_us),
        "step_kw": listed.step_kw,
        **_levels(listed, snapshot.bids, snapshot.asks),
    }


def book_delta(listed: Listed, delta: Delta) -> Data:
    """Return what one commit changed in a book."""
    changed: tuple[list[Level], list[Level]] = ([], [])
    for side, level in delta.changes:
        changed[side].append(level)
    data: Data = {"type": "book_delta", **contract(listed), "timestamp": iso(delta.at_us)}
    for name, levels in (("bid", changed[Side.BUY]), ("ask", changed[Side.SELL])):
        data[f"{name}s"] = [
            [price(each.price_ticks), energy(each.steps, listed)] for each in levels
        ]
        data[f"{name}_orders"] = [each.orders for each in levels]
        data[f"aon_{name}s"] = [
            [price(each.price_ticks), energy(each.aon_steps, listed), each.aon_orders]
            for each in levels
        ]
    return data


def book_end(listed: Listed) -> Data:
    """Return that the gate of a contract has closed: nothing more comes."""
    return {"type": "book_end", **contract(listed)}


def trade(listed: Listed, done: PublicTrade) -> Data:
    """Return a public trade; a change of its state, as a recall, has another type."""
    return {
        "type": "trade" if done.state is TradeState.ACTIVE else "trade_state",
        "trade_id": str(done.trade_id),
        **contract(listed),
        "price": price(done.price_ticks),
        "quantity": ratio(done.energy_wh, WH_PER_MWH),
        "power_kw": done.steps * listed.step_kw,
        "side": SIDES[done.side],
        "self_trade": done.self_trade,
        "state": done.state.value,
        "timestamp": iso(done.at_us),
    }


def trades(market: str, newest: Sequence[Data]) -> Data:
    """Return the newest public trades of a market, oldest first."""
    return {"type": "trades", "market": market, "trades": list(newest)}


def refusal(fact: Refused, listed: Listed | None) -> Data:
    """Return that an order of one's own was turned away."""
    return {
        "type": "order",
        "event": "refused",
        "order_id": str(fact.order_id) if fact.order_id else None,
        "client_order_id": ascii_or_none(fact.client_order_id) or None,
        **({} if listed is None else contract(listed)),
        "code": fact.code,
        "message": plain(fact.text),
        "action": fact.action.value,
        "timestamp": iso(fact.at_us),
    }


def own_trade(fact: TradeMoved, order_id: int, listed: Listed | None) -> Data:
    """Return a step of the recall or cancellation of one's own trade."""
    return {
        "type": "own_trade",
        "event": "state",
        "trade_id": str(fact.trade_id),
        "order_id": str(order_id),
        **({} if listed is None else contract(listed)),
        "state": fact.state.value,
        "timestamp": iso(fact.at_us),
    }


def plain(text: str) -> str:
    """Return a sentence as it may be signed: what is not printable ASCII becomes ``?``."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def _levels(listed: Listed, bids: Iterable[Level], asks: Iterable[Level]) -> Data:
    data: Data = {}
    for name, levels in (("bid", tuple(bids)), ("ask", tuple(asks))):
        partly = [each for each in levels if each.orders]
        data[f"{name}s"] = [
            [price(each.price_ticks), energy(each.steps, listed)] for each in partly
        ]
        data[f"{name}_orders"] = [each.orders for each in partly]
        data[f"aon_{name}s"] = [
            [price(each.price_ticks), energy(each.aon_steps, listed), each.aon_orders]
            for each in levels
            if each.aon_orders
        ]
    return data
