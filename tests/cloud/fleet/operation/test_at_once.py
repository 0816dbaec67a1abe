"""Many at once, and two hubs on one database: everything happens once."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from cloud.fleet.operation import watch
from cloud.kernel.context import Hub
from cloud.kernel.database import open_database
from cloud.kernel.sessions import Sessions
from tests.support.hub import NOON_US, Box, add_site, clock_of, enrolled_box
from tests.support.operation import (
    MINUTE_US,
    RAISED,
    ask,
    asked,
    state_of,
    tell_report,
    tell_result,
    told,
)
from wire.command import State

TIMES = 8


async def at_once(what: Callable[[], Awaitable[object]], times: int = TIMES) -> None:
    async def once() -> None:
        await what()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(times):
            tasks.create_task(once())


async def test_two_hubs_that_notice_the_same_say_it_once(
    hub: Hub, database_url: str, operator: httpx.AsyncClient, box: Box
) -> None:
    command = await asked(operator)
    await tell_report(box)
    clock_of(hub).at_us += 15 * MINUTE_US
    database = await open_database(database_url)
    other = Hub(hub.settings, hub.clock, database, Sessions("another hub"))
    async with asyncio.TaskGroup() as tasks:
        for each in (hub, other) * 3:
            tasks.create_task(watch.look(each, NOON_US))
    await database.close()
    found = (await operator.get("/api/v1/alarms")).json()["alarms"]
    assert [each["code"] for each in found] == ["GATEWAY_SILENT"]
    assert await state_of(operator, command) == ("expired", "hub")
    events = (await operator.get("/api/v1/sites/werk-sued/events")).json()["events"]
    codes = [event["code"] for event in events]
    assert (codes.count("GATEWAY_SILENT"), codes.count("COMMAND_EXPIRED")) == (1, 1)


async def test_of_many_acknowledgements_one_is_noted_and_told(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, box: Box
) -> None:
    await box.upload([told(0, RAISED)])
    path = f"/api/v1/alarms/{box.gateway}/{RAISED.id}/acknowledge"
    await at_once(lambda: operator.post(path, json={"note": "me"}))
    assert len((await box.downlink()).commands) == 1
    log = (await admin.get("/api/v1/audit")).json()["audit"]
    assert [each["action"] for each in log].count("alarm.acknowledge") == 1


async def test_a_result_that_comes_many_times_is_one_event(
    operator: httpx.AsyncClient, box: Box
) -> None:
    command = await asked(operator)
    await at_once(lambda: tell_result(box, command, State.DONE, text="once"))
    events = (await operator.get("/api/v1/sites/werk-sued/events")).json()["events"]
    assert [event["code"] for event in events].count("COMMAND_DONE") == 1


async def test_requests_for_the_same_sites_in_any_order_never_wait_for_each_other(
    hub: Hub, admin: httpx.AsyncClient, box: Box
) -> None:
    assert box
    sites = ["werk-sued", "a-site", "b-site"]
    await add_site(hub, "a-site")
    await add_site(hub, "b-site")
    async with enrolled_box(hub, "a-site"), enrolled_box(hub, "b-site"):
        turns = iter([sites, sites[::-1]] * TIMES)
        async with asyncio.timeout(60):
            await at_once(lambda: ask(admin, sites=list(next(turns))), 2 * TIMES)
    found = (await admin.get("/api/v1/commands", params={"limit": "1000"})).json()["commands"]
    assert len(found) == 2 * TIMES * len(sites)
