"""The inverter of one unit: I23 not taken over yet, I24 its register map is not proved. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState

UNPROVED = "the inverter's profile has not been confirmed at a device"


@dataclass(frozen=True, slots=True)
class InverterMemory:
    """What the supervision of one inverter remembers."""


def cuts(
    unit: UnitState, limits: UnitLimits, memory: InverterMemory, at_s: float
) -> tuple[tuple[Cut, ...], InverterMemory]:
    """Return what the inverter's own state forbids, and what to remember for the next cycle."""
    return (*_not_in_charge(unit), *_unproved(unit, limits)), memory


def _not_in_charge(unit: UnitState) -> Iterator[Cut]:
    """I23: nothing is asked of an inverter before it is ours."""
    if not unit.ready and not unit.lost:
        yield Cut("I23", "the inverter has not been taken over yet", 0.0, 0.0)


def _unproved(unit: UnitState, limits: UnitLimits) -> Iterator[Cut]:
    """I24: what nobody has tried at this kind of device is tried with little power."""
    share = unit.power_share_max
    if share < 1.0:
        text = f"{UNPROVED}: {share * 100:g} % of the rated power at most"
        yield Cut("I24", text, -share * limits.charge_kw_max, share * limits.discharge_kw_max)
