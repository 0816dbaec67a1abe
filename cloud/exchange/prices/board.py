"""Contracts and markets side by side: who overlaps whom, and the numbers that are shown. Pure."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cloud.exchange.facts import Listed
from cloud.exchange.prices import indices
from cloud.exchange.prices.indices import Bounds, Index
from cloud.exchange.prices.mark import DayAhead
from cloud.exchange.prices.rules import IndexRule, Rules
from cloud.exchange.prices.session import Session
from cloud.exchange.prices.tape import Tape
from wire import clock
from wire.clock import QUARTER_HOUR_US


class Quarter(NamedTuple):
    """The trades of one quarter-hour, of delivery or of trading; None without a trade."""

    start_us: int
    vwap: int | None
    volume_wh: int
    trades: int
    high: int | None
    low: int | None


class Board:
    """Sessions by contract and tapes by market."""

    def __init__(
        self,
        zones: Mapping[str, ZoneInfo],
        pools: Mapping[str, str],
        rules: Rules,
        day_ahead: DayAhead,
    ) -> None:
        self.sessions: dict[int, Session] = {}
        self.tapes = {market: Tape(rules) for market in zones}
        self._zones, self._pools, self._rules = zones, pools, rules
        self._day_ahead = day_ahead
        self._covering: dict[tuple[str, str, int], list[int]] = {}
        """Contracts by pool, area and quarter-hour of delivery."""
        self._singles: dict[str, list[tuple[int, int]]] = {market: [] for market in zones}
        """Start and number of each market's contracts that are no blocks, in order."""

    def add(self, fact: Listed) -> None:
        """Remember a contract."""
        self.sessions[fact.contract] = Session(fact, self._rules.contract_minutes_max)
        for key in self._keys(fact):
            self._covering.setdefault(key, []).append(fact.contract)
        if not fact.parts:
            insort(self._singles[fact.market], (fact.start_us, fact.contract))

    def forget(self, contract: int) -> None:
        """Forget a contract and its sums."""
        session = self.sessions.pop(contract, None)
        if session is None:
            return
        listed = session.listed
        for key in self._keys(listed):
            self._covering[key].remove(contract)
            if not self._covering[key]:
                del self._covering[key]
        if not listed.parts:
            self._singles[listed.market].remove((listed.start_us, contract))

    def contracts(self, market: str, from_us: int = 0, to_us: int | None = None) -> list[Listed]:
        """Return a market's contracts that start in ``[from_us, to_us)``, the nearest first."""
        singles = self._singles[market]
        first = bisect_left(singles, (from_us, 0))
        last = len(singles) if to_us is None else bisect_left(singles, (to_us, 0))
        return [self.sessions[number].listed for _, number in singles[first:last]]

    def index(self, contract: int, rule: IndexRule | str) -> Index:
        """Return an index of a contract's delivery; a name is one of `Rules.indices`.

        Raises:
            KeyError: the contract is not known, or forgotten; the name is no index.
        """
        delivery = self.sessions[contract].listed
        chosen = self._rules.indices[rule] if isinstance(rule, str) else rule
        return indices.index(delivery, self.overlapping(delivery), chosen, self._day_ahead)

    def vwap(
        self,
        contract: int,
        window_start_us: int | None,
        window_end_us: int | None,
        products: frozenset[str],
        volume_wh_min: int = 0,
        fallback: Sequence[Bounds | str] = (),
    ) -> Index:
        """Return the volume-weighted price of a contract's delivery; see `indices.vwap`."""
        delivery = self.sessions[contract].listed
        return indices.vwap(
            delivery,
            self.overlapping(delivery),
            window_start_us,
            window_end_us,
            products,
            volume_wh_min,
            fallback,
            self._day_ahead,
        )

    def overlapping(self, delivery: Listed) -> Iterator[Session]:
        """Yield the sessions of the same pool and area that deliver at the same time, each once."""
        numbers: dict[int, None] = {}
        for key in self._keys(delivery):
            numbers.update(dict.fromkeys(self._covering.get(key, ())))
        return (self.sessions[number] for number in numbers)

    def by_trading(self, market: str, from_us: int, to_us: int) -> list[Quarter]:
        """Return the quarter-hours of trading in ``[from_us, to_us)`` that memory reaches."""
        minutes = self.tapes[market].minutes
        quarters = []
        for start_us in range(clock.quarter_hour_us(from_us), to_us, QUARTER_HOUR_US):
            buckets = [b for _, b in minutes.between(start_us, start_us + QUARTER_HOUR_US)]
            total = minutes.sum(start_us, start_us + QUARTER_HOUR_US)
            quarters.append(
                Quarter(
                    start_us,
                    total.average,
                    total.weight,
                    total.trades,
                    max((bucket.high for bucket in buckets), default=None),
                    min((bucket.low for bucket in buckets), default=None),
                )
            )
        return quarters

    def by_delivery(self, market: str, day: date) -> list[Quarter]:
        """Return the 92, 96 or 100 quarter-hours of a local day of delivery, this market alone.

        An hourly contract counts a quarter of its energy in each.
        """
        start_us, end_us = day_bounds(day, self._zones[market])
        return [
            self._delivered(market, quarter_us)
            for quarter_us in range(start_us, end_us, QUARTER_HOUR_US)
        ]

    def _delivered(self, market: str, start_us: int) -> Quarter:
        singles = self._singles[market]
        at = bisect_left(singles, (start_us + 1, 0)) - 1
        session = self.sessions[singles[at][1]] if at >= 0 else None
        if session is None or session.listed.end_us <= start_us:
            return Quarter(start_us, None, 0, 0, None, None)
        known = session.statistics()
        kw = session.minutes.sum().weight
        return Quarter(start_us, known.vwap, kw * 250, known.trades, known.high, known.low)

    def _keys(self, listed: Listed) -> Iterable[tuple[str, str, int]]:
        pool = self._pools.get(listed.market, listed.market)
        for start_us in range(listed.start_us, listed.end_us, QUARTER_HOUR_US):
            yield pool, listed.area, start_us


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Return the instants at which a local day begins and ends."""
    first = datetime(day.year, day.month, day.day, tzinfo=zone)
    after = day + timedelta(days=1)
    return clock.micros(first), clock.micros(
        datetime(after.year, after.month, after.day, tzinfo=zone)
    )
