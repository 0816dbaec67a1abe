"""cloud.exchange.running: the journal of before, snapshots and batteries in a hub that runs."""

from pathlib import Path
from typing import Any

import httpx

from cloud.exchange import journal_v1
from cloud.exchange import records_v1 as records
from cloud.exchange.running import FIRST_JOURNAL_FILE
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from tests.support.exchange import MARKET, NOON_US, body, charge, trading
from tests.support.hub import add_key, add_site, client_of, clock_of

RECORDED = Path(__file__).parent / "data" / "first_version.jsonl"
COMMITS = 200
TRADERS = ("ada", "bob", "cyd")
PATHS = ("/api/orders?limit=500", "/api/trades?limit=500", "/api/v1/positions")


def first_version(hub: Hub) -> list[records.Record]:
    """Leave what the first version wrote where the hub will look for it."""
    everything: list[records.Record] = []
    journal = journal_v1.Journal(hub.settings.data_dir / FIRST_JOURNAL_FILE)
    list(journal.recover())
    for line in RECORDED.read_bytes().splitlines()[:COMMITS]:
        batch = records.decode(line)
        journal.commit(batch)
        everything += batch
    journal.close()
    return everything


async def pictures(hub: Hub, key: str) -> list[Any]:
    async with client_of(hub, key) as client:
        answers = [await client.get(path) for path in PATHS]
    assert all(answer.status_code == 200 for answer in answers)
    return [answer.json() for answer in answers]


async def refusal(client: httpx.AsyncClient, side: str, *values: float, **more: Any) -> str:
    answer = await client.post("/api/orders", json=body(side, *values, **more))
    return "" if answer.status_code == 200 else answer.json()["code"]


async def test_a_journal_of_the_first_version_goes_on_with_all_its_orders_and_trades(
    hub: Hub,
) -> None:
    everything = first_version(hub)
    placed = [record for record in everything if isinstance(record, records.Placed)]
    keys = {account: await add_key(hub, account) for account in TRADERS}
    async with trading(hub):
        shown = {account: await pictures(hub, key) for account, key in keys.items()}
        for account, (orders, trades, _) in shown.items():
            own = {str(one.order_id) for one in placed if one.account == account}
            assert {order["order_id"] for order in orders["orders"]} == own
            sides = [
                str(trade.trade_id)
                for one in placed
                for trade in one.trades
                for party in (one.account, trade.maker_account)
                if party == account
            ]
            assert sorted(trade["trade_id"] for trade in trades["trades"]) == sorted(sides)
        assert (hub.settings.data_dir / FIRST_JOURNAL_FILE).exists()
    async with trading(hub):
        assert {account: await pictures(hub, key) for account, key in keys.items()} == shown


async def test_a_start_from_a_snapshot_is_the_same_as_one_from_the_first_fact(hub: Hub) -> None:
    async with trading(hub) as desk:
        for side, price in (("SELL", 85.5), ("BUY", 85.5), ("SELL", 99), ("BUY", 70)):
            client = desk.werk if side == "SELL" else desk.handel
            assert await refusal(client, side, 0.0025, price) == ""
    async with trading(hub) as desk:
        exchange = hub.service(Exchange)
        assert await exchange.audience.snapshots.take()
        assert list(exchange.journal.folder.glob("*.snapshot"))
        book = f"/api/v1/book?market={MARKET}&delivery_start=2026-11-21T12:15:00Z"
        before = [(await desk.werk.get(path)).json() for path in (*PATHS, book, "/api/market-data")]
        counted = exchange.checks.dump()
    async with trading(hub) as desk:
        after = [(await desk.werk.get(path)).json() for path in (*PATHS, book, "/api/market-data")]
        before[3]["sequence"] = after[3]["sequence"]  # the feed's numbers begin anew
        assert after == before
        assert hub.service(Exchange).checks.dump() == counted
        assert await refusal(desk.handel, "BUY", 0.0025, 99) == ""


async def test_a_battery_sells_what_it_holds_and_buys_what_fits(hub: Hub) -> None:
    async with trading(hub) as desk:
        await add_site(hub, "hafen", "hafen-gmbh", power_kw=100, energy_kwh=20)
        async with client_of(hub, await add_key(hub, "hafen-gmbh")) as hafen:
            assert await refusal(hafen, "SELL") == "SITE_UNKNOWN"
            await charge(hub, "hafen", soc_pct=50)
            assert await refusal(hafen, "SELL", 0.0090) == ""
            assert await refusal(hafen, "SELL", 0.0090) == "SITE_EMPTY"
            assert await refusal(hafen, "BUY", 0.0100, 80) == ""
            assert await refusal(hafen, "BUY", 0.0100, 80) == "SITE_FULL"
            clock_of(hub).at_us = NOON_US + 901_000_000
            late = {"delivery_start": "2026-11-21T12:45:00Z", "delivery_end": None}
            assert await refusal(hafen, "SELL", 0.00025, **late) == "SITE_STALE"
            await charge(hub, "hafen", soc_pct=50)
            assert await refusal(hafen, "SELL", 0.00025, **late) == ""
        assert await refusal(desk.handel, "BUY", 10.0, **late) == "", "no battery, no bounds of one"


async def test_a_range_is_a_block_and_an_order_that_waits_for_all_of_it_is_flagged(
    hub: Hub,
) -> None:
    async with trading(hub) as desk:
        block = {"delivery_end": "2026-11-21T13:15:00Z"}
        answer = await desk.handel.post("/api/orders", json=body("BUY", 0.04, **block))
        assert answer.json()["state"] == "ACTI"
        (order,) = (await desk.handel.get("/api/orders")).json()["orders"]
        assert (order["order_kind"], order["time_in_force"], order["power_kw"]) == ("B", "AON", 40)
        assert await refusal(desk.werk, "SELL", 0.04, time_in_force="FOK", **block) == (
            "TYPE_EXECUTION"
        )
        assert await refusal(desk.werk, "SELL", 0.04, **block) == ""
        (trade,) = (await desk.werk.get("/api/trades")).json()["trades"]
        assert (trade["delivery_end"], trade["quantity_mwh"]) == ("2026-11-21T13:15:00Z", 0.04)
        positions = (await desk.werk.get("/api/v1/positions")).json()["positions"]
        assert [row["net_kw"] for row in positions] == [40, 40, 40, 40]
        assert await refusal(desk.handel, "BUY", 0.0025, 80, time_in_force="AON") == ""
        url = "/api/v1/book?delivery_start=2026-11-21T12:15:00Z"
        (bid,) = (await desk.werk.get(url)).json()["bids"]
        assert (bid["power_kw"], bid["aon_kw"], bid["aon_orders"]) == (0, 10, 1)
