"""What an auction refuses, and what it leaves out at its gate, by the codes of the exchange."""

import asyncio
from typing import Any

import httpx

from cloud.exchange.api.paces import ENTRIES, LONG_READS, READS
from cloud.exchange.auction.demand import Demand, demand
from cloud.exchange.auction.orders import Block, Curve, Style, Submission, Terms
from cloud.exchange.auction.service import Auctions
from cloud.fleet.sync.rates import Rates
from cloud.kernel.context import Hub
from tests.cloud.exchange.auction.test_auction_hub import (
    CODE,
    DAY,
    PATH,
    after_the_gate,
    order,
    positions,
    purchase,
)
from tests.support.exchange import TradingHub, trading
from tests.support.hub import clock_of

TERMS = Terms(periods=2, price_ticks_min=-500, price_ticks_max=1_000, steps_max=100)


async def limits(desk: TradingHub, account: str, version: int, **own: Any) -> None:
    document = {"version": version, "accounts": {account: own}}
    answer = await desk.admin.put("/api/v1/exchange/limits", json=document)
    assert answer.status_code == 200, answer.text


async def code_of(client: httpx.AsyncClient, **body: Any) -> tuple[int, str]:
    answer = await client.put(f"{PATH}/orders", json=body)
    return answer.status_code, answer.json().get("code", "")


async def halt(desk: TradingHub, scope: str, value: str) -> None:
    body = {"scope": scope, "value": value, "reason": "drill"}
    answer = await desk.admin.post("/api/v1/exchange/halts", json=body)
    assert answer.status_code == 200, answer.text


async def stop(desk: TradingHub, account: str) -> None:
    path = f"/api/v1/exchange/accounts/{account}/stop"
    assert (await desk.admin.post(path, json={"reason": "drill"})).status_code == 200


def test_each_direction_counts_by_itself_and_of_a_group_the_greatest() -> None:
    one = Submission(
        account="a",
        site="",
        curves=(Curve(period=0, style=Style.STEP, points=((100, -5), (200, 3))),),
        blocks=(
            Block(name="x", price_ticks=50, parts=((0, 4), (1, 4)), group="g"),
            Block(name="y", price_ticks=70, parts=((0, 6),), group="g"),
            Block(name="z", price_ticks=90, parts=((1, -2),)),
        ),
    )
    # Bought up to 200 ticks, sold from 200 on; the group brings 6 x 70 at most, `z` costs 2 x 90.
    assert demand(one, TERMS) == Demand((9, 4), (5, 2), (0, 0), 600 + 420, 1_000 + 180)


def test_a_loop_settles_as_a_whole_and_of_exclusive_ones_the_dearest_counts() -> None:
    def of(loop: str, buys: int, sells: int, group: str) -> tuple[Block, Block]:
        return (
            Block(name=f"{loop}-", price_ticks=buys, parts=((0, -4),), loop=loop, group=group),
            Block(name=f"{loop}+", price_ticks=sells, parts=((1, 3),), loop=loop, group=group),
        )

    one = Submission(account="a", site="", blocks=(*of("x", 60, 70, "g"), *of("y", 60, 90, "g")))
    assert demand(one, TERMS) == Demand((0, 3), (4, 0), (0, 0), 3 * 90 - 4 * 60, 4 * 60 - 3 * 70)
    alone = Submission(account="a", site="", blocks=of("x", 60, 70, ""))
    assert demand(alone, TERMS) == Demand((0, 3), (4, 0), (0, 0), 0, 4 * 60 - 3 * 70)


def test_what_is_ordered_at_any_price_is_certain() -> None:
    sold = Curve(period=0, style=Style.STEP, points=((0, 7),))
    bought = Curve(period=1, style=Style.STEP, points=((0, -4),))
    found = demand(Submission(account="a", site="", curves=(sold, bought)), TERMS)
    assert found.certain == (7, -4)
    assert (
        found.paid == 500 * 7 + 1_000 * 4
    )  # sold down to the lowest price, bought up to the highest


async def test_who_is_stopped_orders_nothing_and_may_take_back(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        await stop(desk, "handel")
        assert await code_of(desk.handel, curves=[purchase(0, 90, 1)]) == (403, "ACCOUNT_STOPPED")
        assert (await desk.handel.delete(f"{PATH}/orders")).status_code == 204


async def test_halts_of_the_auction_and_of_people_refuse(hub: Hub) -> None:
    async with trading(hub) as desk:
        for scope, value in (("market", CODE), ("area", "AT"), ("account", "handel")):
            await halt(desk, scope, value)
            assert await code_of(desk.handel, curves=[purchase(0, 90, 1)]) == (403, "HALTED"), scope
            body = {"scope": scope, "value": value, "reason": "over"}
            await desk.admin.post("/api/v1/exchange/halts/resume", json=body)
        assert await code_of(desk.handel, curves=[purchase(0, 90, 1)]) == (200, "")


async def test_limits_of_the_account_are_those_of_continuous_trading(hub: Hub) -> None:
    async with trading(hub) as desk:
        wanted = [purchase(0, 90, 40)]
        refused: list[tuple[str, dict[str, Any]]] = [
            ("QUANTITY_LIMIT", {"quantity_kw_max": 39}),
            ("POSITION_LIMIT", {"net_kw_min": -39}),
            ("POSITION_OPEN", {"net_open_kw_min": -39}),
            ("CASH_LIMIT", {"cash_out_eur_max": 0.89}),
            ("ACCOUNT_SUSPENDED", {"state": "suspended"}),
            ("REDUCE_ONLY", {"state": "reduce_only"}),
        ]
        for version, (code, own) in enumerate(refused, 1):
            await limits(desk, "handel", version, **own)
            assert await code_of(desk.handel, curves=wanted) == (403, code)
        await limits(desk, "handel", 9, net_kw_min=-40, cash_out_eur_max=0.9, quantity_kw_max=40)
        assert await code_of(desk.handel, curves=wanted) == (200, "")


async def test_what_is_certain_must_be_in_the_battery(hub: Hub) -> None:
    async with trading(hub) as desk:
        always = [{"period": t, "points": [[0, 100]]} for t in range(96)]
        assert await code_of(desk.werk, site="werk-sued", curves=always) == (403, "SITE_EMPTY")
        block = {"name": "long", "price_eur_mwh": 50, "parts": [[t, -100] for t in range(96)]}
        assert await code_of(desk.werk, site="werk-sued", blocks=[block]) == (403, "SITE_FULL")
        half = {"price_eur_mwh": 50, "loop": "x"}
        buys = half | {"name": "buy", "parts": [[t, -100] for t in range(48)]}
        sells = half | {"name": "sell", "parts": [[t, 50] for t in range(48, 56)]}
        loop = [buys, sells]
        assert await code_of(desk.werk, site="werk-sued", blocks=loop) == (403, "SITE_FULL")
        loop = [buys | {"parts": [[0, -100]]}, sells | {"parts": [[1, 80]]}]
        assert await code_of(desk.werk, site="werk-sued", blocks=loop) == (200, "")
        either = [{"period": t, "points": [[20, -100], [60, 100]]} for t in range(96)]
        assert await code_of(desk.werk, site="werk-sued", curves=either) == (200, "")
        clock_of(hub).at_us += 3_600_000_000
        assert await code_of(desk.werk, site="werk-sued", curves=either) == (403, "SITE_STALE")


async def test_who_is_stopped_at_the_gate_is_left_out_and_told_why(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        await stop(desk, "handel")
        await after_the_gate(hub)
        result = (await desk.werk.get(PATH)).json()
        assert (result["stage"], result["results"][0]["volume_kw"]) == ("PUBLISHED", 0)
        told = (await desk.handel.get(f"{PATH}/awards")).json()
        assert told["awards"] == []
        assert [one["code"] for one in told["left_out"]] == ["ACCOUNT_STOPPED"]
        assert await positions(desk.werk) == []


async def test_a_halted_auction_waits_and_nothing_counts_when_delivery_has_begun(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        await halt(desk, "market", CODE)
        await after_the_gate(hub)
        assert (await desk.werk.get(PATH)).json()["stage"] == "CLOSED"
        clock_of(hub).at_us = hub.service(Auctions).session(CODE, DAY).start_us
        await hub.service(Auctions).settle_due()
        assert (await desk.werk.get(PATH)).json()["stage"] == "PUBLISHED"
        (left,) = (await desk.werk.get(f"{PATH}/awards")).json()["left_out"]
        assert (left["site"], left["code"]) == ("werk-sued", "HALTED")


async def test_own_orders_and_past_auctions_are_shown(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        (own,) = (await desk.werk.get(f"{PATH}/orders")).json()["submissions"]
        assert own["ordered_curves"] == [
            {"period": 0, "style": "STEP", "points": [[-500, 0], [20, 60]]}
        ]
        await after_the_gate(hub)
        found = (await desk.werk.get("/api/v1/auctions", params={"days": 3})).json()["auctions"]
        assert ["2026-11-23", "PUBLISHED"] in [
            [one["day"], one["stage"]] for one in found if one["auction"] == CODE
        ]


async def test_too_many_requests_are_slowed_down(hub: Hub) -> None:
    async with trading(hub) as desk:
        key_id = (await desk.handel.get("/api/v1/me")).json()["key_id"]
        ahead_s = asyncio.get_running_loop().time() + 1_000  # nothing is gained back before then
        for group, rate, path in (
            ("entry", ENTRIES, "orders"),
            ("own", READS, "awards"),
            ("market", READS, ""),
            ("history", LONG_READS, "curves/0"),
        ):
            for _ in range(int(rate.burst)):
                hub.service(Rates).take(f"exchange {group}", key_id, rate, ahead_s)
            asked = desk.handel.put if group == "entry" else desk.handel.get
            refused = await asked(f"{PATH}/{path}".rstrip("/"))
            assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY"), group
