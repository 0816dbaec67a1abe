"""agent.control.metronome: the phase is kept, and every beat that was lost is counted."""

import asyncio

import pytest

from agent.control.metronome import Metronome

pytestmark = pytest.mark.virtual_time


async def _beats(work_s: list[float]) -> tuple[list[float], Metronome]:
    """Return when the beats came for a consumer that works so long after each of them."""
    metronome, times_s = Metronome(1.0), []
    left_s = list(work_s)
    async for _ in metronome.beats():
        times_s.append(asyncio.get_running_loop().time())
        if not left_s:
            break
        await asyncio.sleep(left_s.pop(0))
    return times_s, metronome


async def test_a_quick_consumer_gets_every_beat() -> None:
    times_s, metronome = await _beats([0.1, 0.9, 0.5])
    assert times_s == pytest.approx([0.0, 1.0, 2.0, 3.0])
    assert (metronome.count, metronome.missed) == (4, 0)


async def test_a_slow_consumer_skips_beats_but_keeps_the_phase() -> None:
    times_s, metronome = await _beats([3.2, 0.1])
    assert times_s == pytest.approx([0.0, 4.0, 5.0])
    assert (metronome.count, metronome.missed) == (3, 3)
