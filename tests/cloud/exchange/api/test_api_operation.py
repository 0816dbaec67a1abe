"""cloud.exchange.api for operations: halts, kill switches, recalls, cancellations, limits."""

import asyncio
from typing import Any

import httpx

from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.exchange import MARKET, TradingHub, trading
from tests.support.hub import add_key, client_of

WHY = {"reason": "a test of operations"}
BASE = "/api/v1/exchange"


def order(side: str, kw: int = 30, price: float = 85.5, **more: Any) -> dict[str, Any]:
    return {
        "market": MARKET,
        "delivery_start": "2026-11-21T12:15:00Z",
        "side": side,
        "power_kw": kw,
        "limit_price_eur_mwh": price,
        **more,
    }


async def enter(client: httpx.AsyncClient, *values: Any, **more: Any) -> Any:
    answer = await client.post("/api/v1/orders", json=order(*values, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def done(client: httpx.AsyncClient, path: str, **body: Any) -> None:
    answer = await client.post(BASE + path, json={**WHY, **body})
    assert answer.status_code == 200, answer.text


async def refused(client: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, str]:
    answer = await client.post(BASE + path, json={**WHY, **body})
    return answer.status_code, answer.json()["code"]


async def entry_code(client: httpx.AsyncClient) -> str:
    answer = await client.post("/api/v1/orders", json=order("SELL", 1, 500))
    return "" if answer.status_code == 200 else str(answer.json()["code"])


SCOPES: list[dict[str, Any]] = [
    {"scope": "venue"},
    {"scope": "area", "value": "AT"},
    {"scope": "product", "value": "PT15M"},
    {"scope": "market", "value": MARKET},
    {"scope": "contract", "market": MARKET, "delivery_start": "2026-11-21T12:15:00Z"},
    {"scope": "account", "value": "handel"},
    {"scope": "member", "value": "handel"},
]


async def test_a_halt_puts_orders_to_sleep_and_lifting_it_wakes_none(hub: Hub) -> None:
    async with trading(hub) as desk:
        for scope in SCOPES:
            sold = await enter(desk.handel, "SELL")
            await done(desk.admin, "/halts", **scope)
            path = f"/api/v1/orders/{sold['order_id']}"
            assert (await desk.handel.get(path)).json()["state"] == "HIBE", scope
            assert await entry_code(desk.handel) == "HALTED", scope
            halts = (await desk.admin.get(BASE + "/halts", params={"only_in_force": "true"})).json()
            (halt,) = halts["halts"]
            assert (halt["scope"], halt["reason"]) == (scope["scope"], WHY["reason"])
            await done(desk.admin, "/halts/resume", **scope)
            assert (await desk.handel.get(path)).json()["state"] == "HIBE", scope
            assert await entry_code(desk.handel) == "", scope
            again = await refused(desk.admin, "/halts/resume", **scope)
            assert again == (422, "SCOPE"), f"what is not halted cannot go on: {scope}"


WRONG_SCOPES: list[tuple[dict[str, Any], int, str]] = [
    ({"scope": "area", "value": "XX"}, 422, "SCOPE"),
    ({"scope": "market", "value": "NOWHERE"}, 422, "SCOPE"),
    ({"scope": "product", "value": "PT5M"}, 422, "SCOPE"),
    ({"scope": "account", "value": "nobody"}, 404, "NOT_FOUND"),
    ({"scope": "venue", "value": "all"}, 422, "SCOPE"),
    ({"scope": "contract", "market": MARKET}, 422, "SCOPE"),
    ({"scope": "market", "value": MARKET, "market": MARKET}, 422, "SCOPE"),
    ({"scope": "planet"}, 422, "INVALID"),
    ({"scope": "venue", "reason": ""}, 422, "INVALID"),
]


async def test_what_is_not_there_cannot_be_halted(hub: Hub) -> None:
    async with trading(hub) as desk:
        for scope, status, code in WRONG_SCOPES:
            assert await refused(desk.admin, "/halts", **scope) == (status, code), scope
        assert (await desk.admin.get(BASE + "/halts")).json()["halts"] == []


async def test_the_kill_switch_deletes_all_orders_until_somebody_frees_the_account(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        for price in (90, 91):
            await enter(desk.handel, "SELL", 10, price)
        assert await refused(desk.werk, "/accounts/handel/stop") == (403, "FORBIDDEN")
        await done(desk.handel, "/accounts/handel/stop")
        shown = (await desk.handel.get("/api/v1/orders")).json()["orders"]
        assert {row["status"] for row in shown} == {"CANCELLED"}
        assert await entry_code(desk.handel) == "ACCOUNT_STOPPED"
        assert await refused(desk.handel, "/accounts/handel/free") == (403, "FORBIDDEN")
        await done(desk.admin, "/accounts/handel/free")
        assert await entry_code(desk.handel) == ""
        found = (await desk.admin.get(BASE + "/surveillance")).json()["incidents"]
        assert "ACCOUNT_STOPPED" in {row["code"] for row in found}
        audit = (await desk.admin.get("/api/v1/audit")).json()["audit"]
        assert {"exchange.stop", "exchange.free"} <= {row["action"] for row in audit}


async def test_a_recall_is_asked_for_by_a_party_and_granted_by_operations(hub: Hub) -> None:
    async with trading(hub) as desk:
        trade = await _traded(desk)
        path = f"/api/v1/trades/{trade}/recall"
        async with client_of(hub, await add_key(hub, "fremd")) as stranger:
            answer = await stranger.post(path, json=WHY)
            assert answer.json()["code"] == "NOT_A_PARTY"
        assert (await desk.handel.post(path, json=WHY)).status_code == 200
        twice = await desk.handel.post(path, json=WHY)
        assert (twice.status_code, twice.json()["code"]) == (422, "TRADE_STATE")
        (waiting,) = (await desk.admin.get(BASE + "/trades")).json()["trades"]
        assert (waiting["state"], waiting["buyer"], waiting["seller"]) == (
            "RREQ",
            "stadtwerk",
            "handel",
        )
        await done(desk.admin, f"/trades/{trade}/recall", step="GRANT")
        (shown,) = (await desk.werk.get("/api/v1/trades")).json()["trades"]
        assert (shown["state"], shown["void"]) == ("RGRA", True)
        steps = (await desk.werk.get(f"/api/v1/trades/{trade}/steps")).json()["steps"]
        assert [step["state"] for step in steps] == ["RREQ", "RGRA"]
        positions = (await desk.handel.get("/api/v1/positions")).json()["positions"]
        assert all(position["net_kw"] == 0 for position in positions)
        assert (await desk.admin.get(BASE + "/trades")).json()["trades"] == []


async def test_a_trade_is_cancelled_by_two_people(hub: Hub) -> None:
    async with trading(hub) as desk:
        trade = await _traded(desk)
        path = f"/trades/{trade}/cancellation"
        await done(desk.admin, path, step="ASK")
        assert await refused(desk.admin, path, step="CONFIRM") == (403, "SECOND_PERSON")
        async with client_of(hub, await add_key(hub, "operator", Role.ADMIN)) as other_key:
            assert await refused(other_key, path, step="CONFIRM") == (403, "SECOND_PERSON")
        async with client_of(hub, await add_key(hub, "aufsicht", Role.ADMIN)) as second:
            await done(second, path, step="CONFIRM")
        (shown,) = (await desk.werk.get("/api/v1/trades")).json()["trades"]
        assert (shown["state"], shown["void"]) == ("CNCL", True)
        late = await refused(desk.admin, "/trades/999/cancellation", step="ASK")
        assert late == (404, "TRADE_UNKNOWN")


async def test_a_refused_deletion_of_an_unknown_order_is_told_with_its_account(hub: Hub) -> None:
    async with trading(hub) as desk:
        theirs = (await enter(desk.handel, "SELL"))["order_id"]
        assert (await desk.werk.delete(f"/api/v1/orders/{theirs}")).status_code == 404
        found = (await desk.admin.get(BASE + "/surveillance?account=stadtwerk")).json()["incidents"]
        assert [(row["account"], row["code"]) for row in found] == [("stadtwerk", "ORDER_UNKNOWN")]


async def test_who_deletes_what_has_ended_is_told_the_same_as_the_surveillance(hub: Hub) -> None:
    async with trading(hub) as desk:
        path = f"/api/v1/orders/{(await enter(desk.handel, 'SELL'))['order_id']}"
        assert (await desk.handel.delete(path)).status_code == 200
        late = (await desk.handel.delete(path)).json()
        found = (await desk.admin.get(BASE + "/surveillance?account=handel")).json()["incidents"]
        assert [(row["code"], row["text"]) for row in found] == [(late["code"], late["message"])]
        assert late["code"] == "ORDER_ENDED"


async def test_an_admin_who_deletes_what_has_ended_is_told_what_its_owner_would_be(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        path = f"/api/v1/orders/{(await enter(desk.handel, 'SELL'))['order_id']}"
        assert (await desk.handel.delete(path)).status_code == 200
        late = (await desk.admin.delete(path, params={"account": "handel"})).json()
        assert late["code"] == "ORDER_ENDED", late
        wrong = await desk.admin.delete(path, params={"account": "stadtwerk"})
        assert (wrong.status_code, wrong.json()["code"]) == (404, "NOT_FOUND")
        (row,) = (await desk.admin.get(BASE + "/surveillance?account=handel")).json()["incidents"]
        assert (row["code"], row["text"]) == (late["code"], late["message"])
        key_id = (await desk.admin.get("/api/v1/me")).json()["key_id"]
        assert (row["action"], row["by"]) == ("AREJ", key_id)


async def test_of_two_who_set_limits_at_once_one_is_told_of_the_other(hub: Hub) -> None:
    async with trading(hub) as desk, asyncio.TaskGroup() as tasks:
        puts = [
            tasks.create_task(
                desk.admin.put(
                    BASE + "/limits", json={"version": 2, "default": {"quantity_kw_max": most}}
                )
            )
            for most in (100, 200)
        ]
        answers = [await put for put in puts]
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        codes = {answer.json().get("code") for answer in answers}
        assert "POLICY_VERSION" in codes
        found = (await desk.admin.get(BASE + "/policies/limits")).json()["policies"]
        assert [policy["version"] for policy in found] == [2]


async def test_limits_come_into_force_whole_or_not_at_all(hub: Hub) -> None:
    async with trading(hub) as desk:
        body = {"version": 3, "accounts": {"handel": {"quantity_kw_max": 20}}}
        answer = await desk.admin.put(BASE + "/limits", json=body)
        assert answer.status_code == 200, answer.text
        answer = await desk.handel.post("/api/v1/orders", json=order("SELL", 21))
        assert (answer.status_code, answer.json()["code"]) == (403, "QUANTITY_LIMIT")
        await enter(desk.handel, "SELL", 20)
        wrong = {"version": 4, "accounts": {"handel": {"quantity_kw": 20}}}
        answer = await desk.admin.put(BASE + "/limits", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "POLICY")
        assert "accounts.handel" in answer.json()["message"]
        answer = await desk.admin.put(BASE + "/limits", json={"version": 3})
        assert (answer.status_code, answer.json()["code"]) == (409, "POLICY_VERSION")
        found = (await desk.admin.get(BASE + "/policies/limits")).json()["policies"]
        assert [row["version"] for row in found] == [3]
        state = (await desk.admin.get(BASE + "/state")).json()
        assert state["sequence"] == state["projected"] > 0
        days = (await desk.admin.get(BASE + "/activity")).json()["activities"]
        handel = next(row for row in days if row["account"] == "handel")
        assert (handel["entered"], handel["refused"]) == (1, 1)


async def test_operations_are_for_admins_alone(hub: Hub) -> None:
    async with trading(hub) as desk:
        for path in ("halts", "trades", "surveillance", "activity", "policies/limits", "state"):
            assert (await desk.handel.get(f"{BASE}/{path}")).status_code == 403, path
        for path in ("/halts", "/halts/resume"):
            assert await refused(desk.handel, path, scope="venue") == (403, "FORBIDDEN")
        assert (await desk.handel.put(BASE + "/limits", json={"version": 1})).status_code == 403


async def _traded(desk: TradingHub) -> str:
    await enter(desk.handel, "SELL", 10, 80)
    await enter(desk.werk, "BUY", 10, 80)
    (trade,) = (await desk.werk.get("/api/v1/trades")).json()["trades"]
    return str(trade["trade_id"])
