"""cloud.web.operations_desk: administrators see the exchange's operation, nobody else does."""

from collections.abc import AsyncIterator

import pytest

from cloud.kernel.auth import Role
from cloud.kernel.context import Hub
from cloud.main import running_features
from cloud.web import operations_desk
from tests.support.exchange import body
from tests.support.hub import add_key, admin_key, client_of, serving
from tests.support.live_page import live_page

_PAGE = {"page": "operations"}


@pytest.fixture
async def url(hub: Hub) -> AsyncIterator[str]:
    async with running_features(hub), serving(hub) as served:
        yield served


async def test_an_administrator_gets_the_documented_sections(hub: Hub, url: str) -> None:
    await add_key(hub, "stadtwerk")
    async with live_page(url, _PAGE, Authorization=f"Bearer {admin_key(hub)}") as page:
        await page.hear()
        documented = {
            line.split()[0]
            for line in (operations_desk.__doc__ or "").partition("\nsections ")[2].splitlines()[1:]
            if line.startswith("  ") and not line.startswith("   ")
        }
        assert page.state.keys() == documented | {"throttle"}
        assert page.state["scopes"]["account"] == ["operator", "stadtwerk"]
        assert page.state["halts"] == page.state["waiting"] == page.state["trades"] == []
        assert page.state["accounts"]["stadtwerk"]["stopped"] is False
        assert page.state["limits"] is None


async def test_what_operations_do_is_on_the_page_soon(hub: Hub, url: str) -> None:
    await add_key(hub, "stadtwerk")
    async with live_page(url, _PAGE, Authorization=f"Bearer {admin_key(hub)}") as page:
        await page.hear()
        async with client_of(hub, admin_key(hub)) as client:
            answer = await client.post(
                "/api/v1/exchange/accounts/stadtwerk/stop", json={"reason": "drill"}
            )
        assert answer.status_code == 200, answer.text
        while not page.state["accounts"]["stadtwerk"]["stopped"]:
            await page.hear()
        (halt,) = page.state["halts"]
        assert (halt["scope"], halt["value"], halt["reason"]) == ("stop", "stadtwerk", "drill")


async def test_whoever_has_another_key_of_the_asking_person_sees_the_request_as_his_own(
    hub: Hub, url: str
) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        await _traded(hub)
        path = "/api/v1/exchange/trades/1/cancellation"
        answer = await client.post(path, json={"step": "ASK", "reason": "wrong price"})
        assert answer.status_code == 200, answer.text
    seen = {}
    for name, account in (("same", "operator"), ("second", "aufsicht")):
        key = await add_key(hub, account, Role.ADMIN)
        async with live_page(url, _PAGE, Authorization=f"Bearer {key}") as page:
            while not page.state.get("waiting"):
                await page.hear()
            seen[name] = [page.state[rows][0]["mine"] for rows in ("waiting", "trades")]
    assert seen == {"same": [True, True], "second": [False, False]}


async def _traded(hub: Hub) -> None:
    for account, side in (("ada", "SELL"), ("bob", "BUY")):
        async with client_of(hub, await add_key(hub, account)) as client:
            answer = await client.post("/api/orders", json=body(side))
            assert answer.status_code == 200, answer.text


async def test_who_asks_for_it_as_a_trader_gets_the_trade_page_instead(hub: Hub, url: str) -> None:
    key = await add_key(hub, "stadtwerk", Role.TRADER)
    async with live_page(url, _PAGE, Authorization=f"Bearer {key}") as page:
        await page.hear()
        assert "venue" not in page.state
        assert "incidents" not in page.state
        assert page.state["me"]["account"] == "stadtwerk"
