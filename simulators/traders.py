"""What a trader of the simulated market is, and the one who trades for the sites.

A trader takes its turn and says when it wants the next one. It keeps nothing that a restart could
not find again: the sites' trader looks at positions before it trades.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from simulators import prices
from simulators.desk import Desk, Period
from simulators.prices import Quote, Side
from wire.clock import QUARTER_HOUR_US, micros

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
        answer = await desk.place(period, quote, execution="IOC", site=name)
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
