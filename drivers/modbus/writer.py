"""Writing values to a device: by the right function, read back where the profile asks for it."""

import asyncio
from collections.abc import Iterable, Sequence

from drivers.control import Setting
from drivers.errors import DeviceRefused, ProfileError
from drivers.modbus import codec
from drivers.modbus.line import Line, Refusal
from drivers.modbus.scale import Scales
from drivers.point import Point, WriteMode

_MULTIPLE = {WriteMode.AUTO: None, WriteMode.SINGLE: False, WriteMode.MULTIPLE: True}


class Writer:
    """The writing half of one device.

    All of its methods raise `DeviceUnreachable` when it is not known whether the device took a
    value, `DeviceRefused` when it said no or keeps another one, and `ProfileError` when the
    point's registers cannot carry it.
    """

    def __init__(self, line: Line, scales: Scales) -> None:
        self._line = line
        self._scales = scales
        self._written_s: dict[str, float] = {}

    async def write(self, setting: Setting) -> None:
        """Write one value."""
        await self._write(setting, await self._registers_for(setting), setting.point.readback)

    async def settle(self, setting: Setting) -> str:
        """Write one value unless the device has it already, and see that it keeps it.

        Returns what was found instead, in one sentence; empty: the device had it.
        """
        found = await self.otherwise(setting)
        if found:
            await self._write(setting, await self._registers_for(setting), True)
        return found

    async def otherwise(self, setting: Setting) -> str:
        """Return what the device has instead of the value, in one sentence; empty: it has it."""
        registers = await self._registers_for(setting)
        kept = await self._kept(setting.point)
        if kept == registers:
            return ""
        exponent = await self._scales.of(setting.point)
        found = codec.decode(setting.point, kept, exponent)
        shown = "nothing usable" if found is None else f"{found:g}"
        return f"{setting.point.name}: {shown} was found, {setting.value:g} is kept now"

    async def value(self, point: Point) -> float | None:
        """Return what the device has there now; None: nothing usable."""
        exponent = await self._scales.of(point)
        return codec.decode(point, await self._kept(point), exponent)

    def wait_s(self, points: Iterable[Point]) -> float:
        """Return for how long none of these points may be written again; 0: for no time."""
        now_s = asyncio.get_running_loop().time()
        return max(
            (
                self._written_s[point.name] + point.min_interval_s - now_s
                for point in points
                if point.name in self._written_s
            ),
            default=0.0,
        )

    async def _write(self, setting: Setting, registers: Sequence[int], readback: bool) -> None:
        point = setting.point
        refusal = await self._line.write(
            point.kind, point.address, registers, _MULTIPLE[point.write]
        )
        if refusal is not None:
            raise DeviceRefused(f"{point.name}: the device refused {setting.value:g}: {refusal}")
        if point.min_interval_s:
            self._written_s[point.name] = asyncio.get_running_loop().time()
        if not readback:
            return
        kept = await self._kept(point)
        if kept != registers:
            exponent = await self._scales.of(point)
            raise DeviceRefused(
                f"{point.name}: {setting.value:g} was written, but"
                f" {codec.decode(point, kept, exponent)} is what the device keeps"
            )

    async def _kept(self, point: Point) -> list[int]:
        answer = await self._line.read(point.kind, point.address, point.count)
        if isinstance(answer, Refusal):
            raise DeviceRefused(f"{point.name}: cannot be read back: {answer}")
        return answer

    async def _registers_for(self, setting: Setting) -> list[int]:
        exponent = await self._scales.of(setting.point)
        try:
            return codec.encode(setting.point, setting.value, exponent)
        except codec.NotEncodable as error:
            raise ProfileError(str(error)) from error
