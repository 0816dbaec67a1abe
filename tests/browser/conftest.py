"""One running world for all browser tests: a hub, a market, a site with its inverter and agent."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from tests.support import browser as browsers
from tests.support.system import Box, System, running_system, wait_until
from wire.clock import QUARTER_HOUR_US, SystemClock, quarter_hour_us

LEAD_S = 25.0
"""From the start of the hub to the next quarter-hour, in which the battery has to deliver."""
_MARKET = "PHO_AT_INTRADAY_15MIN"
_SOLD_KW = 60


@dataclass(frozen=True, slots=True)
class World:
    """What runs, and how to log in."""

    system: System
    box: Box
    trader_key: str
    viewer_key: str


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = browsers.program()
    if path is None:
        pytest.skip("Chromium is not installed")
    with browsers.running_browser(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A site that has sold power for the quarter-hour that begins soon, in a market that trades."""
    now_us = SystemClock().now_us()
    shift_s = (quarter_hour_us(now_us) + QUARTER_HOUR_US - now_us) / 1e6 - LEAD_S
    folder = tmp_path_factory.mktemp("world")
    with running_system(folder, shift_s) as system:
        for account in ("stadtwerk", "maker", "crowd"):
            system.post("/api/v1/accounts", id=account, name=account.title())
        system.add_site("werk-sued", "stadtwerk")
        box = system.add_box("werk-sued")
        system.start_device("inverter", box.device_port)
        system.start_agent(box)
        viewer = system.post("/api/v1/keys", account="stadtwerk", role="viewer")["key"]
        found = World(system, box, system.trader_key("stadtwerk"), viewer)
        sell_next_quarter(found)
        keys = {role: system.trader_key(role) for role in ("maker", "crowd")}
        (folder / "keys.json").write_text(json.dumps(keys))
        market = ("market", "--hub", system.hub_url, "--keys", str(folder / "keys.json"))
        system.start("market", "simulators.main", *market)
        wait_until(
            lambda: (system.newest("werk-sued").get("ac.power_kw") or 0) > _SOLD_KW - 5,
            LEAD_S + 30,
            "the battery delivers what was sold",
        )
        yield found


def sell_next_quarter(world: World) -> None:
    """Sell for the next quarter-hour, before anybody else trades it."""
    crowd = world.system.trader_key("crowd")
    for key, side in ((world.trader_key, "SELL"), (crowd, "BUY")):
        place_order(world, key, side, kw=_SOLD_KW, price=78.5)


def place_order(
    world: World, key: str, side: str, *, kw: int, price: float, quarters_ahead: int = 1
) -> str:
    """Place an order over the API; return its number."""
    now_us = SystemClock(round(world.system.shift_s * 1e6)).now_us()
    start_us = quarter_hour_us(now_us) + quarters_ahead * QUARTER_HOUR_US
    with world.system.client(key) as client:
        answer = client.post(
            "/api/orders",
            json={
                "market": _MARKET,
                "delivery_start": start_us // 1_000_000,
                "side": side,
                "quantity_mwh": kw * 250 / 1e6,
                "limit_price_eur_mwh": price,
            },
        )
    assert answer.is_success, answer.text
    number: str = answer.json()["order_id"]
    return number


def withdraw_order(world: World, key: str, number: str) -> None:
    with world.system.client(key) as client:
        assert client.delete(f"/api/v1/orders/{number}").is_success
