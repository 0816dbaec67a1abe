"""The battery of one unit: I1 what it reports, I2 its window, I3, I4 and the deratings. Pure.

The lowest of all bounds of a direction holds at once. A bound that is lifted comes back by 5 % of
the allowed power a second, so that a limit at its edge makes no see-saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agent.control.cuts import Cut
from agent.control.interlocks import soc, state
from agent.control.interlocks.rules import GuardRules
from agent.control.interlocks.soc import SocMemory
from agent.control.interlocks.state import Share, StateMemory
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState
from agent.control.quantity import Quantity

RISE_SPAN_S_MAX = 1.0
"""After a longer pause a bound rises as if this much time had passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryMemory:
    """What the battery's interlocks remember from cycle to cycle."""

    soc: SocMemory = field(default_factory=SocMemory)
    state: StateMemory = field(default_factory=StateMemory)
    discharge_kw: float | None = None
    """The bound of the cycle before; None: there was none."""
    charge_kw: float | None = None
    at_s: float | None = None


def cuts(
    unit: UnitState, limits: UnitLimits, memory: BatteryMemory, at_s: float, rules: GuardRules
) -> tuple[tuple[Cut, ...], BatteryMemory]:
    """Return what the battery allows now, and what to remember for the next cycle."""
    window = soc.remembered(unit.soc_pct, limits, memory.soc)
    curves = rules.curves
    (discharge, charge), of_state = state.shares(unit, limits, curves, memory.state, at_s)
    elapsed_s = 0.0 if memory.at_s is None else min(max(0.0, at_s - memory.at_s), RISE_SPAN_S_MAX)
    rise = rules.battery.rise_pct_per_s / 100 * elapsed_s
    age_s_max = rules.freshness.limit_age_s_max
    up = _direction("discharging", limits.discharge_kw_max, unit.discharge_kw_max, age_s_max)
    down = _direction("charging", limits.charge_kw_max, unit.charge_kw_max, age_s_max)
    up.shares, down.shares = discharge, charge
    up_kw = up.bound_kw(memory.discharge_kw, rise, closed=window.no_discharge)
    down_kw = down.bound_kw(memory.charge_kw, rise, closed=window.no_charge)
    found = [*soc.cuts(unit.soc_pct, limits, window), *state.missing(unit, curves)]
    if not window.no_discharge and (why := up.cut(up_kw)):
        found.append(Cut(why[0], why[1], upper_kw=up_kw or 0.0, blind=why[2]))
    if not window.no_charge and (why := down.cut(down_kw)):
        found.append(Cut(why[0], why[1], lower_kw=-(down_kw or 0.0), blind=why[2]))
    after = BatteryMemory(
        soc=window, state=of_state, discharge_kw=up_kw, charge_kw=down_kw, at_s=at_s
    )
    return tuple(found), after


@dataclass(slots=True)
class _Direction:
    """All bounds of one direction, as magnitudes."""

    name: str
    rated_kw: float
    reported_kw: float | None
    """I1: what the battery's management allows at the AC terminals; None: it does not say now."""
    known: bool
    """Nothing is missing of what the battery reports."""
    shares: Sequence[Share] = ()

    def bound_kw(self, before_kw: float | None, rise: float, *, closed: bool) -> float | None:
        """Return the bound of this cycle; None: not known yet, and nothing may be asked anyway."""
        if closed:
            return 0.0
        if not self.known:
            return before_kw
        allowed_kw = self.rated_kw
        if self.reported_kw is not None and self.reported_kw < allowed_kw:
            allowed_kw = self.reported_kw
        for one in self.shares:
            allowed_kw = min(allowed_kw, one.share * self.rated_kw)
        if before_kw is None or allowed_kw <= before_kw:
            return allowed_kw
        return min(allowed_kw, before_kw + rise * allowed_kw)

    def cut(self, bound_kw: float | None) -> tuple[str, str, bool] | None:
        """Return code and text of the lowest bound, and whether it is for want of data."""
        if bound_kw is None or bound_kw >= self.rated_kw:
            return None
        lowest_kw, lowest = self.reported_kw, None
        for one in self.shares:
            if lowest_kw is None or one.share * self.rated_kw < lowest_kw:
                lowest_kw, lowest = one.share * self.rated_kw, one
        if lowest is not None:
            return lowest.code, f"{lowest.what}: {bound_kw:.6g} kW of {self.name}", lowest.blind
        if lowest_kw is not None and lowest_kw < self.rated_kw:
            return "I1", _allows(bound_kw, self.name), False
        return "I1", f"a bound was lifted: {bound_kw:.6g} kW of {self.name} again", False


@lru_cache(maxsize=8)
def _allows(bound_kw: float, name: str) -> str:
    return f"the battery allows {bound_kw:.6g} kW of {name}"


def _direction(
    name: str, rated_kw: float, reported: Quantity | None, age_s_max: float
) -> _Direction:
    told_kw = None if reported is None else reported.within(age_s_max)
    reported_kw = None if told_kw is None else max(0.0, told_kw)
    return _Direction(name, rated_kw, reported_kw, reported is None or reported_kw is not None)
