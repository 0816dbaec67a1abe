"""What every simulated trader has: a line to the hub, what can be traded there, and manners.

A desk keeps to what the hub allows: when little is left of its throttle, or an order came too
often, it rests for a while, and nobody has to tell it twice.
"""

import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from simulators import prices
from simulators.errors import BadInput
from simulators.hub_client import HubClient, HubRefused
from simulators.order_lines import OrderLine, Told
from simulators.prices import Quote
from wire.clock import Clock, micros, utc

AHEAD = 8
"""Delivery periods of each market that are traded, nearest first."""
LOOK_S = 20.0
"""Between two looks at what can be traded."""
HURRY_S = 2.0
"""Nothing is begun in a delivery period that closes so soon."""
POSITIONS_S = 5.0
ROWS = 500
SPARE = 10
"""With so little left of the throttle the desk rests."""
REST_S = 5.0
_LATE = frozenset({"CONTRACT_CLOSED", "CONTRACT_NOT_OPEN"})
"""That a delivery period has closed meanwhile is no news."""
_GONE = frozenset({"ORDER_ENDED", "ORDER_UNKNOWN"})

_logger = logging.getLogger(__name__)


class BadMarket(BadInput):
    """The hub does not have the market."""


class OrderGone(Exception):
    """An order is no longer open: it has traded, or its delivery period has closed."""


class Period(NamedTuple):
    """One delivery period of one market, while it can be traded."""

    start_us: int
    market: str
    end_us: int
    closes_us: int
    step_kw: int


@dataclass(slots=True)
class Desk:
    """One account's place in the market."""

    client: HubClient
    line: OrderLine
    markets: Sequence[str]
    """Codes; empty: all that the hub lists."""
    seed: int
    clock: Clock
    number: int = 0
    """Of the traders of this kind, from 0."""
    _periods: Sequence[Period] = ()
    _looked_us: int | None = None
    _net_kw: Mapping[tuple[str, int], int] = field(default_factory=dict)
    _counted_us: int | None = None
    _rests_until_us: int = 0
    _told: set[str] = field(default_factory=set)

    async def periods(self) -> Sequence[Period]:
        """Return the next delivery periods of each market, nearest first; () while none is open.

        Raises:
            BadMarket: the hub does not list one of the markets.
        """
        now_us = self.clock.now_us()
        if self._looked_us is None or now_us - self._looked_us > LOOK_S * 1e6:
            self._periods = sorted(await self._look())
            self._looked_us = now_us
        last_us = now_us + HURRY_S * 1e6
        nearest: dict[str, int] = {}
        found = []
        for period in self._periods:
            count = nearest.get(period.market, 0)
            if period.closes_us > last_us and count < AHEAD:
                nearest[period.market] = count + 1
                found.append(period)
        return found

    async def net_kw(self, period: Period) -> int:
        """Return what the account has sold (+) or bought (-) net, some seconds ago at most."""
        now_us = self.clock.now_us()
        if self._counted_us is None or now_us - self._counted_us > POSITIONS_S * 1e6:
            net_kw: dict[tuple[str, int], int] = {}
            for row in (await self.client.get("/api/v1/positions"))["positions"]:
                place = str(row["market"]), _us(row["delivery_start"])
                net_kw[place] = net_kw.get(place, 0) + int(row["net_kw"])
            self._net_kw, self._counted_us = net_kw, now_us
        return self._net_kw.get((period.market, period.start_us), 0)

    def told_eur_mwh(self, period: Period) -> float:
        """Return what the period is worth to whoever has heard the news."""
        return prices.told_eur_mwh(self.seed, period.start_us, self.clock.now_us())

    async def place(self, period: Period, quote: Quote, **more: object) -> Told | None:
        """Enter an order, a limit order that rests unless `more` says otherwise.

        Returns the answer, or None where the hub refuses: each reason is logged once.
        """
        order = {
            "market": period.market,
            "delivery_start": utc(period.start_us).isoformat(),
            "delivery_end": utc(period.end_us).isoformat(),
            "side": quote.side.value,
            "power_kw": quote.power_kw,
            "limit_price_eur_mwh": quote.price_eur_mwh,
            **more,
        }
        return await self._told_of(self.line.enter(order))

    async def modify(self, order_id: str, revision: int, **change: object) -> Told | None:
        """Change an order; None where the hub refuses.

        Raises:
            OrderGone: there is nothing to change, nor to take back.
        """
        return await self._told_of(self.line.modify(order_id, revision, change))

    async def switch(self, order_id: str, action: str, revision: int) -> Told | None:
        """Hibernate or activate an order; None and `OrderGone` as for `modify`."""
        return await self._told_of(self.line.switch(order_id, action, revision))

    async def withdraw(self, order_id: str) -> None:
        """Take an order back; one that is no longer open is none."""
        try:
            await self.line.switch(order_id, "delete")
        except HubRefused as refused:
            if refused.of_key:
                raise

    async def _told_of(self, asking: Awaitable[Told]) -> Told | None:
        try:
            told = await asking
        except HubRefused as refused:
            if refused.of_key:
                raise
            if refused.code in _GONE:
                raise OrderGone(str(refused)) from refused
            self.tell(refused)
            return None
        left = told.get("throttle_remaining")
        if left is not None and left < SPARE:
            self._rest()
        return told

    async def withdraw_all(self) -> None:
        """Take back whatever the account has open, as an earlier start may have left it."""
        done: set[str] = set()
        while True:
            rows = (await self.client.get("/api/orders", only_open="true", limit=ROWS))["orders"]
            left = [order_id for row in rows if (order_id := str(row["order_id"])) not in done]
            if not left:
                return
            for order_id in left:
                await self.withdraw(order_id)
            done.update(left)

    def tell(self, refused: HubRefused) -> None:
        """Log a refusal, once for each reason; rest when it was because of too many."""
        if refused.too_often:
            self._rest()
        elif refused.code not in _LATE and refused.code not in self._told:
            self._told.add(refused.code)
            _logger.warning("the hub refuses with %s: %s", refused.code, refused)

    def rest_s(self) -> float:
        """Return for how long the desk shall do nothing now; 0 in quiet times."""
        return max(0.0, (self._rests_until_us - self.clock.now_us()) / 1e6)

    def _rest(self) -> None:
        self._rests_until_us = self.clock.now_us() + round(REST_S * 1e6)

    async def _look(self) -> Iterable[Period]:
        rows = (await self.client.get("/api/v1/markets"))["markets"]
        steps = {str(row["market"]): int(row["step_kw"]) for row in rows}
        known = ", ".join(sorted(steps))
        for market in self.markets:
            if market not in steps and self._looked_us is None:  # later it may close for a while
                raise BadMarket(f"--market: {market!r} is not allowed; {known} is expected")
        found = []
        for market in sorted(steps.keys() & self.markets if self.markets else steps):
            rows = (await self.client.get("/api/v1/contracts", market=market))["contracts"]
            found += [_period(row, steps[market]) for row in rows]
        return found


def _period(row: Mapping[str, Any], step_kw: int) -> Period:
    return Period(
        start_us=_us(row["delivery_start"]),
        market=str(row["market"]),
        end_us=_us(row["delivery_end"]),
        closes_us=_us(row["closes_at"]),
        step_kw=step_kw,
    )


def _us(text: str) -> int:
    return micros(datetime.fromisoformat(text))
