"""drivers.beside: work ends with its block, and errors keep their names."""

import asyncio

import pytest

from drivers.beside import beside
from drivers.errors import ProfileError


async def _for_ever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("work")


async def _fails() -> None:
    raise ProfileError("the work")


@pytest.mark.virtual_time
async def test_the_work_ends_with_the_block() -> None:
    ended: list[str] = []
    async with beside(_for_ever(ended), "w"):
        await asyncio.sleep(1.0)
        assert ended == []
    assert ended == ["work"]


@pytest.mark.virtual_time
async def test_an_error_of_the_block_can_be_caught_by_its_name() -> None:
    ended: list[str] = []
    with pytest.raises(ProfileError, match="the block"):
        async with beside(_for_ever(ended), "w"):
            await asyncio.sleep(1.0)
            raise ProfileError("the block")
    assert ended == ["work"]


@pytest.mark.virtual_time
async def test_an_error_of_the_work_ends_the_block() -> None:
    with pytest.raises(ProfileError, match="the work"):
        async with beside(_fails(), "w"):
            await asyncio.Event().wait()


@pytest.mark.virtual_time
async def test_a_cancelled_block_is_cancelled_and_takes_its_work_along() -> None:
    ended: list[str] = []

    async def block() -> None:
        async with beside(_for_ever(ended), "w"):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(block())
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended == ["work"]
