"""I5: an inverter that is not running is asked for 0 kW, and runs a while before it works. Pure.

What is wanted meanwhile is a wish and nothing more: it is decided anew in every cycle and nothing
adds up, so that the start makes no jump. An inverter that drops setpoints while it starts is told
again once it runs.
"""

import math
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.interlocks.supervision.config import SupervisionSettings
from agent.control.plant import Run, UnitState

_SAYS = {
    Run.STARTING: "the inverter is starting",
    Run.STANDBY: "the inverter stands by",
    Run.FAULT: "the inverter says that it has a fault",
    Run.LOCAL: "the inverter is under local control",
}


@dataclass(frozen=True, slots=True)
class RunMemory:
    """Since when the inverter runs."""

    since_s: float | None = -math.inf
    """None: it does not; one that runs when it is first seen has always done so."""
    settling: bool = False
    waking: bool = False
    """It stands by and is told its setpoint, which wakes it."""


_ALWAYS, _NOT = RunMemory(), RunMemory(None)
_WAKING = RunMemory(None, waking=True)


@dataclass(frozen=True, slots=True)
class Running:
    """What follows from the inverter's state."""

    cut: Cut | None
    working: bool
    """Power can be expected of it: I12 may judge."""
    began: bool
    """It has just begun to work: it is told again, and its time-out is looked after."""


_WORKS = Running(None, working=True, began=False)


def look(
    unit: UnitState, settings: SupervisionSettings, memory: RunMemory, at_s: float
) -> tuple[Running, RunMemory]:
    """Return what the inverter's state forbids now, and what to remember."""
    run = unit.run
    if run is None:
        return _WORKS, _ALWAYS
    if run is Run.STANDBY and not settings.standby_stops:
        return Running(None, working=False, began=False), _WAKING
    if run is not Run.RUNNING:
        return Running(Cut("I5", _SAYS[run], 0.0, 0.0), working=False, began=False), _NOT
    if memory.waking:
        return Running(None, working=True, began=True), RunMemory(at_s)
    if memory.since_s is None:
        memory = RunMemory(at_s, settling=True)
    if not memory.settling or memory.since_s is None:
        return _WORKS, memory
    if at_s - memory.since_s >= settings.settle_s:
        return Running(None, working=True, began=True), RunMemory(memory.since_s)
    text = f"the inverter has not been running for {settings.settle_s:g} s yet"
    return Running(Cut("I5", text, 0.0, 0.0), working=False, began=False), memory
