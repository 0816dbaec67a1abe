"""The plant as a whole: what its units leave together, and what stands above them. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.control.cuts import Cut, Hard, intersect
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.interlocks.unit import UnitMemory, unit_hard
from agent.control.limits import Limits
from agent.control.plant import PlantState


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardMemory:
    """What all interlocks remember from cycle to cycle."""

    units: Mapping[str, UnitMemory] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What protection leaves in this cycle."""

    plant: Hard
    """For the sum of the units."""
    units: Mapping[str, Hard]


def guard(
    plant: PlantState, limits: Limits, memory: GuardMemory, rules: GuardRules = NEUTRAL
) -> tuple[Guarded, GuardMemory]:
    """Return what each unit and the plant may do now, and what to remember for the next cycle."""
    units: dict[str, Hard] = {}
    remembered: dict[str, UnitMemory] = {}
    for state, allowed in zip(plant.units, limits.units, strict=True):
        before = memory.units.get(state.unit, UnitMemory())
        units[state.unit], remembered[state.unit] = unit_hard(state, allowed, before, plant.at_s)
    guarded = Guarded(plant=intersect(_of_units(units)), units=units)
    return guarded, GuardMemory(units=remembered)


def _of_units(units: Mapping[str, Hard]) -> Sequence[Cut]:
    """Return the cuts that the units make together; of several, each names its unit."""
    if len(units) == 1:
        (hard,) = units.values()
        return hard.cuts
    lower_kw = sum(hard.lower_kw for hard in units.values())
    upper_kw = sum(hard.upper_kw for hard in units.values())
    if lower_kw == upper_kw == 0.0:
        return [_named(unit, hard.binding(math.inf), 0.0, 0.0) for unit, hard in units.items()]
    cuts: list[Cut] = []
    for unit, hard in units.items():
        cuts.append(_named(unit, hard.binding(-math.inf), lower_kw, math.inf))
        cuts.append(_named(unit, hard.binding(math.inf), -math.inf, upper_kw))
    return cuts


def _named(unit: str, cut: Cut, lower_kw: float, upper_kw: float) -> Cut:
    return replace(cut, text=f"{unit}: {cut.text}", lower_kw=lower_kw, upper_kw=upper_kw)
