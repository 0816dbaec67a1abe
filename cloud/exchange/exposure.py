"""What the sites have sold and bought, for Prometheus: set when positions change, by no reader.

The same of each account goes with the messages about its orders (`standing`). In the metrics only
what a battery stands behind counts: of all accounts together each trade of this exchange has two
sides, and the sum is nothing. Sold is positive, as in `wire`.
"""

import asyncio
from contextlib import suppress

from cloud.exchange.standing import Standings
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.metrics import gauge
from cloud.market.catalogue import Catalogue
from cloud.market.money import eur, mwh
from cloud.portfolio import service as portfolio
from cloud.portfolio.model import NOTHING, Total
from wire.clock import quarter_hour_us

LOOK_S = 60.0
"""At least this often: deliveries begin without a word."""
PAUSE_S = 1.0
AHEAD_US = 14 * 86_400_000_000

ENERGY = gauge("pho_exposure_energy", "Sold less bought and not begun to deliver, MWh", ["market"])
NOTIONAL = gauge("pho_exposure_notional", "To be received for that, EUR", ["market"])
REALIZED = gauge("pho_pnl_realized", "Received for deliveries begun today, EUR", ["market"])


async def run(hub: Hub, catalogue: Catalogue, standings: Standings) -> None:
    """Show it whenever positions have changed, until cancelled or the hub stops."""
    bus = hub.bus
    while not bus.closed:
        seen = bus.version(portfolio.CHANGED_TOPIC)
        with suppress(Unavailable):
            await show(hub, catalogue, standings)
        await asyncio.sleep(PAUSE_S)
        await bus.wait(portfolio.CHANGED_TOPIC, seen, LOOK_S)


async def show(hub: Hub, catalogue: Catalogue, standings: Standings) -> None:
    """Show the exposure of each market, and of each account to itself, now."""
    now_us = hub.clock.now_us()
    next_us = quarter_hour_us(now_us) + 1
    by_midnight: dict[int, list[str]] = {}
    for code, market in catalogue.items():
        midnight_us, _ = market.day_us(market.day_of(now_us))
        by_midnight.setdefault(midnight_us, []).append(code)
    begun: dict[str, Total] = {}
    async with hub.database.reading() as connection:
        standings.exposures = await portfolio.sums_by_account(
            connection, next_us, now_us + AHEAD_US
        )
        coming = await portfolio.sums_of_sites(connection, next_us, now_us + AHEAD_US)
        for midnight_us, codes in by_midnight.items():
            sums = await portfolio.sums_of_sites(connection, midnight_us, next_us)
            begun.update((code, sums[code]) for code in codes if code in sums)
    for code in catalogue:
        ENERGY.labels(code).set(mwh(coming.get(code, NOTHING).net_wh))
        NOTIONAL.labels(code).set(eur(coming.get(code, NOTHING).cash))
        REALIZED.labels(code).set(eur(begun.get(code, NOTHING).cash))
