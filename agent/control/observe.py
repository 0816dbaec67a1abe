"""The first seconds of control: a plant that is found at work stays at it. Pure.

A process that starts in the middle of a run knows what the plant does, and not yet what is wanted
of it: that comes from the gateway, within a second where all is well. Until then, and for 10 s at
most, the measured power is what is asked for, below all duties, so that a restart is no step at
the meter. A plant that is found at rest stays at rest until it is told what was latched before.

An inverter counts as ours only when everything that decides has been read of it and of the site,
or has had the time to be: where a device is slow to tell its battery's limits, or the meter at the
connection its power, setpoints stay meanwhile instead of going to 0 kW. One that joins the others
later brings the power that it is found at.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from agent.control.arbitrate import Proposal, clip
from agent.control.plant import PlantState, UnitState

OBSERVE_S = 10.0
CLASS = 3
KEPT_US = 1_000_000
"""How long the proposal lives; it is made anew in every cycle."""
REST_SHARE = 0.01
"""Of the rated power: less than this is at rest."""
TOLD_S_MAX = 5.0
"""So long an inverter that was taken over, and the site, may take to tell all that decides."""
_PLANT = ""
"""In place of a unit: the meter at the connection and the contacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """How units become ours; times are the event loop's."""

    since_s: Mapping[str, float] = field(default_factory=dict)
    """Of units that have not told everything since the start: when they were taken over."""
    units: frozenset[str] = frozenset()
    """Those whose power is part of the base; none while there is no base."""


def joined(plant: PlantState, before: Joining) -> tuple[PlantState, Joining]:
    """Return the plant without the units that have yet to tell something, and what to remember."""
    untold = _untold(plant)
    if not (untold or before.since_s or any(not u.once_known and u.ready for u in plant.units)):
        return plant, before
    known = {unit.unit for unit in plant.units if unit.once_known or not unit.ready}
    since_s = {
        unit.unit: before.since_s.get(unit.unit, plant.at_s)
        for unit in plant.units
        if unit.unit not in known
    }
    if untold and plant.ready:
        since_s[_PLANT] = before.since_s.get(_PLANT, plant.at_s)
    waits = plant.at_s - since_s.get(_PLANT, -math.inf) < TOLD_S_MAX
    units = tuple(
        replace(unit, ready=False)
        if waits or plant.at_s - since_s.get(unit.unit, -math.inf) < TOLD_S_MAX
        else unit
        for unit in plant.units
    )
    return replace(plant, units=units), replace(before, since_s=since_s)


def with_ours(joining: Joining, plant: PlantState) -> Joining:
    """Return the same with the units that are ours now as part of the base."""
    new = [u.unit for u in plant.units if u.ready and u.unit not in joining.units]
    return replace(joining, units=joining.units.union(new)) if new else joining


def _untold(plant: PlantState) -> bool:
    """Say whether the meter at the connection or a contact has told nothing since the start."""
    site = plant.site_kw
    if site is not None and site.value is None:
        return True
    return any(quantity.value is None for quantity in plant.inputs.values())


def before_kw(base_kw: float | None, plant: PlantState, joining: Joining) -> float:
    """Return the base of the cycle before, with the power of the units that have joined since."""
    new = [unit for unit in plant.units if unit.unit not in joining.units]
    return (base_kw or 0.0) + found_kw(new) if new else base_kw or 0.0


def found_kw(units: Iterable[UnitState]) -> float:
    """Return the power that the units which are ours are at."""
    values = (unit.power_kw.value for unit in units if unit.ready)
    return sum(value for value in values if value is not None and math.isfinite(value))


def without_kw(base_kw: float, resumed_kw: float, target_kw: float) -> float:
    """Return the base where a measured power already has a response in it that goes on.

    Of what was measured no more is taken for the response than leads to the target.
    """
    low_kw, high_kw = sorted((base_kw, base_kw - resumed_kw))
    return clip(target_kw, low_kw, high_kw)


def proposals(
    base_kw: float, rated_kw: float, now_us: int, *, heard: bool, kept: bool
) -> Iterator[Proposal]:
    """Yield that the plant stays where it is.

    Args:
        base_kw: of the cycle before; at first the measured power.
        rated_kw: of the plant.
        now_us: wall time.
        heard: somebody has said what is wanted, or has had the time to.
        kept: the same of what was latched before the start.
    """
    resting = abs(base_kw) <= REST_SHARE * rated_kw
    if resting and not kept:
        yield Proposal(
            source="observing",
            cls=CLASS,
            code="OBSERVING",
            text="the plant was found at rest, and what was latched is not known yet",
            valid_from_us=now_us,
            expires_us=now_us + KEPT_US,
            preferred_kw=0.0,
        )
    elif not resting and not heard:
        yield Proposal(
            source="observing",
            cls=CLASS,
            code="OBSERVING",
            text=f"the plant was found at {base_kw:.1f} kW, and what is wanted is not known yet",
            valid_from_us=now_us,
            expires_us=now_us + KEPT_US,
            preferred_kw=base_kw,
        )
