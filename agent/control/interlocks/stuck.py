"""I10, a value that is bit for bit the same for too long: its register is frozen. Pure.

Only where the settings say that a value is finely stepped enough to move: a state of charge in
whole percent, or a power in steps of 1 kW, stands still in health.
"""

from collections.abc import Iterator

from agent.control.cuts import Cut
from agent.control.interlocks.config import FreshnessSettings
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState
from agent.control.quantity import Quantity

POWER_SHARE_MIN = 0.05
"""Of rated power: below it a power may well stand still."""
FREQUENCY_RESOLUTION_HZ_MAX = 0.001 + 1e-9
"""A meter of coarser steps stands still in a calm grid."""


def cuts(unit: UnitState, limits: UnitLimits, settings: FreshnessSettings) -> Iterator[Cut]:
    """Yield a stop where the AC power of the unit is frozen."""
    still_s_max, power = settings.power_still_s_max, unit.power_kw
    if still_s_max is None or power.still_s < still_s_max or power.value is None:
        return
    if abs(power.value) > POWER_SHARE_MIN * limits.rated_kw:
        text = f"AC power: bit for bit the same for more than {still_s_max:g} s"
        yield Cut("I10", text, 0.0, 0.0, blind=True)


def site_stuck(site_kw: Quantity, settings: FreshnessSettings) -> bool:
    """Say whether the power at the connection is frozen: to be treated as not measured."""
    return settings.site_still_s_max is not None and site_kw.still_s >= settings.site_still_s_max


def frequency_stuck(hz: Quantity, resolution_hz: float | None, settings: FreshnessSettings) -> bool:
    """Say whether a frequency is frozen: to be treated as not measured."""
    still_s_max = settings.frequency_still_s_max
    fine = resolution_hz is not None and resolution_hz <= FREQUENCY_RESOLUTION_HZ_MAX
    return still_s_max is not None and fine and hz.still_s >= still_s_max
