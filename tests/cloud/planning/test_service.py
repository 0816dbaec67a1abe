"""cloud.planning.service: a trade is a schedule of the next version within about a second."""

import asyncio
from typing import Any

from cloud.fleet import service as fleet
from cloud.kernel.context import Hub
from cloud.planning.service import Planner
from tests.support.exchange import NOON_US, body, trading
from tests.support.hub import add_site, clock_of, enrolled_box
from wire.clock import QUARTER_HOUR_US
from wire.schedule import Schedule

PATIENCE_S = 5.0


async def published(hub: Hub, site: str = "werk-sued") -> Schedule | None:
    async with hub.database.reading() as connection:
        return await fleet.newest_schedule(connection, site)


async def newer_than(hub: Hub, version: int) -> Schedule:
    """Return the first schedule above `version`; the bus says when to look."""
    topic = fleet.schedule_topic("werk-sued")
    async with asyncio.timeout(PATIENCE_S):
        while True:
            seen = hub.bus.version(topic)
            found = await published(hub)
            if found is not None and found.version > version:
                return found
            await hub.bus.wait(topic, seen, PATIENCE_S)


async def test_a_trade_reaches_the_box_as_power_of_the_right_sign(hub: Hub) -> None:
    async with trading(hub, fcr_kw=20) as desk:
        first = await newer_than(hub, 0)
        assert {slot.power_kw for slot in first.slots} == {0.0}
        await desk.werk.post("/api/orders", json=body("SELL"))
        await desk.handel.post("/api/orders", json=body("BUY"))
        second = await newer_than(hub, first.version)
        assert second.version == first.version + 1
        slot = second.slot_at(NOON_US + QUARTER_HOUR_US)
        assert slot is not None
        assert slot.power_kw == 30.0
        assert sum(abs(slot.power_kw) for slot in second.slots) == 30.0
        async with enrolled_box(hub, "werk-sued") as box:
            assert (await box.downlink()).schedule == second
        assert [service.capacity_kw for service in second.services] == [20.0]


async def test_a_new_site_gets_its_first_schedule_at_once(hub: Hub) -> None:
    async with trading(hub):
        await add_site(hub, "hafen", "hafen-gmbh")
        seen = 0
        async with asyncio.timeout(PATIENCE_S):
            while await published(hub, "hafen") is None:
                seen = await hub.bus.wait(fleet.schedule_topic("hafen"), seen, PATIENCE_S)


async def test_what_was_published_before_a_restart_is_not_published_again(hub: Hub) -> None:
    await add_site(hub, "werk-sued")
    await Planner(hub).look()
    await Planner(hub).look()
    first = await published(hub)
    assert first is not None
    assert first.version == 1


async def test_the_horizon_moves_on_with_the_clock(hub: Hub) -> None:
    await add_site(hub, "werk-sued")
    planner = Planner(hub)
    versions: list[Any] = []
    for _ in range(24):
        await planner.look()
        schedule = await published(hub)
        assert schedule is not None
        assert schedule.ends_us >= hub.clock.now_us() + 23 * 3_600_000_000
        versions.append(schedule.version)
        clock_of(hub).at_us += QUARTER_HOUR_US // 2
    assert versions[-1] == 3, "about hourly, not each time it looks"
