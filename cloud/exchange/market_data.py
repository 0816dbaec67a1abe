"""What the market sees: depth, last prices and averages, of what is committed and nothing else.

A view is replaced, never changed, right after the commit that it shows, so that no reader ever
sees an order that a power cut could still undo.

    mark   the last trade while it is young, else the middle of a narrow spread, else nothing
    ema    of trade prices, one step a trade
    vwap   of the trades since local midnight of the market's area, weighted by energy
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from cloud.exchange.book import Level, Side
from cloud.exchange.floor import ContractKey, Floor
from cloud.exchange.records import Placed, Record
from cloud.market.catalogue import Catalogue
from wire import clock

DEPTH_LEVELS = 10
PUBLIC_TRADES_MAX = 500
"""Kept of each market for the newest-trades list; the oldest leave."""
MARK_AGE_US_MAX = 15 * 60 * 1_000_000
MARK_SPREAD_TICKS_MAX = 2_000
EMA_ALPHA = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One contract's book as the public sees it."""

    market: str
    start_us: int
    step_kw: int
    wh_per_step: int
    bids: tuple[Level, ...]
    """Best first, as the asks."""
    asks: tuple[Level, ...]
    last_ticks: int | None
    last_us: int | None
    traded_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade without its parties."""

    trade_id: int
    at_us: int
    market: str
    start_us: int
    price_ticks: int
    energy_wh: int
    aggressor: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The averages of one market; None where nothing is known, never 0."""

    mark_ticks: float | None
    mark_source: str | None
    """``TRADE`` or ``MID``."""
    ema_ticks: float | None
    vwap_ticks: int | None
    last_us: int | None


@dataclass(slots=True)
class _Tape:
    """What is remembered of one market's trades."""

    trades: deque[PublicTrade] = field(default_factory=lambda: deque(maxlen=PUBLIC_TRADES_MAX))
    ema_ticks: float | None = None
    day: date | None = None
    cash: int = 0
    """Price times energy, summed over the day, exact."""
    energy_wh: int = 0

    def add(self, trade: PublicTrade, day: date) -> None:
        self.trades.append(trade)
        if self.ema_ticks is None:
            self.ema_ticks = float(trade.price_ticks)
        else:
            self.ema_ticks += EMA_ALPHA * (trade.price_ticks - self.ema_ticks)
        if day != self.day:
            self.day, self.cash, self.energy_wh = day, 0, 0
        self.cash += trade.price_ticks * trade.energy_wh
        self.energy_wh += trade.energy_wh


class MarketData:
    """Fed with records in their order: those of the past first, then each commit."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.views: dict[ContractKey, View] = {}
        self._catalogue = catalogue
        self._tapes = {code: _Tape() for code in catalogue}

    def remember(self, records: Iterable[Record]) -> None:
        """Take trades to the tape; the views stay as they are."""
        for record in records:
            tape = self._tapes.get(record.market) if isinstance(record, Placed) else None
            if tape is not None and isinstance(record, Placed) and record.trades:
                day = self._day(record.market, record.at_us)
                for trade in _public(record):
                    tape.add(trade, day)

    def show(self, floor: Floor, keys: Iterable[ContractKey] | None = None) -> None:
        """Replace the views of these contracts, or of all, by what the floor holds now.

        To be called only while everything on the floor is committed.
        """
        for key in set(floor.stalls) if keys is None else set(keys):
            stall = floor.stalls.get(key)
            if stall is None:
                self.views.pop(key, None)
                continue
            self.views[key] = View(
                market=key[0],
                start_us=key[1],
                step_kw=stall.step_kw,
                wh_per_step=stall.wh_per_step,
                bids=tuple(stall.book.depth(Side.BUY, DEPTH_LEVELS)),
                asks=tuple(stall.book.depth(Side.SELL, DEPTH_LEVELS)),
                last_ticks=stall.last_ticks,
                last_us=stall.last_us,
                traded_steps=stall.traded_steps,
            )

    def trades(self, market: str) -> Sequence[PublicTrade]:
        """Return the newest public trades of a market, newest first."""
        tape = self._tapes.get(market)
        return [] if tape is None else list(reversed(tape.trades))

    def quote(self, market: str, at_us: int) -> Quote:
        """Return the averages of a market of the catalogue."""
        tape = self._tapes[market]
        last = tape.trades[-1] if tape.trades else None
        today = self._day(market, at_us)
        mark_ticks, source = self._mark(market, last, at_us)
        return Quote(
            mark_ticks=mark_ticks,
            mark_source=source,
            ema_ticks=tape.ema_ticks,
            vwap_ticks=(
                divided(tape.cash, tape.energy_wh) if tape.energy_wh and tape.day == today else None
            ),
            last_us=None if last is None else last.at_us,
        )

    def _mark(
        self, market: str, last: PublicTrade | None, at_us: int
    ) -> tuple[float, str] | tuple[None, None]:
        if last is not None and at_us - last.at_us <= MARK_AGE_US_MAX:
            return float(last.price_ticks), "TRADE"
        quoted = (
            self.views[key]
            for key in sorted(key for key in self.views if key[0] == market)
            if self.views[key].bids and self.views[key].asks
        )
        nearest = next(quoted, None)
        if nearest is None:
            return None, None
        bid, ask = nearest.bids[0].price_ticks, nearest.asks[0].price_ticks
        return ((bid + ask) / 2, "MID") if ask - bid <= MARK_SPREAD_TICKS_MAX else (None, None)

    def _day(self, market: str, at_us: int) -> date:
        return clock.utc(at_us).astimezone(self._catalogue[market].zone).date()


def divided(total: int, by: int) -> int:
    """Return the quotient rounded to a whole number, ties away from zero."""
    quotient, rest = divmod(abs(total), by)
    quotient += 2 * rest >= by
    return quotient if total >= 0 else -quotient


def _public(record: Placed) -> list[PublicTrade]:
    return [
        PublicTrade(
            trade_id=trade.trade_id,
            at_us=record.at_us,
            market=record.market,
            start_us=record.start_us,
            price_ticks=trade.price_ticks,
            energy_wh=trade.quantity_steps * record.wh_per_step,
            aggressor=record.side,
        )
        for trade in record.trades
    ]
