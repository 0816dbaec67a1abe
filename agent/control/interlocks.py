"""What forbids or limits power, whoever asks for it. Pure.

Each interlock is a `Cut`: a code that never changes, a sentence, and the bounds it sets. Charging
limits are lower bounds of at most 0, discharging limits upper bounds of at least 0, so 0 kW is
always allowed and the bounds can be intersected in any order.

I1 limits reported by the battery · I2 state-of-charge window with hysteresis · I9 data too old,
which allows nothing but 0 · I24 a share of the rated power until the inverter's register map has
been proved · LIMIT the limits of the settings.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.control.plant import LIMIT_AGE_S_MAX, PlantState, Quantity

POWER_AGE_S_MAX = 2.0
SOC_AGE_S_MAX = 30.0
HEARTBEAT_AGE_S_MAX = 10.0
SOC_HYSTERESIS_PCT = 1.0
UNPROVED = "the inverter's profile has not been confirmed at a device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the settings allow; powers are magnitudes."""

    discharge_kw_max: float
    charge_kw_max: float
    soc_min_pct: float
    soc_max_pct: float
    ramp_kw_per_s: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """Which directions the state of charge has closed; remembered for the hysteresis."""

    discharge: bool = False
    charge: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """Bounds that one interlock sets."""

    code: str
    text: str
    lower_kw: float = -math.inf
    upper_kw: float = math.inf


@dataclass(frozen=True, slots=True)
class Hard:
    """The hard interval of this cycle, never empty, and the cuts that made it."""

    lower_kw: float
    upper_kw: float
    cuts: tuple[Cut, ...]

    @property
    def stale(self) -> Cut | None:
        """Return the cut that allows only 0 because something is missing, if there is one."""
        return next((cut for cut in self.cuts if cut.code == "I9"), None)

    def binding(self, power_kw: float) -> Cut:
        """Return the cut that stands in the way of `power_kw`, which lies outside."""
        if power_kw > self.upper_kw:
            return min(self.cuts, key=lambda cut: cut.upper_kw)
        return max(self.cuts, key=lambda cut: cut.lower_kw)


def hard_interval(plant: PlantState, limits: Limits, blocked: Blocked) -> tuple[Hard, Blocked]:
    """Return what the plant allows now, and which directions stay closed."""
    blocked = _blocked(plant.soc_pct, limits, blocked)
    cuts = (
        *_stale(plant),
        *_window(plant.soc_pct, limits, blocked),
        *_battery(plant),
        *_unproved(plant, limits),
        Cut(
            "LIMIT",
            f"the settings allow {limits.charge_kw_max:g} kW of charging"
            f" and {limits.discharge_kw_max:g} kW of discharging",
            -limits.charge_kw_max,
            limits.discharge_kw_max,
        ),
    )
    return Hard(_lower(cuts), _upper(cuts), cuts), blocked


def _lower(cuts: Sequence[Cut]) -> float:
    return min(0.0, max(cut.lower_kw for cut in cuts))


def _upper(cuts: Sequence[Cut]) -> float:
    return max(0.0, min(cut.upper_kw for cut in cuts))


def _stale(plant: PlantState) -> list[Cut]:
    """I9: without fresh data the only power that is safe for every plant is 0."""
    ages = [
        ("AC power", plant.power_kw, POWER_AGE_S_MAX),
        ("state of charge", plant.soc_pct, SOC_AGE_S_MAX),
        ("discharge limit of the battery", plant.discharge_kw_max, LIMIT_AGE_S_MAX),
        ("charge limit of the battery", plant.charge_kw_max, LIMIT_AGE_S_MAX),
    ]
    cuts = [
        Cut("I9", f"{name}: {_missing(quantity, limit_s)}", 0.0, 0.0)
        for name, quantity, limit_s in ages
        if quantity is not None and not quantity.usable(limit_s)
    ]
    if plant.lost:
        cuts.insert(0, Cut("I9", "the inverter does not answer", 0.0, 0.0))
    if plant.heartbeat_age_s is not None and plant.heartbeat_age_s > HEARTBEAT_AGE_S_MAX:
        text = f"a life counter stands still for more than {HEARTBEAT_AGE_S_MAX:g} s"
        cuts.append(Cut("I9", text, 0.0, 0.0))
    return cuts


def _missing(quantity: Quantity, limit_s: float) -> str:
    if quantity.value is None:
        return "no value yet"
    if not math.isfinite(quantity.value):
        return "not a number"
    return f"older than {limit_s:g} s"


def _blocked(soc_pct: Quantity, limits: Limits, before: Blocked) -> Blocked:
    """I2: close at the limit, open again 1 % inside it; an unknown state changes nothing."""
    soc = soc_pct.value
    if soc is None or not math.isfinite(soc):
        return before
    margin_pct = min(SOC_HYSTERESIS_PCT, (limits.soc_max_pct - limits.soc_min_pct) / 4)
    return Blocked(
        discharge=soc < limits.soc_min_pct + (margin_pct if before.discharge else 0.0)
        or soc <= limits.soc_min_pct,
        charge=soc > limits.soc_max_pct - (margin_pct if before.charge else 0.0)
        or soc >= limits.soc_max_pct,
    )


def _window(soc_pct: Quantity, limits: Limits, blocked: Blocked) -> list[Cut]:
    shown = "unknown" if soc_pct.value is None else f"{soc_pct.value:.1f} %"
    cuts: list[Cut] = []
    if blocked.discharge:
        text = f"state of charge {shown}: no discharging at {limits.soc_min_pct:g} %"
        cuts.append(Cut("I2", text, upper_kw=0.0))
    if blocked.charge:
        text = f"state of charge {shown}: no charging at {limits.soc_max_pct:g} %"
        cuts.append(Cut("I2", text, lower_kw=0.0))
    return cuts


def _battery(plant: PlantState) -> list[Cut]:
    """I1: what the battery allows, as power at the AC terminals."""
    cuts: list[Cut] = []
    discharge, charge = plant.discharge_kw_max, plant.charge_kw_max
    if discharge is not None and discharge.usable(LIMIT_AGE_S_MAX):
        allowed_kw = max(0.0, discharge.value or 0.0)
        text = f"the battery allows {allowed_kw:.6g} kW of discharging"
        cuts.append(Cut("I1", text, upper_kw=allowed_kw))
    if charge is not None and charge.usable(LIMIT_AGE_S_MAX):
        allowed_kw = max(0.0, charge.value or 0.0)
        cuts.append(Cut("I1", f"the battery allows {allowed_kw:.6g} kW of charging", -allowed_kw))
    return cuts


def _unproved(plant: PlantState, limits: Limits) -> list[Cut]:
    """I24: what nobody has tried at this kind of device is tried with little power."""
    share = plant.power_share_max
    if share >= 1.0:
        return []
    text = f"{UNPROVED}: {share * 100:g} % of the rated power at most"
    return [Cut("I24", text, -share * limits.charge_kw_max, share * limits.discharge_kw_max)]
