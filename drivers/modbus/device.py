"""A Modbus device as its profile describes it, read by plan.

A register that the device refuses costs its own point only: the refused request is halved until
the guilty one is found, and that is left alone for a while (see `drivers.modbus.plan`).
"""

import asyncio
from collections.abc import Mapping, Sequence

from drivers.base import Pace, Rate
from drivers.errors import DeviceUnreachable
from drivers.modbus import codec
from drivers.modbus.line import Line, Refusal
from drivers.modbus.plan import Limits, Planner, Request
from drivers.modbus.scale import Scales
from drivers.point import IDENTITY, Coding, Point
from drivers.profile import Profile
from wire.block import Quality, Reading
from wire.clock import Clock


class ModbusDevice:
    """A `drivers.base.Driver` and `drivers.base.Identified`: a device that is read."""

    def __init__(self, profile: Profile, line: Line, clock: Clock) -> None:
        """Prepare the device; nothing is asked yet.

        Raises:
            ProfileError: the profile lacks a site's word, see `Profile.usable`.
        """
        profile.usable()
        self.profile = profile
        self._line = line
        self._clock = clock
        self._scales = Scales(line)
        link = profile.link
        limits = Limits(link.max_registers, link.max_bits, link.gap_fill)
        self._planner = Planner(profile.points, limits)
        self._decoders = {
            point.name: codec.decoder(point)
            for point in profile.points
            if point.coding is not Coding.STRING
        }
        self._names = {
            rate: [p.name for p in self._planner.points(rate) if p.name in self._decoders]
            for rate in Rate
        }
        self._sums = {rate: [s for s in profile.sums if s.rate is rate] for rate in Rate}
        self._identity: dict[str, str] = {}
        self._introduced: int | None = None
        """Which connection it said on who it is."""

    @property
    def pace(self) -> Pace:
        return self.profile.pace

    @property
    def identity(self) -> Mapping[str, str]:
        """See `drivers.base.Identified`; asked for with the first slow reading."""
        return self._identity

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`."""
        readings = await self._readings(rate)
        if rate is Rate.SLOW and self._introduced != self._line.connections:
            await self._readings(Rate.ONCE)
        now_us = self._clock.now_us()
        told = [
            readings.get(name) or Reading(name, None, Quality.BAD, now_us)
            for name in self._names[rate]
        ]
        return [*told, *(each.reading(readings, now_us) for each in self._sums[rate])]

    async def _readings(self, rate: Rate) -> Mapping[str, Reading]:
        """Return what the device gives, by name."""
        now_s = asyncio.get_running_loop().time()
        connection = self._line.connections
        readings: dict[str, Reading] = {}
        given = False
        for request in self._planner.requests(rate, now_s):
            given = await self._read(request, readings) or given
        if self._planner.points(rate) and not (given or readings):
            self._planner.retry_soon(now_s)
        if rate is Rate.ONCE:
            self._introduced = connection
        return readings

    async def _read(self, request: Request, readings: dict[str, Reading]) -> bool:
        """Add what the device gives; say whether it gave all of it."""
        answer = await self._line.read(request.kind, request.start, request.count)
        if isinstance(answer, Refusal):
            return await self._narrow(request, readings)
        if len(answer) != request.count:
            raise DeviceUnreachable(f"{request.kind} {request.start}: an answer of another length")
        at_us, start = self._clock.now_us(), request.start
        for point in request.points:
            decode = self._decoders.get(point.name)
            if decode is None:
                self._says(point, codec.text(point, request.registers_of(point, answer)))
                continue
            exponent: int | None = 0
            if point.scale_address is not None:
                register = answer[point.scale_address - start]
                exponent = self._scales.put(point.kind, point.scale_address, register)
            value = decode(answer, point.address - start, exponent)
            quality = Quality.BAD if value is None else Quality.GOOD
            readings[point.name] = Reading(point.name, value, quality, at_us)
            if point.name.startswith(IDENTITY) and value is not None:
                self._says(point, point.text_of(value) or f"{value:g}")
        return True

    async def _narrow(self, request: Request, readings: dict[str, Reading]) -> bool:
        """Find out what of a refused request the device does give; always False."""
        now_s = asyncio.get_running_loop().time()
        first, second = self._planner.halves(request)
        if not first:
            for point in request.points:
                self._planner.refuse(point, now_s)
            return False
        given = [await self._read(part, readings) for part in (*first, *second)]
        if all(given):
            self._planner.separate((request.kind, second[0].start), now_s)
        return False

    def _says(self, point: Point, text: str) -> None:
        if text:
            self._identity[point.name.removeprefix(IDENTITY)] = text
