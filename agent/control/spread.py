"""From the plant's setpoint to its units: what none can run at, who takes what, who is out.

Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.control.balance import BalanceMemory, balanced
from agent.control.cuts import Hard
from agent.control.limits import Limits
from agent.control.plant import PlantState
from agent.control.share import ShareMemory, UnitSetpoint, excluded, shared
from agent.status import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadMemory:
    """What one cycle leaves to the next."""

    share: ShareMemory = field(default_factory=ShareMemory)
    balance: BalanceMemory = field(default_factory=BalanceMemory)


UNSPREAD = SpreadMemory()
"""Before the first cycle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What the units are told, and what the plant's setpoint has become by it."""

    power_kw: float
    units: tuple[UnitSetpoint, ...]
    reasons: tuple[Reason, ...]


def spread(
    power_kw: float,
    interval_kw: tuple[float, float],
    plant: PlantState,
    limits: Limits,
    hards: Mapping[str, Hard],
    memory: SpreadMemory,
    *,
    armed: bool = False,
    alert: bool = False,
) -> tuple[Spread, SpreadMemory]:
    """Return what each unit is told so that together they do `power_kw`.

    Args:
        power_kw: of the plant, inside `interval_kw`.
        interval_kw: what class 0 leaves.
        plant: of this cycle.
        limits: of the plant and its units.
        hards: what protection leaves each unit.
        memory: of the cycle before.
        armed: a product wants all units at hand; nothing is left out.
        alert: the grid is in its alert state; nothing is balanced.
    """
    share, before_kw = memory.share, power_kw
    if not armed:
        power_kw, share = excluded(power_kw, interval_kw, limits.units, hards, share)
    told, share = shared(power_kw, plant.units, limits.units, hards, share, armed=armed)
    balance = memory.balance
    if limits.balancing and not alert:
        told, balance = balanced(told, plant.units, limits.units, hards, balance)
    reasons = (*_excluded(before_kw, power_kw), *_out(told))
    if share is not memory.share or balance is not memory.balance:
        memory = SpreadMemory(share=share, balance=balance)
    return Spread(power_kw=power_kw, units=told, reasons=reasons), memory


def nothing(plant: PlantState, limits: Limits, hards: Mapping[str, Hard]) -> Spread:
    """Return what the units are told while none of them is ours."""
    return spread(0.0, (0.0, 0.0), plant, limits, hards, SpreadMemory())[0]


def _excluded(before_kw: float, power_kw: float) -> Iterator[Reason]:
    if power_kw != before_kw:
        yield Reason("EXCLUSION", "no inverter can run at less than its smallest power", power_kw)


def _out(told: tuple[UnitSetpoint, ...]) -> Iterator[Reason]:
    """I25: name the units whose part others do; a plant of one unit has said it already."""
    if len(told) > 1:
        for unit in told:
            if unit.code:
                yield Reason("UNIT_BLOCKED", f"{unit.unit}: {unit.text}", 0.0, unit.unit)
