"""The public trades of one market and what follows from each: EMA, sums of the session. Pure."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.prices.rules import MINUTE_US, Rules
from cloud.exchange.prices.sums import NOTHING, Minutes, Sum

VOID = (TradeState.RECALLED, TradeState.CANCELLED)
"""States in which a trade never was, for every sum."""


class PublicTrade(NamedTuple):
    """A trade without its parties."""

    trade_id: int
    at_us: int
    contract: int
    price_ticks: int
    steps: int
    energy_wh: int
    side: Side
    """Of the order that came in."""
    self_trade: bool
    """Between orders of one owner: shown, and in no average."""
    state: TradeState

    @property
    def counts(self) -> bool:
        """Tell whether it is in the averages."""
        return not self.self_trade and self.state not in VOID


class Tape:
    """One market. Weights are watt-hours, so that contracts of any length add up."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._trades: deque[PublicTrade] = deque(maxlen=rules.tape_trades_max)
        self._left_until_us = -1
        """Time of the newest trade that is no longer kept."""
        self.ema_ticks: float | None = None
        """One step a trade that counts; as if a trade that became void had never been."""
        self._ema_before: float | None = None
        """What it was before the oldest trade that is kept."""
        self.minutes = Minutes(rules.market_minutes_max)
        self.day: date | None = None
        self.session: Sum = NOTHING
        """Of the local day of the newest trade."""
        self.amended: dict[int, None] = {}
        """Minutes in which a trade became void and that the history has to hear of again."""

    def add(self, trade: PublicTrade, day: date) -> None:
        """Take a new trade; `day` is its local day in the market's area."""
        if len(self._trades) == self._rules.tape_trades_max:
            self._left_until_us = self._trades[0].at_us
            self._ema_before = self._stepped(self._ema_before, self._trades[0])
        self._trades.append(trade)
        if not trade.counts:
            return
        price, weight = trade.price_ticks, trade.energy_wh
        self.ema_ticks = self._stepped(self.ema_ticks, trade)
        if day != self.day:
            self.day, self.session = day, NOTHING
        value, total, trades = self.session
        self.session = Sum(value + price * weight, total + weight, trades + 1)
        self.minutes.add(trade.at_us, price, weight)

    def move(self, trade_id: int, state: TradeState) -> PublicTrade | None:
        """Return a trade in its new state; None: it is no longer kept."""
        for place in range(len(self._trades) - 1, -1, -1):
            if self._trades[place].trade_id == trade_id:
                moved = self._trades[place] = self._trades[place]._replace(state=state)
                return moved
        return None

    def take_out(self, at_us: int, price_ticks: int, energy_wh: int, day: date) -> None:
        """Reverse a trade that became void; `move` has been called before.

        The average walks once more over the trades that are kept: one that has left weighs
        nothing in it any more.
        """
        ema_ticks = self._ema_before
        for trade in self._trades:
            ema_ticks = self._stepped(ema_ticks, trade)
        self.ema_ticks = ema_ticks
        if day == self.day:
            value, total, trades = self.session
            self.session = Sum(value - price_ticks * energy_wh, total - energy_wh, trades - 1)
        if self.minutes.take_out(at_us, price_ticks, energy_wh, self.prices_in_minute(at_us)):
            self.amended[at_us - at_us % MINUTE_US] = None

    def prices_in_minute(self, at_us: int, contract: int | None = None) -> list[int] | None:
        """Return the prices that count in the minute of this instant, oldest first.

        None: trades of that minute are no longer kept one by one.
        """
        start_us = at_us - at_us % MINUTE_US
        if self._left_until_us >= start_us:
            return None
        return [
            trade.price_ticks
            for trade in self._trades
            if start_us <= trade.at_us < start_us + MINUTE_US
            and trade.counts
            and contract in (None, trade.contract)
        ]

    def _stepped(self, ema_ticks: float | None, trade: PublicTrade) -> float | None:
        """Return the average after one more trade."""
        if not trade.counts:
            return ema_ticks
        if ema_ticks is None:
            return float(trade.price_ticks)
        return ema_ticks + self._rules.ema_alpha * (trade.price_ticks - ema_ticks)

    def newest(self) -> Iterator[PublicTrade]:
        """Return what is kept, newest first."""
        return reversed(self._trades)

    def last(self, contract: int | None = None) -> PublicTrade | None:
        """Return the newest trade that counts, of one contract or of all; None: none is kept."""
        return next((t for t in self.newest() if t.counts and contract in (None, t.contract)), None)

    def dump(self) -> list[object]:
        """Return all of it as plain lists, for a snapshot."""
        trades = [[*t[:6], int(t.side), t.self_trade, t.state.value] for t in self._trades]
        day = None if self.day is None else self.day.isoformat()
        return [
            trades,
            self._left_until_us,
            self.ema_ticks,
            self.minutes.dump(),
            day,
            [*self.session],
            self._ema_before,
        ]

    def load(self, dumped: Sequence[Any]) -> None:
        """Take back what `dump` gave."""
        trades, left_until_us, ema_ticks, minutes, day, session, *before = dumped
        self._ema_before = before[0] if before else None  # earlier programs did not keep it
        self._trades.extend(_public(*row) for row in trades)
        self._left_until_us, self.ema_ticks = left_until_us, ema_ticks
        self.minutes.load(minutes)
        self.day = None if day is None else date.fromisoformat(day)
        self.session = Sum(*session)


def _public(
    trade_id: int,
    at_us: int,
    contract: int,
    price_ticks: int,
    steps: int,
    energy_wh: int,
    side: int,
    self_trade: bool,
    state: str,
) -> PublicTrade:
    return PublicTrade(
        trade_id,
        at_us,
        contract,
        price_ticks,
        steps,
        energy_wh,
        Side(side),
        self_trade,
        TradeState(state),
    )
