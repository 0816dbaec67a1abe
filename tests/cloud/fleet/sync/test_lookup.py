"""Requests that come together share one question for their keys (`sync.lookup`)."""

import asyncio

from sqlalchemy import event as events

from cloud.fleet import keys, service, store
from cloud.fleet.sync.lookup import Lookups
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US, add_site

COUNT = 6


async def key_of(hub: Hub, site: str) -> str:
    await add_site(hub, site)
    async with hub.database.transaction() as connection:
        gateway = await service.add_gateway(connection, site, None, NOON_US)
        return (await keys.add(connection, gateway.id, NOON_US)).id


async def test_those_who_come_while_a_question_runs_share_the_next(hub: Hub) -> None:
    known = [await key_of(hub, f"site-{number}") for number in range(COUNT)]
    lookups, questions = Lookups(hub.database), 0

    def asked(_: object) -> None:
        nonlocal questions
        questions += 1

    engine = hub.database._engine.sync_engine
    events.listen(engine, "begin", asked)
    async with asyncio.TaskGroup() as tasks:
        asking = [lookups.find(key_id) for key_id in (*known, "gwk-nobody", known[0])]
        found = [tasks.create_task(one) for one in asking]
    events.remove(engine, "begin", asked)
    answers = [task.result() for task in found]
    assert [None if one is None else one[1].id for one in answers] == [*known, None, known[0]]
    assert [one[0].site for one in answers if one][:COUNT] == [f"site-{n}" for n in range(COUNT)]
    assert questions == 2, "the first alone, then all others"


async def test_what_was_revoked_before_the_request_came_is_never_believed(hub: Hub) -> None:
    """Also while a question runs that began before."""
    key_id = await key_of(hub, "site-0")
    lookups = Lookups(hub.database)
    earlier = asyncio.Task(lookups.find(key_id))
    await asyncio.sleep(0)
    async with hub.database.transaction() as connection:
        row = await keys.find(connection, key_id)
        assert row is not None
        await store.revoke_gateway(connection, row[0].id, NOON_US)
    later = await lookups.find(key_id)
    assert later is not None
    assert later[0].revoked_us == NOON_US
    await earlier


async def test_one_who_goes_away_takes_nobody_along(hub: Hub) -> None:
    key_id = await key_of(hub, "site-0")
    lookups, began = Lookups(hub.database), asyncio.Event()
    engine = hub.database._engine.sync_engine
    tasks = [asyncio.Task(lookups.find(key_id)) for _ in range(3)]

    def begun(_: object) -> None:
        began.set()

    events.listen(engine, "begin", begun)
    await began.wait()
    events.remove(engine, "begin", begun)
    tasks[0].cancel()
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [True, True, False]
    assert tasks[2].result() is not None
