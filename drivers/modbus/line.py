"""What a device needs of a Modbus line, whichever transport it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from drivers.point import Kind

_REFUSALS = {1: "illegal function", 2: "illegal address", 3: "illegal value", 4: "device failure"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The device answered with an exception: a fact about these registers, not about the line."""

    code: int

    def __str__(self) -> str:
        return f"Modbus exception {self.code} ({_REFUSALS.get(self.code, 'unknown')})"


class Line(Protocol):
    """The way to one unit: one request at a time, connected when it is first needed.

    Only a device's own answer to the very request is ever returned. `DeviceUnreachable` is raised
    for everything else, within the time-out of the profile's link; the next call tries anew.
    """

    @property
    def connections(self) -> int:
        """The number of this connection or, where it is down, of the next.

        Whoever sees another number than before starts afresh.
        """
        ...

    async def read(self, kind: Kind, start: int, count: int) -> list[int] | Refusal:
        """Return exactly `count` registers, or bits as 0 and 1.

        Raises:
            DeviceUnreachable: no connection, no answer in time, or an answer to something else.
        """
        ...

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        """Write registers, or bits as 0 and 1.

        Args:
            kind: COIL or HOLDING.
            start: the first address on the wire.
            registers: at least one.
            multiple: False: function 05 or 06, which carry one value; True: 15 or 16; None: one
                coil by 05, registers by 16 unless the link's `single_writes` says 06.

        Raises:
            DeviceUnreachable: as for `read`; whether the device took the values is not known.
        """
        ...

    def close(self) -> None:
        """Give the connection up; the next call makes another."""
        ...
