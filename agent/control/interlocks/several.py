"""I25: a unit that was blocked comes back with care, so that it does not pull the others along.

The first try is after 1 s, and the wait doubles to 30 s for a unit that is blocked again and
again; it counts as healthy after 30 s without. A plant of one unit has nobody to share with and
does not wait. Pure.
"""

from dataclasses import dataclass

from agent.control.cuts import Cut, Hard

WAIT_S_MIN = 1.0
WAIT_S_MAX = 30.0
HEALTHY_AFTER_S = 30.0


@dataclass(frozen=True, slots=True)
class ReturnMemory:
    """How one unit is coming back; times are the event loop's."""

    wait_s: float = 0.0
    """From the end of its last disturbance until it takes part again."""
    free_since_s: float | None = None
    """None: it is blocked."""
    worked: bool = False
    """It has taken part since the start; the first time there is nothing to wait for."""


def returning(hard: Hard, memory: ReturnMemory, at_s: float) -> tuple[Cut | None, ReturnMemory]:
    """Return what keeps a unit out that is allowed to work again, and what to remember."""
    if hard.stopped is not None:
        if memory.free_since_s is None:
            return None, memory
        wait_s = min(WAIT_S_MAX, 2.0 * memory.wait_s) if memory.wait_s else WAIT_S_MIN
        return None, ReturnMemory(wait_s, None, worked=memory.worked)
    if not memory.worked:
        return None, ReturnMemory(0.0, at_s, worked=True)
    since_s = at_s if memory.free_since_s is None else memory.free_since_s
    free_s = at_s - since_s
    if free_s < memory.wait_s:
        text = f"a try after {memory.wait_s:g} s without a disturbance"
        cut = Cut("I25", text, 0.0, 0.0)
        return cut, ReturnMemory(memory.wait_s, since_s, worked=True)
    wait_s = 0.0 if free_s >= memory.wait_s + HEALTHY_AFTER_S else memory.wait_s
    return None, ReturnMemory(wait_s, since_s, worked=True)
