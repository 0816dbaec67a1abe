"""What a device makes of what was written to it: the other side of a profile's dispatch. Pure.

A device follows its setpoint while it is enabled and in the mode that the profile's start vector
brings it into. What keeps it from falling back is what the profile's watchdog says.
"""

from collections.abc import Callable, Collection

from drivers.control import Control, Setting, Watchdog
from drivers.point import Point
from drivers.profile import Profile
from simulators.battery import Command
from wire.points import unit_of

ValueOf = Callable[[Point], float | None]
"""The value of a point as its registers stand."""


def command(control: Control, watchdog: Watchdog, value: ValueOf, rated_kw: float) -> Command:
    """Return what the registers say; where the profile has none, what such a device does."""
    modes = [step for step in control.start if _is_mode(step, control, watchdog)]
    if control.enable is not None:
        modes.append(control.enable)
    reversion_kw = 0.0
    if control.reversion is not None:
        reversion_kw = value(control.reversion.point) or 0.0
    return Command(
        power_kw=_power_kw(control, value, rated_kw),
        enabled=all(value(mode.point) == mode.value for mode in modes),
        timeout_s=_timeout_s(control, watchdog, value),
        reversion_kw=reversion_kw,
    )


def keeps_alive(profile: Profile, written: Collection[Point], changed: Collection[Point]) -> bool:
    """Say whether writing these points starts the device's time-out anew.

    Args:
        profile: of the device; it takes setpoints.
        written: what was written, changed or not.
        changed: what has another value now.
    """
    watchdog, control = profile.watchdog, profile.control
    assert control is not None
    if watchdog.counter is not None:
        return watchdog.counter in changed
    if watchdog.timer is not None:
        return watchdog.timer.point in written
    direction = () if control.split is None else (control.split.zero.point,)
    return any(point in written for point in (*control.setpoints, *direction))


def _power_kw(control: Control, value: ValueOf, rated_kw: float) -> float:
    split = control.split
    if split is None:
        number = value(control.setpoint) or 0.0
    else:
        direction = value(split.zero.point)
        charge_kw = value(split.charge_magnitude) or 0.0
        discharge_kw = value(split.discharge_magnitude) or 0.0
        ways = {split.charge.value: -charge_kw, split.discharge.value: discharge_kw}
        number = ways.get(direction, 0.0) if direction is not None else 0.0
    return number if control.percent_of is None else number / 100.0 * rated_kw


def _timeout_s(control: Control, watchdog: Watchdog, value: ValueOf) -> float:
    """Return the device's own time-out; 0: it keeps a setpoint for ever."""
    if control.timeout is not None:
        return value(control.timeout.point) or 0.0
    if watchdog.timer is not None:
        return value(watchdog.timer.point) or 0.0
    return watchdog.timeout_s


def _is_mode(step: Setting, control: Control, watchdog: Watchdog) -> bool:
    """Say whether a step of the start vector is a mode: a pure number that then stands still."""
    moving = {point.name for point in control.cyclic}
    if watchdog.counter is not None:
        moving.add(watchdog.counter.name)
    return step.point.name not in moving and not unit_of(step.point.name)
