"""What every driver can do; further abilities are further one-method Protocols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from wire.block import Reading


class Rate(Enum):
    """How often a point is read."""

    FAST = "fast"
    """As often as the device may be asked: every beat of the control cycle, or `Pace.fast_s`."""
    SLOW = "slow"
    """Every `Pace.slow_s`."""
    ONCE = "once"
    """After every connect: ratings, serial numbers, scale factors that never change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a device wants to be asked, and when what it said is old."""

    fast_s: float = 0.0
    """0: every beat."""
    slow_s: float = 1.0
    stale_fast_s: float = 2.0
    stale_slow_s: float = 5.0


class Driver(Protocol):
    """A connected device. Methods raise only `drivers.errors.DriverError`."""

    @property
    def pace(self) -> Pace:
        """Fixed for the life of the driver."""
        ...

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """Return one reading for each point of this rate, in the order of the profile.

        ``at_us`` is the value's own time: when the answer arrived or, of a device that tells
        unasked, since when the value is known to be true; the caller judges its age by it. A
        point the device answers badly is a reading of quality BAD, one it has never told of
        quality LOST; neither is an error. Connects first where the connection is down.

        Raises:
            DeviceUnreachable: no answer within the profile's time-out, or the device is gone.
        """
        ...


@runtime_checkable
class PowerSetter(Protocol):
    """A device that takes a power setpoint; ask with ``isinstance(driver, PowerSetter)``."""

    @property
    def refresh_s(self) -> float:
        """A setpoint must be written again within this time, changed or not (watchdog ÷ 3)."""
        ...

    @property
    def power_share_max(self) -> float:
        """Share of the rated power that may be asked for: below 1 while its map is unconfirmed."""
        ...

    async def take_over(self) -> None:
        """Write the device's own time-out and its fall-back value, and read them back.

        Idempotent; to be called after every connect, before the first setpoint.
        """
        ...

    async def write_power_kw(self, power_kw: float) -> None:
        """Write the setpoint (sign as in `wire`), value first, enable last, and keep it alive.

        Called only after a completed, healthy cycle, so a life counter is advanced here.
        """
        ...


@runtime_checkable
class FallsBack(Protocol):
    """A device with a time-out and a fall-back of its own, which can be looked after."""

    @property
    def fallback_s(self) -> float | None:
        """After so long without us it has fallen back; None: never, somebody answers for it."""
        ...

    async def look_after(self) -> Sequence[str]:
        """Read time-out, fall-back and mode back, and put right what is not as it was chosen.

        Returns what was not so since the last call, one sentence each; taking over looks, too.
        """
        ...


@runtime_checkable
class Forgetful(Protocol):
    """A device whose setpoint is not always written whole."""

    def forget(self) -> None:
        """Write the next setpoint whole, enabling and all, whatever was written before."""
        ...


@runtime_checkable
class PvLimiter(Protocol):
    """A device whose PV can be held back."""

    def limit_pv(self, limit_kw: float | None) -> None:
        """Take what its PV may produce from now on; None: whatever it can.

        It is written with the next readings, and again and again. A device that was never limited
        is never written to.
        """
        ...


@runtime_checkable
class Leaver(Protocol):
    """A device that can be given back to its own mode."""

    async def leave(self) -> None:
        """Take the enabling back, then bring the device into its own mode, and see it there."""
        ...


@runtime_checkable
class Identified(Protocol):
    """A device that says who it is."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What it said at the last connect: ``maker``, ``model``, ``serial``, ``firmware``."""
        ...


@runtime_checkable
class Listener(Protocol):
    """A driver that is told by another part of the agent instead of asking a device."""

    def tell(self, readings: Sequence[Reading]) -> None:
        """Take readings in; the values' own times count."""
        ...
