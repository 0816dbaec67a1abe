"""cloud.kernel.bus: nobody who read first and waits then misses a wake-up."""

import asyncio

import pytest

from cloud.kernel.bus import Bus

pytestmark = pytest.mark.virtual_time


async def test_a_wake_up_ends_all_waiting() -> None:
    bus = Bus()
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(bus.wait("trades", 0, 60)) for _ in range(3)]
        await asyncio.sleep(5)
        assert bus.waiting("trades") == 3
        bus.wake("trades")
    assert [task.result() for task in waiting] == [1, 1, 1]
    assert asyncio.get_running_loop().time() == 5
    assert bus.waiting("trades") == 0


async def test_a_wake_up_before_the_waiting_is_not_missed() -> None:
    bus = Bus()
    seen = bus.version("trades")
    bus.wake("trades")
    assert await bus.wait("trades", seen, 60) == seen + 1
    assert asyncio.get_running_loop().time() == 0


async def test_without_news_the_waiting_ends_in_time() -> None:
    bus = Bus()
    assert await bus.wait("trades", 0, 60) == 0
    assert asyncio.get_running_loop().time() == 60


async def test_other_topics_wake_nobody() -> None:
    bus = Bus()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(bus.wait("trades", 0, 60))
        await asyncio.sleep(1)
        bus.wake("sites")
    assert waiting.result() == 0
    assert asyncio.get_running_loop().time() == 60


async def test_a_closed_bus_keeps_nobody() -> None:
    bus = Bus()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bus.wait("trades", 0, 60))
        await asyncio.sleep(1)
        bus.close()
    await bus.wait("trades", bus.version("trades"), 60)
    await bus.wait("never heard of", 0, 60)
    assert bus.closed
    assert asyncio.get_running_loop().time() == 1


async def test_a_waiter_that_is_cancelled_is_not_counted_any_more() -> None:
    bus = Bus()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(bus.wait("trades", 0, 60))
        await asyncio.sleep(1)
        waiting.cancel()
    assert bus.waiting("trades") == 0


async def test_whoever_waits_for_any_of_several_hears_the_first() -> None:
    bus = Bus()
    seen = {"commands": 0, "schedules": 0}
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bus.wait_any(seen, 60))
        await asyncio.sleep(3)
        assert (bus.waiting("commands"), bus.waiting("schedules")) == (1, 1)
        bus.wake("schedules")
    assert asyncio.get_running_loop().time() == 3
    assert (bus.waiting("commands"), bus.waiting("schedules")) == (0, 0)
    await bus.wait_any(seen, 60)
    assert asyncio.get_running_loop().time() == 3, "one of them was woken before"
    await bus.wait_any({"commands": 0, "schedules": 1}, 60)
    assert asyncio.get_running_loop().time() == 63
