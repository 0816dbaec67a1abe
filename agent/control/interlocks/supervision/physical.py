"""I12: the measured power follows the setpoint. Pure.

Time with the power far from what the inverter was told adds up, time with it near takes away, so
that a setpoint that swings through the power of a dead inverter does not hide it. Power that comes
nearer as fast as the inverter can is on its way and counts as following.
"""

import math
from dataclasses import dataclass, replace

from agent.control.cuts import Cut
from agent.control.interlocks.supervision.config import SupervisionSettings
from agent.control.plant import UnitState

POWER_AGE_S_MAX = 2.0
WINDOW_S = 1.0
"""Over which it is judged whether power comes nearer."""
STEP_S_MAX = 1.0
"""A longer pause between two cycles counts as this."""


@dataclass(frozen=True, slots=True)
class PhysicalMemory:
    """How well the power has followed."""

    at_s: float | None = None
    off_s: float = 0.0
    mark_s: float = -math.inf
    mark_kw: float = 0.0
    """The power at the beginning of the window."""
    told_again: bool = False
    blocked_until_s: float = -math.inf
    pause_s: float = 0.0
    """The newest pause; 0: none since it followed for long enough."""
    good_s: float = 0.0
    """For how long it has followed a power worth the name since the newest pause."""


@dataclass(frozen=True, slots=True)
class Physical:
    """What follows from the measured power."""

    cut: Cut | None = None
    again: bool = False


_FINE = Physical()


def judge(
    unit: UnitState,
    rated_kw: float,
    settings: SupervisionSettings,
    memory: PhysicalMemory,
    at_s: float,
    *,
    working: bool,
) -> tuple[Physical, PhysicalMemory]:
    """Return whether the unit is blocked, and what to remember.

    Args:
        unit: with the power that its inverter measures.
        rated_kw: of the unit.
        settings: of the supervision.
        memory: of the cycle before.
        at_s: the event loop's time.
        working: power can be expected; else nothing is judged, and a block stays.
    """
    if memory.blocked_until_s > at_s:
        return Physical(_cut(settings)), memory
    written_kw, power_kw = unit.written_kw, unit.power_kw.within(POWER_AGE_S_MAX)
    if not working or not unit.ready or written_kw is None or power_kw is None:
        return _FINE, _unjudged(memory, at_s)
    step_s = 0.0 if memory.at_s is None else min(max(0.0, at_s - memory.at_s), STEP_S_MAX)
    tolerance_kw = settings.response_pct / 100.0 * rated_kw
    if abs(power_kw - written_kw) <= tolerance_kw:
        return _FINE, _followed(memory, at_s, step_s, abs(written_kw) > tolerance_kw)
    return _astray(memory, settings, at_s, step_s, power_kw, written_kw, rated_kw)


def _unjudged(memory: PhysicalMemory, at_s: float) -> PhysicalMemory:
    return PhysicalMemory(
        at_s=at_s,
        mark_kw=memory.mark_kw,
        blocked_until_s=memory.blocked_until_s,
        pause_s=memory.pause_s,
        good_s=memory.good_s,
    )


def _followed(memory: PhysicalMemory, at_s: float, step_s: float, worth: bool) -> PhysicalMemory:
    good_s = memory.good_s + (step_s if worth else 0.0)
    pause_s = memory.pause_s if good_s < memory.pause_s else 0.0
    return PhysicalMemory(
        at_s=at_s,
        off_s=max(0.0, memory.off_s - step_s),
        mark_kw=memory.mark_kw,
        blocked_until_s=memory.blocked_until_s,
        told_again=memory.told_again and memory.off_s > step_s,
        good_s=good_s if pause_s else 0.0,
        pause_s=pause_s,
    )


def _astray(
    memory: PhysicalMemory,
    settings: SupervisionSettings,
    at_s: float,
    step_s: float,
    power_kw: float,
    written_kw: float,
    rated_kw: float,
) -> tuple[Physical, PhysicalMemory]:
    """Count the time; write once more half-way, block at the end."""
    off_s, mark_s, mark_kw = memory.off_s + step_s, memory.mark_s, memory.mark_kw
    if mark_s == -math.inf:
        mark_s, mark_kw = at_s, power_kw
    elif at_s - mark_s >= WINDOW_S:
        nearer_kw = math.copysign(1.0, written_kw - power_kw) * (power_kw - mark_kw)
        if nearer_kw >= settings.ramp_pct_per_s / 200.0 * rated_kw * (at_s - mark_s):
            off_s = 0.0
        mark_s, mark_kw = at_s, power_kw
    if off_s >= settings.response_s:
        pause_s = min(settings.retry_s_max, max(settings.retry_s_min, 2.0 * memory.pause_s))
        blocked = PhysicalMemory(blocked_until_s=at_s + pause_s, pause_s=pause_s)
        return Physical(_cut(settings)), blocked
    again = off_s >= settings.response_s / 2.0 and not memory.told_again
    memory = replace(
        memory,
        at_s=at_s,
        off_s=off_s,
        mark_s=mark_s,
        mark_kw=mark_kw,
        told_again=memory.told_again or again,
    )
    return (Physical(again=True) if again else _FINE), memory


def _cut(settings: SupervisionSettings) -> Cut:
    text = (
        f"the power has not followed the setpoint within {settings.response_pct:g} %"
        f" for {settings.response_s:g} s"
    )
    return Cut("I12", text, 0.0, 0.0)
