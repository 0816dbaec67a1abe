"""cloud.exchange.api: books, trades, statistics, candles, indices, and the calls of old."""

from typing import Any

import httpx

from cloud.exchange.api.outside import OutsidePrices
from cloud.exchange.prices.history_store import Fed
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.exchange import MARKET, TradingHub, trading
from tests.support.hub import add_key, client_of, clock_of

BASE = f"/api/v1/markets/{MARKET}"
START = "2026-11-21T12:15:00Z"
MINUTE_US = 60_000_000


def order(side: str, kw: int = 30, price: float = 85.5, **more: Any) -> dict[str, Any]:
    return {
        "market": MARKET,
        "delivery_start": START,
        "side": side,
        "power_kw": kw,
        "limit_price_eur_mwh": price,
        **more,
    }


async def enter(client: httpx.AsyncClient, *values: Any, **more: Any) -> Any:
    answer = await client.post("/api/v1/orders", json=order(*values, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def got(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _trades(desk: TradingHub) -> None:
    """Let 10 kW trade at 80 and 30 kW at 90, a minute apart."""
    for kw, price in ((10, 80), (30, 90)):
        await enter(desk.handel, "SELL", kw, price)
        await enter(desk.werk, "BUY", kw, price)
        clock_of(desk.hub).at_us += MINUTE_US


async def test_a_book_shows_what_can_be_traded_in_part_and_as_a_whole_apart(hub: Hub) -> None:
    async with trading(hub) as desk:
        empty = await got(desk.werk, BASE + "/book", delivery_start=START)
        assert (empty["contract"], empty["sequence"], empty["bids"]) == (None, 0, [])
        await enter(desk.handel, "SELL", 10, 90)
        await enter(desk.handel, "SELL", 20, 90, execution="AON")
        ice = {"type": "I", "display_kw": 5}
        await enter(desk.handel, "SELL", 40, 91, **ice)
        await enter(desk.werk, "BUY", 7, 80)
        book = await got(desk.werk, BASE + "/book", delivery_start=START)
        assert [(level["price"], level["power_kw"], level["aon_kw"]) for level in book["asks"]] == [
            (90, 10, 20),
            (91, 5, 0),
        ]
        assert [(level["price"], level["orders"]) for level in book["bids"]] == [(80, 1)]
        assert (book["phase"], book["sequence"], book["mark_source"]) == ("OPEN", 4, "MID")
        assert book["epoch"] == empty["epoch"]
        both = await got(desk.werk, "/api/v1/book", delivery_start=START)
        assert (both["epoch"], both["sequence"]) == (book["epoch"], 4)
        between = {"delivery_start": "2026-11-21T12:16:00Z"}
        other = await desk.werk.get(BASE + "/book", params=between)
        assert (other.status_code, other.json()["code"]) == (422, "CONTRACT_UNKNOWN")
        nowhere = await desk.werk.get("/api/v1/markets/NOWHERE/book?delivery_start=" + START)
        assert nowhere.status_code == 404


async def test_statistics_candles_indices_and_series_tell_the_same_trades(hub: Hub) -> None:
    async with trading(hub) as desk:
        await _trades(desk)
        vwap = 87.5
        (contract,) = (await got(desk.werk, BASE + "/statistics"))["contracts"]
        found = contract["statistics"]
        assert (found["open"], found["high"], found["low"], found["last"]) == (80, 90, 80, 90)
        assert (found["vwap"], found["trades"], found["volume_mwh"]) == (vwap, 2, 0.01)
        trades = await got(desk.werk, BASE + "/trades")
        assert [trade["price"] for trade in trades["trades"]] == [90, 80]
        page = await got(desk.werk, BASE + "/trades", limit=1)
        rest = await got(desk.werk, BASE + "/trades", before=page["next_before"])
        assert [trade["price"] for trade in page["trades"] + rest["trades"]] == [90, 80]
        of_contract = await got(desk.werk, BASE + "/trades", delivery_start=START)
        assert of_contract["trades"] == trades["trades"]
        for more in ({}, {"delivery_start": START}):
            candles = await got(desk.werk, BASE + "/candles", length_min=1, **more)
            shown = [(each["open"], each["close"], each["trades"]) for each in candles["candles"]]
            assert shown == [(80, 80, 1), (90, 90, 1)]
        study = await got(desk.werk, BASE + "/indicators", length_min=1, average=2, band=2)
        assert (study["close"], study["sma"]) == ([80, 90], [None, 85])
        assert study["bollinger_middle"] == [None, 85]
        indices = await got(desk.werk, BASE + "/indices", delivery_start=START)
        assert indices["indices"]["IDFull"]["price"] == vwap
        assert indices["indices"]["ID1"]["price"] is None, "its window ended 30 minutes before"
        window = {"window_start": "2026-11-21T12:01:00Z"}
        late = await got(desk.werk, BASE + "/vwap", delivery_start=START, **window)
        assert (late["price"], late["trades"]) == (90, 1)
        for by in ("trading", "delivery"):
            quarters = (await got(desk.werk, BASE + "/quarters", by=by))["quarters"]
            assert len(quarters) == 96
            assert [each["vwap"] for each in quarters if each["trades"]] == [vwap]


async def test_a_day_has_as_many_quarter_hours_as_its_clock_gives_it(hub: Hub) -> None:
    async with trading(hub) as desk:
        for day, count in (("2026-03-29", 92), ("2026-10-25", 100)):
            for by in ("trading", "delivery"):
                shown = await got(desk.werk, BASE + "/quarters", day=day, by=by)
                assert len(shown["quarters"]) == count, (day, by)
            listed = await got(desk.werk, BASE + "/contracts", day=day)
            assert len(listed["contracts"]) == count, day


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("/candles", {"length_min": 7}),
    ("/candles", {"from": "2026-11-21T12:00:00Z", "to": "2026-11-21T11:00:00Z"}),
    ("/candles", {"length_min": 1, "from": "2020-01-01T00:00:00Z"}),
    ("/candles", {"from": "0001-01-01T00:00:00Z"}),
    ("/indicators", {"average": 0}),
    ("/indicators", {"width": "nan"}),
    ("/vwap", {"delivery_start": START, "window_start": "2026-11-21T12:00:01Z"}),
    ("/quarters", {"day": "1000-01-01"}),
    ("/quarters", {"day": "9999-12-31"}),
    ("/statistics", {"day": "9999-12-31"}),
    ("/indices", {}),
    ("/trades", {"limit": 501}),
    ("/trades", {"before": -1}),
]


async def test_questions_that_make_no_sense_are_refused(hub: Hub) -> None:
    async with trading(hub) as desk:
        for path, params in WRONG:
            answer = await desk.werk.get(BASE + path, params=params)
            assert answer.status_code == 422, (path, params, answer.text)


async def test_the_history_of_prices_is_told_by_minute_hour_and_what_is_missing(hub: Hub) -> None:
    async with trading(hub) as desk:
        await _trades(desk)
        await desk.hub.service(Exchange).history.record()
        told = await got(desk.werk, "/api/market/history", market=MARKET, hours=1)
        assert told["count"] == len(told["history"]) >= 1
        assert told["history"][-1]["mark"] == 90
        spans = await got(desk.werk, "/api/market/history/longterm", market=MARKET, days=1)
        assert spans["aggregation"] == "hour"
        body = {"market": MARKET, "client_history": told["history"]}
        missing = await desk.werk.post("/api/market/history/sync", json=body)
        assert (missing.status_code, missing.json()["history"]) == (200, [])
        missing = await desk.werk.post("/api/market/history/sync", json={"market": MARKET})
        assert missing.json()["count"] == told["count"]


async def test_the_battery_is_offline_with_nulls_until_somebody_has_measured_it(hub: Hub) -> None:
    async with trading(hub) as desk:
        lonely = await got(desk.handel, "/api/bess-status")
        assert (lonely["status"], lonely["soc_percent"], lonely["site"]) == ("offline", None, None)
        first = await got(desk.werk, "/api/bess-status")
        assert (first["status"], first["soc_percent"]) == ("online", 50)
        clock_of(hub).at_us += 10 * MINUTE_US
        late = await got(desk.werk, "/api/bess-status")
        assert (late["status"], late["soc_percent"], late["timestamp"]) == ("offline", None, None)
        async with client_of(hub, await add_key(hub, "stadtwerk", Role.GATEWAY)) as service:
            body = {"soc_percent": 63.5, "active_power_mw": -0.03, "temperature_c": 24}
            answer = await service.post("/api/telemetry", json=body)
            assert (answer.status_code, answer.json()) == (409, answer.json())
            assert answer.json()["code"] == "GATEWAY_TELLS"


async def test_a_battery_without_a_box_is_told_by_a_service_and_in_range(hub: Hub) -> None:
    async with trading(hub) as desk:
        answer = await desk.admin.post(
            "/api/v1/sites",
            json={"id": "hafen", "account": "handel", "power_kw": 50, "energy_kwh": 90},
        )
        assert answer.status_code == 201
        async with client_of(hub, await add_key(hub, "handel", Role.GATEWAY)) as service:
            body = {"soc_percent": 63.5, "active_power_mw": -0.03, "temperature_c": 24}
            answer = await service.post("/api/telemetry", json=body)
            assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
            for wrong in ({"soc_percent": 101}, {"temperature_c": "hot"}, {"soc": 5}):
                assert (await service.post("/api/telemetry", json=wrong)).status_code == 422
        shown = await got(desk.handel, "/api/bess-status")
        assert {key: shown[key] for key in body} == body
        assert (shown["status"], shown["telemetry_source"]) == ("online", "API")
        assert (await desk.handel.post("/api/telemetry", json=body)).status_code == 403


async def test_a_service_reads_orders_only_where_its_scopes_name_them(hub: Hub) -> None:
    async with trading(hub) as desk:
        assert (await desk.handel.get("/api/orders")).status_code == 200
        async with client_of(hub, await add_key(hub, "handel", Role.GATEWAY)) as service:
            for path in ("/api/orders", "/api/trades", "/api/v1/orders", "/api/v1/positions"):
                answer = await service.get(path)
                assert (answer.status_code, answer.json()["code"]) == (403, "SCOPE"), path
            assert (await service.get("/api/bess-status")).status_code == 200
            assert (await service.get(f"/api/pricefeed?market={MARKET}")).status_code == 200
        body = {"account": "handel", "role": "gateway", "scopes": ["orders:read"]}
        made = await desk.admin.post("/api/v1/keys", json=body)
        async with client_of(hub, made.json()["key"]) as service:
            assert (await service.get("/api/v1/orders")).status_code == 200


async def test_prices_from_outside_come_from_services_and_move_nothing(hub: Hub) -> None:
    async with trading(hub) as desk:
        body = {"market": MARKET, "price": -12.35, "volume": 2}
        assert (await desk.werk.post("/api/pricefeed", json=body)).status_code == 403
        async with client_of(hub, await add_key(hub, "handel", Role.GATEWAY)) as service:
            assert (await service.post("/api/pricefeed", json=body)).json() == {"status": "OK"}
            unknown = await service.post("/api/pricefeed", json={**body, "market": "NOWHERE"})
            assert unknown.json()["code"] == "MARKET_UNKNOWN"
        shown = await got(desk.werk, "/api/pricefeed", market=MARKET)
        assert (shown["price"], shown["volume"]) == (-12.35, 2)
        again = await OutsidePrices().newest(hub.database, MARKET)  # as after a restart
        assert again == Fed(-12.35, 2, clock_of(hub).at_us)
        older = Fed(99.0, 1, clock_of(hub).at_us - 1)
        await OutsidePrices().take(hub.database, MARKET, older)
        assert await OutsidePrices().newest(hub.database, MARKET) == again
        quote = await got(desk.werk, "/api/market-data", market=MARKET)
        assert quote["mark"] is None
