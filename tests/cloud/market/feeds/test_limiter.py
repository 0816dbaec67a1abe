"""The limiter of requests, proven with the clock of a virtual loop: windows, pauses, fairness."""

import asyncio

import pytest

from cloud.market.feeds.limiter import PAUSE_S_MAX, PER_MINUTE, PER_SECOND, Limiter

pytestmark = pytest.mark.virtual_time
JOBS = 20


def busiest(at_s: list[float], window_s: float) -> int:
    """Return the most requests that began within any window of this length."""
    most = left = 0
    for right, end_s in enumerate(at_s):
        while at_s[left] <= end_s - window_s:
            left += 1
        most = max(most, right - left + 1)
    return most


async def test_twenty_jobs_keep_to_both_windows_and_waste_no_time() -> None:
    limiter = Limiter()
    at_s: list[float] = []

    async def job() -> None:
        for _ in range(60):
            await limiter.turn()
            at_s.append(asyncio.get_running_loop().time())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(JOBS):
            tasks.create_task(job())
    assert len(at_s) == JOBS * 60
    assert at_s == sorted(at_s)
    assert busiest(at_s, 1.0) == PER_SECOND
    assert busiest(at_s, 60.0) == PER_MINUTE
    assert at_s[-1] < len(at_s) / PER_MINUTE * 60


async def test_a_pause_holds_all_who_wait_and_all_who_come() -> None:
    limiter = Limiter(per_second=1, per_minute=1)
    at_s: list[float] = []

    async def job() -> None:
        await limiter.turn()
        at_s.append(asyncio.get_running_loop().time())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(job())
        await asyncio.sleep(30)
        limiter.pause(600)
        limiter.pause(5)
    assert at_s[0] == 0
    assert at_s[1] >= 630
    assert at_s[2] >= at_s[1] + 60


async def test_no_pause_is_endless() -> None:
    limiter = Limiter()
    limiter.pause(1e12)
    assert limiter.wait_s() == PAUSE_S_MAX


async def test_who_is_cancelled_while_waiting_takes_no_turn() -> None:
    limiter = Limiter(per_second=1, per_minute=2)
    await limiter.turn()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await limiter.turn()
    await limiter.turn()
    assert asyncio.get_running_loop().time() == pytest.approx(1.0, abs=0.01)
