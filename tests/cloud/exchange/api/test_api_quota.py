"""A quota that is used up: refused, and where the limits say so all orders hibernate."""

import asyncio

import pytest

from cloud.exchange.service import PROJECTED_TOPIC
from cloud.kernel.context import Hub
from tests.support.exchange import MARKET, TradingHub, trading

QUOTA = {"short": {"window_s": 60, "allowed": 3}, "long": {"window_s": 3_600, "allowed": 100}}


async def _enter(desk: TradingHub, price: float) -> str:
    body = {
        "market": MARKET,
        "delivery_start": "2026-11-21T12:15:00Z",
        "side": "SELL",
        "power_kw": 10,
        "limit_price_eur_mwh": price,
    }
    answer = await desk.handel.post("/api/v1/orders", json=body)
    return "" if answer.status_code == 200 else str(answer.json()["code"])


async def _states(desk: TradingHub) -> list[str]:
    found = (await desk.handel.get("/api/v1/orders")).json()["orders"]
    return sorted(row["state"] for row in found)


@pytest.mark.parametrize(("on_quota", "state"), [("refuse", "ACTI"), ("hibernate", "HIBE")])
async def test_what_a_used_up_quota_leads_to_is_a_limit_of_the_account(
    hub: Hub, on_quota: str, state: str
) -> None:
    async with trading(hub) as desk:
        own = {"action_quota": QUOTA, "on_quota": on_quota}
        limits = {"version": 1, "accounts": {"handel": own}}
        assert (await desk.admin.put("/api/v1/exchange/limits", json=limits)).status_code == 200
        assert [await _enter(desk, price) for price in (90, 91, 92)] == [""] * 3
        assert await _states(desk) == ["ACTI"] * 3

        assert await _enter(desk, 93) == "ACTION_QUOTA"

        seen = 0
        async with asyncio.timeout(10.0):
            while await _states(desk) != [state] * 3:
                seen = await hub.bus.wait(PROJECTED_TOPIC, seen, 1.0)
