"""What every driver can do; further abilities are further one-method Protocols."""

from collections.abc import Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from wire.block import Reading


class Rate(Enum):
    """How often a point is read."""

    FAST = "fast"
    """Every beat of the control cycle."""
    SLOW = "slow"
    """Once a second."""


class Driver(Protocol):
    """A connected device. Methods raise only `drivers.errors.DriverError`."""

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """Return one reading for each point of this rate, in the order of the profile.

        A point the device answers badly is a reading of quality BAD, not an error. Connects
        first where the connection is down.

        Raises:
            DeviceUnreachable: no answer within the profile's time-out.
        """
        ...


@runtime_checkable
class PowerSetter(Protocol):
    """A device that takes a power setpoint; ask with ``isinstance(driver, PowerSetter)``."""

    @property
    def refresh_s(self) -> float:
        """A setpoint must be written again within this time, changed or not (watchdog ÷ 3)."""
        ...

    async def take_over(self) -> None:
        """Write the device's own time-out and its fall-back value, and read them back.

        Idempotent; to be called after every connect, before the first setpoint.
        """
        ...

    async def write_power_kw(self, power_kw: float) -> None:
        """Write the setpoint (sign as in `wire`), value first, enable last."""
        ...
