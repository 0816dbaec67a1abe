"""What control knows about the plant in one cycle, each number with its age. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wire.block import Quality, Reading


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that knows how old and how good it is."""

    value: float | None
    """The last good value, in the unit and sign of its point; None: there never was one."""
    age_s: float
    """How long ago that value was read."""
    quality: Quality = Quality.GOOD
    """Of the newest reading, good or not."""

    def usable(self, limit_s: float) -> bool:
        """Say whether the value may be decided upon: known, finite and not older than `limit_s`."""
        return self.value is not None and math.isfinite(self.value) and self.age_s <= limit_s


UNKNOWN = Quantity(None, math.inf, Quality.LOST)


@dataclass(frozen=True, slots=True)
class Seen:
    """One point of one device as the gather phase keeps it; times are the event loop's."""

    newest: Reading
    seen_s: float
    """When the newest reading arrived."""
    good_value: float | None = None
    good_s: float = -math.inf
    """When the last good value arrived; one bad answer does not make the plant unknown."""
    changed_s: float = -math.inf
    """When the good value was last another one than before."""

    def followed_by(self, reading: Reading, now_s: float) -> "Seen":
        """Return what is known once `reading` has arrived at `now_s`."""
        if reading.quality is not Quality.GOOD or reading.value is None:
            return Seen(reading, now_s, self.good_value, self.good_s, self.changed_s)
        moved = reading.value != self.good_value
        return Seen(reading, now_s, reading.value, now_s, now_s if moved else self.changed_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantState:
    """What one decision is made of; frozen, so nothing changes half-way through it."""

    at_s: float
    """The event loop's time of this cycle."""
    ready: bool
    """The inverter is connected and has been taken over: its time-out and fall-back are ours."""
    lost: bool = False
    """The inverter has not answered for longer than a short disturbance lasts."""
    power_kw: Quantity = UNKNOWN
    soc_pct: Quantity = UNKNOWN
    discharge_kw_max: Quantity | None = None
    """What the battery allows, a magnitude; None: it has no such point."""
    charge_kw_max: Quantity | None = None
    frequency_hz: Quantity | None = None
    """None when the plant has no frequency channel, never 0.0."""
    heartbeat_age_s: float | None = None
    """How long the inverter's life counter has stood still; None: it has none."""


def plant_state(
    seen: Mapping[str, Mapping[str, Seen]],
    setter: str,
    meters: Sequence[str],
    *,
    ready: bool,
    lost: bool,
    now_s: float,
) -> PlantState:
    """Return the plant of this cycle.

    Args:
        seen: by device, then by point name.
        setter: the device that takes the setpoint; it also tells battery and AC power.
        meters: devices in the order in which their frequency is preferred.
        ready: whether the setter has been taken over.
        lost: whether the setter is silent.
        now_s: the event loop's time.
    """
    own = seen.get(setter, {})
    frequency = next(
        (point for d in meters if (point := seen.get(d, {}).get("grid.frequency_hz"))), None
    )
    counter = own.get("pcs.counter")
    quantity = _quantity_at(now_s)
    return PlantState(
        at_s=now_s,
        ready=ready,
        lost=lost,
        power_kw=quantity(own.get("ac.power_kw")) or UNKNOWN,
        soc_pct=quantity(own.get("battery.soc_pct")) or UNKNOWN,
        discharge_kw_max=quantity(own.get("battery.max_discharge_kw")),
        charge_kw_max=quantity(own.get("battery.max_charge_kw")),
        frequency_hz=quantity(frequency),
        heartbeat_age_s=None if counter is None else now_s - counter.changed_s,
    )


def _quantity_at(now_s: float) -> "Callable[[Seen | None], Quantity | None]":
    def quantity(seen: Seen | None) -> Quantity | None:
        if seen is None:
            return None
        return Quantity(seen.good_value, now_s - seen.good_s, seen.newest.quality)

    return quantity
