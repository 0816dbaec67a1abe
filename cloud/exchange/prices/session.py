"""The trades of one contract, from its opening on: statistics, and sums a minute. Pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cloud.exchange.facts import Listed
from cloud.exchange.prices.sums import Minutes


class Last(NamedTuple):
    """The newest trade that counts."""

    trade_id: int
    at_us: int
    price_ticks: int
    steps: int


class Statistics(NamedTuple):
    """A contract's session so far; prices in ticks, None without a trade, never 0."""

    open: int | None
    high: int | None
    low: int | None
    last: Last | None
    vwap: int | None
    """Ties away from zero."""
    volume_wh: int
    trades: int


class Session:
    """One contract. Weights are kW: power counts, how long it flows is the contract's."""

    __slots__ = ("_high", "_low", "_open", "last", "listed", "minutes")

    def __init__(self, listed: Listed, minutes_max: int) -> None:
        self.listed = listed
        self.minutes = Minutes(minutes_max)
        self._open: int | None = None
        self._high: int | None = None
        self._low: int | None = None
        self.last: Last | None = None

    def add(self, trade: Last) -> None:
        """Count a trade that is no self-trade."""
        price = trade.price_ticks
        self.minutes.add(trade.at_us, price, trade.steps * self.listed.step_kw)
        self.last = trade
        if self._open is None or self._high is None or self._low is None:
            self._open = self._high = self._low = price
        elif price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price

    def take_out(self, trade: Last, others: Sequence[int] | None, before: Last | None) -> None:
        """Reverse a trade that became void.

        Args:
            others: the prices that stay in its minute, None if they are not known.
            before: the newest trade that counts now, None if it is not known.
        """
        kw = trade.steps * self.listed.step_kw
        self.minutes.take_out(trade.at_us, trade.price_ticks, kw, others)
        if self.last is not None and self.last.trade_id == trade.trade_id:
            self.last = before
        buckets = [bucket for _, bucket in self.minutes]
        self._open = buckets[0].open if buckets else None
        self._high = max((bucket.high for bucket in buckets), default=None)
        self._low = min((bucket.low for bucket in buckets), default=None)

    def statistics(self) -> Statistics:
        sums = self.minutes.sum()
        steps = sums.weight // self.listed.step_kw
        return Statistics(
            open=self._open,
            high=self._high,
            low=self._low,
            last=self.last,
            vwap=sums.average,
            volume_wh=steps * self.listed.wh_per_step,
            trades=sums.trades,
        )

    def dump(self) -> list[object]:
        """Return all of it as plain lists, for a snapshot."""
        last = None if self.last is None else [*self.last]
        return [[*self.listed], self.minutes.dump(), [self._open, self._high, self._low], last]

    @classmethod
    def load(cls, dumped: Sequence[Any], minutes_max: int) -> "Session":
        """Return what `dump` was asked of."""
        listed, minutes, prices, last = dumped
        fields = [tuple(value) if isinstance(value, list) else value for value in listed]
        session = cls(Listed._make(fields), minutes_max)
        session.minutes.load(minutes)
        session._open, session._high, session._low = prices
        session.last = None if last is None else Last(*last)
        return session
