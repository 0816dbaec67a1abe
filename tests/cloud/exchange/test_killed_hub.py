"""The exchange in a real hub that is killed: what it answered is there when it is back."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.charging import charge
from tests.support.exchange import MARKET
from tests.support.system import System, running_system, wait_until
from wire.clock import SystemClock, quarter_hour_us, utc

KILLS = 3
ANSWERS_BEFORE_KILL = 40
AHEAD_US = 12 * 3_600_000_000
OWNERS = {"SELL": "stadtwerk", "BUY": "handel"}

Answers = dict[str, list[dict[str, Any]]]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running_system(tmp_path) as started:
        for account in ("stadtwerk", "handel"):
            started.post("/api/v1/accounts", id=account)
        started.add_site("werk-sued", "stadtwerk", power_kw=100_000, energy_kwh=200_000)
        charge(started, "werk-sued")
        yield started


def trade(client: httpx.Client, side: str, name: str, answered: list[dict[str, Any]]) -> None:
    """Place orders for half a day ahead until the hub is gone; keep what it answered."""
    start_us = quarter_hour_us(SystemClock().now_us()) + AHEAD_US
    order = {
        "market": MARKET,
        "delivery_start": utc(start_us).isoformat(),
        "side": side,
        "quantity_mwh": 0.0005,
        "limit_price_eur_mwh": 85.5,
    }
    with client:
        for number in range(100_000):
            try:
                answer = client.post(
                    "/api/orders", json=order | {"client_order_id": f"{name}-{number}"}
                )
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            answered.append(answer.json())


@pytest.mark.slow
def test_every_answered_order_and_trade_is_there_once_after_each_kill(system: System) -> None:
    keys = {side: system.trader_key(owner) for side, owner in OWNERS.items()}
    answered: Answers = {side: [] for side in OWNERS}
    for kill in range(KILLS):
        traders = [
            threading.Thread(
                target=trade, args=(system.client(keys[side]), side, f"kill-{kill}", answers)
            )
            for side, answers in answered.items()
        ]
        for trader in traders:
            trader.start()
        goal = count(answered) + ANSWERS_BEFORE_KILL
        wait_until(partial(has_more, answered, goal), 30, "answers")
        system.kill("hub")
        for trader in traders:
            trader.join()
        system.start_hub()

    sides = {}
    for side, answers in answered.items():
        with system.client(keys[side]) as client:
            orders = client.get("/api/orders", params={"limit": 500}).json()["orders"]
            trades = client.get("/api/trades", params={"limit": 500}).json()["trades"]
            (position,) = client.get("/api/v1/positions").json()["positions"]
        assert len({order["client_order_id"] for order in orders}) == len(orders) < 500
        assert {answer["order_id"] for answer in answers} <= {order["order_id"] for order in orders}
        filled_mwh = sum(order["filled_mwh"] for order in orders)
        assert sum(trade["quantity_mwh"] for trade in trades) == pytest.approx(filled_mwh)
        assert abs(position["net_mwh"]) == pytest.approx(filled_mwh)
        sides[side] = {trade["trade_id"] for trade in trades}
    assert sides["BUY"] == sides["SELL"]
    assert sides["BUY"]


def count(answered: Answers) -> int:
    return sum(map(len, answered.values()))


def has_more(answered: Answers, goal: int) -> bool:
    return count(answered) >= goal
