"""cloud.exchange.running: what is there when a start is over, and what a lost database stops."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from cloud.exchange import batteries, tenure
from cloud.exchange.auction import service as auctions
from cloud.exchange.read.projection import rebuild
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.main import running_features
from cloud.planning import service as planning
from cloud.portfolio import service as portfolio
from cloud.portfolio.model import Position
from tests.support.exchange import body, trading
from tests.support.patience import eventually

GIVEN_UP_S = 30


async def positions(hub: Hub) -> list[Position]:
    async with hub.database.reading() as connection:
        return list(await portfolio.positions(connection, from_us=0, to_us=2**60))


def often(asked: Counter[str], name: str) -> bool:
    return asked[name] > 1


async def test_positions_are_whole_before_anything_is_planned_with_them(hub: Hub) -> None:
    """After an upgrade, a restored database or a rebuild all of the journal is read first."""
    async with trading(hub) as desk:
        for client, side in ((desk.werk, "SELL"), (desk.handel, "BUY")):
            answer = await client.post("/api/orders", json=body(side))
            assert answer.status_code == 200, answer.text
        exchange = hub.service(Exchange)
        await exchange.caught_up()
        before = await positions(hub)
        assert len(before) == 2
        fence = exchange.journal.fence
    await rebuild(hub.database, fence)
    assert not await positions(hub)
    async with running_features(hub):
        assert await positions(hub) == before


async def test_nothing_of_the_exchange_ends_with_the_database(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asked it in vain asks again; what was traded before is planned with afterwards."""
    for module, name in (
        (auctions, "_NAP_S_MAX"),
        (auctions, "_RETRY_S"),
        (batteries, "PAUSE_S"),
        (batteries, "LOOK_S"),
        (planning, "LOOK_S"),
        (planning, "RETRY_S"),
        (tenure, "RENEWED_EACH_S"),
    ):
        monkeypatch.setattr(module, name, 0.01)
    asked: Counter[str] = Counter()

    @asynccontextmanager
    async def away() -> AsyncIterator[None]:
        task = asyncio.current_task()
        asked[task.get_name() if task else ""] += 1
        raise Unavailable("the database does not answer")
        yield

    async with trading(hub) as desk:
        with monkeypatch.context() as broken:
            broken.setattr(hub.database, "transaction", away)
            broken.setattr(hub.database, "reading", away)
            for name in ("auctions", "batteries", "planning after portfolio", "tenure"):
                await eventually(partial(often, asked, name), GIVEN_UP_S)
        answer = await desk.handel.post("/api/orders", json=body("BUY"))
        assert answer.status_code == 200, answer.text
