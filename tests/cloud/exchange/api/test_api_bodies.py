"""cloud.kernel.bodies over HTTP: what says something twice says nothing."""

from pathlib import Path

import pytest

from cloud.kernel.context import Hub
from tests.cloud.exchange.auction.test_auction_hub import PATH
from tests.support.exchange import trading

ORDER = (
    '{"market":"PHO_AT_INTRADAY_15MIN","delivery_start":"2026-11-21T12:15:00Z","power_kw":5,'
    '"limit_price_eur_mwh":40,"side":"BUY","side":"SELL"}'
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One engine is enough for what is asked here."""
    return f"sqlite+aiosqlite:///{tmp_path / 'test.sqlite3'}"


async def test_a_body_that_names_something_twice_is_refused_and_changes_nothing(hub: Hub) -> None:
    async with trading(hub) as desk:
        curve = '{"period":0,"points":[[0,1]]}'
        kept = await desk.handel.put(f"{PATH}/orders", json={"curves": []})
        assert kept.status_code == 200
        for method, path, text, name in (
            ("POST", "/api/v1/orders", ORDER, "side"),
            ("POST", "/api/v1/orders/basket", f'{{"orders":[{ORDER}]}}', "side"),
            ("POST", "/api/orders", ORDER, "side"),
            ("PATCH", "/api/v1/orders/1", '{"revision":1,"revision":2,"power_kw":1}', "revision"),
            ("PUT", f"{PATH}/orders", f'{{"curves":[{curve}],"curves":[]}}', "curves"),
        ):
            answer = await desk.handel.request(
                method, path, content=text, headers={"Content-Type": "application/json"}
            )
            assert (answer.status_code, answer.json()["code"]) == (422, "INVALID"), path
            assert f"{name!r} stands twice in an object" in answer.json()["message"]
        limits = '{"version":1,"accounts":{"a":{"quantity_kw_max":1},"a":{"quantity_kw_max":9}}}'
        answer = await desk.admin.put(
            "/api/v1/exchange/limits",
            content=limits,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422
        assert (await desk.handel.get("/api/v1/orders")).json()["orders"] == []
