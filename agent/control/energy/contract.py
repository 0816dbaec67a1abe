"""What the energy room is told of a product, and what it answers. Pure.

Powers carry the sign of `wire`; energies are counted from the lower end of the plant's window of
the state of charge upwards, so 0 is empty and `Reservoir.span_kwh` is full.
"""

import math
from dataclasses import dataclass

from agent.control.energy.config import ProductEnergy


@dataclass(frozen=True, slots=True)
class Reservoir:
    """The energy of the units that work, within their windows of the state of charge."""

    energy_kwh: float
    """Now; below 0 or above the span where a battery is outside its window."""
    span_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One product as far as its energy is concerned; it lives as long as the award."""

    product: str
    capacity_kw: float
    up: bool = True
    """It discharges when the frequency falls."""
    down: bool = True
    settings: ProductEnergy
    """`EnergySettings.of(product)`."""
    until_us: int | None = None
    """End of the unbroken chain of awards of this product: nothing is announced beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What one cycle looks like to the energy room."""

    at_s: float
    """The event loop's time."""
    now_us: int
    """Wall time, for announcements; frequency never decides about these."""
    hz: float | None
    """What the product answers: measured, or injected by a test; None: there was never any."""
    believed: bool
    """False: no management is done, and means go on with the last value."""
    alert: bool | None
    """Of the area the product is for; None: unknown, which forbids management (CE)."""
    reservoir: Reservoir | None
    """None: some state of charge or capacity is not known."""
    base_kw: float = 0.0
    """Of the plant, of the cycle before: what it does beside the response."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A change of the operating point, announced ahead: constant power over ``[start, end)``."""

    start_us: int
    end_us: int
    power_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """What the product does now: ``answered(capacity · curve(deviation_hz)) + management_kw``."""

    rule: str
    """Rule set that holds."""
    deviation_hz: float | None
    """What the curve is asked at; None: there was never a frequency."""
    management_kw: float = 0.0
    """NEM, or the transaction that runs now."""
    baseline_kw: float = 0.0
    """The part of `management_kw` that belongs to the announced baseline."""
    shift_kw: float = 0.0
    """AEM: how far the response is moved because its reference follows the frequency."""
    gain_up: float = 1.0
    """Of a response that discharges: 1, or what a degree of freedom makes of it."""
    gain_down: float = 1.0
    lower_kw: float = -math.inf
    """Of response and management together."""
    upper_kw: float = math.inf
    nem: int = 0
    """-1 charges, +1 discharges."""
    aem: bool = False
    reserve_mode: bool = False
    endurance_min: float | None = None
    """Minutes of full activation that are left; None: not known."""
    code: str = ""
    """Why the product is not available: ``AEM``, ``ENERGY``, ``ENERGY_UNKNOWN``; empty: it is."""
    text: str = ""
    transactions: tuple[Transaction, ...] = ()
    """Announced and not over."""

    def reacting(self, deviation_hz: float, gain_up: float, gain_down: float) -> "Managed":
        """Return the same with what the product reacts to in this cycle, and how."""
        return Managed(
            rule=self.rule,
            deviation_hz=deviation_hz,
            management_kw=self.management_kw,
            baseline_kw=self.baseline_kw,
            shift_kw=self.shift_kw,
            gain_up=gain_up,
            gain_down=gain_down,
            lower_kw=self.lower_kw,
            upper_kw=self.upper_kw,
            nem=self.nem,
            aem=self.aem,
            reserve_mode=self.reserve_mode,
            endurance_min=self.endurance_min,
            code=self.code,
            text=self.text,
            transactions=self.transactions,
        )

    def answered(self, curve_kw: float) -> float:
        """Return the response in kW, where `curve_kw` is what the curve asks at `deviation_hz`."""
        gained_kw = curve_kw * (self.gain_up if curve_kw > 0.0 else self.gain_down)
        wanted_kw = gained_kw + self.shift_kw + self.management_kw
        return min(max(wanted_kw, self.lower_kw), self.upper_kw) - self.management_kw
