"""A Modbus device as its profile describes it: reading by plan, and dispatching.

A register that the device refuses costs its own point only: the refused request is halved until
the guilty one is found, and that is left alone for a while (see `drivers.modbus.plan`).
"""

import asyncio
from collections.abc import Sequence

from drivers.base import Pace, Rate
from drivers.control import Control, Setting
from drivers.errors import DeviceRefused, ProfileError
from drivers.modbus import codec
from drivers.modbus.line import Line, Refusal
from drivers.modbus.plan import Planner, Request
from drivers.point import Point
from drivers.profile import Profile
from wire.block import Quality, Reading
from wire.clock import Clock


class ModbusDevice:
    """A `drivers.base.Driver`: a device that is read."""

    def __init__(self, profile: Profile, client: Line, clock: Clock) -> None:
        self.profile = profile
        self._client = client
        self._clock = clock
        link = profile.link
        self._planner = Planner(profile.points, link.max_registers, link.gap_fill)

    @property
    def pace(self) -> Pace:
        return self.profile.pace

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`."""
        now_s = asyncio.get_running_loop().time()
        readings: dict[str, Reading] = {}
        for request in self._planner.requests(rate, now_s):
            await self._read(request, readings)
        points = self._planner.points(rate)
        if points and not readings:
            self._planner.retry_soon(now_s)
        now_us = self._clock.now_us()
        return [
            readings.get(point.name) or Reading(point.name, None, Quality.BAD, now_us)
            for point in points
        ]

    async def _read(self, request: Request, readings: dict[str, Reading]) -> bool:
        """Add what the device gives; say whether it gave all of it."""
        answer = await self._client.read(request.kind, request.start, request.count)
        if isinstance(answer, Refusal):
            return await self._narrow(request, readings)
        at_us = self._clock.now_us()
        for point in request.points:
            value = codec.decode(point, request.registers_of(point, answer))
            quality = Quality.BAD if value is None else Quality.GOOD
            readings[point.name] = Reading(point.name, value, quality, at_us)
        return True

    async def _narrow(self, request: Request, readings: dict[str, Reading]) -> bool:
        """Find out what of a refused request the device does give; always False."""
        now_s = asyncio.get_running_loop().time()
        if len(request.points) == 1:
            self._planner.refuse(request.points[0], now_s)
            return False
        halves = self._planner.halves(request)
        given = [await self._read(part, readings) for half in halves for part in half]
        if all(given):
            self._planner.separate((request.kind, halves[1][0].start), now_s)
        return False


class ModbusInverter(ModbusDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    def __init__(self, profile: Profile, control: Control, client: Line, clock: Clock) -> None:
        super().__init__(profile, client, clock)
        self._control = control
        self._taken: int | None = None
        """Which connection the device was taken over on."""
        self._enabled_s: float | None = None

    @property
    def refresh_s(self) -> float:
        return self.profile.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`; memory that wears out is written only to change it."""
        self._enabled_s = None
        self._taken = None
        for setting in (self._control.reversion, self._control.timeout):
            if setting is not None:
                await self._settle(setting)
            self._taken = self._taken or self._client.connections

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; takes over first after every new connection.

        Raises:
            DeviceUnreachable: whether the device took the value is not known.
            DeviceRefused: the device said no.
            ProfileError: the setpoint's register cannot carry the value.
        """
        if self._taken != self._client.connections:
            await self.take_over()
        await self._write(Setting(self._control.setpoint, power_kw))
        now_s = asyncio.get_running_loop().time()
        fresh = self._enabled_s is not None and now_s < self._enabled_s + self.refresh_s
        if self._control.enable is not None and not fresh:
            await self._write(self._control.enable)
            self._enabled_s = now_s

    async def _settle(self, setting: Setting) -> None:
        wanted = _encoded(setting)
        if await self._registers(setting.point) == wanted:
            return
        await self._write(setting)
        kept = await self._registers(setting.point)
        if kept != wanted:
            raise DeviceRefused(
                f"{setting.point.name}: {setting.value:g} was written, but"
                f" {codec.decode(setting.point, kept)} is what the device keeps"
            )

    async def _registers(self, point: Point) -> list[int]:
        answer = await self._client.read(point.kind, point.address, point.count)
        if isinstance(answer, Refusal):
            raise DeviceRefused(f"{point.name}: cannot be read back: {answer}")
        return answer

    async def _write(self, setting: Setting) -> None:
        point = setting.point
        refusal = await self._client.write(point.kind, point.address, _encoded(setting))
        if refusal is not None:
            raise DeviceRefused(f"{point.name}: the device refused {setting.value:g}: {refusal}")


def _encoded(setting: Setting) -> list[int]:
    try:
        return codec.encode(setting.point, setting.value)
    except codec.NotEncodable as error:
        raise ProfileError(str(error)) from error
