"""What control knows about the plant in one cycle, each number with its age. Pure.

A plant is one or more units, each an inverter with its battery, behind one grid connection. The
state of a cycle is frozen at its start: nothing changes half-way through a decision. A quantity
that is None is one that nobody of this site measures; one that is measured and not known is
`UNKNOWN`. The two are never the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce

from agent.control.quantity import UNKNOWN, Quantity
from wire.report import ClockState

FREQUENCY_AGE_S_MAX = 1.0
LIMIT_AGE_S_MAX = 10.0
"""Of what the battery allows."""

CLOCK_ERROR_S = {
    ClockState.UNKNOWN: None,
    ClockState.SYNCHRONISED: 0.0,
    ClockState.CONFIRMED: 2.0,
    ClockState.CORRECTED: 0.05,
}
"""What the clock may be wrong by where nobody has measured it: a hub that agrees does so to 2 s,
one that corrects to 20 ms and the way to it."""


class Run(StrEnum):
    """What an inverter says it does."""

    RUNNING = "running"
    STARTING = "starting"
    STANDBY = "standby"
    FAULT = "fault"
    LOCAL = "local"
    """Somebody on site has taken it out of remote control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """One inverter with its battery; named after the device that takes the setpoint."""

    unit: str
    ready: bool
    """Connected and taken over: its time-out and its fall-back are ours."""
    lost: bool = False
    """It has not answered for longer than a short disturbance lasts."""
    power_kw: Quantity = UNKNOWN
    soc_pct: Quantity = UNKNOWN
    discharge_kw_max: Quantity | None = None
    """What the battery allows at the AC terminals, a magnitude."""
    charge_kw_max: Quantity | None = None
    cell_max_v: Quantity | None = None
    cell_min_v: Quantity | None = None
    temp_max_c: Quantity | None = None
    temp_min_c: Quantity | None = None
    temp_mean_c: Quantity | None = None
    run: Run | None = None
    """None: the inverter does not tell, or tells a code that its profile does not name."""
    told_kw: Quantity | None = None
    """The setpoint as the inverter says it has it."""
    written_kw: float | None = None
    """The setpoint that the inverter acknowledged last; None: none since it was taken over."""
    written_age_s: float = 0.0
    stops: tuple[str, ...] = ()
    """Points of this unit that say stop now: contactor open, insulation, fire, gas, door."""
    silent_stops: tuple[str, ...] = ()
    """Such points that have not been read yet or for too long: missing data, not an alarm."""
    heartbeat_age_s: float | None = None
    """How long a life counter, the inverter's or the battery's, has stood still; None: none."""
    power_share_max: float = 1.0
    """Share of the rated power that may be asked for; below 1 the inverter's map is not proved."""
    fingerprint: str = ""
    """Of firmware, profile and meter: what a sign self-test was passed with; empty: not known."""

    @property
    def once_known(self) -> bool:
        """Say whether everything that decides has had a value since the start, however old."""
        deciding = (self.power_kw, self.soc_pct, self.discharge_kw_max, self.charge_kw_max)
        return all(quantity is None or quantity.value is not None for quantity in deciding)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyMeter:
    """One source of the grid's frequency."""

    device: str
    hz: Quantity
    resolution_hz: float | None = None
    """What the profile says its steps are; None: not known."""
    period_s: float | None = None
    """How often it is read or tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantState:
    """What one decision is made of."""

    at_s: float
    """The event loop's time of this cycle."""
    units: tuple[UnitState, ...]
    """In the order of the settings; at least one."""
    frequencies: tuple[FrequencyMeter, ...] = ()
    """The preferred source first."""
    voltages_v: tuple[Quantity, ...] = ()
    """Phase to neutral, of the phases that are measured at the connection or at the inverter."""
    site_kw: Quantity | None = None
    """Power at the grid connection, + = export."""
    site_kvar: Quantity | None = None
    site_currents_a: tuple[Quantity, ...] = ()
    """Of the phases that are measured at the grid connection, whatever their sign."""
    pv_kw: Quantity | None = None
    load_kw: Quantity | None = None
    import_kwh: Quantity | None = None
    """The meter's register at the grid connection."""
    inputs: Mapping[str, Quantity] = field(default_factory=dict)
    """Contacts, limits and orders that reach the box as points: ``input.stop``, ``dso.limit_pct``,
    by their names; a broken wire is a quantity that is old."""
    clock_error_s: float | None = None
    """What the wall clock is believed to be wrong by; None: nobody knows."""

    @property
    def ready(self) -> bool:
        """Say whether there is a unit that can be commanded."""
        return any(unit.ready for unit in self.units)

    @property
    def lost(self) -> bool:
        """Say whether no unit answers."""
        return all(unit.lost for unit in self.units)

    @property
    def once_known(self) -> bool:
        """Say whether some unit has told everything that decides since the start."""
        return any(unit.once_known for unit in self.units)

    @property
    def power_kw(self) -> Quantity:
        """Return the sum of the units, as old as the oldest."""
        return reduce(Quantity.plus, (unit.power_kw for unit in self.units))

    @property
    def answering_kw(self) -> Quantity:
        """Return the sum of the units that answer, as old as the oldest; of none, as `power_kw`.

        For the connection a unit that does not answer is one more load or source of the site.
        """
        answering = [unit.power_kw for unit in self.units if not unit.lost]
        return reduce(Quantity.plus, answering) if answering else self.power_kw

    def unit(self, name: str) -> UnitState:
        """Return the unit of this name; StopIteration where there is none."""
        return next(unit for unit in self.units if unit.unit == name)
