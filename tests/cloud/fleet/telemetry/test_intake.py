"""Uploads share a transaction (`telemetry.intake`): acknowledged after it, failing alone."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as events
from sqlalchemy import func, select

from cloud.fleet import service
from cloud.fleet.model import Gateway
from cloud.fleet.telemetry import bulk, tables
from cloud.fleet.telemetry.ingest import ingest
from cloud.kernel.context import Hub
from cloud.kernel.errors import Forbidden, Unavailable
from tests.support.hub import NOON_US, add_site, event, opened_hub, telemetry
from wire.sync import Frame, Upload

COUNT = 5


@pytest.fixture
async def gateways(hub: Hub) -> list[Gateway]:
    """Gateways of as many sites, each of which sent something already."""
    return await enrolled(hub)


async def enrolled(hub: Hub) -> list[Gateway]:
    found = []
    for number in range(COUNT):
        await add_site(hub, f"site-{number}")
        async with hub.database.transaction() as connection:
            found.append(await service.add_gateway(connection, f"site-{number}", None, NOON_US))
        await send(hub, found[-1], 0)
    return found


async def send(hub: Hub, gateway: Gateway, *numbers: int, extra: Frame | None = None) -> int:
    """Return the acknowledged number."""
    frames = [telemetry(n, NOON_US + n, soc_pct=float(n)) for n in numbers]
    if extra is not None:
        frames.append(extra)
    result = await ingest(hub, gateway, Upload(gateway.id, "epoch-1", tuple(frames)))
    return result.ack.seq


async def stored(hub: Hub, gateway: Gateway) -> list[int]:
    c = tables.chunk.c
    async with hub.database.reading() as connection:
        return list(
            await connection.scalars(select(c.seq).where(c.gateway == gateway.id).order_by(c.seq))
        )


@contextmanager
def listening(hub: Hub, what: str, told: Callable[..., Any]) -> Iterator[None]:
    engine = hub.database._writing.sync_engine
    events.listen(engine, what, told)
    try:
        yield
    finally:
        events.remove(engine, what, told)


@contextmanager
def commits(hub: Hub, tasks: list[asyncio.Task[int]]) -> Iterator[list[int]]:
    """Yield, for each commit, how many of the tasks had their answer just before."""
    seen: list[int] = []
    with listening(hub, "commit", lambda _: seen.append(sum(task.done() for task in tasks))):
        yield seen


async def all_at_once(
    hub: Hub, gateways: list[Gateway], tasks: list[asyncio.Task[int]]
) -> list[int | BaseException]:
    """Send number 1 of each gateway; the first one's transaction runs when the others come."""
    tasks += [asyncio.Task(send(hub, gateway, 1)) for gateway in gateways]
    await asyncio.wait(tasks)
    return [task.exception() or task.result() for task in tasks]


async def test_uploads_that_wait_share_the_next_transaction_and_are_answered_after_it(
    hub: Hub, gateways: list[Gateway]
) -> None:
    tasks: list[asyncio.Task[int]] = []
    with commits(hub, tasks) as answered_before:
        assert await all_at_once(hub, gateways, tasks) == [1] * COUNT
    assert answered_before == [0, 1], "one alone, then all others, none of them told before"
    for gateway in gateways:
        assert await stored(hub, gateway) == [0, 1]


async def test_an_upload_that_cannot_be_stored_fails_alone(
    hub: Hub, gateways: list[Gateway]
) -> None:
    bad = gateways[2]
    async with hub.database.transaction() as connection:
        # A chunk of which the line knows nothing: the database refuses the one that comes.
        names = [column.name for column in tables.chunk.columns]
        row = (await connection.execute(select(tables.chunk).limit(1))).one()._asdict()
        row |= {"gateway": bad.id, "seq": 1, "t0_us": NOON_US + 1}
        await bulk.insert(connection, tables.chunk, names, [tuple(row[name] for name in names)])
    answers = await all_at_once(hub, gateways, [])
    assert isinstance(answers.pop(2), Exception)
    assert answers == [1] * (COUNT - 1)
    assert await send(hub, bad) == 0, "nothing of the transaction that failed stayed"
    for gateway in gateways:
        assert await stored(hub, gateway) == [0, 1]


async def test_a_gateway_that_nobody_knows_is_refused_alone(
    hub: Hub, gateways: list[Gateway]
) -> None:
    ghost = Gateway(id="gw-ghost", site="site-0", created_us=0, revoked_us=None)
    *answers, refused = await all_at_once(hub, [*gateways, ghost], [])
    assert answers == [1] * COUNT
    assert isinstance(refused, Forbidden)


async def test_one_who_goes_away_takes_nobody_along(hub: Hub, gateways: list[Gateway]) -> None:
    leader, waiting, *others = gateways
    tasks = [asyncio.Task(send(hub, gateway, 1)) for gateway in gateways]
    began = asyncio.Event()
    with listening(hub, "begin", lambda _: began.set()):
        await began.wait()
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [True, True, False, False, False]
    for gateway in others:
        assert await stored(hub, gateway) == [0, 1]
    assert await stored(hub, waiting) == [0], "it had not begun"
    for gateway in (leader, waiting):
        assert await send(hub, gateway, 1) == 1
        assert await stored(hub, gateway) == [0, 1]


async def test_events_and_uploads_of_one_gateway_find_their_way(
    hub: Hub, gateways: list[Gateway]
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for gateway in gateways:
            for first in (1, 3, 5):
                tasks.create_task(send(hub, gateway, first, extra=event(first + 1)))
    for gateway in gateways:
        assert await send(hub, gateway) == 6
        assert await stored(hub, gateway) == [0, 1, 2, 3, 4, 5, 6]


async def test_a_full_disk_is_told_to_all_and_costs_nobody_anything(tmp_path: Path) -> None:
    def full(connection: Any, *_: object) -> None:
        # As many pages as there are; a new one is "database or disk is full".
        connection.cursor().execute("PRAGMA max_page_count=1")

    def free(connection: Any, *_: object) -> None:
        connection.cursor().execute("PRAGMA max_page_count=1000000")

    async with opened_hub(tmp_path) as hub:
        gateways = await enrolled(hub)
        numbers = range(1, 1_000)
        tasks = [asyncio.Task(send(hub, gateway, *numbers)) for gateway in gateways]
        with listening(hub, "checkout", full):
            await asyncio.wait(tasks)
        assert [type(task.exception()) for task in tasks] == [Unavailable] * COUNT
        with listening(hub, "checkout", free):
            for gateway in gateways:
                assert await stored(hub, gateway) == [0]
                assert await send(hub, gateway, *numbers) == numbers[-1]


async def test_a_transaction_that_begins_past_the_toolkit_is_rolled_back_whole(
    hub: Hub, gateways: list[Gateway]
) -> None:
    async def unrolled() -> int:
        async with hub.database.reading() as connection:
            query = select(func.count()).select_from(tables.unrolled)
            return await connection.scalar(query) or 0

    with pytest.raises(ZeroDivisionError):
        async with hub.database.transaction() as connection:
            keys = [(gateway.id, "epoch-1", 0) for gateway in gateways]
            assert await bulk.delete(connection, tables.unrolled, keys) == COUNT
            raise ZeroDivisionError
    assert await unrolled() == COUNT
