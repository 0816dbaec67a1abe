"""cloud.exchange.api over HTTP: the life of an order, from entry to its history."""

from itertools import product
from typing import Any

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.exchange import MARKET, TradingHub, trading
from tests.support.hub import add_key, client_of


def order(side: str, kw: int = 30, price: float | None = 85.5, **more: Any) -> dict[str, Any]:
    """Return a body for the next quarter-hour after noon."""
    limit = {} if price is None else {"limit_price_eur_mwh": price}
    return {
        "market": MARKET,
        "delivery_start": "2026-11-21T12:15:00Z",
        "side": side,
        "power_kw": kw,
        **limit,
        **more,
    }


async def enter(client: httpx.AsyncClient, *values: Any, **more: Any) -> Any:
    answer = await client.post("/api/v1/orders", json=order(*values, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_order_lives_from_entry_to_its_end(hub: Hub) -> None:
    async with trading(hub) as desk:
        sold = await enter(desk.handel, "SELL", 30, client_order_id="s-1", text="first")
        path = f"/api/v1/orders/{sold['order_id']}"
        assert (sold["state"], sold["revision"], sold["left_mwh"]) == ("ACTI", 1, 0.0075)
        less = await desk.handel.patch(path, json={"revision": 1, "power_kw": 20})
        assert less.json()["order_id"] == sold["order_id"], "less keeps its place"
        stale = await desk.handel.patch(path, json={"revision": 1, "power_kw": 10})
        assert await refused(stale) == (409, "STALE_REVISION")
        asleep = (await desk.handel.post(f"{path}/hibernate", json={})).json()
        assert (asleep["state"], asleep["revision"]) == ("HIBE", 3)
        body = {"revision": asleep["revision"]}
        awake = (await desk.handel.post(f"{path}/activate", json=body)).json()
        assert awake["state"] == "ACTI"
        body = {"revision": awake["revision"], "limit_price_eur_mwh": 80}
        moved = (await desk.handel.patch(path, json=body)).json()
        assert moved["order_id"] != sold["order_id"], "another price is another order"
        await enter(desk.werk, "BUY", 5, 80)
        found = (await desk.handel.get(f"/api/v1/orders/{moved['order_id']}")).json()
        assert (found["status"], found["filled_mwh"], found["open_kw"], found["text"]) == (
            "PARTIALLY_FILLED",
            0.00125,
            15,
            "first",
        )
        assert found["initial_order_id"] == found["parent_order_id"] == sold["order_id"]
        gone = await desk.handel.delete(f"/api/v1/orders/{moved['order_id']}")
        assert gone.status_code == 200
        history = (await desk.handel.get(f"{path}/history")).json()
        actions = [step["action"] for step in history["actions"]]
        assert actions[0] == "UADD"
        assert {"UMOD", "UHIB", "UREJ", "PEXE", "UDEL"} <= set(actions)
        sequences = [step["sequence"] for step in history["actions"]]
        assert sequences == sorted(sequences)
        again = await desk.handel.patch(path, json={"revision": 9, "text": "late"})
        assert await refused(again) == (409, "ORDER_ENDED")


async def test_a_repeated_change_gets_its_first_answer(hub: Hub) -> None:
    async with trading(hub) as desk:
        sold = await enter(desk.handel, "SELL")
        path = f"/api/v1/orders/{sold['order_id']}"
        body = {"revision": 1, "limit_price_eur_mwh": 90, "client_order_id": "change-1"}
        first = (await desk.handel.patch(path, json=body)).json()
        assert (await desk.handel.patch(path, json=body)).json() == first


async def test_five_hundred_orders_come_in_one_request_and_are_answered_in_their_order(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        orders = [order("SELL", 1 + n % 7, 100 + n, client_order_id=f"b-{n}") for n in range(500)]
        orders[3]["limit_price_eur_mwh"] = 85.505
        orders[4]["market"] = "NOWHERE"
        answer = await desk.handel.post("/api/v1/orders/basket", json={"orders": orders})
        told = answer.json()
        assert (told["accepted"], told["refused"]) == (498, 2)
        codes = [item["code"] for item in told["results"][:6]]
        assert codes == [None, None, None, "PRICE_STEP", "MARKET_UNKNOWN", None]
        prices = [item["order"]["price"] for item in told["results"] if item["order"]]
        assert prices == [100 + n for n in range(500) if n not in (3, 4)]
        pages: list[str] = []
        before = None
        while True:
            params = {"limit": "200", **({} if before is None else {"before": before})}
            page = (await desk.handel.get("/api/v1/orders", params=params)).json()
            pages += [row["order_id"] for row in page["orders"]]
            before = page["next_before"]
            if before is None:
                break
        assert len(pages) == len(set(pages)) == 498
        gone = (await desk.handel.delete("/api/v1/orders")).json()
        assert (gone["changed"], gone["refused"]) == (498, 0)
        too_many = await desk.handel.post("/api/v1/orders/basket", json={"orders": orders * 2})
        assert too_many.status_code == 422


@pytest.mark.parametrize("linking", ["VALID", "LNKD"])
async def test_of_a_linked_basket_all_orders_are_taken_or_none(hub: Hub, linking: str) -> None:
    async with trading(hub) as desk:
        await enter(desk.handel, "SELL", 10, 50)
        orders = [order("BUY", 10, 50, execution="FOK"), order("BUY", 10, 50, execution="FOK")]
        orders[1]["delivery_start"] = "2026-11-21T12:30:00Z"
        if linking == "VALID":
            orders[1]["limit_price_eur_mwh"] = 20_000
        body = {"orders": orders, "linking": linking}
        told = (await desk.handel.post("/api/v1/orders/basket", json=body)).json()
        assert told["accepted"] == 0
        codes = {item["code"] for item in told["results"]}
        expected = {"BASKET_UNFILLED"} if linking == "LNKD" else {"BASKET_REFUSED", "PRICE_RANGE"}
        assert codes == expected
        assert (await desk.handel.get("/api/v1/trades")).json()["trades"] == []


async def test_nineteen_of_seventy_two_combinations_are_taken(hub: Hub) -> None:
    async with trading(hub) as desk:
        taken, codes = 0, set()
        for kind, execution, validity, state in product(
            "OBI", ("NON", "FOK", "IOC", "AON"), ("GFS", "GTD", "NON"), ("ACTI", "HIBE")
        ):
            more: dict[str, Any] = {"type": kind, "execution": execution, "validity": validity}
            more["state"] = state
            if kind == "B":
                more["delivery_end"] = "2026-11-21T12:45:00Z"
            if kind == "I":
                more["display_kw"] = 10
            if validity == "GTD":
                more["valid_until"] = "2026-11-21T12:10:00Z"
            answer = await desk.handel.post("/api/v1/orders", json=order("SELL", 30, 500, **more))
            if answer.status_code == 200:
                taken += 1
            else:
                assert answer.status_code == 422
                codes.add(answer.json()["code"])
        assert taken == 19
        assert codes <= {
            "TYPE_EXECUTION",
            "TYPE_VALIDITY",
            "TYPE_STATE",
            "EXECUTION_VALIDITY",
            "EXECUTION_STATE",
            "VALIDITY_STATE",
            "COMBINATION",
        }


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"power_kw": None}, 422, "INVALID"),
    ({"quantity_mwh": 0.0075}, 422, "INVALID"),
    ({"power_kw": 0}, 422, "INVALID"),
    ({"power_kw": -5}, 422, "INVALID"),
    ({"power_kw": 1.5}, 422, "INVALID"),
    ({"power_kw": 10**30}, 422, "INVALID"),
    ({"limit_price_eur_mwh": "NaN"}, 422, "INVALID"),
    ({"limit_price_eur_mwh": 85.505}, 422, "PRICE_STEP"),
    ({"limit_price_eur_mwh": 10_000}, 422, "PRICE_RANGE"),
    ({"limit_price_eur_mwh": None, "execution": "NON"}, 422, "PRICE_MISSING"),
    ({"limit_price_eur_mwh": None}, 422, "NO_REFERENCE_PRICE"),
    ({"delivery_start": "2026-11-21T12:15:00"}, 422, "INVALID"),
    ({"delivery_start": "0001-01-01T00:00:00Z"}, 422, "INVALID"),
    ({"delivery_start": "2026-11-21T12:16:00Z"}, 422, "CONTRACT_UNKNOWN"),
    ({"delivery_start": "2026-11-21T11:45:00Z"}, 409, "CONTRACT_CLOSED"),
    ({"delivery_start": "2027-11-21T11:45:00Z"}, 409, "CONTRACT_NOT_OPEN"),
    ({"execution": "AU"}, 422, "AUCTION_ONLY"),
    ({"execution": "XX"}, 422, "EXECUTION_UNKNOWN"),
    ({"type": "Q"}, 422, "TYPE_UNKNOWN"),
    ({"type": "I"}, 422, "DISPLAY"),
    ({"type": "B"}, 422, "BLOCK_RANGE"),
    ({"display_kw": 5}, 422, "DISPLAY"),
    ({"peak_price_delta_eur_mwh": 1}, 422, "PRICE_DELTA"),
    ({"valid_until": "2026-11-21T12:10:00Z", "validity": "GFS"}, 422, "VALID_UNTIL"),
    ({"validity": "GTD"}, 422, "VALID_UNTIL"),
    ({"validity": "GTD", "valid_until": "2026-11-21T11:00:00Z"}, 422, "VALID_UNTIL"),
    ({"text": "\x00"}, 422, "INVALID"),
    ({"text": "x" * 251}, 422, "INVALID"),
    ({"site": "hafen"}, 422, "NO_SITE"),
    ({"colour": "red"}, 422, "INVALID"),
]


async def test_what_does_not_fit_is_refused_with_its_code_and_changes_nothing(hub: Hub) -> None:
    async with trading(hub) as desk:
        for change, status, code in BAD:
            body = {**order("SELL"), **change}
            answer = await desk.handel.post("/api/v1/orders", json=body)
            assert await refused(answer) == (status, code), (change, answer.text)
            assert "\n" not in answer.json()["message"]
        assert (await desk.handel.get("/api/v1/orders")).json()["orders"] == []


async def test_nobody_changes_or_sees_the_orders_of_another_but_an_admin_who_says_so(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        sold = await enter(desk.handel, "SELL")
        path = f"/api/v1/orders/{sold['order_id']}"
        body = {"revision": 1, "power_kw": 10}
        for client in (desk.werk, desk.admin):
            assert await refused(await client.get(path)) == (404, "NOT_FOUND")
            assert await refused(await client.get(f"{path}/history")) == (404, "NOT_FOUND")
            assert await refused(await client.patch(path, json=body)) == (404, "NOT_FOUND")
            answer = await client.post(f"{path}/hibernate", json={})
            assert await refused(answer) == (404, "NOT_FOUND")
        params = {"account": "handel"}
        assert await refused(await desk.werk.get(path, params=params)) == (403, "FORBIDDEN")
        asleep = await desk.admin.post(f"{path}/hibernate", json={}, params=params)
        assert asleep.json()["state"] == "HIBE"
        history = (await desk.handel.get(f"{path}/history")).json()
        assert [step["action"] for step in history["actions"]] == ["UADD", "AHIB"]
        nobodys = {"account": "nobody"}
        answer = await desk.admin.post("/api/v1/orders", json=order("SELL"), params=nobodys)
        assert await refused(answer) == (404, "NOT_FOUND")
        await _only_readers(hub, desk, path)


async def _only_readers(hub: Hub, desk: TradingHub, path: str) -> None:
    async with client_of(hub, await add_key(hub, "handel", Role.VIEWER)) as viewer:
        assert (await viewer.get(path)).status_code == 200
        answer = await viewer.post("/api/v1/orders", json=order("SELL"))
        assert await refused(answer) == (403, "FORBIDDEN")
        assert (await viewer.delete("/api/v1/orders")).status_code == 403
    async with client_of(hub, None) as nobody:
        assert (await nobody.get(path)).status_code == 401
        assert (await nobody.post("/api/v1/orders", json=order("SELL"))).status_code == 401


async def test_a_block_trades_with_a_block_and_an_iceberg_shows_its_peak(hub: Hub) -> None:
    async with trading(hub) as desk:
        block = {"delivery_end": "2026-11-21T13:15:00Z"}
        sold = await enter(desk.handel, "SELL", 40, 60, **block)
        bought = await enter(desk.werk, "BUY", 40, 60, **block)
        assert (bought["ending"], bought["filled_mwh"]) == ("FILLED", 0.04)
        shown = (await desk.handel.get(f"/api/v1/orders/{sold['order_id']}")).json()
        assert (shown["product"], shown["type"], shown["execution"]) == ("BLOCK", "B", "AON")
        ice = await enter(
            desk.handel,
            *("SELL", 40, 70),
            type="I",
            display_kw=10,
            peak_price_delta_eur_mwh=0.5,
        )
        shown = (await desk.handel.get(f"/api/v1/orders/{ice['order_id']}")).json()
        assert (shown["visible_kw"], shown["display_kw"], shown["open_kw"]) == (10, 10, 40)
