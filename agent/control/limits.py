"""What the settings allow, in the terms of the decisions. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLimits:
    """What one inverter and its battery may do; powers are magnitudes."""

    unit: str
    discharge_kw_max: float
    charge_kw_max: float
    soc_min_pct: float
    soc_max_pct: float
    capacity_kwh: float | None = None
    """Usable energy between 0 and 100 %; None: nobody has said."""

    @property
    def rated_kw(self) -> float:
        return max(self.discharge_kw_max, self.charge_kw_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the plant may do."""

    units: tuple[UnitLimits, ...]
    """In the order of the plant's units."""
    ramp_kw_per_s: float
    """Of the base, where its proposal names no other."""

    @property
    def rated_kw(self) -> float:
        return sum(unit.rated_kw for unit in self.units)

    @property
    def capacity_kwh(self) -> float | None:
        """Return the usable energy of the plant; None: not known of every unit."""
        known = [unit.capacity_kwh for unit in self.units if unit.capacity_kwh is not None]
        return sum(known) if len(known) == len(self.units) else None
