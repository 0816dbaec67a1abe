"""Which device of a plant tells what, decided once from its profiles and the settings. Pure.

The device that takes the setpoint tells its own AC power, run state and life counter. Of the
battery, its management system is the master: a device that takes no setpoint goes before the one
that does. Power at the connection and the grid's frequency come from meters first. Of a plant of
several units each has its own battery; what belongs to the plant is the same for all.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from agent.control.plant import Run

POWER = "ac.power_kw"
COUNTER = "pcs.counter"
RUN = "pcs.status"
TOLD = "pcs.set_power_kw"
SOC = "battery.soc_pct"
DISCHARGE = "battery.max_discharge_kw"
CHARGE = "battery.max_charge_kw"
DISCHARGE_A = "battery.max_discharge_a"
CHARGE_A = "battery.max_charge_a"
VOLTAGE = "battery.voltage_v"
BATTERY_COUNTER = "battery.counter"
CELL_MAX = "battery.cell_max_v"
CELL_MIN = "battery.cell_min_v"
TEMP_MAX = "battery.temp_max_c"
TEMP_MIN = "battery.temp_min_c"
TEMP_MEAN = "battery.temp_mean_c"
FREQUENCY = "grid.frequency_hz"
SITE = "site.power_kw"
SITE_KVAR = "site.reactive_kvar"
SITE_CURRENTS = ("site.current_l1_a", "site.current_l2_a", "site.current_l3_a")
SITE_CURRENT = "site.current_a"
PV = "pv.power_kw"
LOAD = "load.power_kw"
IMPORT = "meter.import_kwh"
PHASES = ("grid.voltage_l1_v", "grid.voltage_l2_v", "grid.voltage_l3_v")
AC_VOLTAGE = "ac.voltage_v"
INPUTS = ("input.", "dso.")
"""How the names of contacts and of orders from outside begin."""

OF_SETTER = (POWER, COUNTER, RUN, TOLD)
OF_BATTERY = (SOC, DISCHARGE, CHARGE, DISCHARGE_A, CHARGE_A, BATTERY_COUNTER)
OF_CELLS = (CELL_MAX, CELL_MIN, TEMP_MAX, TEMP_MIN, TEMP_MEAN)
"""Of the battery too; where several devices tell it, the first one counts unless one is chosen."""
OF_SITE = (SITE_KVAR, *SITE_CURRENTS, SITE_CURRENT)
"""Of the meter at the connection."""
OF_PLANT = (PV, LOAD, IMPORT, *PHASES, AC_VOLTAGE, *OF_SITE)
CHOSEN = (*OF_BATTERY, *OF_CELLS, FREQUENCY, SITE, *OF_PLANT)
"""What `[plant] sources` may say."""
_ONE_ONLY = (*OF_BATTERY, SITE)


class BadSource(ValueError):
    """The plant does not say who tells a point, or says it wrongly; the text names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """What is known of a source of the frequency before it has told anything."""

    resolution_hz: float | None = None
    period_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The devices that tell each point, the preferred one first; only a frequency has several."""

    setter: str
    told_by: Mapping[str, tuple[str, ...]]
    inputs: tuple[tuple[str, str], ...] = ()
    """(device, point) of contacts and orders; of two with one name the first device counts."""
    stops: tuple[tuple[str, str], ...] = ()
    """(device, point) of what says stop while it is not 0."""
    run_codes: Mapping[int, Run] = field(default_factory=dict)
    """What the numbers of `RUN` mean; one that is not here is not known."""
    meters: Mapping[str, MeterFacts] = field(default_factory=dict)
    step_kw: float = 0.0
    """What the setpoint can be told in; 0: not known."""

    def of(self, point: str) -> tuple[str, ...]:
        return self.told_by.get(point, ())


def resolve(
    names: Mapping[str, Set[str]],
    setter: str,
    chosen: Mapping[str, str] | None = None,
    *,
    setters: Sequence[str] = (),
    own: Set[str] | None = None,
) -> Sources:
    """Return who tells what.

    Args:
        names: the points of each device, in the order of the settings.
        setter: the device that takes the setpoint.
        chosen: what the settings say, by point; of the battery, what is not of this unit is left.
        setters: of all units, this one among them; empty: there is only this one.
        own: devices that may tell of this unit's battery; None: any but other inverters.

    Raises:
        BadSource: two devices tell one thing of the battery, or a choice cannot be.
    """
    chosen = chosen or {}
    for point, device in chosen.items():
        _check(point, device, names)
    setters = setters or (setter,)
    own = set(names) - (set(setters) - {setter}) if own is None else {*own, setter}
    told_by: dict[str, tuple[str, ...]] = {
        point: (setter,) for point in OF_SETTER if point in names[setter]
    }
    for point in CHOSEN:
        of_unit = point in OF_BATTERY or point in OF_CELLS
        able = [d for d in names if point in names[d] and (not of_unit or d in own)]
        told_by[point] = _tellers(point, able, setters, chosen.get(point))
    if IMPORT not in chosen and any(d in told_by[IMPORT] for d in told_by[SITE]):
        told_by[IMPORT] = told_by[SITE]  # the meter at the connection before any other
    inputs = {
        point: device
        for device in reversed(list(names))
        for point in sorted(names[device])
        if point.startswith(INPUTS)
    }
    return Sources(
        setter,
        {point: devices for point, devices in told_by.items() if devices},
        tuple((device, point) for point, device in sorted(inputs.items())),
    )


def _tellers(
    point: str, able: Sequence[str], setters: Sequence[str], chosen: str | None
) -> tuple[str, ...]:
    """Return who tells a point of those that are able to, the preferred one first."""
    if chosen in able and chosen is not None:
        return (chosen,)
    others = [device for device in able if device not in setters]
    inverters = [device for device in able if device in setters]
    if point == PV:
        return tuple(able)  # each tells its own, and the plant has their sum
    if point in _ONE_ONLY and (others or inverters):
        return (_only(point, others or inverters),)
    return (*others, *inverters)


def told_stops(
    names: Mapping[str, Set[str]], key: str, points: Iterable[str], own: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """Return (device, point) of what says stop.

    Raises:
        BadSource: none of the unit's devices tells one of them.
    """
    found: list[tuple[str, str]] = []
    devices = list(own)
    for point in points:
        tellers = [(device, point) for device in devices if point in names.get(device, ())]
        if not tellers:
            raise BadSource(f"{key}: {point!r} is not allowed; a point of its devices is expected")
        found.extend(tellers)
    return tuple(found)


def _check(point: str, device: str, names: Mapping[str, Set[str]]) -> None:
    key = f"plant.sources.{point}"
    if point not in CHOSEN:
        raise BadSource(f"{key}: is not allowed; one of {', '.join(CHOSEN)} is expected")
    tellers = [name for name, points in names.items() if point in points]
    if device not in tellers:
        known = ", ".join(tellers) or "no device of this site"
        raise BadSource(f"{key}: {device!r} is not allowed; {known}, which tells it, is expected")


def _only(point: str, devices: Sequence[str]) -> str:
    if len(devices) > 1:
        raise BadSource(
            f"plant.sources.{point}: is missing; {' or '.join(devices)}, which all tell it,"
            " is expected"
        )
    return devices[0]
