"""One point of a device that speaks in numbers rather than registers: JSON, OPC UA, text lines.

``value = raw * scale + offset`` is in the unit and sign of the point's name (see `wire`). Where
the device states its unit, that is converted first: ``MW`` for a point that ends in ``_kw``.
"""

import math
from dataclasses import dataclass

from drivers.base import Rate
from drivers.point import SCALE_MIN, VALUE_MAX, Access, RateName
from drivers.table import Table
from wire.points import is_point_name, unit_of

DECIMALS = 9
"""Values are rounded to this many, so that 3 * 0.1 is 0.3."""
STALE_S_MAX = 86_400.0
_FACTORS = {
    "kW": {"W": 0.001, "kW": 1.0, "MW": 1_000.0},
    "kWh": {"Wh": 0.001, "kWh": 1.0, "MWh": 1_000.0},
    "kvar": {"var": 0.001, "kvar": 1.0, "Mvar": 1_000.0},
    "%": {"%": 1.0, "percent": 1.0},
    "Hz": {"Hz": 1.0, "mHz": 0.001},
    "°C": {"°C": 1.0, "C": 1.0, "degC": 1.0},
    "V": {"V": 1.0, "mV": 0.001, "kV": 1_000.0},
    "A": {"A": 1.0, "mA": 0.001, "kA": 1_000.0},
    "s": {"s": 1.0, "ms": 0.001},
    "kΩ": {"kΩ": 1.0, "kOhm": 1.0, "Ω": 0.001, "Ohm": 0.001},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One named value and how it is made from the device's number."""

    name: str
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    """The device's unit where its message states none; empty: that of the name."""
    low: float | None = None
    high: float | None = None
    """A value outside ``[low, high]`` is no value."""
    rate: Rate = Rate.FAST
    access: Access = Access.READ
    stale_s: float | None = None
    """A value whose own time is older is stale; None: true for as long as the device is there."""
    confirmed: bool = True

    def value(self, raw: float, unit: str = "") -> float | None:
        """Return the value in the point's unit; None: not finite, out of range, or a strange unit.

        Args:
            raw: the device's number.
            unit: what the message itself says; it wins over the profile's.
        """
        factor = self._factor(unit or self.unit)
        if factor is None or not math.isfinite(raw):
            return None
        value = round(raw * factor * self.scale + self.offset, DECIMALS) + 0.0
        low, high = self.low, self.high
        if not math.isfinite(value) or (low is not None and value < low):
            return None
        return None if high is not None and value > high else value

    def raw(self, value: float) -> float:
        """Return the device's number for a value, the inverse of `value`."""
        factor = self._factor(self.unit)
        assert factor is not None, "read_tag accepts only units that can be converted"
        return round((value - self.offset) / self.scale / factor, DECIMALS) + 0.0

    def knows(self, unit: str) -> bool:
        """Say whether a number in this unit can be converted to the point's."""
        return self._factor(unit) is not None

    def _factor(self, unit: str) -> float | None:
        own = unit_of(self.name)
        if not unit or unit == own:
            return 1.0
        return _FACTORS.get(own, {}).get(unit)


def read_tag(row: Table, rate: Rate = Rate.FAST) -> Tag:
    """Return the tag in one ``[[point]]``; the caller takes its protocol's keys and closes.

    Raises:
        ProfileError: a key is missing or wrong.
    """
    name = row.text("name")
    if not is_point_name(name):
        raise row.wrong("name", name, "a dotted name in lower case such as 'battery.soc_pct'")
    scale = row.number("scale", -VALUE_MAX, VALUE_MAX, 1.0)
    if abs(scale) < SCALE_MIN:
        raise row.wrong("scale", scale, f"a number other than 0, at least {SCALE_MIN:g} in size,")
    unit = row.text("unit", "")
    units = _FACTORS.get(unit_of(name), {})
    if unit and unit not in units:
        raise row.wrong("unit", unit, ", ".join(units) or f"no unit, for {name},")
    low = row.number("min", -VALUE_MAX, VALUE_MAX) if row.has("min") else None
    high = row.number("max", -VALUE_MAX, VALUE_MAX) if row.has("max") else None
    if low is not None and high is not None and low > high:
        raise row.wrong("min", low, f"a number up to max {high:g}")
    return Tag(
        name=name,
        scale=scale,
        offset=row.number("offset", -VALUE_MAX, VALUE_MAX, 0.0),
        unit=unit,
        low=low,
        high=high,
        rate=Rate(row.choice("rate", RateName, RateName(rate.value)).value),
        access=row.choice("access", Access, Access.READ),
        stale_s=row.number("stale_s", 0.1, STALE_S_MAX) if row.has("stale_s") else None,
        confirmed=row.flag("confirmed", default=True),
    )


def described(tag: Tag, where: str) -> str:
    """Return one line about the tag, for people: name, place, unit, rights, rate, confidence."""
    rights = {Access.READ: "r", Access.WRITE: "w", Access.READ_WRITE: "rw"}[tag.access]
    told_in = tag.unit or unit_of(tag.name)
    sure = "confirmed" if tag.confirmed else "unconfirmed"
    return f"{tag.name:28}{where:32}{told_in:6}{rights:4}{tag.rate.value:6}{sure}"
