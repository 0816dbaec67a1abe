"""Contracts, orders as they are posted, and a trading hub for tests of the exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from cloud.fleet import service as fleet
from cloud.kernel.context import Hub
from cloud.main import running_features
from cloud.market.contracts import Contract, Rule
from tests.support import hub as hubs
from tests.support.hub import add_key, add_site, admin_key, client_of, enrolled_box, telemetry
from wire.clock import QUARTER_HOUR_US

NOON_US = hubs.NOON_US
"""2026-11-21T12:00Z, the start of a delivery."""
RULE = Rule(
    valid_from=date(2020, 1, 1),
    opens_ahead_s=86_400,
    close_lead_s=0,
    step_kw=1,
    quantity_kw_max=1_000,
    price_ticks_min=-999_999,
    price_ticks_max=999_999,
    protection_ticks=500,
)


def contract(start_us: int = NOON_US, *, market: str = "PHO", rule: Rule = RULE) -> Contract:
    return Contract(
        market=market,
        start_us=start_us,
        end_us=start_us + QUARTER_HOUR_US,
        opens_us=start_us - rule.opens_ahead_s * 1_000_000,
        closes_us=start_us - rule.close_lead_s * 1_000_000,
        rule=rule,
    )


MARKET = "PHO_AT_INTRADAY_15MIN"


@dataclass(frozen=True, slots=True)
class TradingHub:
    """A hub whose exchange runs, and clients of an account with a battery and one without."""

    hub: Hub
    werk: httpx.AsyncClient
    """Of the account stadtwerk with the site werk-sued, 100 kW."""
    handel: httpx.AsyncClient
    admin: httpx.AsyncClient


@asynccontextmanager
async def trading(hub: Hub, *, fcr_kw: float = 0) -> AsyncIterator[TradingHub]:
    """Run the features of `hub` with two accounts; the clock stands at NOON_US."""
    async with running_features(hub):
        if not await _has_site(hub):
            await add_site(hub, "werk-sued", "stadtwerk", fcr_kw=fcr_kw)
            await charge(hub, "werk-sued")
        werk_key, handel_key = await add_key(hub, "stadtwerk"), await add_key(hub, "handel")
        async with (
            client_of(hub, werk_key) as werk,
            client_of(hub, handel_key) as handel,
            client_of(hub, admin_key(hub)) as admin,
        ):
            yield TradingHub(hub, werk, handel, admin)


def body(side: str, quantity_mwh: float = 0.0075, price: float = 85.5, /, **more: Any) -> Any:
    """Return what is posted to /api/orders for the next quarter-hour after NOON_US."""
    return {
        "market": MARKET,
        "delivery_start": "2026-11-21T12:15:00Z",
        "delivery_end": "2026-11-21T12:30:00Z",
        "side": side,
        "quantity_mwh": quantity_mwh,
        "limit_price_eur_mwh": price,
        "order_type": "LIMIT",
        "time_in_force": "GFD",
        **more,
    }


async def charge(hub: Hub, site: str, soc_pct: float = 50) -> None:
    """Let a box of the site tell its state of charge now: without one nothing is sold or bought."""
    now_us = hub.clock.now_us()
    async with enrolled_box(hub, site) as box:
        await box.upload([telemetry(1, now_us, soc_pct=soc_pct)], epoch=f"epoch-{now_us}")


async def _has_site(hub: Hub) -> bool:
    async with hub.database.reading() as connection:
        return bool(await fleet.sites(connection))
