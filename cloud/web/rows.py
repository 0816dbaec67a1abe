"""Rows of the state document from what the services return. Pure; see `cloud.web.live`."""

from collections.abc import Mapping, Sequence
from typing import Any

from cloud.exchange.matching.codes import Side
from cloud.exchange.prices.depth import Level
from cloud.exchange.prices.tape import PublicTrade
from cloud.exchange.prices.views import View
from cloud.exchange.read.model import OrderRow, TradeRow
from cloud.fleet.model import Newest, Site
from cloud.kernel.events import EventRow
from cloud.market import money
from cloud.market.contracts import Contract
from cloud.portfolio.model import Position
from wire.schedule import Schedule

Row = dict[str, Any]
Key = tuple[str, int | None]
"""Market and start of delivery: whose book is looked at."""

POINTS = frozenset({"ac.power_kw", "battery.soc_pct", "control.setpoint_kw"})
"""What the pages show of a site."""
_WH_PER_KW = 250
"""Energy of 1 kW over a quarter-hour."""


def contract(found: Contract, view: View | None) -> Row:
    last = view.statistics.last if view else None
    return {
        "start_us": found.start_us,
        "end_us": found.end_us,
        "closes_us": found.closes_us,
        "bid_ticks": _best_ticks(view.bids) if view else None,
        "ask_ticks": _best_ticks(view.asks) if view else None,
        "last_ticks": last.price_ticks if last else None,
        "last_us": last.at_us if last else None,
    }


def depth(key: Key, view: View | None, orders: Sequence[Mapping[str, Any]]) -> Row:
    """Return the book of a contract: of each level the price, what can be had in part, how much of
    it is of `orders`, and what can be had as a whole or not at all."""
    own: dict[tuple[str, int], int] = {}
    for each in orders:
        if (each["market"], each["start_us"]) == key:
            level = each["side"], each["price_ticks"]
            own[level] = own.get(level, 0) + each["open_kw"]

    def levels(side: Side, found: Sequence[Level], step_kw: int) -> list[tuple[int, int, int, int]]:
        return [
            (
                each.price_ticks,
                each.steps * step_kw,
                own.get((side.name, each.price_ticks), 0),
                each.aon_steps * step_kw,
            )
            for each in found
        ]

    return {
        "market": key[0],
        "start_us": key[1],
        "bids": levels(Side.BUY, view.bids, view.listed.step_kw) if view else [],
        "asks": levels(Side.SELL, view.asks, view.listed.step_kw) if view else [],
    }


def tape(key: Key, view: View | None, newest: Sequence[PublicTrade]) -> Row:
    """Return the trades of a contract that are still remembered, oldest first."""
    trades = [trade for trade in reversed(newest) if trade.counts]
    traded_wh = view.statistics.volume_wh if view else 0
    return {
        "market": key[0],
        "start_us": key[1],
        "complete": sum(trade.energy_wh for trade in trades) == traded_wh,
        "trades": [(t.at_us, t.price_ticks, t.energy_wh // _WH_PER_KW) for t in trades],
    }


def order(row: OrderRow) -> Row:
    step_kw = row.contract.step_kw
    return {
        "order_id": str(row.order_id),
        "market": row.contract.market,
        "start_us": row.contract.start_us,
        "end_us": row.contract.end_us,
        "site": row.owner.site or None,
        "side": row.side.name,
        "price_ticks": row.price_ticks,
        "quantity_kw": row.quantity_steps * step_kw,
        "open_kw": row.open_steps * step_kw,
        "at_us": row.at_us,
    }


def trade(row: TradeRow) -> Row:
    return {
        "trade_id": str(row.trade_id),
        "market": row.contract.market,
        "start_us": row.contract.start_us,
        "end_us": row.contract.end_us,
        "site": row.owner.site or None,
        "side": row.side.name,
        "price_ticks": row.price_ticks,
        "quantity_kw": row.quantity_steps * row.contract.step_kw,
        "at_us": row.at_us,
    }


def positions(found: Sequence[Position]) -> Row:
    """Return net kW by site and start of delivery; a position without a site is under ``""``."""
    by_site: dict[str, dict[str, int]] = {}
    for each in found:
        starts = by_site.setdefault(each.site or "", {})
        start = str(each.start_us)
        starts[start] = starts.get(start, 0) + each.net_kw
    return by_site


def account(found: Sequence[Position]) -> Row:
    return {
        "cash_eur": money.eur(sum(each.cash for each in found)),
        "sold_mwh": money.mwh(sum(each.sold_wh for each in found)),
        "bought_mwh": money.mwh(sum(each.bought_wh for each in found)),
    }


def site(found: Site, newest: Sequence[Newest]) -> Row:
    """Return a site with one value a point: of several devices the first one's by name."""
    points: Row = {}
    for each in newest:
        if each.point in POINTS and each.point not in points:
            points[each.point] = (each.value, int(each.quality), each.at_us)
    return {
        "id": found.id,
        "name": found.name,
        "power_kw": found.power_kw,
        "energy_kwh": found.energy_kwh,
        "points": points,
    }


def schedule(found: Schedule) -> Row:
    return {
        "version": found.version,
        "issued_us": found.issued_us,
        "slots": [(slot.start_us, slot.end_us, slot.power_kw) for slot in found.slots],
    }


def event(found: EventRow) -> Row:
    return {
        "id": found.id,
        "at_us": found.at_us,
        "site": found.site,
        "code": found.code,
        "severity": int(found.severity),
        "text": found.text,
    }


def _best_ticks(levels: Sequence[Level]) -> int | None:
    """Return the best price at which part of an order can trade."""
    return next((level.price_ticks for level in levels if level.orders), None)
