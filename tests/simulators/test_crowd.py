"""`simulators.crowd`, `makers`, `replay`: turn by turn on a real hub, without their pauses."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.order_stream import SEED, draw
from simulators.crowd import BLOCK, RESTING_MAX, Crowd, block_of
from simulators.desk import AHEAD, Desk, Period
from simulators.hub_client import HubClient
from simulators.makers import Maker
from simulators.order_lines import HttpLine
from simulators.prices import LEVELS, MARKET, Quote, Side
from tests.support.simulators import simulator
from tests.support.system import System, running_system
from wire.clock import QUARTER_HOUR_US, SystemClock, micros

PT15M_OF_100_KW = "EPEX_AT_INTRADAY_15MIN"
TURNS = 250
STREAM = 100
FILLS, VOLUME_STEPS = 8, 212
"""Of the first `STREAM` messages of the benchmark stream."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A hub with some accounts and nobody else who trades."""
    with running_system(tmp_path_factory.mktemp("crowd")) as system:
        for account in ("many", "handel", "buys", "sells", "quotes", "takes"):
            system.post("/api/v1/accounts", id=account, name=account.title())
        yield system


@asynccontextmanager
async def desk_of(system: System, account: str, number: int = 0) -> AsyncIterator[Desk]:
    key = system.trader_key(account)
    async with HubClient(system.hub_url, key) as client:
        yield Desk(client, HttpLine(client), (MARKET,), 7, SystemClock(), number)


async def orders_of(desk: Desk, **query: str | int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: dict[str, int] = {}
    while rows := (await desk.client.get("/api/v1/orders", limit=500, **before, **query))["orders"]:
        found += rows
        before = {"before": int(rows[-1]["order_id"])}
    return found


@pytest.mark.parametrize(("month", "hour"), [(11, 23), (7, 22)], ids=["winter", "summer"])
def test_a_block_of_the_crowd_ends_with_its_delivery_day(month: int, hour: int) -> None:
    midnight_us = micros(datetime(2026, month, 21, hour, tzinfo=UTC))
    starts = [midnight_us + number * QUARTER_HOUR_US for number in range(-BLOCK - 1, BLOCK)]
    periods = [Period(at, MARKET, at + QUARTER_HOUR_US, at, 1) for at in starts]
    found = [block_of(period, periods) for period in periods]
    assert [None if one is None else one.end_us for one in found] == [
        midnight_us - QUARTER_HOUR_US,
        midnight_us,
        *[None] * (BLOCK - 1),
        midnight_us + BLOCK * QUARTER_HOUR_US,
        *[None] * (BLOCK - 1),
    ]


@pytest.mark.slow
async def test_the_crowd_uses_orders_of_every_kind_and_leaves_few_in_the_book(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_of(system, "handel", 1) as quoting, desk_of(system, "many") as desk:
        maker, crowd = Maker(quoting), Crowd(desk)
        for _ in range(AHEAD):
            await maker.turn()
        for _ in range(TURNS):
            await crowd.turn()
        orders = await orders_of(desk)
        assert {order["type"] for order in orders} == {"O", "I", "B"}
        assert {order["execution"] for order in orders} == {"NON", "IOC", "FOK", "AON"}
        alive = [order for order in orders if order["state"] != "IACT"]
        assert len(alive) <= RESTING_MAX + 1
        assert any(order["filled_mwh"] for order in orders)
        assert [record.getMessage() for record in caplog.records if record.levelno > 20] == []


@pytest.mark.slow
async def test_a_maker_moves_his_quotes_and_never_meets_himself(system: System) -> None:
    async with desk_of(system, "handel", 1) as desk:
        maker = Maker(desk)
        for _ in range(4 * AHEAD):
            await maker.turn()
        orders = await orders_of(desk)
        alive = [order for order in orders if order["state"] == "ACTI"]
        assert len(alive) == 2 * LEVELS * len(await desk.periods())
        assert sum(order["type"] == "I" for order in alive) == len(alive) // LEVELS
        assert any(order["status"] == "REPLACED" for order in orders)
        assert not any(order["status"] == "SELF_TRADE" for order in orders)


@pytest.mark.slow
async def test_a_maker_asks_but_once_for_an_order_that_somebody_took(system: System) -> None:
    async with desk_of(system, "quotes") as desk, desk_of(system, "takes") as taker:
        maker = Maker(desk)
        for period in await desk.periods():
            await maker.turn()
            for side, price in ((Side.BUY, 2_000.0), (Side.SELL, -500.0)):
                await taker.place(period, Quote(side, price, 10_000), execution="IOC")
        taken = [order for order in await orders_of(desk) if order["status"] == "FILLED"]
        assert taken
        desk.clock = SystemClock(120_000_000)
        for _ in await desk.periods():
            await maker.turn()
        with system.admin() as admin:
            (activity,) = (
                row
                for row in admin.get("/api/v1/exchange/activity").json()["activities"]
                if row["account"] == "quotes"
            )
        assert 0 < activity["refused"] <= len(taken)


@pytest.mark.slow
@pytest.mark.parametrize("over", ["socket", "http"])
async def test_the_stream_makes_its_own_trades_when_it_is_traded_again(
    system: System, tmp_path: Path, over: str
) -> None:
    keys = {"buyer": system.trader_key("buys"), "seller": system.trader_key("sells")}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    rows = (",".join(map(str, message)) + "\n" for message in draw(STREAM, SEED))
    (tmp_path / "stream.csv").write_text("".join(rows))
    with system.client(keys["buyer"]) as client:
        before = client.get("/api/trades", params={"limit": 500}).json()["trades"]
        for account in keys.values():
            with system.client(account) as each:
                each.delete("/api/v1/orders")
        async with simulator(
            *("replay", "--hub", system.hub_url, "--keys", str(tmp_path / "keys.json")),
            *("--orders", str(tmp_path / "stream.csv"), "--market", PT15M_OF_100_KW),
            *("--over", over),
        ) as process:
            said, errors = await process.communicate()
        trades = client.get("/api/trades", params={"limit": 500}).json()["trades"]
    assert process.returncode == 0, errors.decode()
    assert "none refused" in said.decode()
    made = trades[: len(trades) - len(before)]
    assert len(made) == FILLS
    assert sum(trade["power_kw"] for trade in made) == VOLUME_STEPS * 100
