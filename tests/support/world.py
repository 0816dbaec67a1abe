"""The world of the browser tests: what runs in it, and trading in it without a page."""

from dataclasses import dataclass

from tests.support.charging import wait_until_charged
from tests.support.system import Box, System
from wire.clock import QUARTER_HOUR_US, SystemClock, quarter_hour_us, utc

SOLD_KW = 60
"""What the site has sold for the quarter-hour that is delivered during the tests."""
PASSERS_BY = ("seller", "buyer")
"""Accounts that have no orders of their own which they could meet."""
_MARKET = "PHO_AT_INTRADAY_15MIN"
_PRICE = 78.5


@dataclass(frozen=True, slots=True)
class World:
    """What runs, and how to log in."""

    system: System
    box: Box
    trader_key: str
    viewer_key: str


def sell_next_quarter(world: World) -> None:
    """Sell for the next quarter-hour, before anybody else trades it."""
    wait_until_charged(world.system, "werk-sued")
    crowd = world.system.trader_key("crowd")
    for key, side in ((world.trader_key, "SELL"), (crowd, "BUY")):
        place_order(world, key, side, kw=SOLD_KW, price=_PRICE)


def trade_nearest(world: World) -> None:
    """Make a trade in the nearest delivery period, and in the one that may follow it any moment.

    Whatever the market quotes there, one of the two orders meets it or the other one.
    """
    keys = [world.system.trader_key(account) for account in PASSERS_BY]
    for quarters in (1, 2):
        for key, side in zip(keys, ("SELL", "BUY"), strict=True):
            place_order(world, key, side, kw=1, price=_PRICE, quarters_ahead=quarters)


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
                "delivery_start": utc(start_us).isoformat(),
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
