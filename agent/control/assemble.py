"""The plant of one cycle from what the devices have told. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from agent.control import sources as points
from agent.control.plant import LIMIT_AGE_S_MAX, FrequencyMeter, PlantState, UnitState
from agent.control.quantity import UNKNOWN, Quantity, Seen, quantity_of
from agent.control.sources import Sources

DISCHARGE_EFFICIENCY_MIN = 0.95
"""Of the inverter. A battery speaks of power on its own, the DC side: the safe side is to count
the losses when discharging, and none when charging."""
_COUNTERS = (points.COUNTER, points.BATTERY_COUNTER)

Told = Mapping[str, Mapping[str, Seen]]
"""By device, then by point name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the port of an inverter knows beside its readings."""

    ready: bool = False
    lost: bool = False
    power_share_max: float = 1.0
    written_kw: float | None = None
    written_age_s: float = 0.0


def plant_state(
    told: Told,
    sources: Sequence[Sources],
    lines: Mapping[str, Line],
    *,
    now_s: float,
    complete: Set[str] = frozenset(),
) -> PlantState:
    """Return the plant of this cycle.

    Args:
        told: what each device has told.
        sources: who tells what, one for each unit; what belongs to the plant is in the first.
        lines: of each unit's inverter.
        now_s: the event loop's time.
        complete: devices that have told all they have; what their profile names beyond it, this
            one of their kind does not have.
    """
    looks = [_Look(told, unit, now_s, complete) for unit in sources]
    plant = looks[0]
    return PlantState(
        at_s=now_s,
        units=tuple(_unit(look, lines[look.sources.setter]) for look in looks),
        frequencies=tuple(
            FrequencyMeter(device=device, hz=quantity_of(seen, now_s))
            for device, seen in plant.known(points.FREQUENCY)
        ),
        site_kw=plant.quantity(points.SITE),
    )


def _unit(look: "_Look", line: Line) -> UnitState:
    counters = [c for name in _COUNTERS for _, c in look.known(name) if c is not None]
    still_s = (look.now_s - counter.changed_s for counter in counters)
    return UnitState(
        unit=look.sources.setter,
        ready=line.ready,
        lost=line.lost,
        power_kw=look.quantity(points.POWER) or UNKNOWN,
        soc_pct=look.quantity(points.SOC) or UNKNOWN,
        discharge_kw_max=look.allowed(
            points.DISCHARGE, points.DISCHARGE_A, DISCHARGE_EFFICIENCY_MIN
        ),
        charge_kw_max=look.allowed(points.CHARGE, points.CHARGE_A, 1.0),
        written_kw=line.written_kw,
        written_age_s=line.written_age_s,
        heartbeat_age_s=max(still_s, default=None),
        power_share_max=line.power_share_max,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at what was told, through the eyes of one unit."""

    told: Told
    sources: Sources
    now_s: float
    complete: Set[str]

    def known(self, point: str) -> list[tuple[str, Seen | None]]:
        """Return the devices that tell a point, with what each told, the preferred one first."""
        pairs = [(d, self.told.get(d, {}).get(point)) for d in self.sources.of(point)]
        return [(d, found) for d, found in pairs if found is not None or d not in self.complete]

    def quantity(self, point: str) -> Quantity | None:
        """Return the preferred device's value; None: no device of the plant tells it."""
        return next((quantity_of(found, self.now_s) for _, found in self.known(point)), None)

    def allowed(self, power: str, current: str, efficiency: float) -> Quantity | None:
        """Return what the battery allows in one direction, at the AC terminals."""
        in_kw = next(iter(self.known(power)), None)
        in_a = next(iter(self.known(current)), None)
        direct = by_current = None
        if in_kw is not None:
            of_setter = in_kw[0] == self.sources.setter
            direct = quantity_of(in_kw[1], self.now_s).times(1.0 if of_setter else efficiency)
        if in_a is not None:
            voltage = quantity_of(self.told.get(in_a[0], {}).get(points.VOLTAGE), self.now_s)
            by_current = quantity_of(in_a[1], self.now_s).times(efficiency / 1_000).by(voltage)
        if in_kw is not None and in_a is not None and in_kw[0] == in_a[0]:
            by_current = by_current if by_current and by_current.usable(LIMIT_AGE_S_MAX) else None
        return direct.least(by_current) if direct else by_current
