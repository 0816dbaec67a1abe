"""I9, data too old: without fresh data the only power that is safe for every plant is 0. Pure.

Each signal has its own limit. One that has been too old counts again after three fresh samples, so
that a device which answers now and then does not switch the plant on and off.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.interlocks.config import FreshnessSettings
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState
from agent.control.quantity import Quantity

_NAMES = (
    "AC power",
    "state of charge",
    "discharge limit of the battery",
    "charge limit of the battery",
)


@dataclass(frozen=True, slots=True)
class FreshMemory:
    """Of each signal, how many samples there had been when it was last too old; None: well."""

    lost_at: tuple[int | None, ...] = (None, None, None, None)


WELL = FreshMemory()
SOC_PCT = (-5.0, 105.0)
"""What a gauge may say; anything else is not a state of charge."""
POWER_SHARE_MAX = 10.0
"""Of the rated power; the settings may allow much less than the inverter can."""


def absurd(unit: UnitState, limits: UnitLimits) -> Iterator[Cut]:
    """Yield a stop for what was read and cannot be."""
    soc_pct, power_kw = unit.soc_pct.value, unit.power_kw.value
    if soc_pct is not None and not SOC_PCT[0] <= soc_pct <= SOC_PCT[1]:
        yield _stop(f"state of charge: {soc_pct:g} % cannot be")
    if power_kw is not None and not abs(power_kw) <= POWER_SHARE_MAX * limits.rated_kw:
        yield _stop(f"AC power: {power_kw:g} kW cannot be")


def cuts(
    unit: UnitState, memory: FreshMemory, settings: FreshnessSettings
) -> tuple[tuple[Cut, ...], FreshMemory]:
    """Return a stop for everything of the unit that decides and is not known now."""
    standing_s = unit.heartbeat_age_s
    beats = standing_s is None or standing_s <= settings.heartbeat_age_s_max
    if memory is WELL and beats and not unit.lost and _all_usable(unit, settings):
        return (), WELL
    signals = (
        (unit.power_kw, settings.power_age_s_max),
        (unit.soc_pct, settings.soc_age_s_max),
        (unit.discharge_kw_max, settings.limit_age_s_max),
        (unit.charge_kw_max, settings.limit_age_s_max),
    )
    found: list[Cut] = [_stop("the inverter does not answer")] if unit.lost else []
    lost_at: list[int | None] = []
    for place, (quantity, limit_s) in enumerate(signals):
        lost = _lost(quantity, limit_s, memory.lost_at[place], settings.release_samples)
        lost_at.append(lost)
        if quantity is not None:
            found.extend(_said(_NAMES[place], quantity, limit_s, lost))
    if not beats:
        limit_s = settings.heartbeat_age_s_max
        found.append(_stop(f"a life counter stands still for more than {limit_s:g} s"))
    after = FreshMemory(tuple(lost_at))
    return tuple(found), WELL if after == WELL else after


def _all_usable(unit: UnitState, settings: FreshnessSettings) -> bool:
    return (
        unit.power_kw.usable(settings.power_age_s_max)
        and unit.soc_pct.usable(settings.soc_age_s_max)
        and _usable(unit.discharge_kw_max, settings.limit_age_s_max)
        and _usable(unit.charge_kw_max, settings.limit_age_s_max)
    )


def _usable(quantity: Quantity | None, limit_s: float) -> bool:
    return quantity is None or quantity.usable(limit_s)


def _lost(
    quantity: Quantity | None, limit_s: float, before: int | None, samples_min: int
) -> int | None:
    """Return at which sample the signal was last lost; None: it is well.

    One that has never had a value is not lost, it has not come yet. A count below the one before
    begins anew with its device; 0 is a value that nobody counts.
    """
    if quantity is None or quantity.value is None:
        return before if quantity is not None else None
    if not quantity.usable(limit_s):
        return quantity.samples
    if before is None or quantity.samples == 0 or quantity.samples - before >= samples_min:
        return None
    return min(before, quantity.samples)


def _said(name: str, quantity: Quantity, limit_s: float, lost: int | None) -> Iterator[Cut]:
    if quantity.value is None:
        yield _stop(f"{name}: no value yet")
    elif not math.isfinite(quantity.value):
        yield _stop(f"{name}: not a number")
    elif quantity.age_s > limit_s:
        yield _stop(f"{name}: older than {limit_s:g} s")
    elif lost is not None:
        yield _stop(f"{name}: back, but not for long enough")


def _stop(text: str) -> Cut:
    return Cut("I9", text, 0.0, 0.0, blind=True)
