"""cloud.exchange.repeats: the same id again is the same order, and never another one."""

from typing import Any

import httpx
import pytest

from cloud.exchange import repeats
from cloud.kernel.context import Hub
from tests.support.exchange import body, trading

ONCE = body("SELL", client_order_id="once")
LATER = {"delivery_start": "2026-11-21T12:30:00Z", "delivery_end": "2026-11-21T12:45:00Z"}
OTHERS: list[dict[str, Any]] = [
    {"side": "BUY"},
    {"limit_price_eur_mwh": 85.51},
    {"quantity_mwh": 0.005},
    {"time_in_force": "IOC"},
    LATER,
]
"""What tells another order from the first one, also after a restart."""


async def entered(client: httpx.AsyncClient, order: Any) -> tuple[int, str]:
    answer = await client.post("/api/orders", json=order)
    told = answer.json()
    return answer.status_code, told["order_id"] if answer.status_code == 200 else told["code"]


async def test_an_id_is_not_good_for_another_order_also_after_a_restart(hub: Hub) -> None:
    reused = (409, "CLIENT_ORDER_ID_REUSED")
    async with trading(hub) as desk:
        status, first = await entered(desk.werk, ONCE)
        assert status == 200
        for other in [*OTHERS, {"text": "another"}]:
            assert await entered(desk.werk, ONCE | other) == reused, other
        assert await entered(desk.werk, ONCE) == (200, first)
        assert (await entered(desk.handel, ONCE | LATER))[0] == 200
    async with trading(hub) as desk:
        for other in OTHERS:
            assert await entered(desk.werk, ONCE | other) == reused, other
        assert await entered(desk.werk, ONCE) == (200, first)
        assert len((await desk.werk.get("/api/orders")).json()["orders"]) == 1


async def test_the_id_of_a_change_is_not_good_for_an_order(hub: Hub) -> None:
    async with trading(hub) as desk:
        _, order_id = await entered(desk.werk, ONCE)
        change = {"revision": 1, "limit_price_eur_mwh": 90, "client_order_id": "change"}
        assert (await desk.werk.patch(f"/api/v1/orders/{order_id}", json=change)).status_code == 200
        told = await entered(desk.werk, ONCE | {"client_order_id": "change"})
        assert told == (409, "CLIENT_ORDER_ID_REUSED")


async def test_in_one_request_the_second_of_two_with_one_id_is_refused(hub: Hub) -> None:
    order = {
        "market": ONCE["market"],
        "delivery_start": ONCE["delivery_start"],
        "side": "SELL",
        "power_kw": 10,
        "limit_price_eur_mwh": 85.5,
        "client_order_id": "once",
    }
    async with trading(hub) as desk:
        orders = [order, order, order | {"power_kw": 20}]
        answer = await desk.werk.post("/api/v1/orders/basket", json={"orders": orders})
        told = [item["code"] for item in answer.json()["results"]]
        assert told == [None, None, "CLIENT_ORDER_ID_REUSED"]


async def test_no_more_ids_are_remembered_than_the_venue_remembers(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "ANSWERS_PER_ACCOUNT_MAX", 2)
    async with trading(hub) as desk:
        for name in ("a", "b", "c"):
            assert (await entered(desk.werk, ONCE | {"client_order_id": name}))[0] == 200
        told = await entered(desk.werk, ONCE | {"client_order_id": "a", "text": "what was asked"})
        assert told[0] == 200, "what the read model has of it is the same"
