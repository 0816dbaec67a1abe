"""The traders of the simulated market; each takes its turn and says when it wants the next one.

A trader keeps nothing that a restart could not find again: the maker withdraws what it left
behind, and the sites' trader looks at positions before it trades.
"""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from simulators import prices
from simulators.errors import BadInput
from simulators.hub_client import HubClient, HubRefused
from simulators.prices import Quote, Side
from wire.clock import QUARTER_HOUR_US, Clock, quarter_hour_us, utc

AHEAD = 8
"""Quarter-hours that are traded, nearest first."""
MAKER_PERIOD_S = 2.0
MAKER_FIRST_PERIOD_S = 0.25
"""Until every quarter-hour has been quoted once."""
CROWD_PERIOD_S = (1.5, 4.0)
CROWD_KW = (5, 40)
CROWD_REACH_EUR_MWH = 6.0
SITES_PERIOD_S = 1.5
SITES_REACH_EUR_MWH = 25.0
_CLOSED = "CONTRACT_CLOSED"
_HOURS = Decimal("0.25")

_logger = logging.getLogger(__name__)


class BadMarket(BadInput):
    """The hub does not have the market."""


class Trader(Protocol):
    """Somebody who acts now and then."""

    async def turn(self) -> float:
        """Act once; return after how many seconds to act again.

        Raises:
            HubUnreachable, HubRefused: the turn was not finished.
        """
        ...


@dataclass(slots=True)
class Desk:
    """What every trader has: a line to the hub, a market, a seed and a clock."""

    client: HubClient
    market: str
    seed: int
    clock: Clock
    _step_kw: int = 0
    _told: set[str] = field(default_factory=set)

    async def step_kw(self) -> int:
        """Return the market's quantity step."""
        if not self._step_kw:
            rows = (await self.client.get("/api/v1/markets"))["markets"]
            steps = {str(row["market"]): int(row["step_kw"]) for row in rows}
            if self.market not in steps:
                known = ", ".join(sorted(steps))
                raise BadMarket(f"--market: {self.market!r} is not allowed; {known} is expected")
            self._step_kw = steps[self.market]
        return self._step_kw

    def starts_us(self) -> Sequence[int]:
        """Return the next quarter-hours, nearest first."""
        first_us = quarter_hour_us(self.clock.now_us()) + QUARTER_HOUR_US
        return range(first_us, first_us + AHEAD * QUARTER_HOUR_US, QUARTER_HOUR_US)

    def fair_eur_mwh(self, start_us: int) -> float:
        return prices.fair_eur_mwh(self.seed, start_us, self.clock.now_us())

    async def place(self, start_us: int, quote: Quote, **more: object) -> Mapping[str, Any] | None:
        """Place a limit order, good for the day unless `more` says otherwise.

        Returns the answer, or None where the hub refuses: each reason is logged once.
        """
        order = {
            "market": self.market,
            "delivery_start": utc(start_us).isoformat(),
            "delivery_end": utc(start_us + QUARTER_HOUR_US).isoformat(),
            "side": quote.side.value,
            "quantity_mwh": float(quote.power_kw * _HOURS / 1000),
            "limit_price_eur_mwh": quote.price_eur_mwh,
            "order_type": "LIMIT",
            "time_in_force": "GFD",
            **more,
        }
        try:
            answer: Mapping[str, Any] = await self.client.post("/api/orders", order)
        except HubRefused as refused:
            if refused.of_key:
                raise
            self.tell(refused)
            return None
        return answer

    async def withdraw(self, order_id: str) -> None:
        """Take an order back; one that is no longer open is none."""
        try:
            await self.client.delete(f"/api/v1/orders/{order_id}")
        except HubRefused as refused:
            if refused.of_key:
                raise

    def tell(self, refused: HubRefused) -> None:
        """Log a refusal, once for each reason; that a quarter-hour has closed is no news."""
        if refused.code != _CLOSED and refused.code not in self._told:
            self._told.add(refused.code)
            _logger.warning("the hub refuses with %s: %s", refused.code, refused)


class Maker:
    """Quotes both sides of one quarter-hour after the other, and takes its older quotes back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[int, list[str]] | None = None
        self._turns = 0

    async def turn(self) -> float:
        desk = self._desk
        step_kw = await desk.step_kw()
        if self._open is None:
            await self._take_back_what_was_left()
            self._open = {}
        starts_us = desk.starts_us()
        for gone_us in [start_us for start_us in self._open if start_us < starts_us[0]]:
            del self._open[gone_us]
        start_us = starts_us[self._turns % AHEAD]
        self._turns += 1
        older = self._open.pop(start_us, [])
        placed = self._open[start_us] = list[str]()
        for quote in prices.quotes(desk.seed, start_us, desk.clock.now_us(), step_kw):
            if answer := await desk.place(start_us, quote):
                placed.append(str(answer["order_id"]))
        for order_id in older:
            await desk.withdraw(order_id)
        return MAKER_FIRST_PERIOD_S if self._turns < AHEAD else MAKER_PERIOD_S

    async def _take_back_what_was_left(self) -> None:
        client = self._desk.client
        for order in (await client.get("/api/orders", only_open="true", limit=500))["orders"]:
            await self._desk.withdraw(str(order["order_id"]))


class Crowd:
    """Buys or sells a little, mostly what is delivered soon, and never waits in the book."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._draw = random.Random(desk.seed)

    async def turn(self) -> float:
        desk, draw = self._desk, self._draw
        step_kw = await desk.step_kw()
        start_us = desk.starts_us()[min(int(draw.expovariate(0.5)), AHEAD - 1)]
        side = draw.choice((Side.BUY, Side.SELL))
        away = draw.uniform(0.0, CROWD_REACH_EUR_MWH) * (1.0 if side is Side.BUY else -1.0)
        power_kw = prices.in_steps(draw.uniform(*CROWD_KW), step_kw)
        quote = Quote(side, round(desk.fair_eur_mwh(start_us) + away, 2), power_kw)
        await desk.place(start_us, quote, time_in_force="IOC")
        return draw.uniform(*CROWD_PERIOD_S)


class Sites:
    """Gives every site one position in each quarter-hour, and leaves it to people from then on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._done: set[tuple[str, int]] = set()

    async def turn(self) -> float:
        starts_us = self._desk.starts_us()
        self._done = {done for done in self._done if done[1] >= starts_us[0]}
        sites = (await self._desk.client.get("/api/v1/sites"))["sites"]
        for start_us in starts_us:
            waiting = [site for site in sites if (site["id"], start_us) not in self._done]
            for site in waiting:
                await self._trade(site, start_us)
            if waiting:
                break
        return SITES_PERIOD_S

    async def _trade(self, site: Mapping[str, Any], start_us: int) -> None:
        desk, name = self._desk, str(site["id"])
        if await self._has_position(name, start_us):
            self._done.add((name, start_us))
            return
        wanted_kw = prices.site_power_kw(
            desk.seed,
            start_us,
            desk.clock.now_us(),
            float(site["power_kw"]),
            await self._soc_pct(name),
        )
        side = Side.SELL if wanted_kw > 0.0 else Side.BUY
        away = SITES_REACH_EUR_MWH * (1.0 if side is Side.BUY else -1.0)
        power_kw = prices.in_steps(wanted_kw, await desk.step_kw())
        quote = Quote(side, round(desk.fair_eur_mwh(start_us) + away, 2), power_kw)
        answer = await desk.place(start_us, quote, time_in_force="IOC", site=name)
        if answer is None or answer["filled_mwh"]:
            self._done.add((name, start_us))

    async def _has_position(self, site: str, start_us: int) -> bool:
        rows = (await self._desk.client.get("/api/v1/positions", site=site))["positions"]
        start = utc(start_us)
        return any(datetime.fromisoformat(row["delivery_start"]) == start for row in rows)

    async def _soc_pct(self, site: str) -> float | None:
        values = (await self._desk.client.get(f"/api/v1/sites/{site}/telemetry/newest"))["values"]
        found = (row["value"] for row in values if row["point"] == "battery.soc_pct")
        return next(found, None)
