"""Rows of the state document about the exchange; powers in kW, prices in ticks. Pure.

See `cloud.web.live` for what each section means.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cloud.exchange.matching.codes import Side
from cloud.exchange.prices.candles import Candle
from cloud.exchange.prices.depth import Level
from cloud.exchange.prices.indicators import atr, bollinger, ema, rsi, sma
from cloud.exchange.prices.tape import PublicTrade
from cloud.exchange.prices.views import View
from cloud.exchange.read.model import HaltRow, OrderRow, TradeRow
from cloud.market.contracts import Contract, Market
from cloud.web.rows import Row

Key = tuple[str, int | None]
"""Market and start of delivery: whose book is looked at."""
PERIODS = {"sma": 20, "ema": 20, "bollinger": 20, "rsi": 14, "atr": 14}
"""Indicators of a chart, and over how many candles."""


def market(found: Market, step_kw: int) -> Row:
    return {
        "code": found.code,
        "area": found.area,
        "product": found.product,
        "step_kw": step_kw,
        "length_us": found.resolution_us,
    }


def contract(found: Contract, view: View | None, now_us: int) -> Row:
    last = view.statistics.last if view else None
    return {
        "start_us": found.start_us,
        "end_us": found.end_us,
        "closes_us": found.closes_us,
        "phase": found.phase(now_us).value,
        "bid_ticks": _best_ticks(view.bids) if view else None,
        "ask_ticks": _best_ticks(view.asks) if view else None,
        "last_ticks": last.price_ticks if last else None,
        "last_us": last.at_us if last else None,
    }


def depth(key: Key, view: View | None, orders: Sequence[Mapping[str, Any]]) -> Row:
    """Return the book of a contract: of each level the price, what can be had in part, how much
    of the level is of `orders`, and what can be had as a whole or not at all."""
    own: dict[tuple[str, int], int] = {}
    for each in orders:
        if (each["market"], each["start_us"]) == key and each["kind"] != "B":
            level = each["side"], each["price_ticks"]
            own[level] = own.get(level, 0) + each["shown_kw"]

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
    trades = [trade for trade in reversed(newest) if trade.counts] if view else []
    traded_wh = view.statistics.volume_wh if view else 0
    step_kw, wh = (view.listed.step_kw, view.listed.wh_per_step) if view else (0, 1)
    return {
        "market": key[0],
        "start_us": key[1],
        "complete": sum(trade.energy_wh for trade in trades) == traded_wh,
        "trades": [(t.at_us, t.price_ticks, t.energy_wh // wh * step_kw) for t in trades],
    }


def session(key: Key, view: View | None, indices: Mapping[str, int | None]) -> Row:
    """Return the figures of a contract's session; None where nothing is known, never 0."""
    found = view.statistics if view else None
    return {
        "market": key[0],
        "start_us": key[1],
        "mark_ticks": view.mark.ticks if view else None,
        "mark_source": view.mark.source if view else None,
        "open_ticks": found.open if found else None,
        "high_ticks": found.high if found else None,
        "low_ticks": found.low if found else None,
        "vwap_ticks": found.vwap if found else None,
        "volume_wh": found.volume_wh if found else 0,
        "trades": found.trades if found else 0,
        "indices": dict(indices),
    }


def order(row: OrderRow) -> Row:
    step_kw = row.contract.step_kw
    return {
        "order_id": str(row.order_id),
        "initial_id": str(row.initial_id),
        "market": row.contract.market,
        "start_us": row.contract.start_us,
        "end_us": row.contract.end_us,
        "step_kw": step_kw,
        "site": row.owner.site or None,
        "side": row.side.name,
        "kind": row.kind.value,
        "execution": row.execution.value,
        "validity": row.validity.value,
        "valid_until_us": row.valid_until_us,
        "state": row.state.value,
        "price_ticks": row.price_ticks,
        "delta_ticks": row.delta_ticks,
        "quantity_kw": row.quantity_steps * step_kw,
        "filled_kw": row.filled_steps * step_kw,
        "open_kw": row.open_steps * step_kw,
        "shown_kw": row.visible_steps * step_kw,
        "display_kw": row.display_steps * step_kw,
        "revision": row.revision,
        "reason": row.reason,
        "text": row.text,
        "at_us": row.at_us,
        "changed_us": row.changed_us,
        "ending": None if row.ending is None else row.ending.value,
    }


def trade(row: TradeRow) -> Row:
    return {
        "trade_id": str(row.trade_id),
        "order_id": str(row.order_id),
        "market": row.contract.market,
        "start_us": row.contract.start_us,
        "end_us": row.contract.end_us,
        "closes_us": row.contract.closes_us,
        "site": row.owner.site or None,
        "side": row.side.name,
        "price_ticks": row.price_ticks,
        "quantity_kw": row.quantity_steps * row.contract.step_kw,
        "self_trade": row.self_trade,
        "state": row.state.value,
        "at_us": row.at_us,
    }


def halt(row: HaltRow) -> Row:
    return {
        "scope": row.scope,
        "value": row.value,
        "at_us": row.at_us,
        "who": row.who,
        "reason": row.reason,
    }


def halts_of(found: Sequence[HaltRow], account: str) -> list[Row]:
    """Return the halts that everybody may see, and those of the account itself."""
    of_somebody = ("account", "member", "stop")
    return [
        halt(row)
        for row in found
        if row.scope not in of_somebody or (row.scope != "member" and row.value == account)
    ]


def candles(found: Sequence[Candle], indicator: str | None) -> list[Row]:
    """Return candles with the lines of one of `PERIODS` in ticks; RSI goes from 0 to 100."""
    rows: list[Row] = [
        {
            "start_us": each.start_us,
            "open": each.open,
            "high": each.high,
            "low": each.low,
            "close": each.close,
            "vwap": each.vwap_ticks,
            "volume_kw": each.sum.weight,
        }
        for each in found
    ]
    if indicator is not None:
        for row, line in zip(rows, _lines(found, indicator), strict=True):
            row.update(line)
    return rows


def _lines(found: Sequence[Candle], indicator: str) -> list[Row]:
    periods = PERIODS[indicator]
    closes = [float(each.close) for each in found]
    if indicator == "bollinger":
        bands = bollinger(closes, periods)
        return [
            {"lower": band.lower, "middle": band.middle, "upper": band.upper}
            if band
            else {"lower": None, "middle": None, "upper": None}
            for band in bands
        ]
    if indicator == "atr":
        highs, lows = [float(c.high) for c in found], [float(c.low) for c in found]
        return [{"atr": value} for value in atr(highs, lows, closes, periods)]
    of_closes = {"sma": sma, "ema": ema, "rsi": rsi}[indicator]
    return [{indicator: value} for value in of_closes(closes, periods)]


def _best_ticks(levels: Sequence[Level]) -> int | None:
    """Return the best price at which part of an order can trade."""
    return next((level.price_ticks for level in levels if level.orders), None)
