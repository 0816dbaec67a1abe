"""How a device of registers is dispatched, and what it does when we fall silent."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from drivers.point import Point

REFRESH_S_MAX = 60.0
"""A setpoint is refreshed at least this often, also by a device without a time-out."""
KEPT_ALIVE_S_MAX = 10.0
"""A device with a time-out is written to at least this often, however long its time-out is."""
VECTOR_MAX = 32
_REFRESHES_PER_TIMEOUT = 3
_LOOKS_PER_COUNT = 4
"""So often a life counter is looked after in the time between two of its counts."""


class WatchdogKind(StrEnum):
    """What keeps the device from falling back."""

    WRITE_REFRESH = "write-refresh"
    """The setpoint written again."""
    COUNTER = "counter"
    """A life counter that we advance."""
    TIMER_REGISTER = "timer-register"
    """The time-out itself, written again."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for a point, in the point's unit and sign."""

    point: Point
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """What the device does on its own when we fall silent: the last safety."""

    kind: WatchdogKind
    timeout_s: float
    """0: not known."""
    measured_timeout_s: float | None
    reversion: str
    """For people: what the device falls back to."""
    waiver: str
    """Who answers for dispatching a device without a known time-out; empty: nobody."""
    counter: Point | None = None
    increment_s: float = 0.0
    wrap: int = 0
    """The counter goes from one less than this to 0."""
    timer: Setting | None = None
    """Written again at every refresh."""

    @property
    def answered(self) -> bool:
        """Say whether the device falls back by itself within a known time, or who answers."""
        known = bool(self.timeout_s or self.measured_timeout_s)
        return bool(self.waiver) or (known and self.kind is not WatchdogKind.NONE)

    @property
    def rewrite_s(self) -> float:
        """Return the time within which an unchanged setpoint must be written again."""
        known = (self.timeout_s, self.measured_timeout_s)
        timeouts_s = [timeout_s for timeout_s in known if timeout_s]
        if self.kind is WatchdogKind.NONE or not timeouts_s:
            return REFRESH_S_MAX
        return min(KEPT_ALIVE_S_MAX, min(timeouts_s) / _REFRESHES_PER_TIMEOUT)

    @property
    def fallback_s(self) -> float | None:
        """Return after which silence the device has fallen back; None: it never does by itself.

        Of what its document says and what was measured, the longer one counts.
        """
        timeouts_s = (self.timeout_s, self.measured_timeout_s or 0.0)
        known = self.kind is not WatchdogKind.NONE and any(timeouts_s)
        return max(timeouts_s) if known else None

    @property
    def refresh_s(self) -> float:
        """Return the time within which the device must be looked after."""
        if self.counter is None:
            return self.rewrite_s
        return min(self.rewrite_s, self.increment_s / _LOOKS_PER_COUNT)


UNKNOWN = Watchdog(
    kind=WatchdogKind.NONE, timeout_s=0.0, measured_timeout_s=None, reversion="", waiver=""
)
"""For looking at the rest of a profile whose watchdog is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A direction and a magnitude, each in a register of its own."""

    charge: Setting
    """The direction's value for charging."""
    discharge: Setting
    zero: Setting
    charge_magnitude: Point
    discharge_magnitude: Point
    """The same point as for charging, where the device has only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How the device is dispatched."""

    setpoint: Point
    """Of a split setter: the magnitude for discharging."""
    split: Split | None = None
    """None: one register carries the power with its sign."""
    percent_of: Point | None = None
    """The setpoint is percent of this point's value; None: it is power."""
    enable: Setting | None = None
    timeout: Setting | None = None
    """The register of the device's own time-out and its value in seconds."""
    reversion: Setting | None = None
    """The register of the power the device falls back to, and its value."""
    start: tuple[Setting, ...] = ()
    """Brings the device into the mode in which it takes setpoints; written in this order."""
    stop: tuple[Setting, ...] = ()
    """Gives the device back to its own mode, for the operator."""
    keep: tuple[Setting, ...] = ()
    """What functions of its own, droop or a step at a threshold, have to be set to at this site."""
    adopt: tuple[Setting, ...] = ()
    """How the device is brought there, in this order, where something of `keep` is not so; none:
    `keep` itself is written."""

    @property
    def setpoints(self) -> tuple[Point, ...]:
        """Return every point that carries power."""
        if self.split is None:
            return (self.setpoint,)
        both = (self.split.charge_magnitude, self.split.discharge_magnitude)
        return both[:1] if both[0] == both[1] else both

    @property
    def cyclic(self) -> tuple[Point, ...]:
        """Return every point that is written again and again."""
        enable = () if self.enable is None else (self.enable.point,)
        direction = () if self.split is None else (self.split.zero.point,)
        return (*self.setpoints, *direction, *enable)


def renamed(
    control: Control, watchdog: Watchdog, found: Callable[[Point], Point]
) -> tuple[Control, Watchdog]:
    """Return both with each of their points as `found` gives it."""

    def setting(old: Setting) -> Setting:
        return Setting(found(old.point), old.value)

    def perhaps(old: Setting | None) -> Setting | None:
        return None if old is None else setting(old)

    split = control.split
    return (
        Control(
            setpoint=found(control.setpoint),
            split=split
            and Split(
                charge=setting(split.charge),
                discharge=setting(split.discharge),
                zero=setting(split.zero),
                charge_magnitude=found(split.charge_magnitude),
                discharge_magnitude=found(split.discharge_magnitude),
            ),
            percent_of=control.percent_of and found(control.percent_of),
            enable=perhaps(control.enable),
            timeout=perhaps(control.timeout),
            reversion=perhaps(control.reversion),
            start=tuple(map(setting, control.start)),
            stop=tuple(map(setting, control.stop)),
            keep=tuple(map(setting, control.keep)),
            adopt=tuple(map(setting, control.adopt)),
        ),
        replace(
            watchdog,
            counter=watchdog.counter and found(watchdog.counter),
            timer=perhaps(watchdog.timer),
        ),
    )
