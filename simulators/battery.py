"""A battery with its inverter, as far as a control loop can tell it from a real one. Pure.

Power is measured at the AC terminals, sign as in `wire`. Discharging takes more energy out of the
cells than arrives at the terminals, charging puts less in; the difference warms the cells. The
inverter obeys in this order: its communication watchdog, what the cells allow (state of charge
and temperature), its ramp. What the cells forbid is cut at once, without a ramp.

Two times run here. Energy and heat may run `speed` times faster than real seconds, so that a test
sees a day in minutes. Ramp and watchdog stay in real seconds, because whoever commands us does.
"""

from dataclasses import dataclass, replace

_HOUR_S = 3600.0
HEAT_KWH_PER_K = 0.0025
"""Heat to warm 1 kWh of cells by 1 K, casing included; ours, about 9 kg of 1 kJ/(kg K)."""
COOLING_S = 5400.0
"""Time constant of the way back to the ambient temperature; ours."""
TAPER_PCT = 2.0
"""Within this distance of a state-of-charge limit the allowed power falls in a straight line."""
WARM_C = 45.0
HOT_C = 55.0
"""Between warm and hot the allowed power falls to nothing."""
SUBSTEP_S = 60.0
"""Energy and heat are integrated in steps of at most this, whatever the speed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What was built: never changes while it runs."""

    capacity_kwh: float
    power_kw: float
    """Both directions."""
    charge_efficiency: float = 0.965
    discharge_efficiency: float = 0.965
    ramp_s: float = 0.2
    """From nothing to rated power."""
    soc_low_pct: float = 2.0
    soc_high_pct: float = 98.0
    """The battery's own protection; an operator's window lies inside."""
    ambient_c: float = 22.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What was last written to the inverter."""

    power_kw: float = 0.0
    enabled: bool = True
    timeout_s: float = 60.0
    """A setpoint older than this is dropped; 0: it is kept for ever."""
    reversion_kw: float = 0.0
    """What a dropped setpoint is replaced by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """The state of battery and inverter at one instant."""

    energy_kwh: float
    temperature_c: float
    power_kw: float = 0.0
    silent_s: float = 0.0
    """Real seconds since a setpoint was last written."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the cells permit now; both are magnitudes."""

    charge_kw: float
    discharge_kw: float


def charged_to(soc_pct: float, rating: Rating) -> Battery:
    """Return a battery at rest, at ambient temperature, kept inside its own limits."""
    soc_pct = min(max(soc_pct, rating.soc_low_pct), rating.soc_high_pct)
    return Battery(energy_kwh=rating.capacity_kwh * soc_pct / 100.0, temperature_c=rating.ambient_c)


def soc_pct(battery: Battery, rating: Rating) -> float:
    return 100.0 * battery.energy_kwh / rating.capacity_kwh


def tripped(battery: Battery, command: Command) -> bool:
    """Say whether the watchdog has dropped the setpoint."""
    return 0.0 < command.timeout_s < battery.silent_s


def allowed(battery: Battery, rating: Rating) -> Allowed:
    """Return the power that the cells permit in both directions."""
    charge_pct = soc_pct(battery, rating)
    cool = _share(HOT_C - battery.temperature_c, HOT_C - WARM_C) * rating.power_kw
    return Allowed(
        charge_kw=cool * _share(rating.soc_high_pct - charge_pct, TAPER_PCT),
        discharge_kw=cool * _share(charge_pct - rating.soc_low_pct, TAPER_PCT),
    )


def step(
    battery: Battery, command: Command, rating: Rating, elapsed_s: float, speed: float = 1.0
) -> Battery:
    """Return the state `elapsed_s` real seconds later, in which nothing was written."""
    battery = replace(battery, silent_s=battery.silent_s + elapsed_s)
    ramp_kw = rating.power_kw * elapsed_s / rating.ramp_s
    power_kw = battery.power_kw
    wanted_kw = _wanted_kw(battery, command)
    power_kw += min(max(wanted_kw - power_kw, -ramp_kw), ramp_kw)
    left_s = elapsed_s * speed
    while left_s > 0.0:
        part_s = min(left_s, SUBSTEP_S)
        battery = _flow(battery, power_kw, rating, part_s)
        left_s -= part_s
    return battery


def _wanted_kw(battery: Battery, command: Command) -> float:
    if not command.enabled:
        return 0.0
    return command.reversion_kw if tripped(battery, command) else command.power_kw


def _flow(battery: Battery, power_kw: float, rating: Rating, elapsed_s: float) -> Battery:
    """Let `power_kw` flow as far as the cells permit, and move energy and heat."""
    limits = allowed(battery, rating)
    hours = elapsed_s / _HOUR_S
    room_kwh = rating.capacity_kwh * rating.soc_high_pct / 100.0 - battery.energy_kwh
    rest_kwh = battery.energy_kwh - rating.capacity_kwh * rating.soc_low_pct / 100.0
    charge_kw = min(limits.charge_kw, max(room_kwh, 0.0) / rating.charge_efficiency / hours)
    discharge_kw = min(
        limits.discharge_kw, max(rest_kwh, 0.0) * rating.discharge_efficiency / hours
    )
    power_kw = min(max(power_kw, -charge_kw), discharge_kw)
    if power_kw >= 0.0:
        cells_kw = power_kw / rating.discharge_efficiency
    else:
        cells_kw = power_kw * rating.charge_efficiency
    loss_kwh = (cells_kw - power_kw) * hours
    warmed_c = loss_kwh / (HEAT_KWH_PER_K * rating.capacity_kwh)
    cooled_c = (battery.temperature_c - rating.ambient_c) * min(elapsed_s / COOLING_S, 1.0)
    return replace(
        battery,
        energy_kwh=battery.energy_kwh - cells_kw * hours,
        temperature_c=battery.temperature_c + warmed_c - cooled_c,
        power_kw=power_kw,
    )


def _share(distance: float, full: float) -> float:
    return min(max(distance / full, 0.0), 1.0)
