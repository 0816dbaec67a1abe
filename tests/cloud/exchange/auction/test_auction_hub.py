"""cloud.exchange.auction over HTTP: sealed until the gate, one result, in the positions once."""

from datetime import date
from typing import Any

from cloud.exchange.auction import calendar, content, store
from cloud.exchange.auction.orders import Style
from cloud.exchange.auction.service import Auctions
from cloud.exchange.auction.store import State
from cloud.kernel.context import Hub
from tests.support.auctions import solved, some_with_loops
from tests.support.exchange import TradingHub, trading
from tests.support.hub import clock_of

CODE = "PHO_AT_DAY_AHEAD_15MIN"
PATH = f"/api/v1/auctions/{CODE}/2026-11-23"
"""Two days after the clock of the tests, 2026-11-21T12:00Z."""
DAY = date(2026, 11, 23)


def sale(period: int, price: float, power_kw: int) -> dict[str, Any]:
    return {"period": period, "style": "STEP", "points": [[-500, 0], [price, power_kw]]}


def purchase(period: int, price: float, power_kw: int) -> dict[str, Any]:
    return {"period": period, "style": "STEP", "points": [[-500, -power_kw], [price, 0]]}


async def order(desk: TradingHub) -> None:
    """Have the plant sell, and the trader buy, in the first period of the day."""
    body: dict[str, Any] = {"site": "werk-sued", "curves": [sale(0, 20, 60)]}
    answer = await desk.werk.put(f"{PATH}/orders", json=body)
    assert answer.status_code == 200, answer.text
    body = {"curves": [purchase(0, 90, 40), purchase(1, 90, 40)]}
    answer = await desk.handel.put(f"{PATH}/orders", json=body)
    assert answer.status_code == 200, answer.text


async def after_the_gate(hub: Hub) -> None:
    gate_us = hub.service(Auctions).session(CODE, DAY).gate_us
    clock_of(hub).at_us = gate_us
    await hub.service(Auctions).settle_due()


async def positions(client: Any) -> list[Any]:
    span = {"from": "2026-11-22T22:00:00Z", "to": "2026-11-24T00:00:00Z"}
    answer = await client.get("/api/v1/positions", params=span)
    found: list[Any] = answer.json()["positions"]
    return found


async def test_what_is_ordered_until_the_gate_is_in_the_positions_at_one_price(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        sealed = (await desk.handel.get(PATH)).json()
        assert (sealed["stage"], sealed["results"]) == ("OPEN", [])
        await after_the_gate(hub)

        result = (await desk.handel.get(PATH)).json()
        assert result["stage"] == "PUBLISHED"
        assert len(result["results"]) == result["periods"] == 96
        first, second = result["results"][:2]
        assert (first["price_eur_mwh"], first["volume_kw"]) == (20, 40)
        assert first["delivery_start"] == "2026-11-22T23:00:00Z"
        assert (second["price_eur_mwh"], second["volume_kw"]) == (None, 0)
        (award,) = (await desk.werk.get(f"{PATH}/awards")).json()["awards"]
        assert (award["site"], award["powers_kw"][:2], award["cash_eur"]) == (
            "werk-sued",
            [40, 0],
            0.2,
        )
        (sold,) = await positions(desk.werk)
        (bought,) = await positions(desk.handel)
        assert (sold["net_kw"], sold["cash_eur"], sold["market"]) == (40, 0.2, CODE)
        assert (bought["net_kw"], bought["cash_eur"]) == (-40, -0.2)
        curves = (await desk.werk.get(f"{PATH}/curves/0")).json()["points"]
        assert curves[0] == {"price_eur_mwh": -500, "sold_kw": 0, "bought_kw": 40}


async def test_nobody_sees_what_others_ordered(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        (own,) = (await desk.werk.get(f"{PATH}/orders")).json()["submissions"]
        assert (own["site"], own["curves"]) == ("werk-sued", 1)
        assert (await desk.werk.get(f"{PATH}/curves/0")).status_code == 404


async def test_a_new_submission_takes_the_place_of_the_last_and_can_be_taken_back(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        await order(desk)
        body = {"site": "werk-sued", "curves": [sale(0, 50, 10), sale(1, 50, 10)]}
        await desk.werk.put(f"{PATH}/orders", json=body)
        (own,) = (await desk.werk.get(f"{PATH}/orders")).json()["submissions"]
        assert own["curves"] == 2
        gone = await desk.werk.delete(f"{PATH}/orders", params={"site": "werk-sued"})
        assert gone.status_code == 204
        assert (await desk.werk.get(f"{PATH}/orders")).json() == {"submissions": []}
        assert (await desk.werk.delete(f"{PATH}/orders")).status_code == 404


async def test_at_the_gate_nothing_more_is_taken(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        clock_of(hub).at_us = hub.service(Auctions).session(CODE, DAY).gate_us
        answer = await desk.werk.put(f"{PATH}/orders", json={"curves": []})
        assert (answer.status_code, answer.json()["code"]) == (409, "AUCTION_CLOSED")
        answer = await desk.handel.delete(f"{PATH}/orders")
        assert (answer.status_code, answer.json()["code"]) == (409, "AUCTION_CLOSED")


async def test_a_session_that_was_settled_again_counts_once(hub: Hub) -> None:
    async with trading(hub) as desk:
        await order(desk)
        await after_the_gate(hub)
        async with hub.database.transaction() as connection:
            await store.move(connection, CODE, DAY.toordinal(), State.SOLVED)
    async with trading(hub) as desk:  # as after a kill before the last step
        await hub.service(Auctions).settle_due()
        assert (await desk.werk.get(PATH)).json()["stage"] == "PUBLISHED"
        (sold,) = await positions(desk.werk)
        assert sold["net_kw"] == 40


async def test_what_a_battery_can_never_do_is_refused(hub: Hub) -> None:
    async with trading(hub) as desk:
        body: dict[str, Any] = {"site": "werk-sued", "curves": [sale(0, 20, 101)]}
        answer = await desk.werk.put(f"{PATH}/orders", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "SITE_LIMIT")
        answer = await desk.handel.put(f"{PATH}/orders", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "NO_SITE")


async def test_a_mistake_is_named(hub: Hub) -> None:
    async with trading(hub) as desk:
        body: dict[str, Any] = {"curves": [sale(96, 20, 10)]}
        answer = await desk.handel.put(f"{PATH}/orders", json=body)
        assert answer.status_code == 422
        assert "curves.0.period: 96 is not allowed; 0 to 95 are" in answer.json()["message"]
        body = {"curves": [sale(0, 20.001, 10)]}
        answer = await desk.handel.put(f"{PATH}/orders", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
        assert (await desk.handel.get("/api/v1/auctions/NONE/2026-11-23")).status_code == 404


async def test_auctions_that_take_orders_are_listed_with_their_gates(hub: Hub) -> None:
    async with trading(hub) as desk:
        found = (await desk.werk.get("/api/v1/auctions")).json()["auctions"]
        days = [one["day"] for one in found if one["auction"] == CODE]
        assert days[0] == "2026-11-23"  # the gate for the 22nd was at 11:00Z
        assert found[0]["gate"] == "2026-11-22T11:00:00Z"


def test_a_day_has_as_many_periods_as_its_clock_gives_it() -> None:
    held = calendar.load()[CODE]
    counts = [date(2026, 3, 29), date(2026, 6, 1), date(2026, 10, 25)]
    found = [held.session(day) for day in counts]
    assert [one.terms.periods for one in found if one is not None] == [92, 96, 100]


def test_what_is_kept_comes_back_as_it_was() -> None:
    for seed in range(20):
        submissions = some_with_loops(seed, list(Style), [1_000_000, 0])
        for one in submissions:
            assert (
                content.load_submission(one.account, one.site, content.dump_submission(one)) == one
            )
        outcome = solved(*submissions)
        assert content.load_outcome(content.dump_outcome(outcome)) == outcome


def test_blocks_that_were_kept_before_there_were_loops_have_none() -> None:
    kept = '{"curves":[],"blocks":[["evening",9500,[[72,1],[73,1]],1000000,"","g"]]}'
    (block,) = content.load_submission("a", "", kept).blocks
    assert (block.name, block.group, block.loop) == ("evening", "g", "")
