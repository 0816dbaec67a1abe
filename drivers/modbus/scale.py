"""What the scale registers of a device said lately, for writing by them."""

import asyncio

from drivers.errors import DeviceRefused
from drivers.modbus import codec
from drivers.modbus.line import Line, Refusal
from drivers.point import Kind, Point

FRESH_S = 5.0
"""A power of ten that was read longer ago is read again before something is written by it."""


class Scales:
    """The newest power of ten of each scale register, and when it was read."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[tuple[Kind, int], tuple[int | None, float, int]] = {}

    def put(self, kind: Kind, address: int, register: int) -> int | None:
        """Take one in; return the power of ten, or None where it is none."""
        exponent = codec.exponent_in(register)
        now_s = asyncio.get_running_loop().time()
        self._known[kind, address] = (exponent, now_s, self._line.connections)
        return exponent

    async def of(self, point: Point) -> int:
        """Return the power of ten that `point` is written by, read where that is due.

        Raises:
            DeviceUnreachable: the line failed.
            DeviceRefused: the device gives none.
        """
        address = point.scale_address
        if address is None:
            return 0
        exponent, at_s, connection = self._known.get((point.kind, address), (None, 0.0, -1))
        old = asyncio.get_running_loop().time() - at_s > FRESH_S
        if old or connection != self._line.connections:
            answer = await self._line.read(point.kind, address, 1)
            if isinstance(answer, Refusal):
                raise DeviceRefused(f"{point.name}: its scale cannot be read: {answer}")
            exponent = self.put(point.kind, address, answer[0])
        if exponent is None:
            raise DeviceRefused(f"{point.name}: the device says no scale for it")
        return exponent
