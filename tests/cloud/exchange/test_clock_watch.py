"""cloud.exchange.clock_watch: a clock that is set is told of, one that only runs is not."""

import asyncio

import pytest

from cloud.exchange import clock_watch
from tests.support.virtual import MovedClock

pytestmark = pytest.mark.virtual_time
HOUR_US = 3_600_000_000


async def test_each_setting_of_the_clock_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    clock = MovedClock()
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(clock_watch.watch(clock))
        await asyncio.sleep(7_200)
        assert not caplog.messages
        clock.start_us += HOUR_US
        await asyncio.sleep(3_600)
        clock.start_us -= 2 * HOUR_US
        await asyncio.sleep(3_600)
        watching.cancel()
    assert caplog.messages == [
        "the clock was set 3600 s ahead; gates it has passed are closed for good",
        "the clock was set 7200 s back; stamps wait for it",
    ]


async def test_a_clock_that_is_drawn_slowly_is_nobodys_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = MovedClock()
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(clock_watch.watch(clock))
        for _ in range(600):
            clock.start_us += 500
            await asyncio.sleep(1)
        clock.start_us -= clock_watch.SET_US_MIN - 1
        await asyncio.sleep(5)
        watching.cancel()
    assert not caplog.messages
