"""cloud.kernel.pauses: what is walked when, and that memory comes back."""

import asyncio
import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from cloud.kernel import pauses


class Ring:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold(), sys.getswitchinterval(), list(gc.callbacks)
    yield
    assert (gc.get_threshold(), sys.getswitchinterval(), list(gc.callbacks)) == before
    assert gc.get_freeze_count() == 0


def walked() -> int:
    """Return how many objects the next walk of everything would look at."""
    return len(gc.get_objects())


def test_what_is_there_at_the_start_is_never_walked_again() -> None:
    before = walked()
    with pauses.short():
        assert walked() < before / 10


def test_what_survives_is_set_aside_so_that_a_walk_never_has_more_than_its_limit() -> None:
    seen = []

    def watch(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            seen.append(walked())

    with pauses.short():
        gc.callbacks.append(watch)
        kept = [[number] for number in range(10 * pauses.YOUNG_MAX)]
        gc.callbacks.remove(watch)
    assert len(kept) == 10 * pauses.YOUNG_MAX
    assert len(seen) >= 8
    assert max(seen) <= 1.1 * pauses.YOUNG_MAX


def test_rings_of_a_moment_are_freed_without_a_sweep() -> None:
    with pauses.short():
        rings = [weakref.ref(Ring()) for _ in range(3 * pauses.YOUNG_MAX)]
        alive = sum(ring() is not None for ring in rings)
    assert alive <= pauses.YOUNG_MAX


@pytest.mark.virtual_time
async def test_a_ring_that_was_set_aside_is_freed_when_nobody_waits() -> None:
    with pauses.short():
        ring = Ring()
        gone = weakref.ref(ring)
        gc.collect()
        del ring
        gc.collect()
        assert gone() is not None, "it was set aside"
        quiet = False
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(pauses.sweep_when(lambda: quiet), name="sweeps")
            await asyncio.sleep(pauses.SWEEP_S_MIN + 1)
            assert gone() is not None, "somebody waits"
            quiet = True
            await asyncio.sleep(1)
            assert gone() is None
            task.cancel()


@pytest.mark.virtual_time
async def test_memory_comes_back_also_where_somebody_always_waits() -> None:
    with pauses.short():
        ring = Ring()
        gone = weakref.ref(ring)
        gc.collect()
        del ring
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(pauses.sweep_when(lambda: False), name="sweeps")
            await asyncio.sleep(pauses.SWEEP_S_MAX - 1)
            assert gone() is not None
            await asyncio.sleep(2)
            assert gone() is None
            task.cancel()
