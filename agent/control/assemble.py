"""The plant of one cycle from what the devices have told. Pure."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import reduce

from agent.control import sources as points
from agent.control.plant import LIMIT_AGE_S_MAX, FrequencyMeter, PlantState, Run, UnitState
from agent.control.quantity import UNKNOWN, Quantity, Seen, quantity_of
from agent.control.sources import MeterFacts, Sources

DISCHARGE_EFFICIENCY_MIN = 0.95
"""Of the inverter. A battery speaks of power on its own, the DC side: the safe side is to count
the losses when discharging, and none when charging."""
STOP_AGE_S_MAX = 30.0
"""A point that may say stop and has not been read for so long may be a broken wire."""
_COUNTERS = (points.COUNTER, points.BATTERY_COUNTER)

_NO_FACTS = MeterFacts()

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
    fingerprint: str = ""


def plant_state(
    told: Told,
    sources: Sequence[Sources],
    lines: Mapping[str, Line],
    *,
    now_s: float,
    complete: Set[str] = frozenset(),
    clock_error_s: float | None = None,
) -> PlantState:
    """Return the plant of this cycle.

    Args:
        told: what each device has told.
        sources: who tells what, one for each unit; what belongs to the plant is in the first.
        lines: of each unit's inverter.
        now_s: the event loop's time.
        complete: devices that have told all they have; what their profile names beyond it, this
            one of their kind does not have.
        clock_error_s: what the wall clock is believed to be wrong by; None: nobody knows.
    """
    looks = [_Look(told, unit, now_s, complete) for unit in sources]
    plant = looks[0]
    return PlantState(
        at_s=now_s,
        units=tuple(_unit(look, lines[look.sources.setter]) for look in looks),
        frequencies=tuple(
            _meter(plant.sources.meters.get(device, _NO_FACTS), device, quantity_of(seen, now_s))
            for device, seen in plant.known(points.FREQUENCY)
        ),
        voltages_v=plant.voltages(),
        site_kw=plant.quantity(points.SITE),
        site_kvar=plant.quantity(points.SITE_KVAR),
        site_currents_a=plant.currents(),
        pv_kw=plant.total(points.PV),
        load_kw=plant.quantity(points.LOAD),
        import_kwh=plant.quantity(points.IMPORT),
        inputs={
            point: quantity_of(told.get(device, {}).get(point), now_s)
            for device, point in plant.sources.inputs
        },
        clock_error_s=clock_error_s,
    )


def _meter(facts: MeterFacts, device: str, hz: Quantity) -> FrequencyMeter:
    return FrequencyMeter(
        device=device, hz=hz, resolution_hz=facts.resolution_hz, period_s=facts.period_s
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
        cell_max_v=look.quantity(points.CELL_MAX),
        cell_min_v=look.quantity(points.CELL_MIN),
        temp_max_c=look.quantity(points.TEMP_MAX),
        temp_min_c=look.quantity(points.TEMP_MIN),
        temp_mean_c=look.quantity(points.TEMP_MEAN),
        run=look.run(),
        told_kw=look.quantity(points.TOLD),
        written_kw=line.written_kw,
        written_age_s=line.written_age_s,
        fingerprint=line.fingerprint,
        stops=look.stops(silent=False),
        silent_stops=look.stops(silent=True),
        heartbeat_age_s=max(still_s, default=None),
        power_share_max=line.power_share_max,
    )


def _says_stop(point: Quantity, silent: bool) -> bool:
    value = point.within(STOP_AGE_S_MAX)
    return value is None if silent else value not in (None, 0.0)


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

    def total(self, point: str) -> Quantity | None:
        """Return the sum over all devices that tell a point, as old as the oldest."""
        parts = [quantity_of(found, self.now_s) for _, found in self.known(point)]
        return reduce(Quantity.plus, parts) if parts else None

    def voltages(self) -> tuple[Quantity, ...]:
        """Return the phases where somebody tells them, else the one voltage there is."""
        phases = [v for v in map(self.quantity, points.PHASES) if v is not None]
        one = None if phases else self.quantity(points.AC_VOLTAGE)
        return tuple(phases) if one is None else (one,)

    def currents(self) -> tuple[Quantity, ...]:
        """Return the phases' currents where somebody tells them, else the one there is."""
        phases = [a for a in map(self.quantity, points.SITE_CURRENTS) if a is not None]
        one = None if phases else self.quantity(points.SITE_CURRENT)
        return tuple(phases) if one is None else (one,)

    def run(self) -> Run | None:
        """Return what the inverter does; None: it does not tell, or in a word nobody knows."""
        codes = self.sources.run_codes
        told = self.quantity(points.RUN) if codes else None
        if told is None or told.value is None or not math.isfinite(told.value):
            return None
        return codes.get(round(told.value))

    def stops(self, *, silent: bool) -> tuple[str, ...]:
        """Return the points that say stop by a value that is not 0, or those that are silent."""
        return tuple(
            point
            for device, point in self.sources.stops
            if _says_stop(quantity_of(self.told.get(device, {}).get(point), self.now_s), silent)
        )

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
