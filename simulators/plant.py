"""A battery site in motion: physics that follows the clock it is given, and what can be measured.

Everything that reads or commands the plant first lets it catch up with the time; between
two commands the watchdog may have run out, so long spans are walked in small steps.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import IntEnum

from simulators import battery
from simulators.battery import Command, Rating
from simulators.faults import Faults
from simulators.frequency import Trace

STEP_S = 0.05
STEPS_MAX = 2_000
"""A longer pause than `STEP_S` times this (a suspended computer) is walked in longer steps."""
_COUNTER_WRAP = 2**32
_NOISE_FREE_V = {"ac.voltage_v": 400.0, "battery.voltage_v": 800.0}


class InverterStatus(IntEnum):
    """``pcs.status`` of the reference inverter."""

    OFF = 0
    RUNNING = 1
    FELL_BACK = 2
    STARTING = 4


class BatteryStatus(IntEnum):
    """``battery.status`` of the reference inverter."""

    CHARGING = 1
    DISCHARGING = 2
    READY = 3
    CHARGE_BLOCKED = 5
    DISCHARGE_BLOCKED = 6
    BOTH_BLOCKED = 7


class Plant:
    """Battery, inverter and grid connection; powers with the sign of `wire`."""

    def __init__(
        self,
        rating: Rating,
        soc_pct: float,
        trace: Trace,
        now_s: Callable[[], float],
        speed: float = 1.0,
    ) -> None:
        """`now_s` is monotonic; `speed` is that of energy and heat, see `simulators.battery`."""
        self._rating = rating
        self._battery = battery.charged_to(soc_pct, rating)
        self._command = Command(enabled=False)
        self._trace = trace
        self._now_s = now_s
        self._speed = speed
        self._started_s = self._reached_s = now_s()
        self.faults = Faults(now_s)

    @property
    def rating(self) -> Rating:
        return self._rating

    @property
    def command(self) -> Command:
        return self._command

    def obey(self, command: Command, *, fresh: bool) -> None:
        """Take a command from now on; `fresh`: a setpoint was written, the watchdog starts anew."""
        self.catch_up()
        self._command = command
        if fresh:
            self._battery = replace(self._battery, silent_s=0.0)

    def catch_up(self) -> None:
        """Let the physics run until now."""
        left_s = self._now_s() - self._reached_s
        self._reached_s += left_s
        step_s = max(STEP_S, left_s / STEPS_MAX)
        command = self.faults.acted(self._command)
        while left_s > 0.0:
            part_s = min(step_s, left_s)
            self._battery = battery.step(self._battery, command, self._rating, part_s, self._speed)
            left_s -= part_s

    def trip(self) -> None:
        """Let the watchdog run out at once."""
        self.catch_up()
        self._battery = replace(self._battery, silent_s=math.inf)

    def measure(self) -> Mapping[str, float]:
        """Return what the instruments show now, faults and all, by point name."""
        return self.faults.shown(self._measured())

    def _measured(self) -> Mapping[str, float]:
        self.catch_up()
        state, elapsed_s = self._battery, self._reached_s - self._started_s
        limits = battery.allowed(state, self._rating)
        soc_pct = battery.soc_pct(state, self._rating)
        frequency_hz = self._trace.at(elapsed_s)
        return {
            **_NOISE_FREE_V,
            "battery.soc_pct": soc_pct,
            "battery.soh_pct": 100.0,
            "battery.temp_mean_c": state.temperature_c,
            "battery.energy_kwh": state.energy_kwh,
            "battery.capacity_kwh": self._rating.capacity_kwh,
            "battery.max_discharge_kw": limits.discharge_kw,
            "battery.max_charge_kw": limits.charge_kw,
            "battery.current_a": state.power_kw * 1000.0 / _NOISE_FREE_V["battery.voltage_v"],
            "battery.power_kw": state.power_kw,
            "battery.status": float(self._battery_status(limits)),
            "ac.power_kw": state.power_kw,
            "ac.reactive_kvar": 0.0,
            "ac.frequency_hz": frequency_hz,
            "grid.frequency_hz": frequency_hz,
            "site.power_kw": state.power_kw,
            "pcs.soc_pct": soc_pct,
            "pcs.status": float(self._inverter_status()),
            "pcs.counter": float(int(elapsed_s) % _COUNTER_WRAP),
        }

    def _inverter_status(self) -> InverterStatus:
        if self.faults.starting:
            return InverterStatus.STARTING
        if not self._command.enabled:
            return InverterStatus.OFF
        if battery.tripped(self._battery, self.faults.acted(self._command)):
            return InverterStatus.FELL_BACK
        return InverterStatus.RUNNING

    def _battery_status(self, limits: battery.Allowed) -> BatteryStatus:
        if limits.charge_kw <= 0.0 and limits.discharge_kw <= 0.0:
            return BatteryStatus.BOTH_BLOCKED
        if limits.charge_kw <= 0.0:
            return BatteryStatus.CHARGE_BLOCKED
        if limits.discharge_kw <= 0.0:
            return BatteryStatus.DISCHARGE_BLOCKED
        if abs(self._battery.power_kw) < 0.001 * self._rating.power_kw:
            return BatteryStatus.READY
        charging = self._battery.power_kw < 0.0
        return BatteryStatus.CHARGING if charging else BatteryStatus.DISCHARGING
