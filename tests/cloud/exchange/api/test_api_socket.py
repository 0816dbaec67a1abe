"""cloud.exchange.api.desk: everything that version 1 takes, over the socket of own orders."""

from collections.abc import Mapping
from typing import Any

import pytest

from cloud.exchange.api.desk import SocketDesk
from cloud.exchange.feeds.desk import ACTIONS
from cloud.exchange.service import Exchange
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import HubError
from cloud.kernel.keys import Role
from tests.support.exchange import MARKET, trading

START = "2026-11-21T12:15:00Z"
WHO = Principal("a-key", "werk", Role.TRADER, None)


def order(**more: object) -> dict[str, object]:
    return {
        "market": MARKET,
        "delivery_start": START,
        "side": "SELL",
        "power_kw": 30,
        "limit_price_eur_mwh": 90,
        **more,
    }


async def test_an_order_lives_its_whole_life_over_the_socket(hub: Hub) -> None:
    async with trading(hub):
        desk = SocketDesk(hub, hub.service(Exchange))

        async def told(action: str, **body: object) -> Mapping[str, Any]:
            return await desk.act(WHO, action, body)

        entered = await told("enter", **order(order_kind="I", display_kw=10))
        assert (entered["state"], entered["left_mwh"]) == ("ACTI", 0.0075)
        order_id, revision = int(entered["order_id"]), entered["revision"]
        moved = await told("modify", order_id=order_id, revision=revision, limit_price_eur_mwh=91)
        order_id, revision = int(moved["order_id"]), moved["revision"]
        slept = await told("hibernate", order_id=order_id, revision=revision)
        assert slept["state"] == "HIBE"
        woken = await told("activate", order_id=order_id, revision=slept["revision"])
        assert woken["state"] == "ACTI"
        gone = await told("delete", order_id=int(woken["order_id"]))
        assert gone["ending"] == "CANCELLED"
        both = await told("basket", orders=[order(), order(type="O", execution="AON")])
        assert (both["accepted"], both["refused"]) == (2, 0)
        every = await told("delete_all", market=MARKET)
        assert every["changed"] == 2


async def test_the_form_of_old_is_taken_too_and_answered_as_of_old(hub: Hub) -> None:
    async with trading(hub):
        desk = SocketDesk(hub, hub.service(Exchange))
        body = {
            "market": MARKET,
            "delivery_start": START,
            "side": "SELL",
            "quantity_mwh": 0.0075,
            "limit_price_eur_mwh": 90,
            "time_in_force": "GFD",
        }
        told = await desk.act(WHO, "enter", body)
        assert (told["status"], told["state"], told["filled_mwh"]) == ("ACCEPTED", "ACTI", 0.0)


UNFIT: list[tuple[str, dict[str, object], str]] = [
    ("enter", {}, "INVALID"),
    ("enter", order(order_kind="I"), "DISPLAY"),
    ("enter", order(order_kind="X"), "TYPE_UNKNOWN"),
    ("modify", {"order_id": 1}, "INVALID"),
    ("delete", {"order_id": 77}, "NOT_FOUND"),
    ("delete", {"order_id": "all"}, "INVALID"),
    ("delete_all", {"site": "werk-sued"}, "INVALID"),
]


async def test_what_does_not_fit_is_refused_with_its_code(hub: Hub) -> None:
    async with trading(hub):
        desk = SocketDesk(hub, hub.service(Exchange))
        for action, body, code in UNFIT:
            assert action in ACTIONS
            with pytest.raises(HubError) as refused:
                await desk.act(WHO, action, body)
            assert refused.value.code == code, (action, body)
