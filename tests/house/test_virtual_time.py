"""tests/support/virtual.py and the hook in tests/conftest.py: time jumps, and only where asked."""

import asyncio

import pytest

from tests.support.virtual import EPOCH_US, NothingLeftToWaitFor, VirtualClock, VirtualTimeLoop


@pytest.mark.virtual_time
async def test_an_hour_passes_at_once_and_to_the_second() -> None:
    loop = asyncio.get_running_loop()
    assert loop.time() == 0.0
    await asyncio.sleep(3_600)
    assert loop.time() == 3_600.0


@pytest.mark.virtual_time
async def test_timers_fire_in_the_order_of_their_time() -> None:
    seen: list[float] = []

    async def wait(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        seen.append(delay_s)

    async with asyncio.TaskGroup() as tasks:
        for delay_s in (3.0, 0.1, 86_400.5, 0.2):
            tasks.create_task(wait(delay_s))
    assert seen == [0.1, 0.2, 3.0, 86_400.5]
    assert asyncio.get_running_loop().time() == 86_400.5


@pytest.mark.virtual_time
async def test_a_deadline_passes_in_virtual_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await asyncio.Event().wait()
    assert asyncio.get_running_loop().time() == 60.0


@pytest.mark.virtual_time
async def test_the_virtual_clock_shows_the_time_of_the_loop() -> None:
    clock = VirtualClock()
    assert clock.now_us() == EPOCH_US
    await asyncio.sleep(0.25)
    assert clock.now_us() == EPOCH_US + 250_000


def test_a_test_that_would_hang_fails_at_once_and_says_so() -> None:
    loop = VirtualTimeLoop()
    try:
        with pytest.raises(NothingLeftToWaitFor, match="no timer"):
            loop.run_until_complete(asyncio.Event().wait())
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        loop.close()


async def test_without_the_mark_the_loop_is_a_real_one() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
