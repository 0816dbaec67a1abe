"""cloud.web.live: a page gets all it may see at once, then what changed, then signs of life."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cloud.kernel.auth import Role
from cloud.kernel.context import Hub
from cloud.main import running_features
from cloud.web import live
from tests.support.exchange import charge
from tests.support.hub import (
    NOON_US,
    add_key,
    add_site,
    admin_key,
    client_of,
    enrolled_box,
    serving,
    telemetry,
)
from tests.support.live_page import IN_TIME_S, LivePage, live_page
from wire.block import Quality, Reading

_MARKET = "PHO_AT_INTRADAY_15MIN"
_NEXT_US = NOON_US + 15 * 60 * 1_000_000


@pytest.fixture
async def url(hub: Hub) -> AsyncIterator[str]:
    """The address of the running hub with all that works in its background."""
    await add_site(hub, "werk-sued")
    async with running_features(hub), serving(hub) as served:
        yield served


@asynccontextmanager
async def _page_of(hub: Hub, url: str, account: str = "stadtwerk") -> AsyncIterator[LivePage]:
    key = await add_key(hub, account, Role.VIEWER)
    async with live_page(url, Authorization=f"Bearer {key}") as page:
        await page.hear()
        yield page


async def _order(hub: Hub, account: str, side: str, price: float, kw: int = 40) -> str:
    """Place an order for the next quarter-hour; return its number."""
    if account == "stadtwerk":
        await charge(hub, "werk-sued")
    async with client_of(hub, await add_key(hub, account)) as client:
        answer = await client.post(
            "/api/orders",
            json={
                "market": _MARKET,
                "delivery_start": "2026-11-21T12:15:00Z",
                "side": side,
                "quantity_mwh": kw * 250 / 1e6,
                "limit_price_eur_mwh": price,
            },
        )
    assert answer.status_code == 200, answer.text
    number: str = answer.json()["order_id"]
    return number


async def test_the_first_message_is_a_snapshot_of_all_sections(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page:
        assert page.kinds == ["snapshot"]
        documented = {
            line.split()[0]
            for line in (live.__doc__ or "").partition("\n    sections ")[2].splitlines()[1:]
            if line.startswith("      ") and not line.startswith("       ")
        }
        assert page.state.keys() == documented
        assert page.state["me"] == {"account": "stadtwerk", "role": "viewer", "sites": 1}
        assert page.state["watch"] == {"market": _MARKET, "start_us": _NEXT_US}
        assert page.state["sites"]["werk-sued"]["points"] == {}


async def test_while_nothing_happens_a_beat_tells_the_hubs_time(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page, asyncio.timeout(IN_TIME_S):
        while (message := await page.hear())["kind"] != "beat":
            pass
        assert message == {"kind": "beat", "at_us": NOON_US}


async def test_an_own_order_appears_in_the_list_and_in_the_depth(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page:
        number = await _order(hub, "stadtwerk", "SELL", 85.5)
        await page.until(
            "depth",
            {"market": _MARKET, "start_us": _NEXT_US, "bids": [], "asks": [[8550, 40, 40, 0]]},
        )
        (order,) = page.state["orders"]
        assert (order["order_id"], order["site"], order["open_kw"]) == (number, "werk-sued", 40)
        assert page.state["contracts"][str(_NEXT_US)]["ask_ticks"] == 8550


async def test_a_trade_reaches_tape_position_cash_and_schedule(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page:
        await _order(hub, "stadtwerk", "SELL", 80.0)
        await _order(hub, "maker", "BUY", 90.0, kw=30)
        await page.until("positions", {"werk-sued": {str(_NEXT_US): 30}})
        assert page.state["account"] == {"cash_eur": 0.6, "sold_mwh": 0.0075, "bought_mwh": 0.0}
        (trade,) = page.state["trades"]
        assert (trade["side"], trade["price_ticks"], trade["quantity_kw"]) == ("SELL", 8000, 30)
        await page.until(
            "tape",
            {
                "market": _MARKET,
                "start_us": _NEXT_US,
                "complete": True,
                "trades": [[NOON_US, 8000, 30]],
            },
        )
        async with asyncio.timeout(IN_TIME_S):
            while [_NEXT_US, _NEXT_US + 900_000_000, 30.0] not in _slots(page):
                await page.hear()


def _slots(page: LivePage) -> list[list[float]]:
    slots: list[list[float]] = page.state["schedules"].get("werk-sued", {}).get("slots", [])
    return slots


async def test_new_telemetry_reaches_the_page_with_its_own_time(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page, enrolled_box(hub, "werk-sued", url) as box:
        await box.upload([telemetry(1, NOON_US - 700_000, soc_pct=61.5)], after=0)
        async with asyncio.timeout(IN_TIME_S):
            while not page.state["sites"]["werk-sued"]["points"]:
                await page.hear()
        points = page.state["sites"]["werk-sued"]["points"]
        assert points == {"battery.soc_pct": [61.5, 0, NOON_US - 700_000]}


async def test_while_a_page_is_open_live_values_lie_over_the_stored_ones(
    hub: Hub, url: str
) -> None:
    async with _page_of(hub, url) as page, enrolled_box(hub, "werk-sued", url) as box:
        await box.upload([telemetry(1, NOON_US - 4_000_000, soc_pct=61.5)], after=0)
        fresh = Reading("battery.soc_pct", 62.0, Quality.GOOD, NOON_US - 300_000)
        watched = await box.tell_live(("inverter", fresh))
        assert watched == ["ac.power_kw", "battery.soc_pct", "control.setpoint_kw"]
        async with asyncio.timeout(IN_TIME_S):
            while not page.state["sites"]["werk-sued"]["points"]:
                await page.hear()
            while page.state["sites"]["werk-sued"]["points"]["battery.soc_pct"][0] != 62.0:
                await page.hear()
        points = page.state["sites"]["werk-sued"]["points"]
        assert points == {"battery.soc_pct": [62.0, 0, NOON_US - 300_000]}


async def test_a_page_sees_nothing_of_other_accounts_but_the_market(hub: Hub, url: str) -> None:
    async with _page_of(hub, url, "other") as page:
        await _order(hub, "stadtwerk", "SELL", 85.5)
        await page.until(
            "depth",
            {"market": _MARKET, "start_us": _NEXT_US, "bids": [], "asks": [[8550, 40, 0, 0]]},
        )
        assert page.state["orders"] == []
        assert page.state["sites"] == {}
        assert page.state["schedules"] == {}
        assert page.state["positions"] == {}


async def test_the_page_says_which_market_and_contract_it_looks_at(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page:
        later_us = _NEXT_US + 900_000_000
        await page.say(kind="watch", market="EPEX_AT_INTRADAY_15MIN", start_us=later_us)
        await page.until("watch", {"market": "EPEX_AT_INTRADAY_15MIN", "start_us": later_us})
        assert page.state["depth"]["start_us"] == later_us


async def test_a_message_that_cannot_be_followed_is_refused_in_one_line(hub: Hub, url: str) -> None:
    async with _page_of(hub, url) as page, asyncio.timeout(IN_TIME_S):
        for text, named in (
            ("no json", "message"),
            ('{"kind":"order"}', "message.kind"),
            ('{"kind":"watch","start_us":"soon"}', "message.start_us"),
            ('{"kind":"watch","market":"' + "x" * 600 + '"}', "message"),
        ):
            await page.socket.send(text)
            while (message := await page.hear())["kind"] != "refused":
                pass
            assert message["code"] == "INVALID"
            assert message["message"].startswith(f"{named}: ")


async def test_a_socket_is_opened_with_a_key_or_with_a_session_from_our_own_page_only(
    hub: Hub, url: str
) -> None:
    with pytest.raises(InvalidStatus):
        async with live_page(url):
            pass
    key = await add_key(hub, "stadtwerk")
    async with httpx.AsyncClient(base_url=url) as browser:
        cookie = (await browser.post("/login", data={"key": key})).headers["set-cookie"]
    session = cookie.partition(";")[0]
    async with live_page(url, Cookie=session, Origin=url) as page:
        assert (await page.hear())["kind"] == "snapshot"
    with pytest.raises(InvalidStatus):
        async with live_page(url, Cookie=session, Origin="http://elsewhere.example"):
            pass


async def test_a_revoked_key_loses_its_open_page(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_KEY_S", 0.0)
    key = await add_key(hub, "stadtwerk", Role.VIEWER)
    async with live_page(url, Authorization=f"Bearer {key}") as page:
        await page.hear()
        async with client_of(hub, admin_key(hub)) as admin:
            await admin.delete(f"/api/v1/keys/{key.split('_')[1]}")
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(IN_TIME_S):
                while True:
                    await page.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_one_page_too_many_is_asked_to_come_again(
    hub: Hub, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FEEDS_MAX", 1)
    async with _page_of(hub, url):
        key = await add_key(hub, "stadtwerk", Role.VIEWER)
        async with live_page(url, Authorization=f"Bearer {key}") as second:
            with pytest.raises(ConnectionClosed) as closed:
                await second.hear()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
    async with _page_of(hub, url) as third:
        assert third.kinds == ["snapshot"]
