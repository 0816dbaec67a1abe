"""A Modbus device as its profile describes it, read by plan.

A register that the device refuses costs its own point only: the refused request is halved until
the guilty one is found, and that is left alone for a while (see `drivers.modbus.plan`).
"""

import asyncio
import math
from collections.abc import Mapping, Sequence

from drivers.base import Pace, Rate
from drivers.control import Control, Setting
from drivers.errors import DeviceUnreachable
from drivers.modbus import codec, steps
from drivers.modbus.line import Line, Refusal
from drivers.modbus.plan import Limits, Planner, Request
from drivers.modbus.scale import Scales
from drivers.modbus.writer import Writer
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


class ModbusInverter(ModbusDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    def __init__(self, profile: Profile, control: Control, line: Line, clock: Clock) -> None:
        super().__init__(profile, line, clock)
        self._control = control
        self._writer = Writer(line, self._scales)
        self._taken: int | None = None
        """Which connection the device was taken over on."""
        self._rated_kw: float | None = None
        """What percent are of; read anew at every taking over."""
        self._power_kw: float | None = None
        """What the device was told last; None: nothing since it was taken over."""
        self._pending_kw: float | None = None
        """What it is to be told as soon as its registers may be written again."""
        self._written_s = self._enabled_s = self._kept_alive_s = -math.inf
        self._count = 0

    @property
    def refresh_s(self) -> float:
        return self.profile.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def read(self, rate: Rate) -> Sequence[Reading]:
        """See `drivers.base.Driver`; a setpoint that had to wait is written behind it."""
        readings = await super().read(rate)
        rated = self._control.percent_of
        if rated is not None and rated.rate is rate:
            found = {reading.point: reading.value for reading in readings}
            self._rated_kw = found.get(rated.name) or self._rated_kw
        waiting_kw = self._pending_kw
        if waiting_kw is not None and self._taken == self._line.connections:
            await self._tell(waiting_kw)
        return readings

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`; memory that wears out is written only to change it."""
        self._taken = self._power_kw = self._pending_kw = None
        self._written_s = self._enabled_s = self._kept_alive_s = -math.inf
        control, connection = self._control, self._line.connections
        for setting in (control.reversion, control.timeout):
            if setting is not None:
                await self._writer.settle(setting)
        for setting in control.start:
            if setting.point.flash:
                await self._writer.settle(setting)
            else:
                await self._writer.write(setting)
        if control.percent_of is not None:
            self._rated_kw = await self._writer.value(control.percent_of)
        counter = self.profile.watchdog.counter
        if counter is not None and counter.readable:
            self._count = round(await self._writer.value(counter) or 0.0)
        self._taken = connection

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; takes over first after every new connection.

        Where the profile allows the setpoint to be written only so often, one that comes too
        early is written behind a later reading, unless another one replaces it before.

        Raises:
            DeviceUnreachable: whether the device took the value is not known.
            DeviceRefused: the device said no.
            ProfileError: the setpoint's register cannot carry the value.
        """
        if self._taken != self._line.connections:
            await self.take_over()
        await self._keep_timer()
        await self._tell(power_kw)
        await self._keep_counter()

    async def _tell(self, power_kw: float) -> None:
        """Write the setpoint where that is due, and enable it."""
        control, watchdog = self._control, self.profile.watchdog
        now_s = asyncio.get_running_loop().time()
        known = power_kw == self._power_kw and now_s < self._written_s + watchdog.rewrite_s
        if watchdog.counter is not None and known:
            return
        self._pending_kw = power_kw
        if self._writer.wait_s(control.cyclic) > 0.0:
            return
        for setting in steps.setpoint(control, power_kw, self._power_kw, self._rated_kw):
            self._power_kw = None  # until all of them are written
            await self._writer.write(setting)
        self._pending_kw, self._power_kw, self._written_s = None, power_kw, now_s
        if control.enable is not None and now_s >= self._enabled_s + watchdog.rewrite_s:
            await self._writer.write(control.enable)
            self._enabled_s = now_s

    async def _keep_timer(self) -> None:
        """Write the device's time-out again, by which it starts anew."""
        timer = self.profile.watchdog.timer
        now_s = asyncio.get_running_loop().time()
        if timer is not None and steps.due(self._kept_alive_s, self.refresh_s / 2, now_s):
            await self._writer.write(timer)
            self._kept_alive_s = now_s

    async def _keep_counter(self) -> None:
        """Advance the life counter by one where it is time."""
        watchdog = self.profile.watchdog
        now_s = asyncio.get_running_loop().time()
        if watchdog.counter is None or not steps.due(
            self._kept_alive_s, watchdog.increment_s, now_s
        ):
            return
        self._count = (self._count + 1) % watchdog.wrap
        await self._writer.write(Setting(watchdog.counter, float(self._count)))
        self._kept_alive_s = now_s
