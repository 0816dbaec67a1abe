"""cloud.exchange over HTTP: orders are checked, matched, safe and seen by their owners alone."""

from typing import Any

import httpx

from cloud.exchange import exposure
from cloud.exchange.matching.codes import State
from cloud.exchange.order_views import OrderBody
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Done, Exchange
from cloud.exchange.venue.commands import Switch
from cloud.exchange.writer import INBOX_MAX
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.exchange import MARKET, NOON_US, TradingHub, body, charge, trading
from tests.support.hub import add_key, add_site, client_of, clock_of
from wire.clock import QUARTER_HOUR_US

UNFIT: list[tuple[dict[str, Any], int, str, str]] = [
    ({"market": "XX"}, 422, "MARKET_UNKNOWN", "EPEX_AT_INTRADAY_15MIN, EPEX_AT"),
    ({"delivery_start": "2026-11-21T12:20:00Z"}, 422, "CONTRACT_UNKNOWN", "delivery_start"),
    ({"delivery_end": "2026-11-21T12:20:00Z"}, 422, "CONTRACT_UNKNOWN", "12:30:00Z"),
    ({"delivery_start": "2026-11-21T12:15:00"}, 422, "INVALID", "delivery_start"),
    ({"delivery_start": "1e400"}, 422, "INVALID", "delivery_start"),
    ({"delivery_start": "0001-01-01T00:00:00+14:00"}, 422, "INVALID", "years 2000"),
    ({"delivery_end": "9999-12-31T23:59:59-14:00"}, 422, "INVALID", "years 2000"),
    ({"valid_until": "0001-01-01T00:00:00+14:00"}, 422, "INVALID", "years 2000"),
    ({"client_order_id": "a\x00b"}, 422, "INVALID", "client_order_id"),
    ({"text": "a\x00b"}, 422, "INVALID", "text"),
    ({"quantity_mwh": 0.0076}, 422, "QUANTITY_STEP", "0.0075 or 0.00775"),
    ({"quantity_mwh": -0.0075}, 422, "INVALID", "quantity_mwh: -0.0075"),
    ({"quantity_mwh": 0}, 422, "INVALID", "quantity_mwh: 0"),
    ({"quantity_mwh": "NaN"}, 422, "INVALID", "quantity_mwh"),
    ({"quantity_mwh": True}, 422, "INVALID", "quantity_mwh"),
    ({"quantity_mwh": 1_000, "site": "werk-sued"}, 422, "QUANTITY_MAX", "100000 kW"),
    ({"quantity_mwh": 0.02525}, 403, "SITE_LIMIT", "werk-sued would come to owe 101 kW"),
    ({"limit_price_eur_mwh": 85.505}, 422, "PRICE_STEP", "limit_price_eur_mwh: 85.505"),
    ({"limit_price_eur_mwh": 10_000}, 422, "PRICE_RANGE", "9999.99"),
    ({"limit_price_eur_mwh": None}, 422, "PRICE_MISSING", "limit_price_eur_mwh"),
    ({"order_type": "MARKET"}, 422, "PRICE_FORBIDDEN", "limit_price_eur_mwh: 85.5"),
    ({"site": "hafen"}, 422, "NO_SITE", "one of werk-sued is"),
    ({"side": "HOLD"}, 422, "INVALID", "side"),
    ({"time_in_force": "GTC"}, 422, "INVALID", "time_in_force"),
    ({"colour": "red"}, 422, "INVALID", "colour"),
    ({"target_exchange": "EPEX_SPOT"}, 503, "BRIDGE_NOT_CONFIGURED", "EPEX_SPOT"),
]


async def place(client: httpx.AsyncClient, side: str, *values: float, **more: Any) -> Any:
    answer = await client.post("/api/orders", json=body(side, *values, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refusal(client: httpx.AsyncClient, *values: Any, **more: Any) -> tuple[int, str, str]:
    answer = await client.post("/api/orders", json=body(*values, **more))
    problem = answer.json()
    return answer.status_code, problem["code"], problem["message"]


async def test_a_sale_of_thirty_kilowatts_reaches_both_accounts(hub: Hub) -> None:
    async with trading(hub) as desk:
        sold = await place(desk.werk, "SELL", client_order_id="s-1")
        assert (sold["status"], sold["state"], sold["filled_mwh"]) == ("ACCEPTED", "ACTI", 0)
        bought = await place(desk.handel, "BUY", 0.005, 90)
        assert (bought["state"], bought["ending"], bought["filled_mwh"]) == (
            "IACT",
            "FILLED",
            0.005,
        )
        (order,) = (await desk.werk.get("/api/orders")).json()["orders"]
        assert (order["status"], order["filled_mwh"], order["power_kw"], order["site"]) == (
            "PARTIALLY_FILLED",
            0.005,
            30,
            "werk-sued",
        )
        sides = []
        for client in (desk.werk, desk.handel):
            (trade,) = (await client.get("/api/trades")).json()["trades"]
            sides.append((trade["side"], trade["price"], trade["quantity_mwh"], trade["order_id"]))
        assert sides == [
            ("SELL", 85.5, 0.005, sold["order_id"]),
            ("BUY", 85.5, 0.005, bought["order_id"]),
        ]


async def test_positions_say_who_owes_what_and_who_pays(hub: Hub) -> None:
    async with trading(hub) as desk:
        await place(desk.werk, "SELL", 0.0075, -10)
        await place(desk.handel, "BUY")
        await desk.werk.get("/api/trades")
        (werk,) = (await desk.werk.get("/api/v1/positions")).json()["positions"]
        assert (werk["site"], werk["net_kw"], werk["net_mwh"]) == ("werk-sued", 30, 0.0075)
        assert werk["cash_eur"] == -0.075, "who sells at a negative price pays"
        (handel,) = (await desk.handel.get("/api/v1/positions")).json()["positions"]
        assert (handel["site"], handel["net_kw"], handel["cash_eur"]) == (None, -30, 0.075)
        everything = (await desk.admin.get("/api/v1/positions")).json()["positions"]
        assert len(everything) == 2
        at_site = await desk.admin.get("/api/v1/positions", params={"site": "werk-sued"})
        assert at_site.json()["positions"] == [werk]


async def test_nobody_sees_or_withdraws_the_orders_of_another(hub: Hub) -> None:
    async with trading(hub) as desk:
        path = f"/api/v1/orders/{(await place(desk.werk, 'SELL'))['order_id']}"
        assert (await desk.handel.get("/api/orders")).json()["orders"] == []
        assert (await desk.handel.delete(path)).status_code == 404
        assert (await desk.admin.delete(path)).status_code == 404
        assert (await desk.werk.delete(path)).json()["status"] == "CANCELLED"
        again = await desk.werk.delete(path)
        assert (again.status_code, again.json()["code"]) == (409, "ORDER_ENDED")
        assert (await desk.werk.delete("/api/v1/orders/999")).status_code == 404


async def test_a_repeated_client_order_id_is_the_same_order(hub: Hub) -> None:
    async with trading(hub) as desk:
        first = await place(desk.werk, "SELL", client_order_id="once")
        assert await place(desk.werk, "SELL", client_order_id="once") == first
        assert await place(desk.handel, "SELL", client_order_id="once") != first
        assert len((await desk.werk.get("/api/orders")).json()["orders"]) == 1


async def test_what_does_not_fit_is_refused_with_its_reason(hub: Hub) -> None:
    async with trading(hub) as desk:
        for change, status, code, said in UNFIT:
            answer = await refusal(desk.werk, "SELL", **change)
            assert answer[:2] == (status, code), change
            assert said in answer[2], change
            assert "\n" not in answer[2]
        assert (await desk.werk.get("/api/orders")).json()["orders"] == []


async def test_a_closed_contract_takes_no_orders_and_its_open_orders_expire(hub: Hub) -> None:
    async with trading(hub) as desk:
        await place(desk.werk, "SELL")
        clock_of(hub).at_us = NOON_US + QUARTER_HOUR_US
        assert (await refusal(desk.werk, "SELL"))[:2] == (409, "CONTRACT_CLOSED")
        (order,) = (await desk.werk.get("/api/orders")).json()["orders"]
        assert (order["status"], order["ended_at"]) == ("EXPIRED", "2026-11-21T12:15:00Z")
        far = {"delivery_start": "2026-11-23T12:15:00Z", "delivery_end": None}
        assert (await refusal(desk.werk, "SELL", **far))[:2] == (409, "CONTRACT_NOT_OPEN")


async def test_an_account_with_two_sites_says_which_one_delivers(hub: Hub) -> None:
    async with trading(hub) as desk:
        await add_site(hub, "hafen", "stadtwerk")
        await charge(hub, "hafen")
        assert (await refusal(desk.werk, "SELL"))[:2] == (422, "SITE_NEEDED")
        await place(desk.werk, "SELL", site="hafen")
        (order,) = (await desk.werk.get("/api/orders")).json()["orders"]
        assert order["site"] == "hafen"


async def test_immediate_or_cancel_fill_or_kill_and_market_orders_do_not_rest(hub: Hub) -> None:
    async with trading(hub) as desk:
        await place(desk.werk, "SELL", 0.005)
        killed = await place(desk.handel, "BUY", 0.0075, time_in_force="FOK")
        assert (killed["ending"], killed["filled_mwh"]) == ("KILLED", 0)
        partly = await place(desk.handel, "BUY", 0.00025, time_in_force="IOC")
        assert (partly["ending"], partly["filled_mwh"]) == ("FILLED", 0.00025)
        market = body("BUY", 0.0075, order_type="MARKET", limit_price_eur_mwh=None)
        answer = (await desk.handel.post("/api/orders", json=market)).json()
        assert (answer["ending"], answer["filled_mwh"]) == ("KILLED", 0.00475)


async def test_market_data_shows_the_book_without_names(hub: Hub) -> None:
    async with trading(hub) as desk:
        unknown = (await desk.handel.get("/api/market-data")).json()
        assert (unknown["mark"], unknown["ema"], unknown["vwap"]) == (None, None, None)
        await place(desk.werk, "SELL")
        await place(desk.handel, "BUY", 0.0025, 80)
        await place(desk.handel, "BUY", 0.0025)
        contracts = (await desk.handel.get("/api/v1/contracts")).json()["contracts"]
        assert len(contracts) == 96
        first = contracts[0]
        assert (first["bid"], first["bid_kw"], first["ask"], first["ask_kw"]) == (80, 10, 85.5, 20)
        book = await desk.handel.get(
            "/api/v1/book", params={"delivery_start": "2026-11-21T12:15:00Z", "market": MARKET}
        )
        level = {"price": 85.5, "power_kw": 20, "quantity_mwh": 0.005, "orders": 1}
        assert book.json()["asks"] == [level | {"aon_kw": 0, "aon_orders": 0}]
        assert [trade["price"] for trade in book.json()["trades"]] == [85.5]
        assert "stadtwerk" not in book.text
        quote = (await desk.handel.get("/api/market-data", params={"market": MARKET})).json()
        assert (quote["mark"], quote["vwap"], quote["mark_source"]) == (85.5, 85.5, "TRADE")
        assert (await desk.handel.get("/api/market-data?market=X")).status_code == 422


async def test_metrics_show_prices_that_are_known_and_no_others(hub: Hub) -> None:
    async with trading(hub) as desk:
        await place(desk.werk, "SELL")
        await place(desk.handel, "BUY")
        text = (await desk.werk.get("/metrics")).text
        assert f'pho_mark{{market="{MARKET}"}} 85.5' in text
        assert f'pho_vwap{{market="{MARKET}"}} 85.5' in text
        assert 'pho_mark{market="EPEX_AT_INTRADAY_15MIN"}' not in text


async def test_pages_of_orders_follow_each_other(hub: Hub) -> None:
    async with trading(hub) as desk:
        ids = [(await place(desk.werk, "SELL", 0.00025))["order_id"] for _ in range(5)]
        first = await desk.werk.get("/api/orders", params={"limit": 3})
        newest = [order["order_id"] for order in first.json()["orders"]]
        rest = await desk.werk.get("/api/orders", params={"limit": 3, "before": newest[-1]})
        assert newest + [order["order_id"] for order in rest.json()["orders"]] == ids[::-1]


async def test_without_a_key_nothing_works_and_a_viewer_only_looks(hub: Hub) -> None:
    async with trading(hub) as desk:
        paths = ("/api/orders", "/api/trades", "/api/market-data", "/api/v1/markets")
        async with client_of(hub, None) as nobody:
            for path in (*paths, "/api/v1/contracts", "/api/v1/book", "/api/v1/positions"):
                assert (await nobody.get(path)).status_code == 401, path
            assert (await nobody.post("/api/orders", json=body("SELL"))).status_code == 401
            assert (await nobody.delete("/api/v1/orders/1")).status_code == 401
        order_id = (await place(desk.werk, "SELL"))["order_id"]
        async with client_of(hub, await add_key(hub, "stadtwerk", Role.VIEWER)) as viewer:
            assert (await viewer.get("/api/orders")).status_code == 200
            assert (await viewer.post("/api/orders", json=body("SELL"))).status_code == 403
            assert (await viewer.delete(f"/api/v1/orders/{order_id}")).status_code == 403


async def test_markets_are_listed_with_their_steps_and_gates(hub: Hub) -> None:
    async with trading(hub) as desk:
        markets = (await desk.werk.get("/api/v1/markets")).json()["markets"]
        told = [(m["market"], m["step_kw"], m["close_lead_s"]) for m in markets]
        assert told == sorted(told)
        assert {("EPEX_AT_INTRADAY_15MIN", 100, 300), (MARKET, 1, 0)} < set(told)


async def test_after_a_restart_everything_is_as_it_was(hub: Hub) -> None:
    async with trading(hub) as desk:
        await place(desk.werk, "SELL")
        await place(desk.handel, "BUY", 0.0025)
        before = [await picture(desk, path) for path in PICTURES]
    async with trading(hub) as desk:
        assert [await picture(desk, path) for path in PICTURES] == before
        bought = await place(desk.handel, "BUY", 0.005)
        assert bought["filled_mwh"] == 0.005


PICTURES = ("/api/orders", "/api/trades", "/api/market-data", "/api/v1/contracts")


async def picture(desk: TradingHub, path: str) -> Any:
    return (await desk.werk.get(path)).json()


async def test_metrics_show_what_the_sites_have_sold_and_how_full_they_are(hub: Hub) -> None:
    async with trading(hub) as desk:
        await place(desk.werk, "SELL")
        await place(desk.handel, "BUY")
        await desk.werk.get("/api/trades")
        exchange = hub.service(Exchange)
        await exposure.show(hub, exchange.catalogue, exchange.standings)
        standing = exchange.standings.standing("handel")
        assert standing["exposure_snapshot"] == {
            MARKET: {"net_mwh": -0.0075, "notional_eur": -0.64}
        }
        text = (await desk.werk.get("/metrics")).text
        assert f'pho_exposure_energy{{market="{MARKET}"}} 0.0075' in text
        assert f'pho_exposure_notional{{market="{MARKET}"}} 0.64125' in text
        assert 'pho_soc_percent{site="werk-sued"} 50.0' in text
        assert "pho_temp_celsius{" not in text, "nobody has measured it"
        clock_of(hub).at_us = NOON_US + QUARTER_HOUR_US
        await exposure.show(hub, exchange.catalogue, exchange.standings)
        text = (await desk.werk.get("/metrics")).text
        assert f'pho_exposure_energy{{market="{MARKET}"}} 0.0\n' in text
        assert f'pho_pnl_realized{{market="{MARKET}"}} 0.64125' in text


async def test_an_instant_outside_of_our_time_is_named_wherever_one_is_asked_for(hub: Hub) -> None:
    async with trading(hub) as desk:
        for path in ("positions", "sites/werk-sued/telemetry", "sites/werk-sued/telemetry/export"):
            for name in ("from", "to"):
                for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
                    answer = await desk.werk.get(f"/api/v1/{path}", params={name: at})
                    assert answer.status_code == 422, (path, name, at)
                    assert "years 2000 to 2199 are allowed" in answer.json()["message"]


async def test_of_many_orders_only_those_that_found_no_room_are_refused_as_busy(hub: Hub) -> None:
    async with trading(hub) as desk:
        first = await place(desk.handel, "SELL")
        exchange = hub.service(Exchange)
        order = OrderBody.model_validate(body("SELL"))
        await exchange.entry(order.ticket("handel"))  # all sites are known now: nothing waits
        delete = Switch(account="handel", order_id=int(first["order_id"]), to=State.INACTIVE)
        waiting = [exchange.writer.submit(delete) for _ in range(INBOX_MAX - 2)]
        told = await exchange.place_all([order.ticket("handel")] * 5)
        for answers in waiting:
            await answers
        assert [isinstance(each, Done) for each in told] == [True, True, False, False, False]
        assert [each.code for each in told if isinstance(each, OrderRefused)] == ["BUSY"] * 3
        live = (await desk.handel.get("/api/orders", params={"only_open": True})).json()["orders"]
        assert len(live) == 2
