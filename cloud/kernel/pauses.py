"""What keeps the pauses of a process short that answers many from one loop; set in one place.

The cyclic garbage collector, left alone, walks every object again whenever their number has grown
by a quarter: with the books, prices and feeds of a busy market some 0.2 s during which nobody is
answered. Most of what survives here lives for hours and is freed by its reference count. So
whatever has survived one walk is set aside (`gc.freeze`): each object is looked at once in its
life, and an ordinary pause has the objects in it that have come since the last, some `YOUNG_MAX`.
What is set aside and becomes a cycle later stays until a `sweep`: everything is walked once, when
nobody waits for an answer, or after `SWEEP_S_MAX` without such a moment. That bounds the memory.

A thread that computes lets the loop go on after `SWITCH_S`, not after the interpreter's 5 ms: the
loop gives way at each write to a socket, and would lose that time each time.
"""

import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

YOUNG_MAX = 20_000
"""New objects, less those that went, before they are walked: a pause of some 10 ms. Fewer would be
walked as cheaply; but what is in flight at a walk is set aside too, and should be so seldom."""
SWITCH_S = 0.001
SWEEP_S_MIN = 600.0
SWEEP_S_MAX = 6 * 3_600.0
"""Between two sweeps: not before the one, and not later than the other, whoever waits."""
LOOK_S = 0.25
"""How often it is asked whether anybody waits."""


@contextmanager
def short() -> Iterator[None]:
    """Keep them short while the block lasts; begin when what the start makes is in memory."""
    thresholds, switch_s = gc.get_threshold(), sys.getswitchinterval()
    _set_all_aside()  # unwalked: that would take longer than the first requests
    gc.set_threshold(YOUNG_MAX)
    gc.callbacks.append(_set_aside)
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(switch_s)
        gc.callbacks.remove(_set_aside)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def sweep_when(quiet: Callable[[], bool]) -> None:
    """Sweep at quiet moments until cancelled, see the module."""
    loop = asyncio.get_running_loop()
    swept_s = loop.time()
    while True:
        await asyncio.sleep(LOOK_S)
        since_s = loop.time() - swept_s
        if since_s >= SWEEP_S_MAX or (since_s >= SWEEP_S_MIN and quiet()):
            sweep()
            swept_s = loop.time()


def sweep() -> None:
    """Walk everything once, free the cycles in it, and set the rest aside."""
    gc.unfreeze()
    gc.collect()
    _set_all_aside()


def _set_all_aside() -> None:
    gc.freeze()
    gc.collect()  # of nothing: the next walk comes when a quarter more is there than at the last


def _set_aside(phase: str, _: dict[str, int]) -> None:
    if phase == "stop":
        gc.freeze()
