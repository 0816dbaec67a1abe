"""What control knows about the plant in one cycle, each number with its age. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from operator import mul

from agent.control import sources as points
from agent.control.sources import Sources
from wire.block import Quality, Reading

FREQUENCY_AGE_S_MAX = 1.0
LIMIT_AGE_S_MAX = 10.0
"""Of what the battery allows."""
DISCHARGE_EFFICIENCY_MIN = 0.95
"""Of the inverter. A battery speaks of power on its own, the DC side: the safe side is to count
the losses when discharging, and none when charging."""
_COUNTERS = (points.COUNTER, points.BATTERY_COUNTER)


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

    def times(self, factor: float) -> "Quantity":
        return replace(self, value=None if self.value is None else self.value * factor)

    def by(self, other: "Quantity") -> "Quantity":
        """Return the product, as old and as bad as the worse of the two."""
        return self._with(other, mul)

    def least(self, other: "Quantity | None") -> "Quantity":
        """Return the smaller value, as old and as bad as the worse of the two."""
        return self if other is None else self._with(other, min)

    def _with(self, other: "Quantity", one_of: Callable[[float, float], float]) -> "Quantity":
        known = self.value is not None and other.value is not None
        return Quantity(
            one_of(self.value or 0.0, other.value or 0.0) if known else None,
            max(self.age_s, other.age_s),
            max(self.quality, other.quality),
        )


UNKNOWN = Quantity(None, math.inf, Quality.LOST)


@dataclass(frozen=True, slots=True)
class Seen:
    """One point of one device as the gather phase keeps it; times are the event loop's."""

    newest: Reading
    seen_s: float
    """The newest reading's own time."""
    good_value: float | None = None
    good_s: float = -math.inf
    """The last good value's own time; one bad answer does not make the plant unknown."""
    changed_s: float = -math.inf
    """When the good value was last another one than before."""

    def followed_by(self, reading: Reading, at_s: float) -> "Seen":
        """Return what is known once `reading`, of the time `at_s`, has arrived.

        A reading that was there before is as old as it was, whatever the wall clock did since.
        """
        if reading.at_us == self.newest.at_us:
            at_s = self.seen_s
        if reading.quality is not Quality.GOOD or reading.value is None:
            return Seen(reading, at_s, self.good_value, self.good_s, self.changed_s)
        moved = reading.value != self.good_value
        return Seen(reading, at_s, reading.value, at_s, at_s if moved else self.changed_s)


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
    site_kw: Quantity | None = None
    """Power at the grid connection, + = export; None: nobody measures it."""
    heartbeat_age_s: float | None = None
    """How long a life counter, the inverter's or the battery's, has stood still; None: none."""
    power_share_max: float = 1.0
    """Share of the rated power that may be asked for; below 1 the inverter's map is not proved."""

    @property
    def once_known(self) -> bool:
        """Say whether everything that decides has had a value since the start, however old."""
        deciding = (self.power_kw, self.soc_pct, self.discharge_kw_max, self.charge_kw_max)
        return all(quantity is None or quantity.value is not None for quantity in deciding)


def plant_state(
    seen: Mapping[str, Mapping[str, Seen]],
    sources: Sources,
    *,
    ready: bool,
    lost: bool,
    now_s: float,
    power_share_max: float = 1.0,
    complete: Set[str] = frozenset(),
) -> PlantState:
    """Return the plant of this cycle.

    Args:
        seen: by device, then by point name.
        sources: which device tells what.
        ready: whether the setter has been taken over.
        lost: whether the setter is silent.
        now_s: the event loop's time.
        power_share_max: what the setter's profile allows.
        complete: devices that have told all they have; what their profile names beyond it, this
            one of their kind does not have.
    """

    def known(point: str) -> list[tuple[str, Seen | None]]:
        pairs = [(device, seen.get(device, {}).get(point)) for device in sources.of(point)]
        return [(d, found) for d, found in pairs if found is not None or d not in complete]

    def quantity(point: str) -> Quantity | None:
        """Return the preferred device's value; None: no device of the plant tells it."""
        return next((_quantity(found, now_s) for _, found in known(point)), None)

    def allowed(power: str, current: str, efficiency: float) -> Quantity | None:
        """Return what the battery allows in one direction, at the AC terminals."""
        in_kw = next(iter(known(power)), None)
        in_a = next(iter(known(current)), None)
        direct = by_current = None
        if in_kw is not None:
            of_setter = in_kw[0] == sources.setter
            direct = _quantity(in_kw[1], now_s).times(1.0 if of_setter else efficiency)
        if in_a is not None:
            voltage = _quantity(seen.get(in_a[0], {}).get(points.VOLTAGE), now_s)
            by_current = _quantity(in_a[1], now_s).times(efficiency / 1_000).by(voltage)
        if in_kw is not None and in_a is not None and in_kw[0] == in_a[0]:
            by_current = by_current if by_current and by_current.usable(LIMIT_AGE_S_MAX) else None
        return direct.least(by_current) if direct else by_current

    counters = [c for name in _COUNTERS for _, c in known(name) if c is not None]
    return PlantState(
        at_s=now_s,
        ready=ready,
        lost=lost,
        power_kw=quantity(points.POWER) or UNKNOWN,
        soc_pct=quantity(points.SOC) or UNKNOWN,
        discharge_kw_max=allowed(points.DISCHARGE, points.DISCHARGE_A, DISCHARGE_EFFICIENCY_MIN),
        charge_kw_max=allowed(points.CHARGE, points.CHARGE_A, 1.0),
        frequency_hz=_first_fresh([_quantity(s, now_s) for _, s in known(points.FREQUENCY)]),
        site_kw=quantity(points.SITE),
        heartbeat_age_s=max((now_s - counter.changed_s for counter in counters), default=None),
        power_share_max=power_share_max,
    )


def _quantity(seen: Seen | None, now_s: float) -> Quantity:
    if seen is None:
        return UNKNOWN
    return Quantity(seen.good_value, now_s - seen.good_s, seen.newest.quality)


def _first_fresh(quantities: Sequence[Quantity]) -> Quantity | None:
    """Return the first that may be decided upon, else the preferred one; None: there is none."""
    fresh = (quantity for quantity in quantities if quantity.usable(FREQUENCY_AGE_S_MAX))
    return next(fresh, quantities[0] if quantities else None)
