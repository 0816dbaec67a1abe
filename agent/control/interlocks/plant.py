"""The plant as a whole: what its units leave together, and what stands above them. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.control.cuts import Cut, Hard, intersect
from agent.control.interlocks import clock, inputs, inverter, manual, voltage
from agent.control.interlocks.clock import Clock, ClockMemory
from agent.control.interlocks.inputs import InputMemory, OperatorLimit
from agent.control.interlocks.latch import Latches, added, without
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.interlocks.several import ReturnMemory, returning
from agent.control.interlocks.unit import NEW, UnitMemory, unit_hard
from agent.control.interlocks.voltage import Voltage, VoltageMemory
from agent.control.limits import Limits
from agent.control.plant import PlantState


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardMemory:
    """What all interlocks remember from cycle to cycle."""

    units: Mapping[str, UnitMemory] = field(default_factory=dict)
    returns: Mapping[str, ReturnMemory] = field(default_factory=dict)
    """Of a plant of several units."""
    voltage: VoltageMemory = field(default_factory=VoltageMemory)
    inputs: InputMemory = field(default_factory=InputMemory)
    clock: ClockMemory = clock.WELL
    latches: Latches = ()
    """Of the whole plant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What protection leaves in this cycle."""

    plant: Hard
    """For the sum of the units."""
    units: Mapping[str, Hard]
    voltage: Voltage = voltage.NEUTRAL
    """I7: what a frequency is worth now."""
    operator: tuple[OperatorLimit, ...] = ()
    """I18: what the grid operator limits over contacts, for a proposal of class 0."""
    clock: Clock = field(default_factory=Clock)
    """I22: what stamps are worth now."""

    @property
    def notices(self) -> tuple[Cut, ...]:
        """Return what people have to know though it forbids nothing: each is told, none binds."""
        told = tuple([cut for cut in self.plant.cuts if cut.tells_only])
        return told if self.clock.alarm is None else (*told, self.clock.alarm)

    @property
    def unproved(self) -> str:
        """I24: return why nothing may be trusted to the inverters yet; empty: they are proved."""
        for unit in self.units.values():
            for cut in unit.cuts:
                if cut.code == "I24":
                    return cut.text
        return ""

    @property
    def feed_in_share(self) -> float | None:
        """Return the strictest share of the installed power that may be fed in; None: any."""
        shares = [one.feed_in_share for one in self.operator if one.feed_in_share is not None]
        return min(shares, default=None)

    @property
    def dimmed_kw(self) -> float | None:
        """Return what may be drawn while dimmed, a magnitude; None: not dimmed."""
        limits_kw = [one.import_kw_max for one in self.operator if one.import_kw_max is not None]
        return min(limits_kw, default=None)


def guard(
    plant: PlantState, limits: Limits, memory: GuardMemory, rules: GuardRules = NEUTRAL
) -> tuple[Guarded, GuardMemory]:
    """Return what each unit and the plant may do now, and what to remember for the next cycle."""
    units: dict[str, Hard] = {}
    remembered: dict[str, UnitMemory] = {}
    for state, allowed in zip(plant.units, limits.units, strict=True):
        before = memory.units.get(state.unit, NEW)
        units[state.unit], remembered[state.unit] = unit_hard(
            state, allowed, before, plant.at_s, rules
        )
    units, returns = _returned(units, memory.returns, plant.at_s)
    above, operator, after = _above(plant, memory, rules)
    told, after_voltage = voltage.watch(plant.voltages_v, rules.grid, memory.voltage, plant.at_s)
    clocked, after_clock = clock.watch(plant.clock_error_s, memory.clock, plant.at_s)
    of_plant = (*above, *voltage.cuts(told))
    if of_plant and any(cut.stops for cut in of_plant):
        units = {unit: intersect((*of_plant, *hard.cuts)) for unit, hard in units.items()}
    guarded = Guarded(
        plant=_together(of_plant, units),
        units=units,
        voltage=told,
        operator=operator,
        clock=clocked,
    )
    return guarded, GuardMemory(
        units=remembered,
        returns=returns,
        voltage=after_voltage,
        inputs=after.inputs,
        clock=after_clock,
        latches=after.latches,
    )


def latches_of(memory: GuardMemory) -> Latches:
    """Return everything that waits for a reset, of the plant and of its units."""
    found = memory.latches
    for unit in memory.units.values():
        if unit.latches or unit.inverter.latches:
            found = added(found, (*unit.latches, *unit.inverter.latches))
    return found


def restored(memory: GuardMemory, latches: Latches, units: Iterable[str]) -> GuardMemory:
    """Return the memory with the latches of a run before; `units` are those of the plant.

    A latch of a unit that the plant no longer has is let go: nothing could be stopped by it.
    """
    found = dict(memory.units)
    for name in units:
        own = tuple(latch for latch in latches if latch.unit == name)
        if own:
            unit = found.get(name, UnitMemory())
            of_site = tuple(latch for latch in own if latch.code == _OF_SITE)
            others = tuple(latch for latch in own if latch.code != _OF_SITE)
            found[name] = replace(
                unit,
                latches=added(unit.latches, of_site),
                inverter=inverter.restored(unit.inverter, others),
            )
    of_plant = (latch for latch in latches if not latch.unit)
    return replace(memory, units=found, latches=added(memory.latches, of_plant))


def told(
    memory: GuardMemory, latches: Latches, proved: Collection[str], units: Iterable[str]
) -> GuardMemory:
    """Return the memory with what the gateway has kept: latches and passed self-tests."""
    names = tuple(units)
    memory = restored(memory, latches, names)
    found = {name: memory.units.get(name, UnitMemory()) for name in names}
    of_units = {
        name: replace(unit, inverter=replace(unit.inverter, proved=frozenset(proved)))
        for name, unit in found.items()
    }
    return replace(memory, units=of_units)


def blocked(memory: GuardMemory) -> tuple[str, ...]:
    """Return the units that do not do what they are told."""
    return tuple(name for name, unit in memory.units.items() if unit.inverter.blocked is not None)


def reset(memory: GuardMemory, codes: Collection[str]) -> GuardMemory:
    """Return the memory without the latches of these codes; what is still there latches again."""
    units = {
        name: replace(
            unit,
            latches=without(unit.latches, codes),
            inverter=inverter.reset(unit.inverter, codes),
        )
        for name, unit in memory.units.items()
    }
    return replace(memory, units=units, latches=without(memory.latches, codes))


_OF_SITE = "I17"
"""Of a unit's latches, those that do not come from the supervision of its inverter."""


def _above(
    plant: PlantState, memory: GuardMemory, rules: GuardRules
) -> tuple[Sequence[Cut], tuple[OperatorLimit, ...], GuardMemory]:
    """Return what contacts stop and limit: emergency stops, trips, steps of the grid operator."""
    settings, before = rules.inputs, memory.inputs
    if settings.none and not memory.latches:
        return (), (), memory
    stops, stopped = manual.contact_cuts(settings.stops, plant.inputs, before.stops, plant.at_s)
    trips, tripped = inputs.trip_cuts(settings, plant.inputs, before, plant.at_s)
    operator, steps = inputs.limits(settings, plant.inputs, before, plant.at_s)
    latches = added(memory.latches, manual.latches((*stops, *trips), ""))
    after = replace(
        memory,
        inputs=InputMemory(stops=stopped, trips=tripped, steps=steps),
        latches=latches,
    )
    return (*(manual.held(latch) for latch in latches), *stops, *trips), operator, after


def _returned(
    units: dict[str, Hard], before: Mapping[str, ReturnMemory], at_s: float
) -> tuple[dict[str, Hard], Mapping[str, ReturnMemory]]:
    """I25: keep a unit out for a while after it was blocked, where others do its work."""
    if len(units) == 1:
        return units, before
    hards: dict[str, Hard] = {}
    after: dict[str, ReturnMemory] = {}
    for unit, hard in units.items():
        cut, after[unit] = returning(hard, before.get(unit, ReturnMemory()), at_s)
        hards[unit] = hard if cut is None else intersect((cut, *hard.cuts))
    return hards, after


def _together(of_plant: Sequence[Cut], units: Mapping[str, Hard]) -> Hard:
    """Return what is left of the plant; of one unit with nothing above it, what is left of that."""
    if not of_plant and len(units) == 1:
        (hard,) = units.values()
        return hard
    return intersect((*of_plant, *_of_units(units)))


def _of_units(units: Mapping[str, Hard]) -> Sequence[Cut]:
    """Return the cuts that the units make together; of several, the tightest lends its words."""
    if len(units) == 1:
        (hard,) = units.values()
        return hard.cuts
    lower_kw = sum(hard.lower_kw for hard in units.values())
    upper_kw = sum(hard.upper_kw for hard in units.values())
    if lower_kw == upper_kw == 0.0:
        return [_named(unit, hard.binding(math.inf), 0.0, 0.0) for unit, hard in units.items()]
    low = max(units, key=lambda unit: units[unit].lower_kw)
    high = min(units, key=lambda unit: units[unit].upper_kw)
    return (
        _named(low, units[low].binding(-math.inf), lower_kw, math.inf),
        _named(high, units[high].binding(math.inf), -math.inf, upper_kw),
    )


def _named(unit: str, cut: Cut, lower_kw: float, upper_kw: float) -> Cut:
    return replace(cut, text=f"{unit}: {cut.text}", lower_kw=lower_kw, upper_kw=upper_kw)
