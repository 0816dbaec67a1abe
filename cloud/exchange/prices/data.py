"""What the market sees, made from committed facts and nothing else. Pure.

`take` is given the facts of each commit, in their order, right after it is safe; it answers with
what is new for the feeds. A reader never sees an order that a power cut could still undo. The
memory holds live orders, contracts until some time after their delivery, sums a minute, and the
newest public trades of each market; no list grows with the number of trades.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from heapq import heappop, heappush
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from cloud.exchange.facts import Fact, Listed, Traded, TradeMoved
from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.matching.order import Order
from cloud.exchange.prices.board import Board
from cloud.exchange.prices.depth import Delta, Depth, Snapshot
from cloud.exchange.prices.mark import DayAhead, no_day_ahead
from cloud.exchange.prices.orders import Orders
from cloud.exchange.prices.rules import Rules
from cloud.exchange.prices.session import Last, Session
from cloud.exchange.prices.tape import VOID, PublicTrade, Tape
from wire import clock

VERSION = 1
"""Of what `MarketData.dump` returns."""


class News(NamedTuple):
    """What one commit changed, for feeds and gauges."""

    deltas: tuple[Delta, ...]
    trades: tuple[PublicTrade, ...]
    """New ones, and those whose state has moved."""
    markets: tuple[str, ...]
    """In which something of this happened."""


NO_NEWS = News((), (), ())


class MarketData:
    """All markets of one venue."""

    def __init__(
        self,
        zones: Mapping[str, ZoneInfo],
        *,
        rules: Rules | None = None,
        pools: Mapping[str, str] | None = None,
        day_ahead: DayAhead = no_day_ahead,
    ) -> None:
        """Know these markets; others are passed over.

        Args:
            zones: local time of each market's area, for its trading days.
            pools: markets with the same value are counted together in an index (the quarter-hours
                and the hours of one exchange); without one each market is on its own.
        """
        self.rules = rules or Rules()
        self.zones = zones
        self.day_ahead = day_ahead
        self.board = Board(zones, pools or {}, self.rules, day_ahead)
        self._orders = Orders()
        self._ends: list[tuple[int, int]] = []
        """When contracts are forgotten, the earliest first."""
        self.at_us = 0
        """Of the last fact."""

    def take(self, facts: Iterable[Fact]) -> News:
        """Follow the facts of one commit."""
        trades: list[PublicTrade] = []
        for fact in facts:
            self.at_us = fact.at_us
            if isinstance(fact, Listed):
                self._list(fact)
                continue
            self._orders.take(fact)
            if isinstance(fact, Traded):
                trades += self._trade(fact)
            elif isinstance(fact, TradeMoved):
                trades += self._move(fact)
        deltas = self._orders.deltas(self.at_us)
        touched = [delta.contract for delta in deltas] + [trade.contract for trade in trades]
        sessions = self.board.sessions
        markets = {sessions[n].listed.market: None for n in touched if n in sessions}
        self._forget()
        return News(tuple(deltas), tuple(trades), tuple(markets))

    def replay(self, facts: Iterable[Fact]) -> None:
        """Follow facts of the past without their orders: contracts, trades and what became of
        them. `open` brings the orders that live, when the venue is recovered."""
        for fact in facts:
            self.at_us = fact.at_us
            if isinstance(fact, Listed):
                self._list(fact)
            elif isinstance(fact, Traded):
                self._trade(fact)
            elif isinstance(fact, TradeMoved):
                self._move(fact)
        self._forget()

    def open(self, orders: Iterable[Order]) -> None:
        """Show the orders of a venue that was recovered; the numbers of deltas begin anew."""
        self._orders.open(orders)

    def depth(self, contract: int) -> Depth:
        """Return a contract's book, empty where nobody has ordered."""
        return self._orders.depths.get(contract) or Depth(contract)

    def snapshot(self, contract: int) -> Snapshot:
        """Return all levels and the number of the last delta that is in them."""
        return self.depth(contract).snapshot()

    def tape(self, market: str) -> Tape | None:
        return self.board.tapes.get(market)

    def best(self, contract: int) -> tuple[int | None, int | None]:
        """Return best bid and ask that can be traded in part."""
        depth = self._orders.depths.get(contract)
        return (None, None) if depth is None else (depth.touch(Side.BUY), depth.touch(Side.SELL))

    def _list(self, fact: Listed) -> None:
        if fact.market in self.zones:
            self.board.add(fact)
        until_us = fact.end_us + self.rules.kept_after_delivery_us
        heappush(self._ends, (until_us, fact.contract))

    def _trade(self, fact: Traded) -> list[PublicTrade]:
        session = self.board.sessions.get(fact.contract)
        if session is None:
            return []
        listed = session.listed
        trade = PublicTrade(
            fact.trade_id,
            fact.at_us,
            fact.contract,
            fact.price_ticks,
            fact.quantity_steps,
            fact.quantity_steps * listed.wh_per_step,
            fact.side,
            fact.self_trade,
            TradeState.ACTIVE,
        )
        self.board.tapes[listed.market].add(trade, self.day(listed.market, fact.at_us))
        if trade.counts:
            session.add(Last(fact.trade_id, fact.at_us, fact.price_ticks, fact.quantity_steps))
        return [trade]

    def _move(self, fact: TradeMoved) -> list[PublicTrade]:
        session = self.board.sessions.get(fact.contract)
        if session is None:
            return []
        listed = session.listed
        tape = self.board.tapes[listed.market]
        moved = tape.move(fact.trade_id, fact.state)
        if fact.state in VOID and not fact.self_trade:
            energy_wh = fact.quantity_steps * listed.wh_per_step
            day = self.day(listed.market, fact.traded_us)
            tape.take_out(fact.traded_us, fact.price_ticks, energy_wh, day)
            before = tape.last(fact.contract)
            session.take_out(
                Last(fact.trade_id, fact.traded_us, fact.price_ticks, fact.quantity_steps),
                tape.prices_in_minute(fact.traded_us, fact.contract),
                None
                if before is None
                else Last(before.trade_id, before.at_us, before.price_ticks, before.steps),
            )
        return [] if moved is None else [moved]

    def day(self, market: str, at_us: int) -> date:
        """Return the local day of this instant in the market's area."""
        return clock.utc(at_us).astimezone(self.zones[market]).date()

    def _forget(self) -> None:
        while self._ends and self._ends[0][0] <= self.at_us:
            _, contract = heappop(self._ends)
            self.board.forget(contract)
            self._orders.forget(contract)

    def dump(self) -> list[Any]:
        """Return sums, averages and tapes as plain lists, for a snapshot; the venue has orders."""
        sessions = [session.dump() for session in self.board.sessions.values()]
        tapes = [[market, tape.dump()] for market, tape in self.board.tapes.items()]
        return [VERSION, self.at_us, sessions, tapes]

    def load(self, dumped: Sequence[Any]) -> None:
        """Take back what `dump` gave; to be called once, on what is new.

        Raises:
            ValueError: another version of this program wrote it.
        """
        if dumped[0] != VERSION:
            raise ValueError(f"prices: version {dumped[0]} is not known; {VERSION} is expected")
        _, self.at_us, sessions, tapes = dumped
        for rows in sessions:
            session = Session.load(rows, self.rules.contract_minutes_max)
            self._list(session.listed)
            if session.listed.contract in self.board.sessions:
                self.board.sessions[session.listed.contract] = session
        for market, rows in tapes:
            if market in self.board.tapes:
                self.board.tapes[market].load(rows)
