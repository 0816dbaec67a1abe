"""The first seconds of control: a plant that is found at work stays at it. Pure.

A process that starts in the middle of a run knows what the plant does, and not yet what is wanted
of it: that comes from the gateway, within a second where all is well. Until then, and for 10 s at
most, the measured power is what is asked for, below all duties, so that a restart is no step at
the meter. A plant that is found at rest has nothing to keep.
"""

import math
from collections.abc import Iterator

from agent.control.arbitrate import Proposal
from agent.control.plant import PlantState

OBSERVE_S = 10.0
CLASS = 3
KEPT_US = 1_000_000
"""How long the proposal lives; it is made anew in every cycle."""
REST_SHARE = 0.01
"""Of the rated power: less than this is at rest."""


def found_kw(plant: PlantState) -> float:
    """Return the power that the units which are ours are at."""
    values = (unit.power_kw.value for unit in plant.units if unit.ready)
    return sum(value for value in values if value is not None and math.isfinite(value))


def proposals(base_kw: float, rated_kw: float, now_us: int) -> Iterator[Proposal]:
    """Yield that the plant stays where it is, unless it is at rest."""
    if abs(base_kw) > REST_SHARE * rated_kw:
        yield Proposal(
            source="observing",
            cls=CLASS,
            code="OBSERVING",
            text=f"the plant was found at {base_kw:.1f} kW, and what is wanted is not known yet",
            valid_from_us=now_us,
            expires_us=now_us + KEPT_US,
            preferred_kw=base_kw,
        )
