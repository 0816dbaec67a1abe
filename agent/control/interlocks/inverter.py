"""The inverter of one unit: whether it is ours, runs, and does what it is told. Pure.

I5 run state, I11 read-back, I12 physical response, I16 second controller, I23 taking over, I24
proof; each is a file of `agent.control.interlocks.supervision`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from agent.control.cuts import Cut
from agent.control.interlocks.latch import Latch, Latches, added, without
from agent.control.interlocks.supervision import physical, proof, running, told
from agent.control.interlocks.supervision.physical import PhysicalMemory
from agent.control.interlocks.supervision.proof import UNPROVED as UNPROVED
from agent.control.interlocks.supervision.running import RunMemory
from agent.control.interlocks.supervision.told import ToldMemory
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState

READBACK, FOREIGN = "readback", "second controller"
"""Where latches of the supervision come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InverterMemory:
    """What the supervision of one inverter remembers."""

    run: RunMemory = field(default_factory=RunMemory)
    told: ToldMemory = field(default_factory=ToldMemory)
    physical: PhysicalMemory = field(default_factory=PhysicalMemory)
    latches: Latches = ()
    proved: frozenset[str] = frozenset()
    """Fingerprints that a sign self-test was passed with."""
    blocked: Cut | None = None
    """It does not do what it is told, or is latched; None: it is not blocked."""
    again: bool = False
    """In this cycle the setpoint is to be written though it may be the same."""
    recheck: bool = False
    """The inverter was started anew: its time-out and fall-back are to be looked after."""
    alarm: tuple[str, str] | None = None
    """Something of this cycle that people must know of: the code of its event, and a sentence."""


def cuts(
    unit: UnitState, limits: UnitLimits, memory: InverterMemory, at_s: float
) -> tuple[tuple[Cut, ...], InverterMemory]:
    """Return what the inverter's own state forbids, and what to remember for the next cycle."""
    settings = limits.supervision
    runs, run_memory = running.look(unit, settings, memory.run, at_s)
    latches = memory.latches
    if latches:
        shown, told_memory = told.Told(), told.yielded(memory.told)
    else:
        shown, told_memory = told.judge(unit, limits.rated_kw, settings, memory.told, at_s)
        latches = _latched(unit, shown.cut, latches)
    working = runs.working and not latches
    moved, physical_memory = physical.judge(
        unit, limits.rated_kw, settings, memory.physical, at_s, working=working
    )
    held = (*_held(memory.latches), shown.cut, moved.cut)
    blocks = [cut for cut in held if cut is not None]
    seen = (
        *_not_in_charge(unit),
        *(() if runs.cut is None else (runs.cut,)),
        *blocks,
        *proof.cuts(unit, limits, memory.proved),
    )
    return seen, InverterMemory(
        run=run_memory,
        told=told_memory,
        physical=physical_memory,
        latches=latches,
        proved=memory.proved,
        blocked=blocks[0] if blocks else None,
        again=shown.again or moved.again or runs.began,
        recheck=runs.began,
        alarm=shown.alarm,
    )


def restored(memory: InverterMemory, latches: Latches) -> InverterMemory:
    """Return the memory with latches of a run before."""
    return replace(memory, latches=added(memory.latches, latches))


def reset(memory: InverterMemory, codes: Collection[str]) -> InverterMemory:
    """Return the memory without the latches of these codes; everything is judged anew."""
    return replace(memory, latches=without(memory.latches, codes))


def _not_in_charge(unit: UnitState) -> Iterator[Cut]:
    """I23: nothing is asked of an inverter before it is ours."""
    if not unit.ready and not unit.lost:
        yield Cut("I23", "the inverter has not been taken over yet", 0.0, 0.0)


def _latched(unit: UnitState, cut: Cut | None, latches: Latches) -> Latches:
    if cut is None or not cut.latched:
        return latches
    source = FOREIGN if cut.silent else READBACK
    return added(latches, (Latch(cut.code, unit.unit, source, cut.text),))


def _held(latches: Latches) -> Iterator[Cut]:
    for latch in latches:
        silent = latch.source == FOREIGN
        yield Cut(latch.code, latch.text, 0.0, 0.0, latched=True, silent=silent)
