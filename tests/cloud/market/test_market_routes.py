"""cloud.market.routes: markets and the contracts of a day, as programs read them."""

from dataclasses import replace
from pathlib import Path

from cloud.kernel.context import Hub
from cloud.market import catalogue
from tests.support.exchange import MARKET
from tests.support.hub import admin_key, client_of

_EPEX = "EPEX_AT_INTRADAY_15MIN"


async def test_a_market_says_when_it_opens_and_closes_and_what_it_takes(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        markets = (await client.get("/api/v1/markets")).json()["markets"]
    epex, ours = ({m["market"]: m for m in markets}[code] for code in (_EPEX, MARKET))
    assert (epex["market"], epex["product"], epex["scope"]) == (_EPEX, "PT15M", "local")
    assert (epex["opens_ahead_s"], epex["opens_day"], epex["opens_local"]) == (None, -1, "16:00")
    assert (ours["opens_ahead_s"], ours["opens_day"], ours["opens_local"]) == (86_400, None, None)
    assert (epex["quantity_min_kw"], epex["clip_min_kw"], epex["tick"]) == (100, 100, 0.01)


async def test_the_day_of_the_autumn_change_has_a_hundred_contracts(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        path = f"/api/v1/markets/{_EPEX}/contracts"
        answer = (await client.get(path, params={"day": "2026-10-25"})).json()
    assert len(answer["contracts"]) == 100
    assert answer["contracts"][8] == {
        "product": "PT15M",
        "delivery_start": "2026-10-25T00:00:00Z",
        "delivery_end": "2026-10-25T00:15:00Z",
        "label": "02:00A",
        "opens": "2026-10-24T14:00:00Z",
        "closes": "2026-10-24T23:55:00Z",
        "phase": "DELIVERED",
    }
    assert answer["base"]["delivery_end"] == "2026-10-25T23:00:00Z"
    assert answer["peak"] is None


async def test_without_a_day_today_is_meant_and_each_contract_has_its_phase(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        answer = (await client.get(f"/api/v1/markets/{MARKET}/contracts")).json()
    phases = [contract["phase"] for contract in answer["contracts"]]
    assert answer["day"] == "2026-11-21"
    assert phases == ["DELIVERED"] * 52 + ["DELIVERING"] + ["OPEN"] * 43


async def test_an_unknown_market_and_an_impossible_day_are_told(hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        unknown = await client.get("/api/v1/markets/TULIPS/contracts")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
        for day in ("0001-01-01", "9999-12-31", "2026-02-30"):
            answer = await client.get(f"/api/v1/markets/{MARKET}/contracts", params={"day": day})
            assert answer.status_code == 422, day


async def test_the_markets_of_an_own_file_are_listed(hub: Hub, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('listed = ["EPEX_DE_INTRADAY_60MIN"]')
    settings = hub.settings.model_copy(update={"markets_file": own})
    async with client_of(replace(hub, settings=settings), admin_key(hub)) as client:
        markets = (await client.get("/api/v1/markets")).json()["markets"]
    assert [market["market"] for market in markets] == list(catalogue.load(own))
