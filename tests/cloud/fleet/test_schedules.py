"""Schedules of the fleet: published in the caller's transaction, taken by the long poll at once."""

import asyncio

import pytest

from cloud.fleet import service
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import NotFound, Refused
from tests.support.hub import NOON_US, Box, add_site, admin_key, client_of, enrolled_box, serving
from tests.support.patience import eventually
from wire.clock import QUARTER_HOUR_US
from wire.schedule import FrequencyService, Schedule, Slot


def schedule(version: int, power_kw: float = 30.0, site: str = "werk-sued") -> Schedule:
    end_us = NOON_US + QUARTER_HOUR_US
    curve = ((-0.2, 1.0), (-0.01, 0.0), (0.01, 0.0), (0.2, -1.0))
    return Schedule(
        site=site,
        version=version,
        issued_us=NOON_US,
        slots=(Slot(NOON_US, end_us, power_kw),),
        services=(FrequencyService("fcr_ce", NOON_US, end_us, 20.0, curve),),
    )


async def publish(hub: Hub, new: Schedule) -> None:
    async with hub.database.transaction() as connection:
        await service.publish_schedule(connection, new)
    hub.bus.wake(service.schedule_topic(new.site))


async def test_the_newest_version_is_what_a_site_has_to_do(box: Box, hub: Hub) -> None:
    await publish(hub, schedule(1))
    await publish(hub, schedule(2, -15.5))
    async with hub.database.reading() as connection:
        assert await service.newest_schedule(connection, "werk-sued") == schedule(2, -15.5)
        told = await events.newest(connection, site="werk-sued")
    assert [event.code for event in told] == ["SCHEDULE_PUBLISHED"] * 2
    assert (await box.downlink()).schedule == schedule(2, -15.5)


async def test_a_version_that_is_not_higher_is_refused(box: Box, hub: Hub) -> None:
    await publish(hub, schedule(5))
    for version in (4, 5):
        with pytest.raises(Refused, match="more than 5"):
            await publish(hub, schedule(version))


async def test_a_schedule_for_nobody_is_refused(hub: Hub) -> None:
    with pytest.raises(NotFound):
        await publish(hub, schedule(1, site="nowhere"))


async def test_what_is_rolled_back_is_not_published(box: Box, hub: Hub) -> None:
    with pytest.raises(RuntimeError):
        async with hub.database.transaction() as connection:
            await service.publish_schedule(connection, schedule(1))
            raise RuntimeError("something else fails")
    assert (await box.downlink()).schedule is None


async def test_without_news_the_answer_is_empty_and_says_the_time(box: Box, hub: Hub) -> None:
    await publish(hub, schedule(1))
    answer = await box.downlink(have=1)
    assert (answer.schedule, answer.server_us) == (None, NOON_US)


async def test_a_box_with_a_version_of_a_lost_database_is_told_the_newest(
    box: Box, hub: Hub
) -> None:
    await publish(hub, schedule(1))
    assert (await box.downlink(have=57)).schedule == schedule(1)


async def test_a_waiting_box_gets_the_schedule_when_it_is_published(box: Box, hub: Hub) -> None:
    async with serving(hub) as url, enrolled_box(hub, "werk-sued", url) as there:
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(there.downlink(have=0, wait_s=30))
            await eventually(lambda: hub.bus.waiting(service.schedule_topic("werk-sued")))
            await publish(hub, schedule(1))
        assert waiting.result().schedule == schedule(1)


async def test_a_stopping_hub_lets_waiting_boxes_go(hub: Hub) -> None:
    await add_site(hub, "werk-sued")
    async with serving(hub) as url, enrolled_box(hub, "werk-sued", url) as there:
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
            waiting = tasks.create_task(there.downlink(wait_s=50))
            await eventually(lambda: hub.bus.waiting(service.schedule_topic("werk-sued")))
            hub.bus.close()
        assert waiting.result().schedule is None


async def test_a_site_sees_only_its_own_schedule(box: Box, hub: Hub) -> None:
    await add_site(hub, "hafen")
    await publish(hub, schedule(1, site="hafen"))
    assert (await box.downlink()).schedule is None


async def test_people_read_the_schedule_with_times_and_units(box: Box, hub: Hub) -> None:
    async with client_of(hub, admin_key(hub)) as client:
        path = "/api/v1/sites/werk-sued/schedule"
        assert (await client.get(path)).status_code == 404
        await publish(hub, schedule(1))
        answer = (await client.get(path)).json()
    assert answer["issued_at"] == "2026-11-21T12:00:00Z"
    assert answer["slots"] == [
        {"start": "2026-11-21T12:00:00Z", "end": "2026-11-21T12:15:00Z", "power_kw": 30.0}
    ]
    assert answer["services"][0]["capacity_kw"] == 20.0
