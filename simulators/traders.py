"""The traders of the simulated market; each takes its turn and says when it wants the next one.

A trader keeps nothing that a restart could not find again: the sites' trader looks at positions
before it trades, and nobody else has a plan.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from simulators import news, prices
from simulators.desk import Desk, Period
from simulators.prices import Quote, Side
from wire.clock import QUARTER_HOUR_US, micros

CROWD_PERIOD_S = (1.5, 4.0)
CROWD_HURRY = 3.0
"""So many times as often it trades right after news."""
CROWD_KW = (5, 40)
CROWD_STEPS_MAX = 3
"""Where a step is larger than those powers."""
CROWD_REACH_EUR_MWH = 6.0
CROWD_FULL_KW = 400
"""With so much of one delivery period it only trades back."""
CROWD_FULL_STEPS = 10
SITES_PERIOD_S = 1.5
SITES_REACH_EUR_MWH = 25.0
SITES_REST_S = 30.0
"""After a refusal the site tries the same quarter-hour again."""


class Trader(Protocol):
    """Somebody who acts now and then."""

    async def turn(self) -> float:
        """Act once; return after how many seconds to act again.

        Raises:
            HubUnreachable, HubRefused: the turn was not finished.
        """
        ...


class Crowd:
    """Buys or sells a little, mostly what is delivered soon, and never waits in the book.

    After news it trades more, and mostly the way the price has gone.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._draw = random.Random(f"crowd {desk.seed} {desk.number}")

    async def turn(self) -> float:
        desk, draw = self._desk, self._draw
        periods = await desk.periods()
        pause_s = draw.uniform(*CROWD_PERIOD_S)
        if not periods:
            return pause_s
        period = periods[min(int(draw.expovariate(0.5)), len(periods) - 1)]
        side = await self._side(period)
        away = draw.uniform(0.0, CROWD_REACH_EUR_MWH) * (1.0 if side is Side.BUY else -1.0)
        quote = Quote(side, round(desk.told_eur_mwh(period) + away, 2), self._power_kw(period))
        await desk.place(period, quote, time_in_force=draw.choices(("IOC", "FOK"), (9, 1))[0])
        excited = news.breaking(desk.seed, desk.clock.now_us())
        return pause_s / CROWD_HURRY if excited else pause_s

    async def _side(self, period: Period) -> Side:
        desk = self._desk
        now_us = desk.clock.now_us()
        net_kw = await desk.net_kw(period)
        full_kw = max(CROWD_FULL_KW, CROWD_FULL_STEPS * period.step_kw)
        if abs(net_kw) >= full_kw:
            return Side.BUY if net_kw > 0 else Side.SELL
        buys = 0.5
        if news.breaking(desk.seed, now_us):
            buys = 0.8 if news.shift_eur_mwh(desk.seed, period.start_us, now_us) > 0.0 else 0.2
        return Side.BUY if self._draw.random() < buys else Side.SELL

    def _power_kw(self, period: Period) -> int:
        if period.step_kw > CROWD_KW[0]:
            return self._draw.randint(1, CROWD_STEPS_MAX) * period.step_kw
        return prices.in_steps(self._draw.uniform(*CROWD_KW), period.step_kw)


class Sites:
    """Gives every site one position in each quarter-hour, and leaves it to people from then on.

    A site whose state of charge nobody knows is left alone; what the hub refuses is tried again
    a while later.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rests_until_us: dict[tuple[str, int], int] = {}
        """By site and start of delivery."""

    async def turn(self) -> float:
        now_us = self._desk.clock.now_us()
        periods = _finest(await self._desk.periods())
        starts_us = {period.start_us for period in periods}
        rests = {each: us for each, us in self._rests_until_us.items() if each[1] in starts_us}
        self._rests_until_us = rests
        sites = (await self._desk.client.get("/api/v1/sites"))["sites"]
        for period in periods:
            waiting = [
                site for site in sites if rests.get((site["id"], period.start_us), 0) <= now_us
            ]
            for site in waiting:
                await self._trade(site, period)
            if waiting:
                break
        return SITES_PERIOD_S

    async def _trade(self, site: Mapping[str, Any], period: Period) -> None:
        desk, name = self._desk, str(site["id"])
        place = name, period.start_us
        now_us = desk.clock.now_us()
        sold_mwh = await self._sold_mwh(name)
        if period.start_us in sold_mwh:
            self._rests_until_us[place] = period.closes_us
            return
        soc_pct = await self._soc_pct(name)
        if soc_pct is None:
            return
        leaves_kwh = 1e3 * sum(mwh for us, mwh in sold_mwh.items() if us < period.start_us)
        soc_pct -= 100.0 * leaves_kwh / float(site["energy_kwh"])
        wanted_kw = prices.site_power_kw(
            desk.seed, period.start_us, now_us, float(site["power_kw"]), soc_pct
        )
        side = Side.SELL if wanted_kw > 0.0 else Side.BUY
        away = SITES_REACH_EUR_MWH * (1.0 if side is Side.BUY else -1.0)
        power_kw = prices.in_steps(wanted_kw, period.step_kw)
        quote = Quote(side, round(desk.told_eur_mwh(period) + away, 2), power_kw)
        answer = await desk.place(period, quote, time_in_force="IOC", site=name)
        if answer is None:
            self._rests_until_us[place] = now_us + round(SITES_REST_S * 1e6)
        elif answer["filled_mwh"]:
            self._rests_until_us[place] = period.closes_us

    async def _sold_mwh(self, site: str) -> Mapping[int, float]:
        """Return what is sold (+) or bought (-) net, by start of delivery from now on."""
        rows = (await self._desk.client.get("/api/v1/positions", site=site))["positions"]
        sold_mwh: dict[int, float] = {}
        for row in rows:
            start_us = micros(datetime.fromisoformat(row["delivery_start"]))
            sold_mwh[start_us] = sold_mwh.get(start_us, 0.0) + row["net_mwh"]
        return sold_mwh

    async def _soc_pct(self, site: str) -> float | None:
        values = (await self._desk.client.get(f"/api/v1/sites/{site}/telemetry/newest"))["values"]
        found = (row["value"] for row in values if row["point"] == "battery.soc_pct")
        return next(found, None)


def _finest(periods: Sequence[Period]) -> Sequence[Period]:
    """Return the quarter-hours of the market with the smallest step: a site's is small."""
    quarters = [p for p in periods if p.end_us - p.start_us == QUARTER_HOUR_US]
    market = min(((p.step_kw, p.market) for p in quarters), default=(0, ""))[1]
    return [period for period in quarters if period.market == market]
